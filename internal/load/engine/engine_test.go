package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"firedrill/internal/load/engine"
	"firedrill/internal/load/pace"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const s = time.Second

// rig runs groups of fake users and keeps what happened.
type rig struct {
	t     *testing.T
	start time.Time
	takes func(user, iteration int) time.Duration
	ends  func(user, iteration int) sample.Outcome
	logIn bool

	mu     sync.Mutex
	events []string // "1.5s user 0 #0", in order of time
	iters  []sample.Iteration
	drops  []sample.Drop
	counts []string // "2s: 3"
	closed []int
	inUse  map[int]bool
	peak   int
	length time.Duration
}

type fake struct {
	r    *rig
	i, n int
}

func (f *fake) WillLogIn() bool { return f.r.logIn }

func (f *fake) Close() {
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	f.r.closed = append(f.r.closed, f.i)
}

func (f *fake) Iterate(ctx context.Context, intended time.Time) sample.Iteration {
	r := f.r
	began := time.Now()
	n := f.n
	f.n++
	r.mu.Lock()
	if r.inUse[f.i] {
		r.t.Errorf("user %d is used twice at a time", f.i)
	}
	r.inUse[f.i] = true
	r.events = append(r.events, fmt.Sprintf("%v user %d #%d", began.Sub(r.start), f.i, n))
	r.mu.Unlock()
	it := sample.Iteration{VU: uint32(f.i), Iteration: uint32(n), Start: began.Sub(r.start), Outcome: r.ends(f.i, n)}
	if !intended.IsZero() {
		it.Intended = intended.Sub(r.start)
	}
	select {
	case <-time.After(r.takes(f.i, n)):
	case <-ctx.Done():
		it.Outcome = sample.Cut
	}
	it.End = time.Since(r.start)
	r.mu.Lock()
	delete(r.inUse, f.i)
	r.mu.Unlock()
	return it
}

func takes(d time.Duration) func(int, int) time.Duration {
	return func(int, int) time.Duration { return d }
}

func newRig(t *testing.T, d func(int, int) time.Duration) *rig {
	return &rig{t: t, start: time.Now(), takes: d, ends: func(int, int) sample.Outcome { return sample.Completed }, inUse: map[int]bool{}}
}

func (r *rig) run(soft, hard context.Context, c engine.Config, loads ...scenario.Load) {
	c.Start, c.Clock = r.start, pace.System{}
	for i, l := range loads {
		users := l.Peak()
		c.Groups = append(c.Groups, engine.Group{Persona: uint16(i), Load: l, Users: users,
			Arrivals: slices.Values([]time.Duration{0, 3 * s, 3 * s}),
			NewUser:  func(k int) engine.Walker { return &fake{r: r, i: 100*i + k} }})
	}
	c.Iteration = func(it sample.Iteration) { r.mu.Lock(); r.iters = append(r.iters, it); r.mu.Unlock() }
	c.Drop = func(d sample.Drop) { r.mu.Lock(); r.drops = append(r.drops, d); r.mu.Unlock() }
	c.Users = func(at time.Duration, persona uint16, n int) {
		r.mu.Lock()
		r.counts = append(r.counts, fmt.Sprintf("%v: %d", at, n))
		r.mu.Unlock()
	}
	r.peak = engine.Run(soft, hard, c)
	r.length = time.Since(r.start)
	slices.Sort(r.events)
}

// outcomes counts iterations by outcome.
func (r *rig) outcomes() map[sample.Outcome]int {
	m := map[sample.Outcome]int{}
	for _, it := range r.iters {
		m[it.Outcome]++
	}
	return m
}

func check[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

func TestConstantUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(4*s))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.ConstantVUs, VUs: 2, Duration: 10 * s, GracefulStop: 30 * s})
		check(t, "events", []string{"0s user 0 #0", "0s user 1 #0", "4s user 0 #1", "4s user 1 #1", "8s user 0 #2", "8s user 1 #2"}, r.events)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 6}, r.outcomes())
		check(t, "length: the last iterations are finished", 12*s, r.length)
		check(t, "peak", 2, r.peak)
		check(t, "users", []string{"0s: 1", "0s: 2", "12s: 1", "12s: 0"}, r.counts)
		slices.Sort(r.closed)
		check(t, "closed", []int{0, 1}, r.closed)
	})
}

func TestGracefulStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(time.Minute))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.ConstantVUs, VUs: 3, Duration: 10 * s, GracefulStop: 5 * s})
		check(t, "outcomes", map[sample.Outcome]int{sample.Cut: 3}, r.outcomes())
		check(t, "length", 15*s, r.length)
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(time.Minute))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.ConstantVUs, VUs: 3, Duration: 10 * s})
		check(t, "no graceful stop", 10*s, r.length)
	})
}

func TestInterrupt(t *testing.T) {
	load := scenario.Load{Executor: scenario.ConstantVUs, VUs: 2, Duration: time.Hour, GracefulStop: 30 * s}
	for _, tt := range []struct {
		name       string
		grace      time.Duration
		hard, want time.Duration
	}{
		{"graceful stop", 0, time.Hour, 36 * s},
		{"shorter grace", 3 * s, time.Hour, 9 * s},
		{"hard", 0, 8 * s, 8 * s},
	} {
		synctest.Test(t, func(t *testing.T) {
			soft, c1 := context.WithTimeout(t.Context(), 6*s)
			defer c1()
			hard, c2 := context.WithTimeout(t.Context(), tt.hard)
			defer c2()
			r := newRig(t, takes(time.Minute))
			r.run(soft, hard, engine.Config{Grace: tt.grace}, load)
			check(t, tt.name, tt.want, r.length)
			check(t, tt.name, map[sample.Outcome]int{sample.Cut: 2}, r.outcomes())
		})
	}
}

func TestSharedIterations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(user, _ int) time.Duration { return time.Duration(user+1) * s })
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.SharedIterations, VUs: 3, Iterations: 7, MaxDuration: time.Minute, GracefulStop: 30 * s})
		// user 0 takes 1 s, user 1 2 s, user 2 3 s: the quick ones take more of the pool
		check(t, "completed", map[sample.Outcome]int{sample.Completed: 7}, r.outcomes())
		check(t, "first of each", []string{"0s user 0 #0", "0s user 1 #0", "0s user 2 #0"}, r.events[:3])
		check(t, "drops", nil, r.drops)
		if r.length < 3*s || r.length > 6*s {
			t.Errorf("took %v", r.length)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(4*s))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.SharedIterations, VUs: 2, Iterations: 10, MaxDuration: 10 * s, GracefulStop: 30 * s})
		check(t, "iterations", 6, len(r.iters))
		check(t, "not begun in time", []sample.Drop{{At: 12 * s, Count: 4}}, r.drops)
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(s))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.SharedIterations, VUs: 5, Iterations: 2, MaxDuration: 10 * s})
		check(t, "more users than iterations", []string{"0s user 0 #0", "0s user 1 #0"}, r.events)
	})
}

func TestPerUserIterations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(user, _ int) time.Duration { return time.Duration(1+4*user) * s })
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.PerVUIterations, VUs: 2, Iterations: 3, MaxDuration: 8 * s, GracefulStop: 30 * s})
		check(t, "events", []string{"0s user 0 #0", "0s user 1 #0", "1s user 0 #1", "2s user 0 #2", "5s user 1 #1"}, r.events)
		check(t, "remainder", []sample.Drop{{At: 10 * s, Count: 1}}, r.drops)
	})
}

func TestRamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(3*s))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{
			Executor: scenario.RampingVUs, GracefulRampDown: 30 * s, GracefulStop: 30 * s,
			Stages: []scenario.Stage{{Duration: 4 * s, Target: 2}, {Duration: 6 * s, Target: 2}, {Duration: 2 * s, Target: 0}},
		})
		check(t, "events", []string{"11s user 0 #3", "2s user 0 #0", "4s user 1 #0", "5s user 0 #1", "7s user 1 #1", "8s user 0 #2", "10s user 1 #2"}, order(r.events))
		// user 1 is to leave at 11 s and finishes at 13 s; user 0 at 12 s and finishes at 14 s
		check(t, "users", []string{"2s: 1", "4s: 2", "13s: 1", "14s: 0"}, r.counts)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 7}, r.outcomes())
		check(t, "length", 14*s, r.length)
	})
}

// order puts "11s" in front: events are compared as sets, sorted as text.
func order(e []string) []string {
	first := slices.IndexFunc(e, func(s string) bool { return s == "11s user 0 #3" })
	if first < 0 {
		return e
	}
	rest := slices.DeleteFunc(slices.Clone(e), func(s string) bool { return s == e[first] || s == "10s user 1 #2" })
	return append(append([]string{e[first]}, rest...), "10s user 1 #2")
}

func TestRampDownCutsAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(10*s))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{
			Executor: scenario.RampingVUs, StartVUs: 2, GracefulRampDown: 3 * s, GracefulStop: 0,
			Stages: []scenario.Stage{{Duration: 2 * s, Target: 2}, {Target: 1}, {Duration: 2 * s, Target: 1}, {Target: 2}, {Duration: 2 * s, Target: 2}, {Target: 0}, {Duration: 20 * s, Target: 0}, {Target: 1}, {Duration: 5 * s, Target: 1}},
		})
		// user 1 leaves at 2 s, comes back at 4 s within the graceful ramp-down and goes on;
		// both leave at 6 s and are cut at 9 s; user 0 comes back at 26 s and is cut by the end at 31 s
		var got []string
		for _, it := range r.iters {
			got = append(got, fmt.Sprintf("user %d #%d %v-%v %d", it.VU, it.Iteration, it.Start, it.End, it.Outcome))
		}
		slices.Sort(got)
		check(t, "iterations", []string{
			fmt.Sprintf("user 0 #0 0s-9s %d", sample.Cut), fmt.Sprintf("user 0 #1 26s-31s %d", sample.Cut), fmt.Sprintf("user 1 #0 0s-9s %d", sample.Cut),
		}, got)
		check(t, "length", 31*s, r.length)
	})
}

func TestArrivals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(2500*time.Millisecond))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{
			Executor: scenario.ConstantArrivalRate, Rate: 1, Duration: 6 * s, PreAllocatedVUs: 1, MaxVUs: 2, GracefulStop: 30 * s,
		})
		check(t, "events", []string{"0s user 0 #0", "1s user 1 #0", "3s user 0 #1", "4s user 1 #1"}, r.events)
		check(t, "drops: nobody was free", []sample.Drop{{At: 2 * s, Count: 1}, {At: 5 * s, Count: 1}}, r.drops)
		for _, it := range r.iters {
			if it.Intended != it.Start {
				t.Errorf("intended at %v, started at %v", it.Intended, it.Start)
			}
		}
		check(t, "length", 6500*time.Millisecond, r.length)
	})
}

func TestRampingArrivals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(100*time.Millisecond))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{
			Executor: scenario.RampingArrivalRate, StartRate: 1, PreAllocatedVUs: 1, MaxVUs: 5, GracefulStop: s,
			Stages: []scenario.Stage{{Duration: 3 * s, Target: 1}, {Target: 4}, {Duration: s, Target: 4}, {Duration: 2 * s, Target: 0}},
		})
		// one a second, then four, then the area under the fall from 4 to 0 in 2 s: 4 - (2 - x)² for the n-th
		check(t, "starts", []string{"1s", "2s", "3s", "3.25s", "3.5s", "3.75s", "4s", "4.267949192s", "4.585786438s", "5s", "6s"}, func() (at []string) {
			for _, it := range r.iters {
				at = append(at, it.Intended.String())
				check(t, "start", it.Intended, it.Start)
			}
			return at
		}())
		check(t, "drops", nil, r.drops)
	})
}

func TestAsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(5*s))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.AsRecorded, VUs: 3})
		check(t, "events", []string{"0s user 0 #0", "3s user 1 #0", "3s user 2 #0"}, r.events)
		check(t, "length", 8*s, r.length)
	})
}

func TestStartTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(2*s))
		r.run(t.Context(), t.Context(), engine.Config{},
			scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 3 * s, GracefulStop: s},
			scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 3 * s, GracefulStop: s, StartTime: 3500 * time.Millisecond})
		check(t, "events", []string{"0s user 0 #0", "2s user 0 #1", "3.5s user 100 #0", "5.5s user 100 #1"}, r.events)
		check(t, "peak", 2, r.peak)
		check(t, "length", 7500*time.Millisecond, r.length)
	})
}

// A user whose iterations break does not hammer the target.
func TestBrokenPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(10*time.Millisecond))
		r.ends = func(_, n int) sample.Outcome {
			return []sample.Outcome{sample.LoginFailed, sample.Broken, sample.Starved, sample.Completed, sample.Completed}[n%5]
		}
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.PerVUIterations, VUs: 1, Iterations: 5, MaxDuration: time.Minute})
		check(t, "events", []string{"0s user 0 #0", "1s user 0 #1", "2s user 0 #2", "3.01s user 0 #4", "3s user 0 #3"}, r.events)
	})
}

func TestLoginRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(time.Minute))
		r.logIn = true
		r.run(t.Context(), t.Context(), engine.Config{LoginRate: 2}, scenario.Load{Executor: scenario.ConstantVUs, VUs: 4, Duration: 10 * s})
		var at []time.Duration
		for _, it := range r.iters {
			at = append(at, it.Start)
			check(t, "the wait is not the target's", it.Start, it.Intended)
		}
		slices.Sort(at)
		check(t, "log-ins", []time.Duration{0, 500 * time.Millisecond, s, 1500 * time.Millisecond}, at)
	})
}

// Whatever the load and whenever it is ended: no user is used twice at a time, as
// many iterations end as began, everybody leaves, and it is over in time.
func TestAnyLoad(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		l := scenario.Load{
			Executor: []scenario.Executor{scenario.ConstantVUs, scenario.RampingVUs, scenario.SharedIterations, scenario.PerVUIterations, scenario.ConstantArrivalRate, scenario.RampingArrivalRate}[rng.IntN(6)],
			VUs:      1 + rng.IntN(8), Duration: time.Duration(1+rng.IntN(30)) * s, Iterations: 1 + rng.IntN(30), MaxDuration: 20 * s,
			StartVUs: rng.IntN(5), Rate: 1 + float64(rng.IntN(5)), StartRate: float64(rng.IntN(5)), PreAllocatedVUs: 1 + rng.IntN(5),
			GracefulStop: time.Duration(rng.IntN(10)) * s, GracefulRampDown: time.Duration(rng.IntN(10)) * s,
		}
		for range 1 + rng.IntN(5) {
			l.Stages = append(l.Stages, scenario.Stage{Duration: time.Duration(rng.IntN(8)) * s, Target: float64(rng.IntN(8))})
		}
		if l.Length() <= 0 || l.Peak() < 1 {
			continue
		}
		stop := time.Duration(rng.IntN(40)) * s
		synctest.Test(t, func(t *testing.T) {
			soft, cancel := context.WithTimeout(t.Context(), stop)
			defer cancel()
			r := newRig(t, func(u, n int) time.Duration { return time.Duration((u*7+n*13)%50) * 100 * time.Millisecond })
			r.takes = func(u, n int) time.Duration { return time.Duration(1+(u*7+n*13)%50) * 100 * time.Millisecond }
			r.run(soft, t.Context(), engine.Config{}, l)
			if len(r.events) != len(r.iters) {
				t.Errorf("%d began, %d ended", len(r.events), len(r.iters))
			}
			if n := len(r.counts); n > 0 && r.counts[n-1][len(r.counts[n-1])-2:] != " 0" {
				t.Errorf("somebody is still there: %s", r.counts[n-1])
			}
			if most := min(stop, l.Length()) + l.GracefulStop; r.length > most {
				t.Errorf("%+v took %v, at most %v", l, r.length, most)
			}
			if r.peak > l.Peak() {
				t.Errorf("%d users of %d", r.peak, l.Peak())
			}
		})
	}
}
