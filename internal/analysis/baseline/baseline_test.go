package baseline_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/yamldoc"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestDefaultsAreTheCustomersTable(t *testing.T) {
	ms := time.Millisecond
	want := baseline.Baselines{
		File: "built-in",
		Latency: []baseline.Latency{
			{Category: "auth", P50: 100 * ms, P95: 300 * ms, P99: 500 * ms}, {Category: "list", P50: 200 * ms, P95: 500 * ms, P99: 1000 * ms},
			{Category: "detail", P50: 100 * ms, P95: 300 * ms, P99: 500 * ms}, {Category: "write", P50: 200 * ms, P95: 500 * ms, P99: 1000 * ms},
			{Category: "gradebook", P50: 500 * ms, P95: 1000 * ms, P99: 2000 * ms}, {Category: "analytics", P50: 1000 * ms, P95: 3000 * ms, P99: 5000 * ms},
			{Category: "ai", P50: 5000 * ms, P95: 10000 * ms, P99: 15000 * ms}, {Category: "search", P50: 200 * ms, P95: 500 * ms, P99: 1000 * ms},
			{Category: "upload", P50: 1000 * ms, P95: 3000 * ms, P99: 5000 * ms},
		},
		Concurrency: []baseline.Concurrency{
			{Name: "normal school day", Scenario: "school-day", Users: 130, P95: time.Second, Errors: .05}, {Name: "concurrent quiz", Scenario: "concurrent-quiz", Users: 35, P95: 2 * time.Second, Errors: .01},
			{Name: "grading rush", Scenario: "grading-rush", Users: 20, P95: time.Second, Errors: .02}, {Name: "opening day", Scenario: "opening-day", Users: 200, P95: 2 * time.Second, Errors: .05},
			{Name: "AI at once", Scenario: "ai-gateway", Users: 15, P95: 10 * time.Second, Errors: .1},
		},
	}
	if diff := cmp.Diff(want, baseline.Default()); diff != "" {
		t.Error(diff)
	}
	src, err := os.ReadFile("../../../baselines.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := baseline.Parse("baselines.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	want.File = "baselines.yaml"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("baselines.yaml of the project differs from the built-in ones\n%s", diff)
	}
	if got := want.Concurrency[2].Passes(); got != "p95 < 1 s, errors < 2 %" {
		t.Error(got)
	}
}

func TestAFileChangesWhatItNames(t *testing.T) {
	b, err := baseline.Parse("b.yaml", []byte(`
latency:
  auth: {p50: 1ms, p95: 1.5s, p99: 2s}
  upload: none
  stream: {p50: 1s, p95: 2s, p99: 3s}
concurrency:
  grading rush: none
  two schools: {scenario: school-day, users: 260, p95: 1500ms, errors: 0.5%}
queries:
  "GET /api/v1/me": 3
  GET /api/v1/courses/{id}: 0
`))
	if err != nil {
		t.Fatal(err)
	}
	if l, ok := b.Of("auth"); !ok || l.P95 != 1500*time.Millisecond {
		t.Errorf("%+v", l)
	}
	if _, ok := b.Of("upload"); ok {
		t.Error("upload is judged")
	}
	if _, ok := b.Of("stream"); !ok || len(b.Latency) != 9 || len(b.Concurrency) != 5 || b.Concurrency[4].Passes() != "p95 < 1500 ms, errors < 0.5 %" {
		t.Errorf("%+v", b)
	}
	if diff := cmp.Diff([]baseline.Budget{{Endpoint: "GET /api/v1/me", Max: 3}, {Endpoint: "GET /api/v1/courses/{id}", Max: 0}}, b.Queries); diff != "" {
		t.Error(diff)
	}
}

func TestWrongFiles(t *testing.T) {
	for _, c := range []struct {
		why, src     string
		line, column int
		says         string
	}{
		{"an unknown section", "latencies:\n  auth: none\n", 1, 1, `unknown section "latencies"`},
		{"an unknown category", "latency:\n  autth: none\n", 2, 3, `unknown category "autth"`},
		{"an unknown field", "latency:\n  auth: {p50: 1s, p95: 1s, p98: 1s}\n", 2, 28, `unknown field "p98"`},
		{"a missing field", "latency:\n  auth: {p50: 1s, p95: 1s}\n", 2, 9, "p99 is missing"},
		{"targets that fall", "latency:\n  auth: {p50: 2s, p95: 1s, p99: 3s}\n", 2, 9, "do not rise"},
		{"no length of time", "latency:\n  auth: {p50: 100, p95: 1s, p99: 3s}\n", 2, 15, "not a length of time"},
		{"not a row", "latency:\n  auth: 100ms\n", 2, 9, "should be a mapping"},
		{"not a share", "concurrency:\n  x: {scenario: s, users: 1, p95: 1s, errors: 0.05}\n", 2, 47, "not a share"},
		{"no users", "concurrency:\n  x: {scenario: s, users: 0, p95: 1s, errors: 5%}\n", 2, 27, "not a whole number"},
		{"no budget", "queries:\n  GET /me: many\n", 2, 12, "not a whole number"},
		{"a list", "- a\n", 1, 1, "should be a mapping"},
		{"the same twice", "queries:\n  GET /me: 1\n  GET /me: 2\n", 3, 3, ""},
	} {
		_, err := baseline.Parse("b.yaml", []byte(c.src))
		var bad *yamldoc.Error
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if bad.Line != c.line || bad.Column != c.column || !strings.Contains(bad.Why, c.says) || bad.Hint() == "" || bad.ExitCode() != 2 {
			t.Errorf("%s: %v (want %d:%d) hint %q", c.why, err, c.line, c.column, bad.Hint())
		}
	}
}

// FuzzParse: no input panics, an error has a place, and what parses has targets that rise.
func FuzzParse(f *testing.F) {
	f.Add([]byte("latency:\n  auth: {p50: 1ms, p95: 1.5s, p99: 2s}\nqueries: {a: 1}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		b, err := baseline.Parse("b.yaml", src)
		var bad *yamldoc.Error
		if err != nil {
			if !errors.As(err, &bad) || bad.Line < 1 || bad.Column < 1 {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, l := range b.Latency {
			if l.P50 <= 0 || l.P50 > l.P95 || l.P95 > l.P99 {
				t.Fatalf("%+v", l)
			}
		}
	})
}
