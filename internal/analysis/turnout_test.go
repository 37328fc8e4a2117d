package analysis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/runs"
	"firedrill/internal/runs/runstest"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
)

// refuse lets the log-in of some users be refused each second, from when the level
// that they are in begins: what they had asked for is not asked.
func refuse(r *runstest.Run, status uint16, users ...int) *runstest.Run {
	r.Head.Names.Personas = []string{"teachers"}
	r.Head.Names.Reasons = []string{""}
	for _, u := range users {
		r.Head.Names.Reasons = append(r.Head.Names.Reasons, fmt.Sprintf("log-in refused: POST /login answered %d (account teacher%d@test.local)", status, u))
		r.Requests = slices.DeleteFunc(r.Requests, func(s sample.Sample) bool { return int(s.VU) == u })
		count, n := uint32(0), uint32(0)
		for at := time.Duration(0); at < r.End.Length; at += time.Second {
			phase := uint16(0)
			for i, p := range r.Head.Names.Phases {
				if p.Hold && at >= p.From {
					phase, count = uint16(i), r.Curve[i].Count
				}
			}
			if u > int(count) {
				continue
			}
			r.Requests = append(r.Requests, sample.Sample{VU: uint32(u), Iteration: n, Phase: phase, Status: status, Flags: sample.Login | sample.Failed, Intended: at, Start: at, Sent: at,
				FirstByte: at + time.Millisecond, End: at + time.Millisecond, Queries: -1, QueryTime: -1})
			r.Turns = append(r.Turns, sample.Iteration{VU: uint32(u), Iteration: n, Phase: phase, Start: at, End: at + time.Millisecond, Outcome: sample.LoginFailed, Reason: uint16(len(r.Head.Names.Reasons) - 1)})
			n++
		}
	}
	slices.SortStableFunc(r.Requests, func(a, b sample.Sample) int { return int(a.End - b.End) })
	r.End.Names = r.Head.Names
	return r
}

// numbers are those from one up to another.
func numbers(from, to int) (list []int) {
	for i := from; i <= to; i++ {
		list = append(list, i)
	}
	return list
}

// Users who are refused are no load: nobody may say that they were carried.
func TestRefusedUsersAreNoLoad(t *testing.T) {
	levels := []level{{25, 20 * time.Second}, {100, 20 * time.Second}}
	made := func(mustHold int) *runstest.Run {
		r := target{servers: 8, levels: levels}.run(scenario.Threshold{Metric: "http_req_duration", Expr: "p(95)<250"})
		r.Head.Steps = &scenario.Steps{MustHold: mustHold}
		return r
	}
	for _, c := range []struct {
		why             string
		run             *runstest.Run
		status          verdict.Status
		steps, summary  string
		peak, idle      int
		carried, absent int // of the last step
	}{
		{"all get in", made(25), verdict.Pass, "pass, pass", "Passed: carries 100 users: no step broke a threshold.", 100, 0, 100, 0},
		{"more than 1 in 20 are refused for their account", refuse(made(25), 401, numbers(41, 100)...), verdict.Invalid, "pass, no data",
			"Not valid: 60 of 100 teachers never got past the log-in (accounts teacher41@test.local, teacher42@test.local, teacher43@test.local and 57 more; POST /login answered 401), so they were no load: give this environment accounts that the target knows.", 40, 60, 40, 60},
		{"fewer are", refuse(made(25), 401, numbers(98, 100)...), verdict.Pass, "pass, pass", "Passed: carries 97 users: no step broke a threshold.", 97, 3, 97, 3},
		{"the target cannot let them in, above what must hold", refuse(made(25), 503, numbers(41, 100)...), verdict.Pass, "pass, no data",
			"Passed: carries 25 users; whether it carries 100 is not known: 60 of 100 teachers were refused at the log-in.", 40, 60, 40, 60},
		{"and where it must", refuse(made(100), 503, numbers(41, 100)...), verdict.Fail, "pass, no data",
			"Failed: whether it carries 100 users, which must hold, is not known: 60 of 100 teachers were refused at the log-in.", 40, 60, 40, 60},
	} {
		r := judge(t, c.run, wide(t))
		last := r.Steps[1]
		if r.Status != c.status || statuses(r) != c.steps || !strings.HasPrefix(r.Summary, c.summary) {
			t.Errorf("%s: %s, %s, %s", c.why, r.Status, statuses(r), r.Summary)
		}
		if r.Run.Users != c.peak || r.Run.Idle != c.idle || last.Users != c.carried || last.Idle != c.absent {
			t.Errorf("%s: %d users and %d idle ones, of the last step %d and %d", c.why, r.Run.Users, r.Run.Idle, last.Users, last.Idle)
		}
		if said := slices.Contains(last.Broke, "60 of 100 teachers were refused at the log-in"); said != (c.absent == 60) {
			t.Errorf("%s: %q", c.why, last.Broke)
		}
		if r.Status != verdict.Invalid && c.idle > 0 && find(r, " never got past the log-in (account") == nil {
			t.Errorf("%s: %+v", c.why, r.Findings)
		}
	}
}

// A log-in that is not answered says nothing of the account, nor does one that was
// answered before it: a target that falls in the flood is no mistake of who runs it.
func TestWhyALogInWasRefused(t *testing.T) {
	const at = 19 * time.Second
	more := func(r *runstest.Run, iteration uint32, status uint16, flags sample.Flags) *runstest.Run {
		for _, u := range numbers(31, 50) {
			s := sample.Sample{VU: uint32(u), Iteration: iteration, Status: status, Flags: sample.Login | flags, Intended: at, Start: at, Sent: at, FirstByte: at, End: at + time.Millisecond, Queries: -1, QueryTime: -1}
			outcome := sample.Broken
			if status == 0 {
				s.Error = sample.TimedOut
			} else if s.Has(sample.Failed) {
				outcome = sample.LoginFailed
				r.Head.Names.Reasons = append(r.Head.Names.Reasons, fmt.Sprintf("log-in refused: POST /login answered %d (account teacher%d@test.local)", status, u))
			}
			r.Requests = append(r.Requests, s)
			if s.Has(sample.Failed) {
				r.Turns = append(r.Turns, sample.Iteration{VU: uint32(u), Iteration: iteration, Start: at, End: s.End, Outcome: outcome, Reason: uint16(len(r.Head.Names.Reasons) - 1)})
			}
		}
		r.End.Names = r.Head.Names
		return r
	}
	made := func(status uint16) *runstest.Run {
		return refuse(target{servers: 8, levels: []level{{50, 20 * time.Second}}}.run(), status, numbers(31, 50)...)
	}
	for _, c := range []struct {
		why    string
		run    *runstest.Run
		status verdict.Status
		says   string
	}{
		{"overload, then no answer", more(made(503), 99, 0, sample.Failed), verdict.Fail, "POST /login answered 503"},
		{"a page of the log-in that was given before", more(made(503), 0, 200, 0), verdict.Fail, "POST /login answered 503"},
		{"the account, then overload", more(made(401), 99, 503, sample.Failed), verdict.Invalid, "POST /login answered 401"},
		{"overload, then the account", more(made(503), 99, 401, sample.Failed), verdict.Invalid, "POST /login answered 401"},
	} {
		if r := judge(t, c.run, wide(t)); r.Status != c.status || !strings.Contains(r.Summary, c.says) {
			t.Errorf("%s: %s, %s", c.why, r.Status, r.Summary)
		}
	}
}

// A target that refuses one in ten while the rest has it easy has not passed.
func TestATargetThatLetsFewIn(t *testing.T) {
	r := judge(t, refuse(target{servers: 8, levels: []level{{50, 20 * time.Second}}}.run(), 503, numbers(46, 50)...), wide(t))
	f := find(r, "5 of 50 teachers never got past the log-in (accounts teacher46@test.local, teacher47@test.local, teacher48@test.local and 2 more; POST /login answered 503)")
	if r.Status != verdict.Fail || f == nil || f.Status != verdict.Fail || f.When != time.Millisecond || f.Load != "50 users" || !strings.Contains(r.Summary, "45 users (5 more got nothing done) ran stress") {
		t.Errorf("%s: %s %+v", r.Status, r.Summary, r.Findings)
	}
}

// Whoever comes in at a later try, or waits for an answer that does not come, is load.
func TestWhoIsLoad(t *testing.T) {
	r := refuse(target{servers: 8, levels: []level{{10, 20 * time.Second}}}.run(), 503, 9, 10)
	at := 15 * time.Second
	r.Requests = append(r.Requests, sample.Sample{VU: 9, Iteration: 99, Status: 200, Intended: at, Start: at, End: at + time.Millisecond, Queries: -1, QueryTime: -1},
		sample.Sample{VU: 10, Iteration: 99, Error: sample.TimedOut, Flags: sample.Failed, Intended: at, Start: at, End: at + time.Millisecond, Queries: -1, QueryTime: -1})
	if v := judge(t, r, wide(t)); v.Run.Users != 10 || v.Run.Idle != 0 || find(v, "never got past") != nil || find(v, "log-ins refused") == nil {
		t.Errorf("%d users, %d idle: %+v", v.Run.Users, v.Run.Idle, v.Findings)
	}
	// Who never reached anybody is not, nor is one of whom nothing is known the less.
	r = target{servers: 8, levels: []level{{10, 20 * time.Second}}}.run()
	r.Requests = slices.DeleteFunc(r.Requests, func(s sample.Sample) bool { return s.VU >= 7 })
	r.Requests = append(r.Requests, sample.Sample{VU: 10, Error: sample.Refused, Flags: sample.Failed | sample.NotSent, Intended: at, Start: at, End: at, Queries: -1, QueryTime: -1})
	r.Turns = append(r.Turns, sample.Iteration{VU: 10, Start: at, End: at, Outcome: sample.Broken}, sample.Iteration{VU: 9, End: 20 * time.Second, Outcome: sample.Cut})
	if v := judge(t, r, wide(t)); v.Run.Users != 9 || v.Run.Idle != 1 {
		t.Errorf("%d users, %d idle", v.Run.Users, v.Run.Idle)
	}
	// Where users come and go, as great a share of those at once are not.
	r = target{servers: 8, levels: []level{{10, 20 * time.Second}}}.run()
	for i := range 20 {
		r.Turns = append(r.Turns, sample.Iteration{VU: uint32(11 + i), Start: at, End: at, Outcome: sample.Starved})
	}
	if v := judge(t, r, wide(t)); v.Run.Users != 3 || v.Run.Idle != 7 {
		t.Errorf("%d users, %d idle", v.Run.Users, v.Run.Idle)
	}
	// Who finds nothing to do is not.
	r = target{servers: 8, levels: []level{{10, 20 * time.Second}}}.run()
	r.Head.Steps = &scenario.Steps{MustHold: 10}
	r.Requests = slices.DeleteFunc(r.Requests, func(s sample.Sample) bool { return s.VU == 3 })
	r.Turns = append(r.Turns, sample.Iteration{VU: 3, Start: at, End: at, Outcome: sample.Starved})
	if v := judge(t, r, wide(t)); v.Run.Users != 9 || v.Steps[0].Users != 9 || v.Steps[0].Broke[0] != "1 of 10 graders got nothing done" {
		t.Errorf("%d users: %+v", v.Run.Users, v.Steps)
	}
}

// A row of the concurrency table speaks of users who worked, and of whole iterations.
func TestConcurrencyNeedsUsersWhoWork(t *testing.T) {
	b, err := baseline.Parse("b.yaml", []byte("concurrency:\n  full house: {scenario: stress, users: 50, p95: 60s, errors: 50%}\n"))
	if err != nil {
		t.Fatal(err)
	}
	row := func(r *runstest.Run) verdict.Concurrency {
		for _, c := range judge(t, r, b).Concurrency {
			if c.Name == "full house" {
				return c
			}
		}
		t.Fatal("the row is gone")
		return verdict.Concurrency{}
	}
	made := func() *runstest.Run { return target{servers: 8, levels: []level{{50, 20 * time.Second}}}.run() }
	if c := row(made()); c.Status != verdict.Pass || c.Why != "" || c.Reached != 50 {
		t.Errorf("%+v", c)
	}
	if c := row(refuse(made(), 401, 50)); c.Status != verdict.NoData || c.Reached != 49 || c.Why != "only 49 got anything done: 1 of 50 teachers was refused at the log-in" {
		t.Errorf("one is refused: %+v", c)
	}
	slow := refuse(made(), 503, 50)
	b.Concurrency[len(b.Concurrency)-1].P95 = time.Millisecond
	for i := range b.Concurrency {
		b.Concurrency[i].P95 = time.Millisecond
	}
	if c := row(slow); c.Status != verdict.Fail || c.Why != "" {
		t.Errorf("fewer break it already: %+v", c)
	}
	for i := range b.Concurrency {
		b.Concurrency[i].P95 = time.Minute
	}
	short := made()
	short.Head.Critical = []string{"POST /api/v1/submissions/{id}/grade"}
	short.Requests = slices.DeleteFunc(short.Requests, func(s sample.Sample) bool { return s.Endpoint == 4 })
	short.Turns = []sample.Iteration{{VU: 1, End: 20 * time.Second, Outcome: sample.Cut}}
	if c := row(short); c.Status != verdict.NoData || c.Why != "no iteration was completed, and POST /api/v1/submissions/{id}/grade was never called" {
		t.Errorf("nobody came so far: %+v", c)
	}
	short.Turns = append(short.Turns, sample.Iteration{VU: 2, End: 20 * time.Second})
	if c := row(short); c.Status != verdict.Pass {
		t.Errorf("one was completed: %+v", c)
	}
}

// What to do about a critical endpoint depends on why it was not called.
func TestCriticalEndpointsThatNobodyCameTo(t *testing.T) {
	made := func(critical string, outcomes ...sample.Outcome) *verdict.Report {
		r := target{servers: 8, levels: []level{{10, 20 * time.Second}}}.run()
		r.Head.Critical = []string{critical}
		r.Requests = slices.DeleteFunc(r.Requests, func(s sample.Sample) bool { return s.Endpoint == 4 })
		for i, o := range outcomes {
			r.Turns = append(r.Turns, sample.Iteration{VU: uint32(i + 1), End: 20 * time.Second, Outcome: o})
		}
		return judge(t, r, wide(t))
	}
	const there = "POST /api/v1/submissions/{id}/grade"
	for _, c := range []struct {
		r      *verdict.Report
		advice string
	}{
		{made("POST /nowhere", sample.Cut), "record a session that calls it, or correct its name in the scenario"},
		{made(there, sample.Cut, sample.Cut), "it is in the journey, and the run was too short to come to it: 2 iterations were cut off by its end; run longer (--duration)"},
		{made(there, sample.Broken, sample.Broken, sample.Cut), "it is in the journey, and nobody came so far: 2 iterations ended before it; see why among the iterations"},
		{made(there, sample.Completed), "it is in the journey, and its turn never came; run longer (--duration)"},
	} {
		if f := find(c.r, "was never called"); f == nil || f.Status != verdict.NoData || f.Advice != c.advice {
			t.Errorf("%+v", c.r.Findings)
		}
	}
}

// What the generator says of itself is said once.
func TestOverloadIsSaidOnce(t *testing.T) {
	r := target{servers: 8, levels: []level{{10, 20 * time.Second}}}.run()
	r.End.Generator = runs.Generator{Overloaded: true, CPU: 0.01, MachineCPU: 1, Why: "1 in 20 requests began more than 66ms late: this machine could not keep up: its CPUs were 100 % busy, 1 % with the generator"}
	want := "the load generator was overloaded (1 in 20 requests began more than 66ms late): others used its machine (100 % of all CPUs were busy, 1 % by firedrill), so run it on one of its own"
	if v := judge(t, r, wide(t)); len(v.Invalid) != 1 || v.Invalid[0] != want {
		t.Errorf("%q", v.Invalid)
	}
	r.End.Generator.MachineCPU = 0.2
	if v := judge(t, r, wide(t)); !strings.HasPrefix(v.Invalid[0], "the load generator was overloaded ("+r.End.Generator.Why+"): use a faster machine") {
		t.Errorf("%q", v.Invalid)
	}
}

// A shortened run has shorter windows, so that it can be judged at all.
func TestDriftOfShortRuns(t *testing.T) {
	for _, c := range []struct {
		length  time.Duration
		windows int
		status  verdict.Status
	}{
		{6 * time.Second, 6, verdict.NoData},
		{8 * time.Second, 8, verdict.Pass},
		{20 * time.Second, 10, verdict.Pass},
		{30 * time.Second, 10, verdict.Pass},
		{99 * time.Second, 11, verdict.Pass},
		{100 * time.Second, 10, verdict.Pass},
		{20 * time.Minute, 60, verdict.Pass},
	} {
		r := flow(c.length, 25, func(i int, s *sample.Sample) { s.Queries = 3; answer(s, time.Duration(20+i%7)*time.Millisecond) })
		r.Head.Drift = &scenario.Drift{P95: 0.1, Errors: 0.01, Queries: 0.05}
		v := judge(t, r, wide(t))
		if len(v.Drift) == 0 || v.Drift[0].Windows != c.windows || v.Drift[0].Status != c.status {
			t.Errorf("%s: %+v", c.length, v.Drift)
		}
		if held := strings.Contains(v.Summary, " and 3 trends held."); held != (c.status == verdict.Pass) {
			t.Errorf("%s: %s", c.length, v.Summary)
		}
		if c.status == verdict.NoData {
			if f := find(v, "whether p95 of response_time drifts is not known: a trend takes 8 windows of 1.0 s with enough answers, and there are 6"); f == nil || !strings.Contains(v.Summary, "there are 6 (and 2 more findings). 10 users") {
				t.Errorf("%s: %s %+v", c.length, v.Summary, v.Findings)
			}
		}
	}
}
