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

// reports of three scenarios, of which the first is older than the second.
func three() (rush, opening, ai *verdict.Report) {
	rush, opening, ai = passing(), passing(), generating()
	opening.Run.Scenario, opening.Run.ID, opening.Run.Users = "opening-day", "op1", 222
	opening.Run.Started = rush.Run.Started.AddDate(0, 0, 1)
	opening.Concurrency[0] = verdict.Concurrency{Name: "grading rush", Users: 20, Passes: "p95 < 1 s, errors < 2 %", Status: verdict.NoData}
	opening.Concurrency[1].Reached, opening.Concurrency[1].P95MS, opening.Concurrency[1].Errors, opening.Concurrency[1].Status = 222, f(1500), f(.01), verdict.Pass
	opening.Categories[0].P95MS, opening.Categories[0].P99MS, opening.Categories[0].Status = 310, 420, verdict.Fail
	budget := 4
	opening.Queries[0].Max, opening.Queries[0].Budget, opening.Queries[0].Status = 5, &budget, verdict.Fail
	ai.Run.ID = "ai1"
	ai.Concurrency = opening.Concurrency[:0:0]
	return rush, opening, ai
}

// TestAllScenariosInOneDocument: several runs at once, or one after the other, and
// the tables over all scenarios know each of them.
func TestAllScenariosInOneDocument(t *testing.T) {
	rush, opening, ai := three()
	doc, err := report.Baselines(nil, rush, ai, opening)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "baselines-three.md", doc)
	for _, row := range []string{
		"| grading rush | 20 | p95 &lt; 1 s, errors &lt; 2 % | 20 | 99 ms | 0.0 % | pass | 2026-11-23 | x7k2 |",
		"| opening day | 200 | p95 &lt; 2 s, errors &lt; 5 % | 222 | 1,500 ms | 1.0 % | pass | 2026-11-24 | op1 |",
		"| auth (login, me) | 100 ms | 21 ms | 300 ms | **310 ms** | 500 ms | 420 ms | **fail** | opening-day, 222 users | 2026-11-24 |",
		"| `POST /api/v1/auth/login` | 4 | **5** | 3 | **fail** | opening-day | 2026-11-24 |",
		"| `POST /api/v1/ai/generate` | ai-gateway | 228 | 2 |",
	} {
		if !strings.Contains(string(doc), row) {
			t.Errorf("no row %s in\n%s", row, doc)
		}
	}
	again := baselines(t, string(doc), rush) // the others' runs are gone
	if again != string(doc) {
		t.Errorf("what no run speaks to did not stay:\n%s", again)
	}
}

// TestANewerBlockStays: an older run of another scenario does not replace it, the
// one that was asked for does.
func TestANewerBlockStays(t *testing.T) {
	rush, opening, _ := three()
	doc := baselines(t, "", opening)
	older := *opening
	older.Run.ID, older.Run.Started = "old1", opening.Run.Started.AddDate(0, -1, 0)
	got, err := report.Baselines([]byte(doc), rush, &older)
	if err != nil || strings.Contains(string(got), "old1") || !strings.Contains(string(got), "| op1 |") {
		t.Errorf("%v: the older run is in\n%s", err, got)
	}
	smaller := *opening
	smaller.Run.ID, smaller.Run.Started, smaller.Run.Users = "tiny1", opening.Run.Started.AddDate(0, 1, 0), 3
	if got, err := report.Baselines([]byte(doc), rush, &smaller); err != nil || !strings.Contains(string(got), "run op1") {
		t.Errorf("%v: a smaller run took the place of a whole one\n%s", err, got)
	}
	if got := baselines(t, doc, &older); !strings.Contains(got, "run old1") || strings.Contains(got, "run op1") {
		t.Errorf("the run that was asked for is not in\n%s", got)
	}
}

// TestTooFewUsersKeepTheVerdict: a smaller run of the scenario does not take away
// what a whole one has shown.
func TestTooFewUsersKeepTheVerdict(t *testing.T) {
	doc := baselines(t, "", passing())
	small := passing()
	small.Run.ID = "small1"
	small.Concurrency[0].Reached, small.Concurrency[0].Status = 3, verdict.NoData
	if got := baselines(t, doc, small); !strings.Contains(got, "| 20 | 99 ms | 0.0 % | pass | 2026-11-23 | x7k2 |") {
		t.Errorf("%s", got)
	}
	never := passing()
	never.Run.Scenario, never.Concurrency[0] = "smoke", verdict.Concurrency{Name: "grading rush", Users: 20, Passes: "p95 < 1 s, errors < 2 %", Status: verdict.NoData}
	for _, doc := range []string{"", baselines(t, "", never)} {
		if got := baselines(t, doc, small); !strings.Contains(got, "| 3 | 99 ms | 0.0 % | too few users | 2026-11-23 | small1 |") {
			t.Errorf("%s", got)
		}
	}
}

// TestOlderDocuments: rows without a run, and blocks without a comment, are read.
func TestOlderDocuments(t *testing.T) {
	old := "<!-- firedrill:begin concurrency -->\n## Concurrency\n\n| target | users | passes when | reached | p95 | errors | verdict | measured |\n|---|--:|---|--:|--:|--:|---|---|\n" +
		"| opening day | 200 | p95 &lt; 2 s, errors &lt; 5 % | 222 | 1,500 ms | 1.0 % | pass | 2026-11-01 |\n<!-- firedrill:end concurrency -->\n\n" +
		"<!-- firedrill:begin scenario opening-day -->\n## opening-day\n<!-- firedrill:end scenario opening-day -->\n"
	got := baselines(t, old, passing())
	if !strings.Contains(got, "| 222 | 1,500 ms | 1.0 % | pass | 2026-11-01 | – |\n") || !strings.Contains(got, "## opening-day\n") {
		t.Errorf("%s", got)
	}
}
