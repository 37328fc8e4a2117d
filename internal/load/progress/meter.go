package progress

import (
	"math/bits"
	"sync"
	"time"

	"firedrill/internal/sample"
)

// window is how many seconds the "last seconds" of a View are.
const window = 10

// Meter counts what a run measures. The zero value is ready.
type Meter struct {
	mu         sync.Mutex
	requests   uint64
	failed     uint64
	iterations uint64
	broken     uint64 // iterations that did not complete
	starved    uint64
	dropped    uint64
	missed     uint64 // starts of a pacing
	errors     [sample.OtherError + 1]uint64
	statuses   map[uint16]uint64 // of failed requests
	users      []int             // by persona
	seconds    [window + 1]second
}

// second is what ended within one second of the run.
type second struct {
	at       int64
	requests uint64
	failed   uint64
	times    histogram
}

// Sample counts a request.
func (m *Meter) Sample(s *sample.Sample) {
	if s.Flags&sample.Interrupted != 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := int64(s.End / time.Second)
	sec := &m.seconds[at%int64(len(m.seconds))]
	if sec.at < at || sec.at == 0 && sec.requests == 0 {
		*sec = second{at: at}
	}
	m.requests++
	if s.Flags&sample.Failed != 0 {
		m.failed++
		if s.Status == 0 {
			m.errors[min(s.Error, sample.OtherError)]++
		} else {
			if m.statuses == nil {
				m.statuses = map[uint16]uint64{}
			}
			m.statuses[s.Status]++
		}
	}
	if sec.at != at { // later than the window
		return
	}
	sec.requests++
	if s.Flags&sample.Failed != 0 {
		sec.failed++
	}
	sec.times.add(s.ResponseTime())
}

// Iteration counts an iteration.
func (m *Meter) Iteration(it sample.Iteration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.missed += uint64(it.Missed)
	switch it.Outcome {
	case sample.Completed:
		m.iterations++
	case sample.Starved:
		m.starved++
		m.broken++
	case sample.Cut:
	default:
		m.broken++
	}
}

// Drop counts starts that could not be made.
func (m *Meter) Drop(d sample.Drop) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dropped += uint64(d.Count)
}

// Users notes how many users of a persona are active.
func (m *Meter) Users(_ time.Duration, persona uint16, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.users) <= int(persona) {
		m.users = append(m.users, 0)
	}
	m.users[persona] = n
}

// View is a run at an instant. Rates and percentiles are of the last whole
// seconds, ten at most.
type View struct {
	At         time.Duration
	Total      time.Duration // scheduled length; 0 = not known
	Users      int
	Rate       float64 // requests per second
	FailRate   float64 // share of these that failed, 0 to 1
	P50, P95   time.Duration
	Requests   uint64
	Failed     uint64
	Iterations uint64
	Broken     uint64
	Starved    uint64
	Dropped    uint64
	Missed     uint64   // starts that a pacing had due while the iteration before still ran
	Trouble    string   // the most frequent failure, "" when there is none
	Thresholds []string // lines of the caller's
}

// View looks at the run at an offset from its start.
func (m *Meter) View(at, total time.Duration) View {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := View{
		At: at, Total: total, Requests: m.requests, Failed: m.failed,
		Iterations: m.iterations, Broken: m.broken, Starved: m.starved, Dropped: m.dropped, Missed: m.missed, Trouble: m.trouble(),
	}
	for _, n := range m.users {
		v.Users += n
	}
	now := int64(at / time.Second)
	from := max(0, now-window)
	var all histogram
	var n, failed uint64
	for i := range m.seconds {
		if s := &m.seconds[i]; s.at >= from && s.at < now && s.requests > 0 {
			n += s.requests
			failed += s.failed
			all.merge(&s.times)
		}
	}
	if seconds := now - from; seconds > 0 {
		v.Rate = float64(n) / float64(seconds)
	}
	if n > 0 {
		v.FailRate = float64(failed) / float64(n)
		v.P50, v.P95 = all.quantile(0.5), all.quantile(0.95)
	}
	return v
}

func (m *Meter) trouble() string {
	var most uint64
	text := ""
	for kind, n := range m.errors {
		if n > most {
			most, text = n, sample.ErrorKind(kind).String()
		}
	}
	for status, n := range m.statuses {
		if n > most || n == most && statusText(status) < text {
			most, text = n, statusText(status)
		}
	}
	return text
}

// histogram has 16 buckets to an octave of microseconds: what it says is at most
// 6 % too high, enough for a glance. It is a value.
type histogram struct {
	counts map[int16]uint32
}

func (h *histogram) add(d time.Duration) {
	if h.counts == nil {
		h.counts = map[int16]uint32{}
	}
	h.counts[bucket(d)]++
}

func (h *histogram) merge(o *histogram) {
	if h.counts == nil {
		h.counts = map[int16]uint32{}
	}
	for b, n := range o.counts {
		h.counts[b] += n
	}
}

func (h *histogram) quantile(q float64) time.Duration {
	var total, seen uint64
	top := int16(0)
	for b, n := range h.counts {
		total += uint64(n)
		top = max(top, b)
	}
	want := max(1, uint64(q*float64(total)+0.5))
	for b := int16(0); b <= top; b++ {
		if seen += uint64(h.counts[b]); seen >= want {
			return bound(b)
		}
	}
	return 0
}

func bucket(d time.Duration) int16 {
	v := uint64(max(0, d) / time.Microsecond)
	if v < 16 {
		return int16(v)
	}
	e := bits.Len64(v) - 5 // v>>e has 5 bits, the first of them set
	return int16(16*(e+1) + int(v>>e&15))
}

// bound is the greatest time in a bucket.
func bound(b int16) time.Duration {
	if b < 16 {
		return time.Duration(b) * time.Microsecond
	}
	e := int(b)/16 - 1
	return time.Duration((uint64(16+b%16)+1)<<e-1) * time.Microsecond
}
