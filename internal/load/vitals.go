package load

import (
	"fmt"
	"runtime"
	"time"
)

// reading is what the machine says at an instant. What it does not say is zero,
// and stays zero for the whole run.
type reading struct {
	mono  time.Duration // the monotonic clock, from the first reading on
	wall  time.Duration // the wall clock
	own   time.Duration // processor time of this process
	busy  uint64        // processor time of everybody, in any unit
	total uint64        // the same, idle time included
	files int           // open descriptors
	limit int           // how many may be open
}

// read takes a reading; monotonic times are from start on.
func read(start time.Time) reading {
	now := time.Now()
	r := reading{mono: now.Sub(start), wall: time.Duration(now.UnixNano()), own: ownCPU()}
	r.busy, r.total = machineCPU()
	r.files, r.limit = descriptors()
	return r
}

// vitals follow readings that are taken about once a second.
type vitals struct {
	first  reading
	last   []reading // of the last ten seconds
	seen   bool
	files  int           // most open
	step   time.Duration // greatest
	peak   float64
	peaks  float64 // of the machine
	shares [2]float64
}

// stretch is over how many readings a peak is taken.
const stretch = 10

func (v *vitals) look(r reading) {
	if !v.seen {
		v.first, v.seen = r, true
		v.last = []reading{r}
		return
	}
	before := v.last[len(v.last)-1]
	step := (r.wall - before.wall) - (r.mono - before.mono)
	v.step = max(v.step, step, -step)
	v.files = max(v.files, r.files)
	v.last = append(v.last, r)
	if len(v.last) > stretch+1 {
		v.last = append(v.last[:0], v.last[1:]...)
	}
	v.shares[0], v.shares[1] = share(v.first, r)
	if len(v.last) <= stretch { // the beginning: a second of full load is no overload
		return
	}
	own, all := share(v.last[0], r)
	v.peak, v.peaks = max(v.peak, own), max(v.peaks, all)
}

// share is what was used of all processors between two readings: by this process,
// and by everybody.
func share(from, to reading) (own, all float64) {
	if d := to.mono - from.mono; d > 0 {
		own = min(1, float64(to.own-from.own)/float64(d)/float64(runtime.GOMAXPROCS(0)))
	}
	if d := to.total - from.total; to.total > from.total {
		all = min(1, float64(to.busy-from.busy)/float64(d))
	}
	return own, all
}

// into writes what was seen. The shares of a run shorter than a stretch are its peaks.
func (v *vitals) into(s *Self) {
	s.CPU, s.MachineCPU = v.shares[0], v.shares[1]
	s.CPUPeak, s.MachinePeak = max(v.peak, v.shares[0]), max(v.peaks, v.shares[1])
	s.ClockStep = v.step
	if v.first.limit > 0 {
		s.Sockets = max(0, v.files-v.first.files)
		s.SocketLimit = max(1, v.first.limit-v.first.files)
	}
}

// Headroom says at the start of a run what its users may run into: more
// connections than this process may open. "" when there is room. It raises the
// process's limit as far as it may.
func Headroom(p *Program) string {
	raiseLimit()
	open, limit := descriptors()
	users := 0
	for _, g := range p.Groups {
		users += g.Users
	}
	return headroom(users, open, limit)
}

// perUser is how many connections a user has open at a time, as a page does that
// loads its data with several requests at once.
const perUser = 2

func headroom(users, open, limit int) string {
	if limit == 0 || users*perUser <= limit-open {
		return ""
	}
	return fmt.Sprintf("%d users may open more than %d connections, and this process may open %d: raise the limit (ulimit -n %d)", users, users*perUser, max(0, limit-open), 2*(users*perUser+open))
}
