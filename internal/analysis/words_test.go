package analysis_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/runs"
	"firedrill/internal/runs/runstest"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestWords keeps what people read of typical runs: the summary, the steps, and the findings in order.
func TestWords(t *testing.T) {
	overloaded := runstest.Grading(runstest.Options{})
	overloaded.End.Generator = runs.Generator{CPU: .97, Overloaded: true, Why: "no time left"}
	limited := gateway()
	limited.Head.Thresholds[0].Expr = "value>=3"
	var got strings.Builder
	for _, c := range []struct {
		name      string
		run       *runstest.Run
		baselines baseline.Baselines
	}{
		{"all is well", runstest.Grading(runstest.Options{}), baseline.Default()},
		{"slow and failing from 0:50 on", runstest.Grading(runstest.Options{Slow: 12, SlowFrom: 50 * time.Second, ErrorRate: .06, Length: 4 * time.Minute}), baseline.Default()},
		{"a stall", runstest.Grading(runstest.Options{Stall: 3 * time.Second, StallAt: time.Minute, Users: 40}), baseline.Default()},
		{"a queue behind the gradebook", target{servers: 3, levels: []level{{40, 2 * time.Minute}}, slow: func(e int, at time.Duration) float64 {
			if e == gradebook && at > time.Minute {
				return 30
			}
			return 1
		}}.run(ownThresholds...), baseline.Default()},
		{"stress: it carries enough", stress(1, 50), baseline.Default()},
		{"stress: it does not", stress(1, 200), baseline.Default()},
		{"spike: recovered", spike(7*time.Minute, wellFrom(140*time.Second)), wide(t)},
		{"spike: not recovered", spike(7*time.Minute, wellFrom(time.Hour)), wide(t)},
		{"soak: drifts", soak(time.Hour, 1, .05, 5), wide(t)},
		{"soak: too short", soak(7*time.Second, 0, 0, 0), wide(t)},
		{"AI: limited", limited, wide(t)},
		{"the generator was too slow", overloaded, baseline.Default()},
		{"it died", runstest.Grading(runstest.Options{DiesAt: time.Minute}), baseline.Default()},
	} {
		r := judge(t, c.run, c.baselines)
		fmt.Fprintf(&got, "== %s\n%s: %s\n", c.name, r.Status, r.Summary)
		for _, s := range r.Steps {
			fmt.Fprintf(&got, "  step %s: %s %q\n", s.Name, s.Status, s.Broke)
		}
		for _, f := range r.Findings {
			at := "whole run"
			if f.When >= 0 {
				at = verdict.Clock(f.When)
			}
			fmt.Fprintf(&got, "- [%s, %s, %s] %s\n  → %s\n", f.Status, at, f.Load, f.What, f.Advice)
		}
		for _, w := range r.Warnings {
			fmt.Fprintf(&got, "  note: %s\n", w)
		}
	}
	path := filepath.Join("testdata", "words.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update makes it)", err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestCutRequestsAreSaid: those of users who leave in the middle had waited, perhaps
// longer than any that was answered.
func TestCutRequestsAreSaid(t *testing.T) {
	of := func(at ...time.Duration) string {
		r := flow(2*time.Minute, 10, func(int, *sample.Sample) {})
		for _, end := range at {
			r.Requests = append(r.Requests, sample.Sample{VU: 2, Intended: end - 50*time.Second, Start: end - 50*time.Second, End: end, Flags: sample.Interrupted, Queries: -1, QueryTime: -1})
		}
		return strings.Join(judge(t, r, wide(t)).Warnings, "\n")
	}
	const inside, end = "1 request was cut off when their users left, while the run went on, and not judged: the longest had waited 50.0 s without a full answer.", "1 request was cut off by the end of the run and not judged."
	for _, c := range []struct {
		text        string
		inside, end bool
	}{
		{of(time.Minute), true, false},
		{of(2 * time.Minute), false, true},
		{of(time.Minute, 2*time.Minute), true, true},
		{of(), false, false},
	} {
		if strings.Contains(c.text, inside) != c.inside || strings.Contains(c.text, end) != c.end {
			t.Errorf("%+v", c)
		}
	}
}
