package scenarios_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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

// TestNumbers: every number that the scenarios promise, and nothing else.
func TestNumbers(t *testing.T) {
	want := map[string]struct {
		personas   []scenario.Persona
		thresholds map[string]string
	}{
		"grading-rush": {[]scenario.Persona{{
			Name: "grader", Journey: scenario.Selector{Persona: "teacher", Has: []string{"POST /api/v1/submissions/{id}/grade"}}, Login: scenario.LoginEach,
			Repeat: []scenario.Repeat{{Step: "POST /api/v1/submissions/{id}/grade", Times: 10}},
			Set:    []scenario.Assignment{{Field: "grade", Expr: scenario.Expr{Kind: "int", Low: 60, High: 99}}, {Field: "feedback", Expr: scenario.Expr{Kind: "phrase"}}},
			Think:  dist(3*time.Second, 8*time.Second),
			Load:   scenario.Load{Executor: scenario.ConstantVUs, VUs: 20, Duration: 10 * time.Minute, GracefulStop: 30 * time.Second},
		}}, map[string]string{"http_req_duration": "p(95)<1000", "http_req_failed": "rate<0.02"}},
		"concurrent-quiz": {[]scenario.Persona{{
			Name: "quiz-student", Journey: scenario.Selector{Persona: "student", Has: []string{"POST /api/v1/quizzes/{id}/attempts", "POST /api/v1/attempts/{id}/answers", "POST /api/v1/attempts/{id}/submit"}},
			Login: scenario.LoginEach, Repeat: []scenario.Repeat{{Step: "POST /api/v1/attempts/{id}/answers", Times: 20}}, Think: dist(2*time.Second, 5*time.Second),
			Load: scenario.Load{Executor: scenario.SharedIterations, VUs: 35, Iterations: 35, MaxDuration: 5 * time.Minute, GracefulStop: 30 * time.Second},
		}}, map[string]string{"http_req_duration": "p(95)<2000", "http_req_failed": "rate<0.01"}},
		"smoke": {[]scenario.Persona{{
			Name: "teacher", Journey: scenario.Selector{Persona: "teacher", Has: []string{"GET /api/v1/me", "GET /api/v1/unit_plans", "GET /api/v1/courses", "GET /api/v1/notifications"}},
			Login: scenario.LoginEach, Only: []string{"GET /api/v1/me", "GET /api/v1/unit_plans", "GET /api/v1/courses", "GET /api/v1/notifications?unread=true"}, Think: dist(time.Second, 0),
			Load: scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: 30 * time.Second, GracefulStop: 30 * time.Second},
		}}, map[string]string{"http_req_duration": "p(95)<500", "http_req_failed": "rate<0.01"}},
	}
	all, broken := scenario.List(scenarios.FS, check)
	if len(broken) > 0 {
		t.Fatal(broken)
	}
	for _, s := range all {
		w, ok := want[s.Name]
		if !ok {
			t.Errorf("%s is not described here", s.Name)
			continue
		}
		delete(want, s.Name)
		if s.File != s.Name+".yaml" || s.About == "" {
			t.Errorf("%s stands in %s, about %q", s.Name, s.File, s.About)
		}
		if d := cmp.Diff(w.personas, s.Personas, cmpopts.IgnoreFields(scenario.Persona{}, "Line"), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s:\n%s", s.Name, d)
		}
		overall := 0
		for _, threshold := range s.Thresholds {
			metric, selector, narrowed := strings.Cut(threshold.Metric, "{")
			if threshold.Expr != w.thresholds[metric] {
				t.Errorf("%s: %s %s", s.Name, threshold.Metric, threshold.Expr)
			}
			endpoint := strings.TrimSuffix(strings.TrimPrefix(selector, "endpoint:"), "}")
			if narrowed && selector != "category:auth}" && !slices.Contains(s.Critical, endpoint) {
				t.Errorf("%s: a threshold for %s, which is not critical", s.Name, endpoint)
			}
			overall += map[bool]int{false: 1}[narrowed]
		}
		if overall != len(w.thresholds) {
			t.Errorf("%s has %d thresholds over all requests, want %v", s.Name, overall, w.thresholds)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// TestSmokeJudgesEachCriticalEndpoint: each has a threshold of its own and is sent; the log-in, which has another
// path in each application, is judged by its category.
func TestSmokeJudgesEachCriticalEndpoint(t *testing.T) {
	s, err := scenario.Find(scenarios.FS, "smoke", check)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Critical) < 4 || !slices.ContainsFunc(s.Thresholds, func(t scenario.Threshold) bool { return t.Metric == "http_req_duration{category:auth}" }) {
		t.Errorf("critical: %v", s.Critical)
	}
	for _, endpoint := range s.Critical {
		judged, sent := false, false
		for _, threshold := range s.Thresholds {
			judged = judged || threshold.Metric == "http_req_duration{endpoint:"+endpoint+"}"
		}
		for _, step := range s.Personas[0].Only {
			path, _, _ := strings.Cut(step, "?")
			sent = sent || path == endpoint
		}
		if !judged || !sent {
			t.Errorf("%s: judged %v, sent %v", endpoint, judged, sent)
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
