package pace

import (
	"fmt"
	"math"
	"slices"
	"time"

	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// WindDown is the name of the phase after the scheduled end, in which running
// iterations are finished.
const WindDown = "wind-down"

// Phases are the stretches of a run: where any of the loads rises it is a
// ramp-up, where one falls a ramp-down, and where all are level a hold. Adjacent
// stretches of one kind are one phase, but each level of users is a hold of its
// own. With several holds they are named "step 1: 50 users" and so on. The last
// phase is the wind-down, without end (To 0). Offsets are from the run's start.
func Phases(loads []scenario.Load) []sample.Phase {
	var cuts []time.Duration
	for _, l := range loads {
		for _, e := range edges(l) {
			cuts = append(cuts, e.from, e.to)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var out []stretch
	for i := 0; i+1 < len(cuts); i++ {
		s := stretch{from: cuts[i], to: cuts[i+1]}
		for _, l := range loads {
			s.add(l)
		}
		if n := len(out); n > 0 && out[n-1].dir == s.dir && (s.dir != level || out[n-1].same(s)) {
			out[n-1].to = s.to
			continue
		}
		out = append(out, s)
	}
	return name(out)
}

type direction int

const (
	level direction = iota
	up
	down
)

type stretch struct {
	from, to time.Duration
	dir      direction
	users    float64
	rate     float64
}

func (s *stretch) same(o stretch) bool { return s.users == o.users && s.rate == o.rate }

// edge is a leg of one load on which it goes linearly from a to b.
type edge struct {
	from, to time.Duration
	a, b     float64
	rate     bool // a and b are arrivals per second, not users
}

func edges(l scenario.Load) []edge {
	at := l.StartTime
	switch l.Executor {
	case scenario.RampingVUs, scenario.RampingArrivalRate:
		value, rate, scale := float64(l.StartVUs), false, 1.0
		if l.Executor == scenario.RampingArrivalRate {
			value, rate = l.StartRate, true
			if l.TimeUnit > 0 {
				scale = float64(time.Second) / float64(l.TimeUnit)
			}
		}
		var out []edge
		for _, st := range l.Stages {
			if st.Duration > 0 {
				out = append(out, edge{at, at + st.Duration, value * scale, st.Target * scale, rate})
			}
			at += st.Duration
			value = st.Target
		}
		return out
	case scenario.ConstantArrivalRate:
		r := RateAt(l, 0)
		return []edge{{at, at + l.Duration, r, r, true}}
	}
	return []edge{{at, at + l.Length(), float64(l.VUs), float64(l.VUs), false}}
}

func (s *stretch) add(l scenario.Load) {
	for _, e := range edges(l) {
		if e.from > s.from || e.to < s.to {
			continue
		}
		switch {
		case e.a < e.b:
			s.dir = up
		case e.a > e.b && s.dir == level:
			s.dir = down
		case e.rate:
			s.rate += e.a
		default:
			s.users += e.a
		}
	}
}

func name(all []stretch) []sample.Phase {
	holds := 0
	for _, s := range all {
		if s.dir == level {
			holds++
		}
	}
	var phases []sample.Phase
	var n, ups, downs int
	for _, s := range all {
		p := sample.Phase{From: s.from, To: s.to}
		switch s.dir {
		case up:
			ups++
			p.Name = numbered("ramp-up", ups)
		case down:
			downs++
			p.Name = numbered("ramp-down", downs)
		default:
			n++
			p.Name, p.Hold = "hold", true
			if holds > 1 {
				p.Name = fmt.Sprintf("step %d: %s", n, s.load())
			}
			if s.rate == 0 {
				p.Users = int(math.Ceil(s.users))
			}
		}
		phases = append(phases, p)
	}
	end := time.Duration(0)
	if len(all) > 0 {
		end = all[len(all)-1].to
	}
	return append(phases, sample.Phase{Name: WindDown, From: end})
}

func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%s %d", name, n)
}

func (s *stretch) load() string {
	switch {
	case s.rate > 0 && s.users > 0:
		return fmt.Sprintf("%g users and %.4g starts/s", s.users, s.rate)
	case s.rate > 0:
		return fmt.Sprintf("%.4g starts/s", s.rate)
	}
	return fmt.Sprintf("%g users", s.users)
}

// PhaseAt is the index of the phase that holds the offset.
func PhaseAt(phases []sample.Phase, at time.Duration) int {
	for i := len(phases) - 1; i > 0; i-- {
		if at >= phases[i].From {
			return i
		}
	}
	return 0
}
