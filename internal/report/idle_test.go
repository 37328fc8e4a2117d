package report_test

import (
	"bytes"
	"strings"
	"testing"

	"firedrill/internal/report"
	"firedrill/internal/verdict"
)

// A level of users that were not let in is carried by nobody, and every format says why.
func TestStepsWithoutTheirUsers(t *testing.T) {
	const why = "60 of 100 teachers were refused at the log-in"
	v, p95 := passing(), 90.0
	v.Steps = []verdict.Step{
		{Name: "step 1: 25 users", Users: 25, MustHold: true, Requests: 900, Status: verdict.Pass},
		{Name: "step 2: 100 users", Users: 40, Idle: 60, MustHold: true, Requests: 900, Status: verdict.NoData, Broke: []string{why}},
		{Name: "step 3: 150 users", Users: 90, Requests: 900, Status: verdict.Pass},
	}
	v.Concurrency = []verdict.Concurrency{
		{Name: "half a house", Users: 40, Reached: 40, P95MS: &p95, Status: verdict.NoData, Why: "no iteration was completed, and POST /pay was never called"},
		{Name: "full house", Users: 100, Reached: 40, P95MS: &p95, Status: verdict.NoData, Why: "only 40 got anything done: " + why},
	}
	if key := report.Key(v); key != "carries 25 users" {
		t.Errorf("%q", key)
	}
	for _, want := range []struct {
		format string
		write  func(*bytes.Buffer) error
		texts  []string
	}{
		{"junit", func(b *bytes.Buffer) error { return report.JUnit(b, v) }, []string{why}},
		{"text", func(b *bytes.Buffer) error { return report.Text(b, v, report.TextOptions{}) }, []string{why, "says nothing", "too few users"}},
		{"json", func(b *bytes.Buffer) error { return report.JSON(b, v) }, []string{`"idle_users": 60`, `"why": "no iteration was completed, and POST /pay was never called"`}},
	} {
		var b bytes.Buffer
		if err := want.write(&b); err != nil {
			t.Fatal(err)
		}
		for _, text := range want.texts {
			if !strings.Contains(b.String(), text) {
				t.Errorf("%s does not say %q", want.format, text)
			}
		}
		if strings.Contains(b.String(), "nothing was requested in this step") {
			t.Errorf("%s says that nothing was requested", want.format)
		}
	}
}
