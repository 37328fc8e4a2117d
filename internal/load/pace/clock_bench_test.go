package pace_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"firedrill/internal/load/pace"
	"firedrill/internal/load/responder"
)

// Users who think, and how late they wake: the quantiles of lateness in
// microseconds, and processor time per wait.
func BenchmarkLateness(b *testing.B) {
	best, done := pace.Best()
	defer done()
	for _, bb := range []struct {
		name  string
		clock pace.Clock
	}{{"timers", pace.System{}}, {"precise", best}} {
		for _, users := range []int{1, 20, 300, 2000} {
			b.Run(bb.name+"/"+strconv.Itoa(users), func(b *testing.B) {
				ctx, cancel := context.WithTimeout(b.Context(), 3*time.Second)
				defer cancel()
				var mu sync.Mutex
				var late []time.Duration
				before := responder.CPU()
				var all sync.WaitGroup
				for u := range users {
					all.Go(func() {
						r := rand.New(rand.NewPCG(1, uint64(u)))
						var mine []time.Duration
						at := time.Now()
						for {
							at = at.Add(time.Duration(float64(users)/20*r.ExpFloat64()*float64(20*time.Millisecond)) + 2*time.Millisecond)
							if bb.clock.SleepUntil(ctx, at) != nil {
								break
							}
							mine = append(mine, time.Since(at))
						}
						mu.Lock()
						late = append(late, mine...)
						mu.Unlock()
					})
				}
				all.Wait()
				used := responder.CPU() - before
				slices.Sort(late)
				us := func(q float64) float64 { return float64(late[int(q*float64(len(late)-1))]) / 1e3 }
				b.ReportMetric(us(0.5), "p50-µs")
				b.ReportMetric(us(0.95), "p95-µs")
				b.ReportMetric(us(0.99), "p99-µs")
				b.ReportMetric(float64(used.Microseconds())/float64(len(late)), "cpu-µs/wait")
				b.ReportMetric(float64(len(late))/3, "waits/s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
