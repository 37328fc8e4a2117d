package load

import (
	"context"
	"fmt"
	"math/bits"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"firedrill/internal/load/pace"
)

// Self is how the generator itself fared. Times are of the generator, never of the target.
type Self struct {
	Planned      uint64        `json:"planned"`      // requests with a planned start
	LateP50      time.Duration `json:"late_p50"`     // how late they began
	LateP95      time.Duration `json:"late_p95"`     //
	LateP99      time.Duration `json:"late_p99"`     //
	LateMax      time.Duration `json:"late_max"`     //
	GCPauseMax   time.Duration `json:"gc_pause_max"` // longest stop of all goroutines
	GCPauseTotal time.Duration `json:"gc_pause_total"`
	SchedP99     time.Duration `json:"sched_p99"`  // how long runnable goroutines waited for a processor
	Goroutines   int           `json:"goroutines"` // greatest number
	HeapPeak     uint64        `json:"heap_peak"`  // bytes of live and dead objects, greatest seen
	Processors   int           `json:"processors"` // GOMAXPROCS
	Limit        time.Duration `json:"limit"`      // how late 1 in 20 requests might begin; 0 = LateLimit
}

// LateLimit is how late 1 in 20 requests may begin in a run that counts, when
// nobody says otherwise; 1 in 100 may be tailLimit times as late. The 95th
// percentile is what most targets are set for.
const (
	LateLimit = 50 * time.Millisecond
	tailLimit = 5
)

// Overloaded says why the run's figures are the generator's and not the
// target's; "" when it kept up.
func (s *Self) Overloaded() string {
	limit := s.Limit
	if limit == 0 {
		limit = LateLimit
	}
	switch {
	case s.Planned >= 100 && s.LateP95 > limit:
		return fmt.Sprintf("1 in 20 requests began more than %s late: this machine could not keep up", s.LateP95.Round(time.Millisecond))
	case s.Planned >= 100 && s.LateP99 > tailLimit*limit:
		return fmt.Sprintf("1 in 100 requests began more than %s late: this machine could not keep up", s.LateP99.Round(time.Millisecond))
	case s.GCPauseMax > 2*limit:
		return fmt.Sprintf("the generator stood still for %s", s.GCPauseMax.Round(time.Millisecond))
	}
	return ""
}

// self collects Self.
type self struct {
	late       lateness
	goroutines atomic.Int64
	heap       atomic.Uint64
	ballast    []byte
	pauses     metrics.Float64Histogram
	sched      metrics.Float64Histogram
}

// gcFloor is memory that is reserved and never touched, so that a small heap is
// not collected every few milliseconds: it costs address space, not memory.
const gcFloor = 32 << 20

const (
	pausesMetric = "/sched/pauses/total/gc:seconds"
	schedMetric  = "/sched/latencies:seconds"
	heapMetric   = "/memory/classes/heap/objects:bytes"
)

func (s *self) begin(floor bool) {
	if floor {
		before := debug.SetGCPercent(100)
		if before != 100 { // somebody chose otherwise
			debug.SetGCPercent(before)
		} else {
			s.ballast = make([]byte, gcFloor)
		}
	}
	read := []metrics.Sample{{Name: pausesMetric}, {Name: schedMetric}}
	metrics.Read(read)
	s.pauses, s.sched = copied(read[0]), copied(read[1])
}

func copied(m metrics.Sample) metrics.Float64Histogram {
	if m.Value.Kind() != metrics.KindFloat64Histogram {
		return metrics.Float64Histogram{}
	}
	h := m.Value.Float64Histogram()
	return metrics.Float64Histogram{Counts: append([]uint64(nil), h.Counts...), Buckets: h.Buckets}
}

// observe looks every second until over ends.
func (s *self) observe(over context.Context, clock pace.Clock) {
	read := []metrics.Sample{{Name: heapMetric}}
	for {
		s.goroutines.Store(max(s.goroutines.Load(), int64(runtime.NumGoroutine())))
		metrics.Read(read)
		if read[0].Value.Kind() == metrics.KindUint64 {
			floor := min(uint64(len(s.ballast)), read[0].Value.Uint64())
			s.heap.Store(max(s.heap.Load(), read[0].Value.Uint64()-floor))
		}
		if clock.SleepUntil(over, clock.Now().Add(time.Second)) != nil {
			return
		}
	}
}

func (s *self) end() Self {
	read := []metrics.Sample{{Name: pausesMetric}, {Name: schedMetric}}
	metrics.Read(read)
	pauses, sched := since(copied(read[0]), s.pauses), since(copied(read[1]), s.sched)
	out := Self{
		Planned: s.late.n.Load(), LateP50: s.late.quantile(0.5), LateP95: s.late.quantile(0.95), LateP99: s.late.quantile(0.99), LateMax: time.Duration(s.late.max.Load()),
		Goroutines: int(s.goroutines.Load()), HeapPeak: s.heap.Load(), Processors: runtime.GOMAXPROCS(0),
		SchedP99: quantile(sched, 0.99), GCPauseMax: quantile(pauses, 1),
	}
	for i, n := range pauses.Counts {
		out.GCPauseTotal += time.Duration(float64(n) * upper(pauses, i) * float64(time.Second))
	}
	runtime.KeepAlive(s.ballast)
	s.ballast = nil
	return out
}

// since is what was added to a histogram of the runtime.
func since(now, before metrics.Float64Histogram) metrics.Float64Histogram {
	for i := range before.Counts {
		if i < len(now.Counts) {
			now.Counts[i] -= before.Counts[i]
		}
	}
	return now
}

// upper is a bucket's upper bound in seconds, or its lower when that is endless.
func upper(h metrics.Float64Histogram, i int) float64 {
	if v := h.Buckets[i+1]; v < 1e9 {
		return v
	}
	return h.Buckets[i]
}

func quantile(h metrics.Float64Histogram, q float64) time.Duration {
	var total uint64
	for _, n := range h.Counts {
		total += n
	}
	if total == 0 {
		return 0
	}
	want := uint64(q * float64(total))
	var seen uint64
	for i, n := range h.Counts {
		seen += n
		if n > 0 && seen >= want {
			return time.Duration(upper(h, i) * float64(time.Second))
		}
	}
	return 0
}

// lateness is a histogram of microseconds: 8 buckets to an octave, so a quantile
// is at most an eighth too high. Safe for concurrent use.
type lateness struct {
	counts [8 * 40]atomic.Uint64
	n      atomic.Uint64
	max    atomic.Int64
}

func (l *lateness) add(d time.Duration) {
	l.n.Add(1)
	l.counts[bucket(d)].Add(1)
	for {
		old := l.max.Load()
		if int64(d) <= old || l.max.CompareAndSwap(old, int64(d)) {
			return
		}
	}
}

func bucket(d time.Duration) int {
	v := uint64(max(0, d) / time.Microsecond)
	if v < 8 {
		return int(v)
	}
	e := bits.Len64(v) - 4 // v>>e has 4 bits, the first of them set
	return min(8*(e+1)+int(v>>e&7), 8*40-1)
}

func bound(i int) time.Duration {
	if i < 8 {
		return time.Duration(i) * time.Microsecond
	}
	e := i/8 - 1
	return time.Duration((uint64(8+i%8)+1)<<e-1) * time.Microsecond
}

func (l *lateness) quantile(q float64) time.Duration {
	want := uint64(q * float64(l.n.Load()))
	var seen uint64
	for i := range l.counts {
		n := l.counts[i].Load()
		seen += n
		if n > 0 && seen >= want {
			return min(bound(i), time.Duration(l.max.Load()))
		}
	}
	return 0
}
