package load

import (
	"context"
	"fmt"
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
	SchedP99     time.Duration `json:"sched_p99"`        // how long runnable goroutines waited for a processor
	Goroutines   int           `json:"goroutines"`       // greatest number
	HeapPeak     uint64        `json:"heap_peak"`        // bytes of live and dead objects, greatest seen
	Processors   int           `json:"processors"`       // GOMAXPROCS: "all CPUs" below
	CPU          float64       `json:"cpu"`              // share of all CPUs that the generator used, 0 to 1; 0 = not measured here
	MachineCPU   float64       `json:"machine_cpu"`      // share of all CPUs that everybody used; 0 = not measured here
	CPUPeak      float64       `json:"cpu_peak"`         // the same of the worst ten seconds
	MachinePeak  float64       `json:"machine_cpu_peak"` //
	Sockets      int           `json:"sockets"`          // greatest number of descriptors opened since the start, seen once a second; 0 = not known here
	SocketLimit  int           `json:"socket_limit"`     // how many more than at the start may be open; 0 = not known here
	ClockStep    time.Duration `json:"clock_step"`       // greatest step of the wall clock against the monotonic one within a second
	Limit        time.Duration `json:"limit"`            // how late 1 in 20 requests might begin; 0 = LateLimit
}

// LateLimit is how late 1 in 20 requests may begin in a run that counts, when
// nobody says otherwise; 1 in 100 may be tailLimit times as late. The 95th
// percentile is what most targets are set for.
const (
	LateLimit = 50 * time.Millisecond
	tailLimit = 5
)

// What else makes a run the generator's own failure.
const (
	busy      = 0.9  // of all CPUs, for ten seconds
	nearLimit = 0.98 // of the descriptors that may be open
	clockStep = 100 * time.Millisecond
)

// Overloaded says why the run's figures are the generator's and not the
// target's; "" when it kept up.
func (s *Self) Overloaded() string {
	limit := s.Limit
	if limit == 0 {
		limit = LateLimit
	}
	ms := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	switch planned := s.Planned >= 100; {
	case s.SocketLimit > 0 && float64(s.Sockets) >= nearLimit*float64(s.SocketLimit):
		return fmt.Sprintf("%d connections were open, and no more than %d may be: raise the limit (ulimit -n), or use more machines", s.Sockets, s.SocketLimit)
	case planned && s.LateP95 > limit:
		return fmt.Sprintf("1 in 20 requests began more than %s late: %s", ms(s.LateP95), s.cause())
	case planned && s.LateP99 > tailLimit*limit:
		return fmt.Sprintf("1 in 100 requests began more than %s late: %s", ms(s.LateP99), s.cause())
	case planned && s.LateP99 > limit && s.CPUPeak > busy:
		return fmt.Sprintf("%s, and 1 in 100 requests began more than %s late", s.cause(), ms(s.LateP99))
	case s.GCPauseMax > 2*limit:
		return fmt.Sprintf("the generator stood still for %s", ms(s.GCPauseMax))
	case planned && s.SchedP99 > limit:
		return fmt.Sprintf("its goroutines waited more than %s for a processor, 1 time in 100: %s", ms(s.SchedP99), s.cause())
	case s.ClockStep > clockStep:
		return fmt.Sprintf("the wall clock stepped by %s against the monotonic one: the machine slept, or its clock was set", ms(s.ClockStep))
	}
	return ""
}

// cause is why the generator was late, as far as it knows.
func (s *Self) cause() string {
	switch {
	case s.CPUPeak > busy:
		return fmt.Sprintf("the generator used %.0f %% of %s", 100*s.CPUPeak, cpus(s.Processors))
	case s.MachinePeak > busy:
		return fmt.Sprintf("this machine could not keep up: its CPUs were %.0f %% busy, %.0f %% with the generator", 100*s.MachinePeak, 100*s.CPUPeak)
	}
	return "this machine could not keep up"
}

func cpus(n int) string {
	if n == 1 {
		return "its CPU"
	}
	return fmt.Sprintf("all %d CPUs", n)
}

// self collects Self.
type self struct {
	late       lateness
	goroutines atomic.Int64
	heap       atomic.Uint64
	ballast    []byte
	vitals     vitals // of observe
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
	raiseLimit()
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

// observe looks every second, and a last time when over ends.
func (s *self) observe(over context.Context, clock pace.Clock) {
	start := time.Now()
	s.vitals.look(read(start))
	heap := []metrics.Sample{{Name: heapMetric}}
	for {
		s.goroutines.Store(max(s.goroutines.Load(), int64(runtime.NumGoroutine())))
		metrics.Read(heap)
		if heap[0].Value.Kind() == metrics.KindUint64 {
			floor := min(uint64(len(s.ballast)), heap[0].Value.Uint64())
			s.heap.Store(max(s.heap.Load(), heap[0].Value.Uint64()-floor))
		}
		ended := clock.SleepUntil(over, clock.Now().Add(time.Second))
		s.vitals.look(read(start))
		if ended != nil {
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
	s.vitals.into(&out)
	for i, n := range pauses.Counts {
		out.GCPauseTotal += time.Duration(float64(n) * upper(pauses, i) * float64(time.Second))
	}
	runtime.KeepAlive(s.ballast)
	s.ballast = nil
	return out
}
