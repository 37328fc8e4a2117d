package report_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"firedrill/internal/report"
	"firedrill/internal/verdict"
)

func baselines(t *testing.T, old string, r *verdict.Report) string {
	t.Helper()
	doc, err := report.Baselines([]byte(old), r)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

func TestBaselinesDocument(t *testing.T) {
	first := baselines(t, "", passing())
	golden(t, "baselines.md", []byte(first))
	if again := baselines(t, first, passing()); again != first {
		t.Errorf("writing it again changed it:\n%s", again)
	}
}

func TestWhatPeopleWroteStays(t *testing.T) {
	doc := baselines(t, "", passing())
	doc = strings.Replace(doc, "# Performance baselines\n", "# Our baselines\n\nBefore.\n", 1)
	doc = strings.Replace(doc, "<!-- firedrill:begin scenario", "Between: ask Ms. Fern.\n\n<!-- firedrill:begin scenario", 1)
	doc += "\n## Notes\n\nAfter, without a final newline"
	r := failing()
	r.Run.Scenario = "grading-rush"
	got := baselines(t, doc, r)
	for _, kept := range []string{"# Our baselines\n\nBefore.\n", "Between: ask Ms. Fern.\n", "\n## Notes\n\nAfter, without a final newline"} {
		if !strings.Contains(got, kept) {
			t.Errorf("%q is gone:\n%s", kept, got)
		}
	}
	if strings.Contains(got, "**Passed.**") || !strings.Contains(got, "**Failed.**") || strings.Count(got, "## grading-rush") != 1 {
		t.Errorf("the block was not replaced:\n%s", got)
	}
}

func TestOtherScenariosStay(t *testing.T) {
	rush := passing()
	doc := baselines(t, "", rush)
	opening := passing()
	opening.Run.Scenario = "opening-day"
	opening.Concurrency[0] = verdict.Concurrency{Name: "grading rush", Users: 20, Passes: "p95 < 1 s, errors < 2 %", Status: verdict.NoData}
	opening.Concurrency[1].Reached, opening.Concurrency[1].P95MS, opening.Concurrency[1].Errors, opening.Concurrency[1].Status = 222, f(1500), f(.01), verdict.Pass
	doc = baselines(t, doc, opening)
	golden(t, "baselines-two.md", []byte(doc))
	for _, row := range []string{"| grading rush | 20 | p95 &lt; 1 s, errors &lt; 2 % | 20 | 99 ms | 0.0 % | pass | 2026-11-23 |", "| opening day | 200 | p95 &lt; 2 s, errors &lt; 5 % | 222 | 1,500 ms | 1.0 % | pass | 2026-11-23 |"} {
		if !strings.Contains(doc, row) {
			t.Errorf("no row %s in\n%s", row, doc)
		}
	}
	if strings.Index(doc, "scenario grading-rush") > strings.Index(doc, "scenario opening-day") || strings.Index(doc, "scenario opening-day") > strings.Index(doc, "firedrill:begin definitions") {
		t.Error("blocks are in another order")
	}
	opening.Concurrency[0].Passes = "p95 < 2 s, errors < 2 %" // another target: the old verdict says nothing about it
	if doc := baselines(t, doc, opening); strings.Contains(doc, "| 99 ms | 0.0 % | pass |") {
		t.Error("a verdict on another target was kept")
	}
}

func TestBrokenMarks(t *testing.T) {
	for _, c := range []struct {
		why, doc string
		line     int
	}{
		{"no end", "a\n<!-- firedrill:begin concurrency -->\nb\n", 2},
		{"no beginning", "a\nb\n<!-- firedrill:end concurrency -->\n", 3},
		{"another end", "<!-- firedrill:begin a -->\n<!-- firedrill:end b -->\n", 2},
		{"one in another", "<!-- firedrill:begin a -->\n<!-- firedrill:begin b -->\n", 2},
	} {
		_, err := report.Baselines([]byte(c.doc), passing())
		var bad *report.MarkError
		if !errors.As(err, &bad) || bad.Line != c.line || bad.ExitCode() != 2 || bad.Hint() == "" {
			t.Errorf("%s: %v", c.why, err)
		}
	}
}

// TestBaselinesKeepAnyText: whatever stands outside of blocks stays, byte by byte.
func TestBaselinesKeepAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-z #|*<>!\-\n\r]|firedrill:){0,200}`)
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		doc := before + "\n<!-- firedrill:begin concurrency -->\nold\n<!-- firedrill:end concurrency -->\n" + after
		got, err := report.Baselines([]byte(doc), passing())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(got), before+"\n<!-- firedrill:begin concurrency -->\n") || !strings.Contains(string(got), "<!-- firedrill:end concurrency -->\n"+after) || strings.Contains(string(got), "\nold\n") {
			t.Fatalf("%q", got)
		}
		if again, err := report.Baselines(got, passing()); err != nil || string(again) != string(got) {
			t.Fatalf("twice is not once: %v\n%q\n%q", err, got, again)
		}
	})
}
