package load_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/load"
	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// userOf is the number of the user that sent a request.
func userOf(req *wire.Request) (n int) {
	_, _ = fmt.Sscanf(get(req, "X-Firedrill"), "r1/%d/", &n)
	return n
}

const list = "GET /api/v1/submissions"

// meeting is n teachers of whom the k-th takes k seconds to log in, and who meet
// before they look at their list.
func meeting(t *testing.T, n int) (*school, *scenario.Scenario) {
	a := newSchool(t)
	a.latency = func(req *wire.Request) time.Duration {
		if strings.HasSuffix(req.Target, "/login") {
			return time.Duration(userOf(req)) * s
		}
		return 100 * time.Millisecond
	}
	sc := rush(n)
	sc.Personas[0].Gather = []scenario.Gather{{Step: list, Within: 30 * s}}
	return a, sc
}

// intended are the intended starts of a step by user, and a check that none of its
// samples is longer than the answer took.
func (k *sink) intended(t *testing.T, step int) map[int][]time.Duration {
	t.Helper()
	out := map[int][]time.Duration{}
	for _, x := range k.samples {
		if int(x.Step) != step {
			continue
		}
		out[int(x.VU)] = append(out[int(x.VU)], x.Intended)
		check(t, "the wait is no latency", 100*time.Millisecond, x.ResponseTime())
	}
	for _, at := range out {
		slices.Sort(at)
	}
	return out
}

func TestRendezvous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 5)
		out, k := replay(t, a, gradingPlan(), sc, nil)
		all := 5*s + 600*time.Millisecond + 1000*time.Millisecond // the slowest log-in, then what each does before the list
		want := map[int][]time.Duration{}
		for u := range 5 {
			want[u+1] = []time.Duration{all}
		}
		check(t, "all go on at once", want, k.intended(t, 2))
		check(t, "notes", nil, out.Notes)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 5}, k.outcomes())
		for _, x := range k.samples {
			if x.Step == 1 {
				check(t, "before it everybody goes at their own pace", time.Duration(x.VU)*s+500*time.Millisecond, x.Intended)
			}
		}
	})
}

// Who fails before the step is not waited for.
func TestRendezvousWithoutWhoFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 4)
		out, k := replay(t, a, gradingPlan(), sc, func(c *load.Config) { c.Accounts["teacher"][3].Password = "wrong" })
		at := k.intended(t, 2)
		// user 4 learns after 4 s that it is refused; the others are there after 3 s + 1.6 s
		check(t, "who came", []int{1, 2, 3}, slices.Sorted(maps.Keys(at)))
		check(t, "when", []time.Duration{4600 * time.Millisecond}, at[1])
		check(t, "complete without them", nil, out.Notes)
	})
	synctest.Test(t, func(t *testing.T) { // the last to be missed fails: that is when the others go on
		a, sc := meeting(t, 4)
		a.latency = func(req *wire.Request) time.Duration {
			if strings.HasSuffix(req.Target, "/login") && userOf(req) == 4 {
				return 20 * s
			}
			return 100 * time.Millisecond
		}
		_, k := replay(t, a, gradingPlan(), sc, func(c *load.Config) { c.Accounts["teacher"][3].Password = "wrong" })
		check(t, "when", []time.Duration{20 * s}, k.intended(t, 2)[1])
	})
}

// Nor is one who fails and begins again waited for between the two.
func TestRendezvousWithoutWhoFailsAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 2)
		sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantVUs, VUs: 2, Duration: 5 * s, GracefulStop: time.Minute}
		_, k := replay(t, a, gradingPlan(), sc, func(c *load.Config) { c.Accounts["teacher"][1].Password = "wrong" })
		// user 1 comes at 2.6 s; user 2 is refused at 2 s, tries again, and is refused at 4 s
		check(t, "when", []time.Duration{4 * s}, k.intended(t, 2)[1])
	})
}

// The first to come waits so long and no longer; who missed the others goes on alone.
func TestRendezvousIncomplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 4)
		sc.Personas[0].Gather[0].Within = 1500 * time.Millisecond
		out, k := replay(t, a, gradingPlan(), sc, nil)
		// they come at 2.6 s, 3.6 s, 4.6 s, 5.6 s; the first two go on at 4.1 s
		check(t, "when", map[int][]time.Duration{1: {4100 * time.Millisecond}, 2: {4100 * time.Millisecond}, 3: {4600 * time.Millisecond}, 4: {5600 * time.Millisecond}}, k.intended(t, 2))
		check(t, "notes", []string{"persona grader: before GET /api/v1/submissions 1 of 1 rendezvous went on incomplete after 1.5s; at worst 2 of 4 users had come"}, out.Notes)
	})
}

// Each iteration meets anew, and a user who has no iteration left is not waited for.
func TestRendezvousEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 3)
		sc.Personas[0].Load = scenario.Load{Executor: scenario.SharedIterations, VUs: 3, Iterations: 8, MaxDuration: time.Hour}
		out, k := replay(t, a, gradingPlan(), sc, nil)
		at := k.intended(t, 2)
		rounds := map[time.Duration]int{}
		for _, all := range at {
			for _, x := range all {
				rounds[x]++
			}
		}
		var sizes []int
		for _, x := range slices.Sorted(maps.Keys(rounds)) {
			sizes = append(sizes, rounds[x])
		}
		check(t, "how many met", []int{3, 3, 2}, sizes)
		check(t, "notes", nil, out.Notes)
	})
}

// In a loop the first turn meets.
func TestRendezvousInALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 2)
		sc.Personas[0].Gather[0].Step = "POST …/grade"
		_, k := replay(t, a, gradingPlan(), sc, nil)
		at := k.intended(t, 5)
		check(t, "turns", []int{2, 2}, []int{len(at[1]), len(at[2])})
		check(t, "the first turn is one instant", at[1][0], at[2][0])
		check(t, "when the slower one is there", 2*s+4800*time.Millisecond, at[2][0])
	})
}

// A step that is left out by who is logged in already is nobody's meeting point.
func TestRendezvousAtTheLogIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 2)
		p := &sc.Personas[0]
		p.Login, p.Gather[0].Step, p.Load.Iterations = scenario.LoginOnce, "POST …/login", 3
		out, k := replay(t, a, gradingPlan(), sc, nil)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 6}, k.outcomes())
		check(t, "notes", nil, out.Notes)
		if out.Length > time.Minute {
			t.Errorf("somebody waited: %v", out.Length)
		}
	})
}

// Who arrived by itself does not come again: nobody waits for who has passed.
func TestRendezvousOfArrivals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 9)
		a.latency = func(*wire.Request) time.Duration { return 100 * time.Millisecond }
		sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 1, Duration: 2 * s, PreAllocatedVUs: 9, GracefulStop: time.Minute}
		out, k := replay(t, a, gradingPlan(), sc, nil)
		// the second arrives while the first is on the way: they meet
		check(t, "when", map[int][]time.Duration{1: {2700 * time.Millisecond}, 2: {2700 * time.Millisecond}}, k.intended(t, 2))
		check(t, "notes", nil, out.Notes)
	})
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 9)
		a.latency = func(*wire.Request) time.Duration { return 100 * time.Millisecond }
		sc.Personas[0].Load = scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 0.5, Duration: 4 * s, PreAllocatedVUs: 9, GracefulStop: time.Minute}
		_, k := replay(t, a, gradingPlan(), sc, nil)
		// the first has passed, and is still here, when the second comes
		check(t, "when", map[int][]time.Duration{1: {1700 * time.Millisecond}, 2: {3700 * time.Millisecond}}, k.intended(t, 2))
	})
}

// Users who wait are cut off like any others, and the rest does not wait for them.
func TestRendezvousCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 3)
		sc.Personas[0].Load = scenario.Load{Executor: scenario.RampingVUs, StartVUs: 3, GracefulRampDown: 2 * s, GracefulStop: time.Minute,
			Stages: []scenario.Stage{{Duration: 3 * s, Target: 3}, {Target: 2}, {Duration: 2 * s, Target: 2}}}
		a.latency = func(req *wire.Request) time.Duration {
			if strings.HasSuffix(req.Target, "/login") && userOf(req) == 2 {
				return 10 * s
			}
			return 100 * time.Millisecond
		}
		_, k := replay(t, a, gradingPlan(), sc, nil)
		// user 3 waits when it is cut off at 5 s; user 2 comes at 11.6 s
		check(t, "when", map[int][]time.Duration{1: {11600 * time.Millisecond}, 2: {11600 * time.Millisecond}}, k.intended(t, 2))
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 2, sample.Cut: 1}, k.outcomes())
	})
	synctest.Test(t, func(t *testing.T) {
		a, sc := meeting(t, 3)
		abort := make(chan string, 1)
		time.AfterFunc(4*s, func() { abort <- "enough" })
		out, k := replay(t, a, gradingPlan(), sc, func(c *load.Config) { c.Abort = abort })
		check(t, "outcomes", map[sample.Outcome]int{sample.Cut: 3}, k.outcomes())
		check(t, "length", 4*s, out.Length)
	})
}

// The meeting is the same with the same seed, whatever the timing is.
func TestRendezvousIsDeterministic(t *testing.T) {
	logs := func(quick bool) (log map[int][]string) {
		synctest.Test(t, func(t *testing.T) {
			a, sc := meeting(t, 3)
			if quick {
				a.latency = func(*wire.Request) time.Duration { return time.Millisecond }
			}
			a.numbered = true
			sc.Personas[0].Load.Iterations = 2
			_, _ = replay(t, a, gradingPlan(), sc, nil)
			log = a.log
		})
		for _, l := range log {
			slices.SortFunc(l, func(a, b string) int { return seq(a) - seq(b) })
		}
		return log
	}
	if d := cmp.Diff(logs(false), logs(true)); d != "" {
		t.Error(d)
	}
}

// Missed starts of a pacing are counted and said.
func TestMissedPacing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		sc := rush(2)
		sc.Personas[0].Load.Iterations = 3
		sc.Personas[0].Load.Pacing = &scenario.Dist{Kind: "constant", A: 8 * s}
		out, k := replay(t, a, gradingPlan(), sc, nil) // an iteration takes 8.2 s
		check(t, "missed", uint64(4), out.Missed)
		check(t, "notes", []string{"persona grader: 4 starts were due by its pacing while the iteration before still ran: they were left out, not made up for"}, out.Notes)
		var starts []time.Duration
		for _, it := range k.iters {
			if it.VU == 1 {
				starts = append(starts, it.Intended)
			}
		}
		check(t, "no think time comes before a paced start", []time.Duration{0, 8200 * time.Millisecond, 16400 * time.Millisecond}, starts)
	})
}
