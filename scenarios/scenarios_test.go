package scenarios_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firedrill/internal/load/pace"
	"firedrill/internal/metric"
	"firedrill/internal/scenario"
	"firedrill/scenarios"
)

func check(name, expr string) error {
	_, err := metric.ParseThreshold(name, expr)
	return err
}

func dist(low, high time.Duration) *scenario.Dist {
	if high == 0 {
		return &scenario.Dist{Kind: "constant", A: low}
	}
	return &scenario.Dist{Kind: "uniform", A: low, B: high}
}

const (
	grace = 30 * time.Second
	min2  = 2 * time.Minute
)

func constant(users int, length time.Duration) scenario.Load {
	return scenario.Load{Executor: scenario.ConstantVUs, VUs: users, Duration: length, GracefulStop: grace}
}

// ramp is stages of a length and a target each.
func ramp(start int, stages ...any) scenario.Load {
	l := scenario.Load{Executor: scenario.RampingVUs, StartVUs: start, GracefulStop: grace, GracefulRampDown: grace}
	for i := 0; i < len(stages); i += 2 {
		l.Stages = append(l.Stages, scenario.Stage{Duration: stages[i].(time.Duration), Target: float64(stages[i+1].(int))})
	}
	return l
}

// The three of the school day, without their load.
func teachers(l scenario.Load) scenario.Persona {
	return scenario.Persona{Name: "teachers", Login: scenario.LoginOnce, Load: l, Journey: scenario.Selector{Persona: "teacher", Has: []string{
		"GET /api/v1/dashboard", "GET /api/v1/unit_plans", "GET /api/v1/unit_plans/{id}", "GET /api/v1/courses/{id}/gradebook", "GET /api/v1/notifications"},
		Lacks: []string{"POST /api/v1/submissions/{id}/grade", "POST /api/v1/unit_plans", "POST /api/v1/ai/generate"}}}
}

func students(l scenario.Load) scenario.Persona {
	return scenario.Persona{Name: "students", Login: scenario.LoginOnce, Load: l, Journey: scenario.Selector{Persona: "student", Has: []string{
		"GET /api/v1/dashboard", "GET /api/v1/courses/{id}", "GET /api/v1/assignments/{id}", "POST /api/v1/assignments/{id}/submissions", "GET /api/v1/grades"}}}
}

func admins(l scenario.Load) scenario.Persona {
	return scenario.Persona{Name: "admins", Login: scenario.LoginOnce, Load: l, Journey: scenario.Selector{Persona: "admin", Has: []string{
		"GET /api/v1/analytics/overview", "GET /api/v1/users", "GET /api/v1/integrations"}}}
}

// day is the school day's people under loads of the same form.
func day(form func(users int) scenario.Load) []scenario.Persona {
	return []scenario.Persona{teachers(form(30)), students(form(100)), admins(form(3))}
}

// stressed is who stands at which level: shares of 30:100:3 by largest remainder.
func stressed() []scenario.Persona {
	levels := []int{50, 100, 133, 250, 500}
	var loads [3]scenario.Load
	for i := range loads {
		loads[i] = ramp(0)
		for _, n := range levels {
			users := float64(scenario.Share(n, []int{30, 100, 3})[i])
			loads[i].Stages = append(loads[i].Stages, scenario.Stage{Duration: 15 * time.Second, Target: users}, scenario.Stage{Duration: min2, Target: users})
		}
	}
	return []scenario.Persona{teachers(loads[0]), students(loads[1]), admins(loads[2])}
}

func spike(users int) scenario.Load {
	l := ramp(0, 15*time.Second, users, min2, users, time.Duration(0), 4*users, min2, 4*users, time.Duration(0), users, 5*time.Minute, users)
	l.GracefulRampDown = 0
	return l
}

func soak(users int) scenario.Load {
	l := constant(users, 2*time.Hour)
	l.StartOffset = dist(0, 5*time.Second)
	return l
}

// promise is what a scenario says in numbers.
type promise struct {
	aliases    []string
	personas   []scenario.Persona
	thresholds []string // metric and expression
	steps      *scenario.Steps
	recovery   *scenario.Recovery
	drift      *scenario.Drift
	allow      []string
	users      int
	length     time.Duration
}

func dayThresholds() []string {
	return []string{"http_req_duration p(95)<1000", "http_req_duration p(99)<2000", "http_req_failed rate<0.05"}
}

func promises() map[string]promise {
	ramped := func(users int) scenario.Load { return ramp(0, min2, users, 5*time.Minute, users, min2, 0) }
	schoolDay := day(ramped)
	schoolDay[2].Load = constant(3, 9*time.Minute)
	return map[string]promise{
		"smoke": {users: 2, length: 30 * time.Second, personas: []scenario.Persona{
			{Name: "teacher", Login: scenario.LoginEach, Think: dist(time.Second, 0), Load: constant(1, 30*time.Second),
				Journey: scenario.Selector{Persona: "teacher", Has: []string{"GET /api/v1/me", "GET /api/v1/unit_plans", "GET /api/v1/courses", "GET /api/v1/notifications"}},
				Only:    []string{"GET /api/v1/me", "GET /api/v1/unit_plans", "GET /api/v1/courses", "GET /api/v1/notifications?unread=true"}},
			{Name: "vital", Login: scenario.LoginOnce, Critical: true, Think: dist(time.Second, 0),
				Load: scenario.Load{Executor: scenario.PerVUIterations, VUs: 1, Iterations: 1, MaxDuration: 30 * time.Second, GracefulStop: grace}},
		}, thresholds: []string{"http_req_failed rate<0.01", "http_req_duration p(95)<500", "http_req_duration{each:critical} p(95)<500", "http_req_duration{category:auth} p(95)<500"}},

		"school-day": {aliases: []string{"load"}, users: 133, length: 9 * time.Minute, personas: schoolDay, thresholds: dayThresholds()},
		"stress":     {users: 500, length: 675 * time.Second, personas: stressed(), thresholds: dayThresholds(), steps: &scenario.Steps{MustHold: 133}},
		"soak": {users: 133, length: 2 * time.Hour, personas: day(soak), thresholds: dayThresholds(),
			drift: &scenario.Drift{P95: 0.10, Errors: 0.01, Queries: 0.05}},
		"spike": {users: 532, length: 9*time.Minute + 15*time.Second, personas: day(spike), thresholds: []string{"http_req_failed{phase:step 2} rate<0.10"},
			recovery: &scenario.Recovery{After: "step 2", Within: time.Minute, Window: 10 * time.Second, Keep: 30 * time.Second, Thresholds: []scenario.Threshold{
				{Metric: "http_req_duration", Expr: "p(95)<1000"}, {Metric: "http_req_duration", Expr: "p(99)<2000"}, {Metric: "http_req_failed", Expr: "rate<0.05"}}}},

		"concurrent-quiz": {aliases: []string{"quiz"}, users: 35, length: 5 * time.Minute, personas: []scenario.Persona{{
			Name: "quiz-student", Login: scenario.LoginEach, Think: dist(2*time.Second, 5*time.Second),
			Journey: scenario.Selector{Persona: "student", Has: []string{"POST /api/v1/quizzes/{id}/attempts", "POST /api/v1/attempts/{id}/answers", "POST /api/v1/attempts/{id}/submit"}},
			Repeat:  []scenario.Repeat{{Step: "POST /api/v1/attempts/{id}/answers", Times: 20}},
			Gather:  []scenario.Gather{{Step: "POST /api/v1/quizzes/{id}/attempts", Within: min2}},
			Load:    scenario.Load{Executor: scenario.SharedIterations, VUs: 35, Iterations: 35, MaxDuration: 5 * time.Minute, GracefulStop: grace},
		}}, thresholds: []string{"http_req_duration p(95)<2000", "http_req_failed rate<0.01"}},
		"grading-rush": {users: 20, length: 10 * time.Minute, personas: []scenario.Persona{{
			Name: "grader", Login: scenario.LoginEach, Think: dist(3*time.Second, 8*time.Second), Load: constant(20, 10*time.Minute),
			Journey: scenario.Selector{Persona: "teacher", Has: []string{"POST /api/v1/submissions/{id}/grade"}},
			Repeat:  []scenario.Repeat{{Step: "POST /api/v1/submissions/{id}/grade", Times: 10}},
			Set:     []scenario.Assignment{{Field: "grade", Expr: scenario.Expr{Kind: "int", Low: 60, High: 99}}, {Field: "feedback", Expr: scenario.Expr{Kind: "phrase"}}},
		}}, thresholds: []string{"http_req_duration p(95)<1000", "http_req_failed rate<0.02"}},
		"opening-day": {users: 222, length: 5 * time.Minute, personas: []scenario.Persona{
			{Name: "admins", Login: scenario.LoginOnce, Load: constant(2, 5*time.Minute),
				Journey: scenario.Selector{Persona: "admin", Has: []string{"POST /api/v1/courses", "POST /api/v1/courses/{id}/enrolments"}}},
			{Name: "teachers", Login: scenario.LoginOnce, Load: ramp(0, 3*time.Minute, 20, min2, 20),
				Journey: scenario.Selector{Persona: "teacher", Has: []string{"POST /api/v1/unit_plans", "POST /api/v1/courses/{id}/assignments"}}},
			{Name: "students", Login: scenario.LoginEach, Load: ramp(0, time.Minute, 50, min2, 200, min2, 200),
				Journey: scenario.Selector{Persona: "student", Has: []string{"GET /api/v1/dashboard", "GET /api/v1/courses/{id}", "GET /api/v1/notifications"},
					Lacks: []string{"POST /api/v1/assignments/{id}/submissions", "POST /api/v1/quizzes/{id}/attempts"}}},
		}, thresholds: []string{"http_req_duration p(95)<2000", "http_req_failed rate<0.05"}},
		"ai-gateway": {aliases: []string{"ai"}, users: 15, length: 5 * time.Minute, allow: []string{"costly"}, personas: []scenario.Persona{{
			Name: "writer", Login: scenario.LoginOnce, Think: dist(3*time.Second, 8*time.Second), Load: ramp(0, time.Minute, 5, 3*time.Minute, 15, time.Minute, 0),
			Journey: scenario.Selector{Persona: "teacher", Has: []string{"POST /api/v1/ai/generate"}}, Retry: scenario.Retry{Times: 3, Longest: time.Minute},
		}}, thresholds: []string{"http_req_duration p(95)<10000", "http_req_duration{category:ai} p(95)<10000", "http_req_failed rate<0.10", "http_req_failed{category:ai} rate<0.10", "generations_per_user value>=1"}},
	}
}

// TestNumbers: every number that the scenarios promise, and nothing else.
func TestNumbers(t *testing.T) {
	all, broken := scenario.List(scenarios.FS, check)
	if len(broken) > 0 {
		t.Fatal(broken)
	}
	want := promises()
	for _, s := range all {
		w, ok := want[s.Name]
		if !ok {
			t.Errorf("%s is not described here", s.Name)
			continue
		}
		delete(want, s.Name)
		var thresholds []string
		for _, th := range s.Thresholds {
			thresholds = append(thresholds, th.Metric+" "+th.Expr)
		}
		got := promise{s.Aliases, s.Personas, thresholds, s.Steps, s.Recovery, s.Drift, s.Allow, s.PeakUsers(), s.Length()}
		if d := cmp.Diff(w, got, cmp.AllowUnexported(promise{}), cmpopts.IgnoreFields(scenario.Persona{}, "Line"),
			cmpopts.IgnoreFields(scenario.Threshold{}, "Line", "Column"), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s:\n%s", s.Name, d)
		}
		if s.File != s.Name+".yaml" || s.About == "" || len(s.Critical) == 0 {
			t.Errorf("%s stands in %s, about %q, critical %q", s.Name, s.File, s.About, s.Critical)
		}
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}

// TestPhases: the phases that scenarios speak of exist, and the steps have the users that they promise.
func TestPhases(t *testing.T) {
	for name, want := range map[string][]string{
		"school-day": {"hold"},
		"stress":     {"step 1: 50 users", "step 2: 100 users", "step 3: 133 users", "step 4: 250 users", "step 5: 500 users"},
		"spike":      {"step 1: 133 users", "step 2: 532 users", "step 3: 133 users"},
	} {
		s, err := scenario.Find(scenarios.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, length := range []time.Duration{s.Length(), 25 * time.Second} {
			short, _, err := s.Shorten(length)
			if err != nil {
				t.Fatal(err)
			}
			var loads []scenario.Load
			for _, p := range short.Personas {
				loads = append(loads, p.Load)
			}
			var holds []string
			for _, p := range pace.Phases(loads) {
				if p.Hold {
					holds = append(holds, p.Name)
					if p.To-p.From < time.Second {
						t.Errorf("%s in %s: %s lasts %s", name, length, p.Name, p.To-p.From)
					}
				}
			}
			if d := cmp.Diff(want, holds); d != "" {
				t.Errorf("%s in %s:\n%s", name, length, d)
			}
		}
	}
}

// TestSmokeJudgesEachCriticalEndpoint: those of the file are read by the teacher, and the environment's
// get a threshold of their own; the log-in, which has another path in each application, is judged by its category.
func TestSmokeJudgesEachCriticalEndpoint(t *testing.T) {
	s, err := scenario.Find(scenarios.FS, "smoke", check)
	if err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range s.Critical {
		if !slices.ContainsFunc(s.Personas[0].Only, func(step string) bool { path, _, _ := strings.Cut(step, "?"); return path == endpoint }) {
			t.Errorf("%s is critical, and the teacher does not read it", endpoint)
		}
	}
	mine := []string{"POST /api/v1/submissions/{id}/grade", "GET /api/v1/me"}
	expanded := s.Expand(mine)
	for _, endpoint := range append(mine, s.Critical...) {
		n := 0
		for _, th := range expanded.Thresholds {
			if th.Metric == fmt.Sprintf("http_req_duration{endpoint:%s}", endpoint) && th.Expr == "p(95)<500" {
				n++
				if err := check(th.Metric, th.Expr); err != nil {
					t.Error(err)
				}
			}
		}
		if n != 1 || !slices.Contains(expanded.Critical, endpoint) {
			t.Errorf("%s: %d thresholds", endpoint, n)
		}
	}
}

// TestScalable: what the README types works with each.
func TestScalable(t *testing.T) {
	all, _ := scenario.List(scenarios.FS)
	for _, s := range all {
		scaled, _, err := s.Scale("20")
		if err != nil || scaled.PeakUsers() != 20 {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		short, _, err := scaled.Shorten(20 * time.Second)
		if err != nil || short.Length() != 20*time.Second || short.Validate() != nil {
			t.Errorf("%s: %v %v", s.Name, err, short.Validate())
		}
	}
}
