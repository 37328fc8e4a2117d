package analysis_test

import (
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

var ownThresholds = []scenario.Threshold{{Metric: "http_req_duration", Expr: "p(95)<250"}, {Metric: "http_req_failed", Expr: "rate<0.05"}}

// stress is a target that carries some hundred users on each of its servers, asked
// by more and more of them.
func stress(servers, mustHold int) *runstest.Run {
	r := target{servers: servers, levels: []level{{25, 30 * time.Second}, {50, 30 * time.Second}, {100, 30 * time.Second}, {200, 30 * time.Second}}}.run(ownThresholds...)
	r.Head.Steps = &scenario.Steps{MustHold: mustHold}
	return r
}

func statuses(r *verdict.Report) string {
	var all []string
	for _, s := range r.Steps {
		all = append(all, string(s.Status))
	}
	return strings.Join(all, ", ")
}

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		why     string
		run     *runstest.Run
		status  verdict.Status
		steps   string
		summary []string
		first   string // finding
	}{
		{"it carries all", stress(8, 50), verdict.Pass, "pass, pass, pass, pass", []string{"Passed: carries 200 users: no step broke a threshold."}, ""},
		{"it breaks above what must hold: that is the answer", stress(1, 50), verdict.Pass, "pass, pass, pass, fail",
			[]string{"Passed: carries 100 users; at 200 users http_req_duration p(95)<250 broke first (", "GET /api/v1/courses/{id}/gradebook). 200 users ran stress"}, "at 200 users http_req_duration p(95)<250 broke with "},
		{"it breaks below", stress(1, 200), verdict.Fail, "pass, pass, pass, fail",
			[]string{"Failed: carries 100 users; at 200 users http_req_duration", "it must carry 200 users. Look first at GET /api/v1/courses/{id}/gradebook: p95 1,120 ms"}, "at 200 users, which must hold, http_req_duration"},
	} {
		r := judge(t, c.run, wide(t))
		if r.Status != c.status || statuses(r) != c.steps {
			t.Errorf("%s: %s, %s, %+v", c.why, r.Status, statuses(r), r.Findings)
			continue
		}
		for _, s := range c.summary {
			if !strings.Contains(r.Summary, s) {
				t.Errorf("%s: %s", c.why, r.Summary)
			}
		}
		if c.first == "" != (len(r.Findings) == 0) || c.first != "" && !strings.HasPrefix(r.Findings[0].What, c.first) {
			t.Errorf("%s: %+v", c.why, r.Findings)
		}
	}
}

// wide are baselines that nothing breaks.
func wide(t *testing.T) baseline.Baselines {
	t.Helper()
	text := "latency:\n"
	for _, c := range []string{"auth", "list", "detail", "gradebook", "write"} {
		text += "  " + c + ": {p50: 60s, p95: 60s, p99: 60s}\n"
	}
	b, err := baseline.Parse("b.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStepsInDepth(t *testing.T) {
	r := judge(t, stress(1, 50), baseline.Default())
	last := r.Steps[3]
	if last.Users != 200 || last.MustHold || !r.Steps[1].MustHold || last.Requests == 0 || last.P95MS < 250 || last.P50MS > last.P95MS || len(last.Broke) != 1 ||
		!strings.HasPrefix(last.Broke[0], "http_req_duration p(95)<250: ") {
		t.Errorf("%+v", last)
	}
	// The scenario's thresholds are judged by the steps that must hold, and so are the baselines.
	for i, th := range r.Thresholds {
		if th.Status != verdict.Pass || th.BrokeAt != -1 || i == 0 && (*th.Measured >= 250 || *th.Measured <= 0) {
			t.Errorf("%+v", th)
		}
	}
	requests := 0
	for _, c := range r.Categories {
		requests += c.Requests
		if c.Status == verdict.Fail {
			t.Errorf("%+v", c)
		}
	}
	if want := r.Steps[0].Requests + r.Steps[1].Requests; requests != want || !strings.Contains(strings.Join(r.Warnings, "\n"), "by the steps of at most 50 users") {
		t.Errorf("the baselines are of %d requests, the steps that must hold have %d; %q", requests, want, r.Warnings)
	}
	f := r.Findings[0]
	if f.Status != verdict.Info || f.Load != "200 users" || f.When < 90*time.Second || f.When > 2*time.Minute || !strings.Contains(f.Advice, "look first at GET /api/v1/courses/{id}/gradebook: p95") || !strings.Contains(f.Advice, "33 database queries a request") {
		t.Errorf("%+v", f)
	}
	must := judge(t, stress(1, 200), baseline.Default())
	for _, f := range must.Findings {
		if strings.HasPrefix(f.Where, "http_req_duration") {
			t.Errorf("the threshold is listed beside its step: %+v", f)
		}
	}
	if th := must.Thresholds[0]; th.Status != verdict.Fail || *th.Measured < 250 || th.BrokeAt < 90*time.Second {
		t.Errorf("%+v", th)
	}
	if none := judge(t, stress(1, 0), baseline.Default()); none.Status != verdict.Pass || none.Thresholds[0].Status != verdict.Info {
		t.Errorf("no step must hold: %s, %+v", none.Summary, none.Thresholds)
	}
}

func TestStepsWithoutData(t *testing.T) {
	short := stress(8, 200)
	for i := range short.Requests {
		if short.Requests[i].Phase >= 2 {
			short.Requests = short.Requests[:i]
			break
		}
	}
	short.End.End, short.End.Length = runs.Aborted, time.Minute
	r := judge(t, short, wide(t))
	if r.Status != verdict.Fail || statuses(r) != "pass, pass, no data, no data" || find(r, "the step of 100 users must hold and was not reached") == nil {
		t.Errorf("%s: %s, %s", r.Status, r.Summary, statuses(r))
	}
	short.Head.Steps.MustHold = 50
	if r := judge(t, short, wide(t)); r.Status != verdict.Pass || statuses(r) != "pass, pass, no data, no data" || !strings.HasPrefix(r.Summary, "Passed: carries 50 users: no step broke") {
		t.Errorf("%s: %s, %s", r.Status, r.Summary, statuses(r))
	}
	// It died at more than it must carry: the answer, and not a failure.
	dead := stress(1, 50)
	for i := range dead.Requests {
		if s := &dead.Requests[i]; s.Intended > 100*time.Second {
			s.Status, s.Error, s.Flags = 0, sample.Refused, sample.Failed|sample.NotSent
		}
	}
	dead.End.End = runs.TargetDied
	r = judge(t, dead, wide(t))
	if f := find(r, "stopped answering"); r.Status != verdict.Pass || f == nil || f.Status != verdict.Info || r.Findings[0].Where != "target" {
		t.Errorf("%s: %+v", r.Summary, r.Findings)
	}
	dead.Head.Steps.MustHold = 200
	if r := judge(t, dead, wide(t)); r.Status != verdict.Fail || r.Findings[0].Where != "target" || r.Findings[0].Status != verdict.Fail {
		t.Errorf("%s: %+v", r.Summary, r.Findings)
	}
}

// TestAStepThatIsNotReachedIsJudgedByItsUsers: when the run ends, so do its users.
func TestAStepThatIsNotReachedIsJudgedByItsUsers(t *testing.T) {
	over := func(at time.Duration, end string, mustHold int) *runstest.Run {
		r := stress(8, mustHold)
		r.Requests = slices.DeleteFunc(r.Requests, func(s sample.Sample) bool { return s.Intended >= at })
		r.Curve = append(slices.DeleteFunc(r.Curve, func(u sample.Users) bool { return u.At >= at }), sample.Users{At: at})
		r.End.End, r.End.Length, r.End.PeakUsers = end, at, 0
		return r
	}
	named := func(r *runstest.Run, users int) *runstest.Run { // with a schedule that its names do not say
		last := &r.Head.Names.Phases[3]
		last.Name, last.Users = "hold", users
		r.End.Names = r.Head.Names
		return r
	}
	dead := over(80*time.Second, runs.TargetDied, 50)
	for i := range dead.Requests {
		if s := &dead.Requests[i]; s.Intended > 70*time.Second {
			s.Status, s.Error, s.Flags = 0, sample.Refused, sample.Failed|sample.NotSent
		}
	}
	const reached = "pass, pass, pass, no data"
	rates := over(90*time.Second, runs.Aborted, 150)
	rates.Head.Names.Phases[3].Name = "step 4: 5 users and 2 starts/s"
	rates.End.Names = rates.Head.Names
	for _, c := range []struct {
		why    string
		run    *runstest.Run
		status verdict.Status
		steps  string
		says   string // finding
	}{
		{"it is above: what was carried is the answer", over(90*time.Second, runs.Aborted, 50), verdict.Pass, reached, ""},
		{"the target died above", dead, verdict.Pass, "pass, pass, fail, no data", "the target stopped answering at 1:10"},
		{"it died with its last answer", over(90*time.Second, runs.TargetDied, 50), verdict.Pass, reached, "the target stopped answering at 1:30"},
		{"it must hold", over(90*time.Second, runs.Aborted, 200), verdict.Fail, reached, "the step of 200 users must hold and was not reached"},
		{"it is above, by its schedule", named(over(90*time.Second, runs.Aborted, 150), 200), verdict.Pass, reached, ""},
		{"it must hold, by its schedule", named(over(90*time.Second, runs.Aborted, 150), 120), verdict.Fail, reached, "the step of 120 users must hold"},
		{"its users are not known", rates, verdict.Fail, reached, "must hold and was not reached"},
	} {
		r := judge(t, c.run, wide(t))
		if r.Status != c.status || statuses(r) != c.steps || c.says != "" && find(r, c.says) == nil || find(r, "of 0 users") != nil {
			t.Errorf("%s: %s, %s, %+v", c.why, r.Summary, statuses(r), r.Findings)
		}
	}
}

// TestOnlyTheFirstStepAboveIsAFinding: what is beyond is in the table.
func TestOnlyTheFirstStepAboveIsAFinding(t *testing.T) {
	run := target{levels: []level{{25, 30 * time.Second}, {200, 30 * time.Second}, {300, 30 * time.Second}}}.run(ownThresholds...)
	run.Head.Steps = &scenario.Steps{MustHold: 25}
	r := judge(t, run, wide(t))
	if len(r.Findings) != 1 || statuses(r) != "pass, fail, fail" || !strings.HasPrefix(r.Findings[0].What, "at 200 users") {
		t.Errorf("%s: %+v", statuses(r), r.Findings)
	}
}
