package load_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"firedrill/internal/account"
	"firedrill/internal/load"
	"firedrill/internal/load/responder"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

func TestMain(m *testing.M) {
	responder.Main()
	goleak.VerifyTestMain(m)
}

func check[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

func TestGradingRush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		sc := rush(5)
		p := &sc.Personas[0]
		p.Repeat = []scenario.Repeat{{Step: "POST …/grade", Times: 4}}
		p.Set = []scenario.Assignment{
			{Field: "grade", Expr: scenario.Expr{Kind: "int", Low: 60, High: 99}},
			{Field: "json.feedback", Expr: scenario.Expr{Kind: "phrase"}},
		}
		out, k := replay(t, a, gradingPlan(), sc, nil)
		a.checkNothingWrong()
		check(t, "end", load.EndCompleted, out.End)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 5}, k.outcomes())
		check(t, "grades", 20, len(a.grades))
		check(t, "requests", 5*(3+3*4), len(k.samples))
		check(t, "requests", uint64(75), out.Requests)
		for id, body := range a.grades {
			var g int
			if n, err := fmt.Sscanf(body, `{"grade":%d,"feedback":"`, &g); n != 1 || err != nil || g < 60 || g > 99 || strings.Contains(body, "recorded") {
				t.Errorf("%s: %s", id, body)
			}
		}
		for user, log := range a.log {
			for _, line := range log {
				if strings.Contains(line, "4711") || strings.Contains(line, "recorded") || strings.Contains(line, "tok:") {
					t.Errorf("user %d sent something of the recording: %s", user, line)
				}
			}
		}
		for _, x := range k.samples {
			if x.Has(sample.Failed) || !x.Has(sample.CheckStatus|sample.CheckUnder500|sample.CheckUnder1s) || x.Status != 200 {
				t.Errorf("%+v", x)
			}
			if x.Has(sample.Login) != (x.Step == 0) {
				t.Errorf("step %d: log-in %v", x.Step, x.Has(sample.Login))
			}
			if want := int32(-1); x.Step == 1 && x.Queries != 3 || x.Step != 1 && x.Queries != want {
				t.Errorf("step %d: %d queries", x.Step, x.Queries)
			}
		}
		check(t, "names", sample.Names{
			Personas: []string{"grader"}, Journeys: []string{"teacher: " + grade}, Reasons: []string{""},
			Endpoints: []sample.Endpoint{
				{Name: "POST /api/v1/auth/login", Category: "auth", Class: "read"}, {Name: "GET /api/v1/me", Category: "detail", Class: "read"},
				{Name: "GET /api/v1/submissions", Category: "detail", Class: "read"}, {Name: "GET /api/v1/submissions/{id}", Category: "detail", Class: "read"},
				{Name: "GET /api/v1/submissions/{id}/history", Category: "detail", Class: "read"}, {Name: grade, Category: "write", Class: "write"},
			},
			Phases: []sample.Phase{{Name: "hold", To: 10 * time.Minute, Hold: true, Users: 5}, {Name: "wind-down", From: 10 * time.Minute}},
		}, out.Names)
	})
}

// One teacher, step by step: intended starts, think times from the end of the
// awaited answer, parallel requests at once, turns.
func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		_, k := replay(t, a, gradingPlan(), rush(1), nil)
		var got []string
		slices.SortStableFunc(k.samples, func(x, y *sample.Sample) int {
			return int(x.Intended-y.Intended)*10 + int(x.Step) - int(y.Step)
		})
		for _, x := range k.samples {
			got = append(got, fmt.Sprintf("step %d turn %d intended %v start %v end %v", x.Step, x.Turn, x.Intended, x.Start, x.End))
		}
		check(t, "samples", []string{
			"step 0 turn 0 intended 0s start 0s end 100ms",
			"step 1 turn 0 intended 600ms start 600ms end 700ms",
			"step 2 turn 0 intended 1.7s start 1.7s end 1.8s",
			"step 3 turn 0 intended 2.8s start 2.8s end 2.9s",
			"step 4 turn 0 intended 2.8s start 2.8s end 2.9s",
			"step 5 turn 0 intended 4.9s start 4.9s end 5s",
			"step 3 turn 1 intended 6s start 6s end 6.1s",
			"step 4 turn 1 intended 6s start 6s end 6.1s",
			"step 5 turn 1 intended 8.1s start 8.1s end 8.2s",
		}, got)
		it := k.iters[0]
		check(t, "iteration", sample.Iteration{VU: 1, End: 8200 * time.Millisecond, Steps: 9}, it)
	})
}

func TestScenarioThink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		sc := rush(1)
		sc.Personas[0].Think = &scenario.Dist{Kind: "constant", A: 7 * s}
		sc.Personas[0].Load.Iterations = 2
		_, k := replay(t, a, gradingPlan(), sc, func(c *load.Config) { c.Speed = 2 })
		var second time.Duration
		for _, x := range k.samples {
			if x.Step == 2 && x.Iteration == 0 {
				check(t, "each pause is the scenario's, halved by the speed", 7200*time.Millisecond, x.Start)
			}
			if x.Step == 0 && x.Iteration == 1 {
				second = x.Start - k.iters[0].End
			}
		}
		check(t, "the pause between iterations", 3500*time.Millisecond, second)
	})
}

// seq is the number in "#12 GET /…".
func seq(line string) (n int) {
	_, _ = fmt.Sscanf(line, "#%d", &n)
	return n
}

// Requests with the same seed are the same per user, in order, whatever the timing.
func TestDeterminism(t *testing.T) {
	logs := func(seed uint64, slow bool) (log map[int][]string) {
		synctest.Test(t, func(t *testing.T) {
			a := newSchool(t)
			a.numbered = true
			if slow {
				r := rand.New(rand.NewPCG(9, 9))
				a.latency = func(*wire.Request) time.Duration {
					a.mu.Lock()
					defer a.mu.Unlock()
					return time.Duration(r.IntN(3000)) * time.Millisecond
				}
			}
			sc := rush(4)
			p := &sc.Personas[0]
			p.Load.Iterations = 2
			p.Set = []scenario.Assignment{{Field: "feedback", Expr: scenario.Expr{Kind: "phrase"}}, {Field: "grade", Expr: scenario.Expr{Kind: "int", Low: 1, High: 1000}}}
			p.Think = &scenario.Dist{Kind: "exponential", A: 2 * s}
			pl := gradingPlan()
			pl.Journeys[0].Loops[0].Times = []int{1, 2, 2}
			_, _ = replay(t, a, pl, sc, func(c *load.Config) { c.Seed = seed })
			a.checkNothingWrong()
			log = a.log
		})
		for _, l := range log { // what overlaps arrives in any order: the marker says which is which
			slices.SortFunc(l, func(a, b string) int { return seq(a) - seq(b) })
		}
		return log
	}
	first := logs(1, false)
	check(t, "another timing", first, logs(1, true))
	other := logs(2, false)
	if cmp.Equal(first, other) {
		t.Error("another seed makes the same requests")
	}
	if cmp.Equal(first[1][5], first[2][5]) {
		t.Error("two users do the same")
	}
}

func TestLogInCadence(t *testing.T) {
	for cadence, want := range map[scenario.Cadence][2]int{scenario.LoginOnce: {1, 1}, scenario.LoginEach: {3, 3}} {
		synctest.Test(t, func(t *testing.T) {
			a := newSchool(t)
			sc := rush(1)
			sc.Personas[0].Login = cadence
			sc.Personas[0].Load.Iterations = 3
			_, k := replay(t, a, gradingPlan(), sc, nil)
			a.checkNothingWrong()
			logins := 0
			for _, l := range a.log[1] {
				if strings.Contains(l, "auth/login") {
					logins++
				}
			}
			check(t, string(cadence), want, [2]int{logins, a.opened})
			check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 3}, k.outcomes())
		})
	}
}

func TestStarved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		a.list = 4 // all four ungraded
		sc := rush(1)
		sc.Personas[0].Repeat = []scenario.Repeat{{Step: grade, Times: 10}}
		out, k := replay(t, a, gradingPlan(), sc, nil)
		check(t, "outcomes", map[sample.Outcome]int{sample.Starved: 1}, k.outcomes())
		check(t, "grades", 4, len(a.grades))
		check(t, "lost", uint32(3), k.iters[0].Lost)
		check(t, "reason", `nothing left to choose: pick "submission" in json.submissions of step s02 (GET /api/v1/submissions): 4 elements, 0 fit (account teacher #1)`, out.Names.Reasons[k.iters[0].Reason])
		check(t, "end", load.EndCompleted, out.End)
	})
}

// A recorded loop over a list ends when the list does; the first turn must find something.
func TestLoopEndsWithItsList(t *testing.T) {
	for list, want := range map[int]sample.Outcome{3: sample.Completed, 0: sample.Starved} {
		synctest.Test(t, func(t *testing.T) {
			a := newSchool(t)
			a.list = list
			p := gradingPlan()
			p.Journeys[0].Loops[0].Times = []int{20}
			p.Journeys[0].Picks[0].Order = "next"
			_, k := replay(t, a, p, rush(1), nil)
			check(t, "outcomes", map[sample.Outcome]int{want: 1}, k.outcomes())
			check(t, "grades", list, len(a.grades))
		})
	}
}

func TestBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
			if req.Target == "/api/v1/me" {
				reply(res, 500, `{"csrf_token":"of a failure"}`)
				return true, nil
			}
			return false, nil
		}
		out, k := replay(t, a, gradingPlan(), rush(1), nil)
		check(t, "outcomes", map[sample.Outcome]int{sample.Broken: 1}, k.outcomes())
		check(t, "what does not need it was walked", uint32(5), k.iters[0].Steps)
		check(t, "lost", uint32(1), k.iters[0].Lost)
		check(t, "reason", "json.csrf_token is not there: step s01 (GET /api/v1/me) did not give it", out.Names.Reasons[k.iters[0].Reason])
		check(t, "nothing was graded", 0, len(a.grades))
		for _, x := range k.samples {
			if x.Has(sample.Failed) != (x.Status == 500) || x.Has(sample.CheckStatus) == x.Has(sample.Failed) {
				t.Errorf("%+v", x)
			}
		}
	})
}

func TestRateLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
			if strings.HasSuffix(req.Target, "/history") {
				reply(res, 429, `{}`)
				return true, nil
			}
			return false, nil
		}
		_, k := replay(t, a, gradingPlan(), rush(1), nil)
		check(t, "nobody needs it: the iteration completes", map[sample.Outcome]int{sample.Completed: 1}, k.outcomes())
		n := 0
		for _, x := range k.samples {
			if x.Has(sample.RateLimited | sample.Failed) {
				n++
			}
		}
		check(t, "rate limited", 2, n)
	})
}

func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		tries := map[string]int{}
		a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
			tries[req.Method]++
			if tries[req.Method] == 2 {
				return true, &wire.Error{Kind: sample.Reset, Reused: true, Sent: true, Err: errors.New("closed")}
			}
			return false, nil
		}
		_, k := replay(t, a, gradingPlan(), rush(1), nil)
		var failed, retried []string
		for _, x := range k.samples {
			line := fmt.Sprintf("step %d attempt %d", x.Step, x.Attempt)
			if x.Has(sample.Failed) {
				failed = append(failed, line)
			}
			if x.Has(sample.Retried) {
				retried = append(retried, line)
			}
		}
		// the second GET is tried again, the second POST (the first grade) is not: it was sent
		check(t, "failed", []string{"step 2 attempt 0", "step 5 attempt 0"}, failed)
		check(t, "retried", []string{"step 2 attempt 1"}, retried)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 1}, k.outcomes())
	})
}

func TestHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, markers := range []bool{true, false} {
			a := newSchool(t)
			var heads [][]wire.Field
			a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
				if req.Scheme != "http" || req.Authority != "localhost:4000" || req.Dial != "localhost:4000" {
					t.Errorf("sent to %s %s %s", req.Scheme, req.Authority, req.Dial)
				}
				heads = append(heads, slices.Clone(req.Header))
				return false, nil
			}
			replay(t, a, gradingPlan(), rush(1), func(c *load.Config) { c.NoMarkers = !markers; c.TraceKey = []byte("k") })
			names := []string{"Accept", "Referer", "Origin", "Content-Type", "X-CSRF-Token", "traceparent", "X-Request-Id", "X-Firedrill", "Cookie"}
			if !markers {
				names = slices.Delete(names, 5, 8)
			}
			last := heads[len(heads)-1]
			var got []string
			for _, f := range last {
				got = append(got, f.Name)
			}
			check(t, "order", names, got)
			req := &wire.Request{Header: last}
			check(t, "Origin", "http://localhost:4000", get(req, "Origin"))
			check(t, "Referer", "http://localhost:4000/teacher", get(req, "Referer"))
			if markers {
				check(t, "marker", "r1/1/9", get(req, "X-Firedrill"))
				trace := get(req, "traceparent")
				if len(trace) != 55 || trace == get(&wire.Request{Header: heads[0]}, "traceparent") || !strings.HasPrefix(trace, "00-") || !strings.HasSuffix(trace, "-01") {
					t.Error(trace)
				}
			}
		}
	})
}

func TestConfigErrors(t *testing.T) {
	p := gradingPlan()
	p.Journeys[0].Steps[1].Slots = []plan.Slot{slot("header.Accept", plan.Source{Kind: plan.FromSecret, Name: "api_key"})}
	prog := compile(t, p, rush(3), load.Options{})
	check(t, "secrets", []string{"api_key"}, prog.Secrets)
	check(t, "origins", []string{"api"}, prog.Needed)
	var ce *load.ConfigError
	if _, err := load.Run(t.Context(), t.Context(), prog, load.Config{Sink: &sink{}}); !errors.As(err, &ce) || !strings.Contains(err.Error(), `"api"`) {
		t.Errorf("%v", err)
	}
	var se *account.ShortageError
	if _, err := load.Assign(prog, teachers(2)["teacher"]); !errors.As(err, &se) || se.Need != 3 || se.Have != 2 {
		t.Errorf("%v", err)
	}
	given, err := load.Assign(prog, teachers(5)["teacher"])
	if err != nil || len(given["teacher"]) != 3 {
		t.Errorf("%v %v", given, err)
	}
}

func TestAsRecordedArrivals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		sc := rush(1)
		sc.Personas[0].Load = scenario.Load{Executor: scenario.AsRecorded}
		_, k := replay(t, a, gradingPlan(), sc, nil)
		a.checkNothingWrong()
		var starts []time.Duration
		for _, it := range k.iters {
			starts = append(starts, it.Intended)
		}
		slices.Sort(starts)
		check(t, "starts", []time.Duration{0, s, 3 * s}, starts)
	})
}

// Twice as many sessions in half the time, each of them whole.
func TestAsRecordedMultiplied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		sc := rush(1)
		sc.Personas[0].Load = scenario.Load{Executor: scenario.AsRecorded, Speed: 2, Copies: 2}
		_, k := replay(t, a, gradingPlan(), sc, nil)
		a.checkNothingWrong()
		var starts []time.Duration
		for _, it := range k.iters {
			starts = append(starts, it.Intended)
			check(t, "the session itself is not faster", 8200*time.Millisecond, it.End-it.Start)
		}
		slices.Sort(starts)
		check(t, "starts", []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, s, 1500 * time.Millisecond, 1875 * time.Millisecond}, starts)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 6}, k.outcomes())
	})
}

// Whatever is drawn of a load comes from the seed: two runs are one schedule.
func TestLoadBySeed(t *testing.T) {
	starts := func(seed uint64, l scenario.Load) (at []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			sc := rush(1)
			sc.Personas[0].Load = l
			_, k := replay(t, newSchool(t), gradingPlan(), sc, func(c *load.Config) { c.Seed = seed })
			for _, it := range k.iters {
				at = append(at, it.Intended)
			}
		})
		slices.Sort(at)
		return at
	}
	wide := &scenario.Dist{Kind: "uniform", A: 9 * s, B: 20 * s}
	for name, l := range map[string]scenario.Load{
		"Poisson":       {Executor: scenario.ConstantArrivalRate, Rate: 1, Duration: 20 * s, PreAllocatedVUs: 20, Poisson: true, GracefulStop: time.Minute},
		"Poisson ramp":  {Executor: scenario.RampingArrivalRate, Stages: []scenario.Stage{{Duration: 20 * s, Target: 2}}, PreAllocatedVUs: 20, Poisson: true, GracefulStop: time.Minute},
		"pacing":        {Executor: scenario.ConstantVUs, VUs: 4, Duration: time.Minute, Pacing: wide, GracefulStop: time.Minute},
		"start offsets": {Executor: scenario.PerVUIterations, VUs: 9, Iterations: 1, MaxDuration: time.Minute, StartOffset: wide, GracefulStop: time.Minute},
	} {
		one := starts(1, l)
		check(t, name, one, starts(1, l))
		if len(one) < 5 || slices.Equal(one, starts(2, l)) {
			t.Errorf("%s: %d starts, the same with another seed", name, len(one))
		}
	}
}

func TestTee(t *testing.T) {
	a, b := &sink{}, &sink{}
	both := load.Tee(a, b)
	both.Sample(&sample.Sample{})
	both.Iteration(sample.Iteration{})
	both.Drop(sample.Drop{})
	both.Users(0, 0, 3)
	for _, k := range []*sink{a, b} {
		check(t, "tee", []int{1, 1, 1, 3}, []int{len(k.samples), len(k.iters), len(k.drops), k.most})
	}
}
