package drill

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/cli"
	"firedrill/internal/environment"
	"firedrill/internal/load"
	"firedrill/internal/load/program"
	"firedrill/internal/plan"
	"firedrill/internal/runs"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
)

// TestJudged: the exit code is what the verdict says, in the order of codes.
func TestJudged(t *testing.T) {
	value := 1240.0
	broken := verdict.Threshold{Metric: "http_req_duration", Expr: "p(95)<1000", Measured: &value, Unit: "ms", Status: verdict.Fail}
	held := verdict.Threshold{Metric: "http_req_failed", Expr: "rate<0.05", Status: verdict.Pass}
	step := func(users int, must bool, s verdict.Status) verdict.Step {
		return verdict.Step{Name: "step: " + verdict.Count(users, "user"), Users: users, MustHold: must, Status: s, Broke: []string{"http_req_duration p(95)<1000: 1,240 ms at 4:31"}}
	}
	for _, tt := range []struct {
		why    string
		report verdict.Report
		end    load.Outcome
		code   int
		says   string
	}{
		{"all held", verdict.Report{Status: verdict.Pass, Thresholds: []verdict.Threshold{held}}, load.Outcome{}, 0, ""},
		{"a threshold broke", verdict.Report{Status: verdict.Fail, Thresholds: []verdict.Threshold{held, broken}}, load.Outcome{}, 99, "1 of 2 thresholds is broken or had no data: http_req_duration p(95)<1000, measured 1240ms"},
		{"it broke above what must hold: the verdict passes", verdict.Report{Status: verdict.Pass, Thresholds: []verdict.Threshold{held, broken},
			Steps: []verdict.Step{step(133, true, verdict.Pass), step(250, false, verdict.Fail)}}, load.Outcome{}, 0, ""},
		{"a step that must hold broke", verdict.Report{Status: verdict.Fail, Thresholds: []verdict.Threshold{broken},
			Steps: []verdict.Step{step(133, true, verdict.Fail), step(250, false, verdict.Fail)}}, load.Outcome{}, 99, "step: 133 users must hold and did not: http_req_duration p(95)<1000: 1,240 ms at 4:31"},
		{"a step that must hold had no data", verdict.Report{Status: verdict.Fail, Steps: []verdict.Step{{Name: "step 1", MustHold: true, Status: verdict.NoData}}}, load.Outcome{}, 99, "step 1 must hold and did not: no data"},
		{"a baseline broke and no threshold", verdict.Report{Status: verdict.Fail, Thresholds: []verdict.Threshold{held},
			Findings: []verdict.Finding{{Status: verdict.Fail, What: "list answered p95 900 ms"}}}, load.Outcome{}, 99, "list answered p95 900 ms"},
		{"the run does not count", verdict.Report{Status: verdict.Invalid, Invalid: []string{"starved"}, Thresholds: []verdict.Threshold{broken}}, load.Outcome{}, 3, "the run is not valid: starved"},
		{"the target died", verdict.Report{Status: verdict.Fail, Thresholds: []verdict.Threshold{broken}},
			load.Outcome{End: load.EndDied, Detail: "no answer", Died: load.Death{At: 90 * time.Second, Users: 1, Rate: 12.4}}, 99, "the target died 1m30s into the run, with 1 user and 12 requests a second: no answer"},
		{"it died above what it must carry: the verdict passes", verdict.Report{Status: verdict.Pass, Steps: []verdict.Step{step(133, true, verdict.Pass), step(250, false, verdict.Fail)}},
			load.Outcome{End: load.EndDied, Detail: "no answer", Died: load.Death{At: 7 * time.Minute, Users: 250}}, 0, ""},
		{"interrupted, and broken until then", verdict.Report{Status: verdict.Fail, Thresholds: []verdict.Threshold{broken}}, load.Outcome{End: load.EndInterrupted, Length: 5 * time.Second}, 130, "interrupted after 5s"},
		{"interrupted, all held", verdict.Report{Status: verdict.Pass}, load.Outcome{End: load.EndInterrupted}, 130, "interrupted"},
	} {
		err := judged(&tt.report, tt.end)
		if got := cli.Code(err); got != tt.code {
			t.Errorf("%s: exit code %d, want %d (%v)", tt.why, got, tt.code, err)
		}
		if tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v, want %q", tt.why, err, tt.says)
		}
	}
}

func TestSpeedText(t *testing.T) {
	for _, tt := range []struct {
		speed float64
		users int
		want  string
	}{
		{0, 20, ""}, {1, 20, ""},
		{10, 20, "10x speed: think times divided by 10; up to as much load as 200 users make at the recorded pace; never a baseline"},
		{1.5, 1, "1.5x speed: think times divided by 1.5; up to as much load as 2 users make at the recorded pace; never a baseline"},
		{0.5, 20, "0.5x speed: think times divided by 0.5; never a baseline"},
	} {
		if got := speedText(tt.speed, tt.users); got != tt.want {
			t.Errorf("speed %g: %q, want %q", tt.speed, got, tt.want)
		}
	}
}

func TestLoadText(t *testing.T) {
	j := &program.Journey{Steps: []program.Step{{Login: true}}}
	stages := []scenario.Stage{{Duration: time.Minute, Target: 5}, {Duration: 2 * time.Minute, Target: 5}, {Duration: 0, Target: 8}, {Duration: time.Minute, Target: 0}}
	for _, tt := range []struct {
		group program.Group
		want  string
	}{
		{program.Group{Persona: scenario.Persona{Login: scenario.LoginOnce, Load: scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: time.Minute, GracefulStop: 30 * time.Second}}, Journey: j},
			"1 user for 1m; logs in once; graceful stop 30s"},
		{program.Group{Persona: scenario.Persona{Load: scenario.Load{Executor: scenario.RampingVUs, Stages: stages, GracefulStop: 30 * time.Second, GracefulRampDown: 5 * time.Second}}, Journey: j},
			"users: 0, to 5 in 1m, hold 2m, to 8 at once, to 0 in 1m; logs in each iteration; graceful stop 30s, on the way down 5s"},
		{program.Group{Persona: scenario.Persona{Load: scenario.Load{Executor: scenario.SharedIterations, VUs: 35, Iterations: 35, MaxDuration: 5 * time.Minute}}, Journey: &program.Journey{}},
			"35 users share 35 iterations, at most 5m; no log-in was recorded; graceful stop 0s"},
		{program.Group{Persona: scenario.Persona{Load: scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 30, TimeUnit: time.Minute, Duration: time.Hour, PreAllocatedVUs: 1, MaxVUs: 8}}, Journey: j},
			"arrivals per 1m: 30 for 1h, up to 8 users; logs in each iteration; graceful stop 0s"},
		{program.Group{Persona: scenario.Persona{Load: scenario.Load{Executor: scenario.AsRecorded, Copies: 3, Speed: 2}}, Journey: j, Users: 12, Arrivals: make([]time.Duration, 4)},
			"4 sessions as recorded, 3 of each, arriving 2 times as fast, up to 12 users; logs in each iteration; graceful stop 0s"},
	} {
		if d := cmp.Diff(tt.want, loadText(&tt.group)); d != "" {
			t.Error(d)
		}
	}
}

func TestJudgeTexts(t *testing.T) {
	s := &scenario.Scenario{
		Steps:    &scenario.Steps{MustHold: 133},
		Recovery: &scenario.Recovery{After: "step 2", Within: time.Minute, Window: 10 * time.Second, Keep: 30 * time.Second},
		Drift:    &scenario.Drift{P95: -1, Errors: 0.01, Queries: 0.05},
	}
	want := []string{
		"each level of users is judged on its own; up to 133 users must hold, above that it is the answer",
		`well again within 1m of the end of "step 2": windows of 10s hold and go on holding for 30s`,
		"from beginning to end nothing grows by more than: errors 1 point, queries 5 %",
	}
	if d := cmp.Diff(want, judgeTexts(s)); d != "" {
		t.Error(d)
	}
	if got := judgeTexts(&scenario.Scenario{}); got != nil {
		t.Errorf("%q", got)
	}
}

// TestManifest: what the verdict is made by goes into the run file, and what was
// done to come there.
func TestManifest(t *testing.T) {
	s := &scenario.Scenario{
		Name: "stress", Steps: &scenario.Steps{MustHold: 133}, Recovery: &scenario.Recovery{After: "step 2"}, Drift: &scenario.Drift{P95: 0.1},
		Critical: []string{"GET /api/v1/me"}, Notes: []string{"a note of the scenario"},
	}
	r := &rehearsal{
		scenario: s, planned: planned{plan: &plan.Plan{}}, program: &program.Program{Notes: []string{"a note of the program"}},
		env: place{Environment: environment.Environment{Name: "staging", TLS: environment.TLS{Insecure: true}}}, room: "too few descriptors",
	}
	m := r.manifest("x7k2", time.Now())
	if m.Steps != s.Steps || m.Recovery != s.Recovery || m.Drift != s.Drift || m.Speed != 1 || m.Environment != "staging" {
		t.Errorf("%+v", m)
	}
	if d := cmp.Diff([]string{"a note of the scenario", "a note of the program", "too few descriptors", insecureText}, m.Warnings); d != "" {
		t.Error(d)
	}
}

// TestGeneratorOf: everything that the generator found out about itself is kept.
func TestGeneratorOf(t *testing.T) {
	self := load.Self{Planned: 1000, LateP50: 1, LateP95: time.Second, LateP99: 2 * time.Second, LateMax: 3 * time.Second, GCPauseMax: 4 * time.Millisecond, Limit: 5 * time.Millisecond,
		CPU: 0.3, MachineCPU: 0.8, Sockets: 7, SocketLimit: 1024, ClockStep: 6 * time.Millisecond}
	got := generatorOf(load.Outcome{Self: self})
	want := runs.Generator{
		Overloaded: true, Why: self.Overloaded(), LateP50: 1, LateP95: time.Second, LateP99: 2 * time.Second, LateMax: 3 * time.Second,
		LateLimit: 5 * time.Millisecond, GCPauseMax: 4 * time.Millisecond,
		CPU: 0.3, MachineCPU: 0.8, Sockets: 7, SocketLimit: 1024, ClockStep: 6 * time.Millisecond,
	}
	if d := cmp.Diff(want, got); d != "" || got.Why == "" {
		t.Errorf("%q: %s", got.Why, d)
	}
}
