package scenarios_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"firedrill/examples/school/app"
	"firedrill/examples/school/fault"
	"firedrill/internal/cli"
	"firedrill/internal/verdict"
)

// TestOnAWorseSchool: each thing that can be wrong with the school breaks what
// stands for it, and the verdict names the endpoint.
func TestOnAWorseSchool(t *testing.T) {
	const grade, generate = "POST /api/v1/submissions/{id}/grade", "POST /api/v1/ai/generate"
	rush := []string{"--duration", "5s", "--speed", "10"}
	ai := []string{"--duration", "5s", "--speed", "8", "--allow", "costly"}
	quick := app.Options{AITime: 400 * time.Millisecond, AIPerMinute: 1000, AIConcurrent: 100}
	for _, c := range []struct {
		name     string
		scenario string
		flags    []string
		school   app.Options
		breaks   string // threshold, or a word of the finding where it is a baseline or a step
		names    string // endpoint, or what else the findings must name
	}{
		{"slow", "grading-rush", rush, app.Options{Faults: fault.Config{Slow: map[string]time.Duration{"grade": 1500 * time.Millisecond}}},
			"http_req_duration p(95)<1000", grade},
		{"error rate", "concurrent-quiz", []string{"--duration", "30s", "--speed", "20"}, app.Options{Faults: fault.Config{ErrorRate: map[string]float64{"answer": 0.1}}},
			"http_req_failed rate<0.01", "POST /api/v1/attempts/{id}/answers"},
		{"stall", "school-day", []string{"--duration", "8s", "--scale", "20"}, app.Options{Faults: fault.Config{StallEvery: 4 * time.Second, StallFor: 2500 * time.Millisecond}},
			"http_req_duration p(95)<1000", "the target stalled"},
		{"capacity", "stress", []string{"--duration", "10s", "--scale", "60"},
			app.Options{Faults: fault.Config{Capacity: 1, Slow: map[string]time.Duration{"dashboard": 300 * time.Millisecond}}},
			"which must hold", "GET /api/v1/dashboard"},
		{"gaps in streams", "ai-gateway", ai, with(quick, fault.Config{GapFor: 10500 * time.Millisecond, GapEvery: 1}),
			"http_req_duration{category:ai} p(95)<10000", generate},
		{"cut streams", "ai-gateway", ai, with(quick, fault.Config{Cut: 0.5}),
			"http_req_failed{category:ai} rate<0.10", generate},
		{"a limit of the machine that writes", "ai-gateway", ai, app.Options{AITime: 2 * time.Second, AIPerMinute: 1000, AIConcurrent: 1},
			"http_req_failed{category:ai} rate<0.10", "429"},
	} {
		if !thorough() && c.name != "slow" && c.name != "stall" && c.name != "capacity" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, c.school)
			o := g.rehearse(t, c.scenario, c.flags...)
			if o.code != cli.Broken || o.report.Status != verdict.Fail {
				t.Errorf("it ended with %d, verdict %s", o.code, o.report.Status)
			}
			if !o.broke(c.breaks) {
				t.Errorf("%s did not break", c.breaks)
			}
			if !o.found(c.names) {
				t.Errorf("nothing names %s", c.names)
			}
			if t.Failed() {
				t.Logf("%s\n%+v\n%s", o.report.Summary, o.report.Findings, o.talk)
			}
		})
	}
}

// TestQueryBudget: a page that asks the database once per row breaks its budget in baselines.yaml.
func TestQueryBudget(t *testing.T) {
	const gradebook = "GET /api/v1/courses/{id}/gradebook"
	g := newGround(t, app.Options{Faults: fault.Config{NPlusOne: []string{"gradebook"}}})
	t.Chdir(g.dir)
	if err := os.WriteFile("baselines.yaml", []byte("queries:\n  \""+gradebook+"\": 12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := g.rehearse(t, "smoke", "--duration", "4s")
	broke := false
	for _, row := range o.report.Queries {
		if row.Endpoint == gradebook {
			broke = row.Status == verdict.Fail && row.Budget != nil && *row.Budget == 12 && row.Max > 12
		} else if row.Status == verdict.Fail {
			t.Errorf("%+v", row)
		}
	}
	if !broke || o.code != cli.Broken || !o.found(gradebook) {
		t.Errorf("it ended with %d: %s\n%+v\n%s", o.code, o.report.Summary, o.report.Queries, o.talk)
	}
}

func with(o app.Options, f fault.Config) app.Options {
	o.Faults = f
	return o
}

// broke is whether a threshold broke, or a finding that failed says the word.
func (o outcome) broke(what string) bool {
	for _, th := range o.report.Thresholds {
		if th.Metric+" "+th.Expr == what {
			return th.Status == verdict.Fail
		}
	}
	for _, f := range o.report.Findings {
		if f.Status == verdict.Fail && strings.Contains(f.What, what) {
			return true
		}
	}
	return false
}

// found is whether the summary or a finding names something.
func (o outcome) found(what string) bool {
	if strings.Contains(o.report.Summary, what) {
		return true
	}
	for _, f := range o.report.Findings {
		if strings.Contains(f.What+" "+f.Where+" "+f.Advice, what) {
			return true
		}
	}
	return false
}
