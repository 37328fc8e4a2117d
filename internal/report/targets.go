package report

import (
	"io"

	"firedrill/internal/verdict"
)

// BaselinesText writes every baseline beside what the run measured, for a
// terminal: latency targets, concurrency targets and query budgets, those that the
// run does not speak to as well. file is where they come from; a report of no run
// has no Run.ID.
func BaselinesText(w io.Writer, r *verdict.Report, file string, o TextOptions) error {
	t := newTexter(o)
	beside := "no run is there to show beside them"
	if r.Run.ID != "" {
		beside = "beside run " + r.Run.ID + " of " + or(r.Run.Scenario, "the recording") + ", " + r.Run.Started.UTC().Format("2006-01-02 15:04 MST")
		if r.Status == verdict.Invalid {
			beside += ", which is not valid: its numbers say nothing"
		}
	}
	t.line("%s", t.wrap("Baselines of "+file+", "+beside+".", ""))
	t.line("")
	latency := grid{title: "Response times", note: "Each measured percentile of hold phases, then its target.", head: append(right(left("category"), "requests", "p50", "target", "p95", "target", "p99", "target"), column{name: "verdict"})}
	for _, c := range r.Categories {
		latency.rows = append(latency.rows, baselineRow(c))
	}
	concurrency := concurrencyGrid(r)
	concurrency.rows = nil
	for _, c := range r.Concurrency {
		concurrency.rows = append(concurrency.rows, concurrencyCells(c))
	}
	queries := grid{title: "Query budgets", note: "How many database queries one request may cause, and how many it did. \"analyze baselines --update\" learns the budgets from this run.",
		head: append(right(left("endpoint"), "budget", "max", "median", "requests"), column{name: "verdict"})}
	for _, q := range r.Queries {
		cells := queryCells(q)
		judged := mark(q.Status)
		if judged.text = cells[9].text; q.Known+q.Unknown == 0 {
			judged.text = "not in this run"
		}
		queries.rows = append(queries.rows, []cell{cells[0], cells[4], cells[3], cells[1], number(q.Known), judged})
	}
	for _, g := range []grid{latency, concurrency, queries} {
		if len(g.rows) > 0 {
			t.table(g)
		}
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}
