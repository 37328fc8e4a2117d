package scenario_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/scenario"
)

const vital = `name: vital
personas:
  teacher:
    journey: {persona: teacher}
    load: {executor: constant-vus, vus: 1, duration: 30s}
  probe:
    critical: true
    load: {executor: per-vu-iterations, vus: 1, iterations: 1}
thresholds:
  http_req_failed: rate<0.01
  "http_req_duration{each:critical,hold:true}": ["p(95)<500", "p(99)<900"]
critical: ["GET /api/v1/me", "GET /api/v1/courses/{id}/gradebook"]
recovery:
  after: hold
  thresholds: {"http_req_failed{ each : critical }": rate<0.5}
`

func read(t *testing.T, src string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("vital.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func judged(all []scenario.Threshold) (text []string) {
	for _, t := range all {
		text = append(text, t.Metric+" "+t.Expr)
	}
	return text
}

func TestExpand(t *testing.T) {
	s := read(t, vital)
	before := string(s.YAML())
	got := s.Expand([]string{"GET /api/v1/courses/{course_id}/gradebook", `GET /a, b:"c"`})
	if string(s.YAML()) != before {
		t.Error("the original was changed")
	}
	want := []string{"GET /api/v1/me", "GET /api/v1/courses/{id}/gradebook", `GET /a, b:"c"`}
	if d := cmp.Diff(want, got.Critical); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{
		"http_req_failed rate<0.01",
		"http_req_duration{endpoint:GET /api/v1/me,hold:true} p(95)<500",
		"http_req_duration{endpoint:GET /api/v1/courses/{id}/gradebook,hold:true} p(95)<500",
		`http_req_duration{endpoint:"GET /a, b:\"c\"",hold:true} p(95)<500`,
		"http_req_duration{endpoint:GET /api/v1/me,hold:true} p(99)<900",
		"http_req_duration{endpoint:GET /api/v1/courses/{id}/gradebook,hold:true} p(99)<900",
		`http_req_duration{endpoint:"GET /a, b:\"c\"",hold:true} p(99)<900`,
	}, judged(got.Thresholds)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{
		"http_req_failed{ endpoint:GET /api/v1/me } rate<0.5",
		"http_req_failed{ endpoint:GET /api/v1/courses/{id}/gradebook } rate<0.5",
		`http_req_failed{ endpoint:"GET /a, b:\"c\"" } rate<0.5`,
	}, judged(got.Recovery.Thresholds)); d != "" {
		t.Error(d)
	}
	if got.Thresholds[1].Line != 11 || len(got.Personas) != 2 || len(got.Notes) != 0 {
		t.Errorf("line %d, %d personas, %q", got.Thresholds[1].Line, len(got.Personas), got.Notes)
	}
	if d := cmp.Diff(got, got.Expand(nil)); d != "" {
		t.Errorf("expanding again changes it:\n%s", d)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

// TestExpandNothing: who asks for nothing gets nothing, the environment's endpoints neither.
func TestExpandNothing(t *testing.T) {
	s := read(t, "name: plain\npersonas: {one: {journey: {persona: teacher}, load: {executor: constant-vus, vus: 1, duration: 1s}}}\ncritical: [GET /me]\n")
	if d := cmp.Diff(s, s.Expand([]string{"GET /courses"})); d != "" {
		t.Error(d)
	}
}

// TestExpandWithoutEndpoints: what cannot be judged is not judged, and is said.
func TestExpandWithoutEndpoints(t *testing.T) {
	plain := strings.Replace(vital, "critical: [\"GET /api/v1/me\", \"GET /api/v1/courses/{id}/gradebook\"]\n", "", 1)
	got := read(t, plain).Expand(nil)
	if d := cmp.Diff([]string{"http_req_failed rate<0.01"}, judged(got.Thresholds)); d != "" {
		t.Error(d)
	}
	if len(got.Personas) != 1 || got.Personas[0].Name != "teacher" || len(got.Recovery.Thresholds) != 0 {
		t.Errorf("%d personas, recovery %v", len(got.Personas), got.Recovery)
	}
	if d := cmp.Diff([]string{
		"neither the scenario nor the environment names a critical endpoint: thresholds of each:critical are not judged",
		"neither the scenario nor the environment names a critical endpoint: persona probe has nothing to call and is left out",
	}, got.Notes); d != "" {
		t.Error(d)
	}
	alone := read(t, "name: alone\npersonas: {probe: {critical: true, load: {executor: constant-vus, vus: 1, duration: 1s}}}\n")
	if got := alone.Expand(nil); len(got.Personas) != 1 || len(got.Notes) != 0 {
		t.Errorf("the only persona must stay, so that the replay can say what is missing: %d personas, %q", len(got.Personas), got.Notes)
	}
	if got := alone.Expand([]string{"GET /me"}); len(got.Critical) != 1 {
		t.Errorf("critical %q", got.Critical)
	}
}

// FuzzExpand: whatever the metric and the endpoint, each threshold of each:critical
// is one for the endpoint, and every other stays as it is.
func FuzzExpand(f *testing.F) {
	for _, metric := range []string{"http_req_duration{each:critical}", "a{b:c, each : critical }", "a{each:critical", "a{each}", "{each:critical,each:critical}", `a{endpoint:"x,each:y"}`, "each:critical"} {
		f.Add(metric, "GET /api/v1/me")
	}
	f.Add("a{each:critical}", "GET /a,b")
	f.Fuzz(func(t *testing.T, metric, endpoint string) {
		s := &scenario.Scenario{Name: "x", Critical: []string{endpoint}, Thresholds: []scenario.Threshold{{Metric: metric, Expr: "rate<1"}}}
		got := s.Expand(nil)
		if len(got.Thresholds) != 1 || s.Thresholds[0].Metric != metric {
			t.Fatalf("%q: %v", metric, got.Thresholds)
		}
		if now := got.Thresholds[0].Metric; now != metric && !strings.Contains(now, "endpoint:") {
			t.Errorf("%q became %q", metric, now)
		}
	})
}
