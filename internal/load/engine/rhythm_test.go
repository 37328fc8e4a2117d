package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firedrill/internal/load/engine"
	"firedrill/internal/load/pace"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

const ms = time.Millisecond

func every(d time.Duration) *scenario.Dist { return &scenario.Dist{Kind: "constant", A: d} }

// starts are "start (intended) missed" of each iteration of a user, in order.
func (r *rig) starts(user int) (out []string) {
	for _, it := range r.iters {
		if int(it.VU) == user {
			text := fmt.Sprint(it.Start)
			if it.Intended != it.Start {
				text += fmt.Sprintf(" (%v)", it.Intended)
			}
			if it.Missed > 0 {
				text += fmt.Sprintf(" missed %d", it.Missed)
			}
			out = append(out, text)
		}
	}
	return out
}

func TestPacing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		load  scenario.Load
		takes []time.Duration // of the user's iterations, the last one again
		want  []string
	}{
		{"each starts a length after the one before",
			scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 35 * s, Pacing: every(10 * s)}, []time.Duration{s, 9 * s, 2 * s},
			[]string{"0s", "10s", "20s", "30s"}},
		{"an iteration that ends at its tick misses none",
			scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 25 * s, GracefulStop: 30 * s, Pacing: every(10 * s)}, []time.Duration{10 * s},
			[]string{"0s", "10s", "20s"}},
		{"one that takes longer is followed at once; the ticks meanwhile are gone, and the next length runs from there",
			scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 60 * s, Pacing: every(10 * s)}, []time.Duration{25 * s, s},
			[]string{"0s missed 2", "25s", "35s", "45s", "55s"}},
		{"ticks after the load's end are nobody's",
			scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 25 * s, GracefulStop: time.Hour, Pacing: every(10 * s)}, []time.Duration{65 * s},
			[]string{"0s missed 2"}},
		{"nor after the last iteration",
			scenario.Load{Executor: scenario.PerVUIterations, VUs: 1, Iterations: 2, MaxDuration: time.Hour, Pacing: every(10 * s)}, []time.Duration{25 * s},
			[]string{"0s missed 2", "25s"}},
		{"nor when the pool is empty",
			scenario.Load{Executor: scenario.SharedIterations, VUs: 1, Iterations: 2, MaxDuration: time.Hour, Pacing: every(10 * s)}, []time.Duration{15 * s},
			[]string{"0s missed 1", "15s"}},
		{"a length of 0 is no pacing",
			scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 5 * s, Pacing: every(0)}, []time.Duration{2 * s},
			[]string{"0s", "2s", "4s"}},
		{"users of a ramp pace from when they come",
			scenario.Load{Executor: scenario.RampingVUs, Stages: []scenario.Stage{{Duration: 4 * s, Target: 1}, {Duration: 21 * s, Target: 1}}, Pacing: every(10 * s)}, []time.Duration{s},
			[]string{"4s", "14s", "24s"}},
		{"the start offset is the first intended start, and pacing goes on from it",
			scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 30 * s, StartOffset: every(7 * s), Pacing: every(10 * s)}, []time.Duration{s},
			[]string{"7s", "17s", "27s"}},
		{"an offset beyond the end: never", scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 5 * s, StartOffset: every(7 * s)}, []time.Duration{s}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(_, n int) time.Duration { return tt.takes[min(n, len(tt.takes)-1)] })
			r.run(t.Context(), t.Context(), engine.Config{}, tt.load)
			check(t, tt.name, tt.want, r.starts(0))
		})
	}
}

func TestPacingIsFasterWithSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(s))
		r.run(t.Context(), t.Context(), engine.Config{Speed: 2}, scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 14 * s, StartOffset: every(4 * s), Pacing: every(10 * s)})
		check(t, "starts", []string{"2s", "7s", "12s"}, r.starts(0))
	})
}

// A user who fails pauses, whatever its pacing says, and one that took long
// enough does not.
func TestBrokenAndPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_, n int) time.Duration { return []time.Duration{300 * ms, 300 * ms, 1500 * ms, 300 * ms}[n] })
		r.ends = func(int, int) sample.Outcome { return sample.Broken }
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.PerVUIterations, VUs: 1, Iterations: 4, MaxDuration: time.Hour, Pacing: every(200 * ms)})
		check(t, "starts", []string{"0s missed 1", "1s missed 1", "2s missed 7", "3.5s"}, r.starts(0))
		check(t, "length: nobody pauses after the last", 3800*ms, r.length)
	})
}

// After a failure that took longer than the pause the next start is at once, and
// was never due before.
func TestBrokenForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(1500*ms))
		r.ends = func(int, int) sample.Outcome { return sample.LoginFailed }
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.PerVUIterations, VUs: 1, Iterations: 2, MaxDuration: time.Hour})
		check(t, "starts", []string{"0s", "1.5s"}, r.starts(0))
	})
}

// Lengths are drawn from (seed, user, iteration): the schedule of a user is the
// same whatever others do, and another with another seed.
func TestPacingBySeed(t *testing.T) {
	run := func(seed uint64, long time.Duration) (plan [][]string) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(u, n int) time.Duration {
				if u == 1 && n == 1 {
					return long
				}
				return s
			})
			pacing := &scenario.Dist{Kind: "uniform", A: 5 * s, B: 9 * s}
			r.run(t.Context(), t.Context(), engine.Config{Seed: seed}, scenario.Load{Executor: scenario.ConstantVUs, VUs: 3, Duration: time.Minute, StartOffset: &scenario.Dist{Kind: "uniform", B: 5 * s}, Pacing: pacing})
			plan = [][]string{r.starts(0), r.starts(1), r.starts(2)}
			for u := range 3 {
				var last time.Duration
				for n, at := range r.iters {
					if int(at.VU) != u {
						continue
					}
					if d := at.Intended - last; n > 2 && at.Missed == 0 && long == s && (d < 5*s || d > 9*s) {
						t.Errorf("user %d: %v after the one before", u, d)
					}
					last = at.Intended
				}
			}
		})
		return plan
	}
	first := run(1, s)
	check(t, "the same seed", first, run(1, s))
	stalled := run(1, 20*s)
	check(t, "users who did not stall", [][]string{first[0], first[2]}, [][]string{stalled[0], stalled[2]})
	other := run(2, s)
	for i := range first {
		if slices.Equal(first[i], other[i]) || slices.Equal(first[i], first[(i+1)%3]) {
			t.Errorf("user %d: %v", i, first[i])
		}
	}
}

// Who is to leave while waiting for a tick goes at once; who may stay goes on.
func TestLeavingBetweenIterations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(s))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.RampingVUs, StartVUs: 2, GracefulRampDown: time.Minute, Pacing: every(10 * s),
			Stages: []scenario.Stage{{Duration: 14 * s, Target: 2}, {Target: 1}, {Duration: 4 * s, Target: 1}, {Target: 2}, {Duration: 4 * s, Target: 2}}})
		check(t, "stays", []string{"0s", "10s", "20s"}, r.starts(0))
		check(t, "leaves at 14 s, is back at 18 s and begins anew", []string{"0s", "10s", "18s"}, r.starts(1))
		check(t, "users", []string{"0s: 1", "0s: 2", "14s: 1", "18s: 2", "22s: 1", "22s: 0"}, r.counts)
	})
	synctest.Test(t, func(t *testing.T) { // back within the graceful ramp-down, in an iteration: the pacing goes on
		r := newRig(t, takes(4*s))
		r.run(t.Context(), t.Context(), engine.Config{}, scenario.Load{Executor: scenario.RampingVUs, StartVUs: 1, GracefulRampDown: time.Minute, Pacing: every(10 * s),
			Stages: []scenario.Stage{{Duration: 11 * s, Target: 1}, {Target: 0}, {Duration: s, Target: 0}, {Target: 1}, {Duration: 14 * s, Target: 1}}})
		check(t, "starts", []string{"0s", "10s", "20s"}, r.starts(0))
		check(t, "users", []string{"0s: 1", "26s: 0"}, r.counts)
	})
}

// Everybody who comes together is here before one of them begins.
func TestHere(t *testing.T) {
	for name, l := range map[string]scenario.Load{
		"constant": {Executor: scenario.ConstantVUs, VUs: 5, Duration: 10 * s},
		"shared":   {Executor: scenario.SharedIterations, VUs: 5, Iterations: 7, MaxDuration: time.Minute},
		"per user": {Executor: scenario.PerVUIterations, VUs: 5, Iterations: 2, MaxDuration: time.Minute},
		"ramp":     {Executor: scenario.RampingVUs, StartVUs: 5, GracefulRampDown: time.Minute, Stages: []scenario.Stage{{Duration: 10 * s, Target: 5}, {Target: 2}, {Duration: s, Target: 2}, {Target: 5}, {Duration: 9 * s, Target: 5}}},
		"open":     {Executor: scenario.ConstantArrivalRate, Rate: 1, Duration: 10 * s, PreAllocatedVUs: 5},
	} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			here := map[int]bool{}
			least := 5
			c := engine.Config{Start: time.Now(), Clock: pace.System{}, Iteration: func(sample.Iteration) {}, Drop: func(sample.Drop) {}, Users: func(time.Duration, uint16, int) {}}
			c.Groups = []engine.Group{{Load: l, Users: 5,
				Here: func(i int, yes bool) {
					mu.Lock()
					defer mu.Unlock()
					here[i] = yes
				},
				NewUser: func(i int) engine.Walker {
					return walker(func() {
						mu.Lock()
						defer mu.Unlock()
						if !here[i] {
							t.Errorf("%s: user %d walks and is not here", name, i)
						}
						n := 0
						for _, yes := range here {
							if yes {
								n++
							}
						}
						if time.Since(c.Start) == 0 {
							least = min(least, n)
						}
					})
				}}}
			engine.Run(t.Context(), t.Context(), c)
			for i, yes := range here {
				if yes {
					t.Errorf("%s: user %d never left", name, i)
				}
			}
			if want := 5; name != "open" && least != want {
				t.Errorf("%s: one began when %d were here", name, least)
			}
		})
	}
}

// walker is a user who does one thing and takes 3 s for it.
type walker func()

func (walker) WillLogIn() bool { return false }
func (walker) Close()          {}
func (w walker) Iterate(ctx context.Context, _ time.Time) sample.Iteration {
	w()
	select {
	case <-time.After(3 * s):
		return sample.Iteration{}
	case <-ctx.Done():
		return sample.Iteration{Outcome: sample.Cut}
	}
}

// Poisson arrivals start at the drawn instants, the same ones for a seed.
func TestPoissonStarts(t *testing.T) {
	l := scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 20, Duration: 30 * s, PreAllocatedVUs: 60, Poisson: true}
	run := func(seed uint64) (at []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, takes(500*ms))
			r.run(t.Context(), t.Context(), engine.Config{Seed: seed}, l)
			check(t, "drops", nil, r.drops)
			for _, it := range r.iters {
				check(t, "intended", it.Start, it.Intended)
				at = append(at, it.Intended)
			}
			slices.Sort(at)
		})
		return at
	}
	one := run(7)
	check(t, "the schedule", slices.Collect(pace.Arrivals(l, pace.Stream(7, pace.ForArrivals, 0))), one)
	if slices.Equal(one, run(8)) {
		t.Error("another seed has the same arrivals")
	}
}

// An arrival that waits for its user to be made waits from the scheduled start on.
func TestArrivalWaitsForItsUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, takes(s))
		var iters []sample.Iteration
		c := engine.Config{Start: r.start, Clock: pace.System{}, Drop: func(sample.Drop) {}, Users: func(time.Duration, uint16, int) {},
			Iteration: func(it sample.Iteration) { r.mu.Lock(); iters = append(iters, it); r.mu.Unlock() }}
		c.Groups = []engine.Group{{Load: scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 1, Duration: 3 * s, PreAllocatedVUs: 1, MaxVUs: 3, GracefulStop: 9 * s}, Users: 3,
			NewUser: func(i int) engine.Walker {
				time.Sleep(300 * ms) // the time it takes to make a user
				return &fake{r: r, i: i}
			}}}
		engine.Run(t.Context(), t.Context(), c)
		var got []string
		for _, it := range iters {
			got = append(got, fmt.Sprintf("%v late by %v", it.Intended, it.Start-it.Intended))
		}
		check(t, "starts", []string{"0s late by 300ms", "1s late by 300ms", "2s late by 0s"}, got)
	})
}
