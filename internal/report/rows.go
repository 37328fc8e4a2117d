package report

import (
	"fmt"
	"strconv"
	"time"

	"firedrill/internal/verdict"
)

// grid is one table of the report, the same for all formats that have tables.
type grid struct {
	title string
	note  string // below the title; may be empty
	head  []column
	rows  [][]cell
}

type column struct {
	name  string
	right bool // numbers
}

// cell is one field; status colours it where the format has colours.
type cell struct {
	text   string
	status verdict.Status // "" = plain
	code   bool           // an endpoint, a metric, an expression
}

func plain(format string, args ...any) cell { return cell{text: fmt.Sprintf(format, args...)} }
func code(text string) cell                 { return cell{text: text, code: true} }
func mark(s verdict.Status) cell            { return cell{text: string(s), status: s} }

func left(names ...string) []column {
	cols := make([]column, len(names))
	for i, n := range names {
		cols[i].name = n
	}
	return cols
}

func right(cols []column, names ...string) []column {
	for _, n := range names {
		cols = append(cols, column{n, true})
	}
	return cols
}

// titles are what people call the categories.
func title(category string) string {
	switch category {
	case "auth":
		return "auth (login, me)"
	case "list":
		return "list (index)"
	case "detail":
		return "detail (show)"
	case "write":
		return "create / update"
	case "gradebook":
		return "gradebook (computed)"
	case "analytics":
		return "analytics (aggregated)"
	case "ai":
		return "AI generation"
	case "search":
		return "search (full text)"
	case "upload":
		return "file upload"
	case "stream":
		return "event stream"
	}
	return category
}

// tables are all tables of the report that have something to show, in the order
// in which they are read.
func tables(r *verdict.Report) []grid {
	all := []grid{thresholdGrid(r), stepGrid(r), recoveryGrid(r), driftGrid(r), categoryGrid(r), endpointGrid(r), streamGrid(r), generationGrid(r),
		concurrencyGrid(r), queryGrid(r), errorGrid(r), iterationGrid(r), generatorGrid(r)}
	kept := all[:0]
	for _, g := range all {
		if len(g.rows) > 0 {
			kept = append(kept, g)
		}
	}
	return kept
}

// measured is a threshold's value with its unit.
func measured(t verdict.Threshold) string {
	if t.Measured == nil {
		return "no data"
	}
	return value(*t.Measured, t.Unit)
}

func value(v float64, unit string) string {
	switch unit {
	case "ms":
		return verdict.Milli(v)
	case "":
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + " " + unit
}

func moment(d time.Duration) string {
	if d < 0 {
		return "–"
	}
	return verdict.Clock(d)
}

func categoryGrid(r *verdict.Report) grid {
	g := grid{title: "Response times by category, beside their baselines", note: "Of hold phases, in which the number of users is steady; in brackets the target. failed counts all phases.",
		head: append(right(left("category"), "requests", "p50", "p95", "p99", "max", "failed"), column{name: "verdict"})}
	for _, c := range r.Categories {
		if c.All == 0 {
			continue
		}
		g.rows = append(g.rows, append([]cell{plain("%s", title(c.Name))}, latencyCells(c)...))
	}
	return g
}

// latencyCells are the columns of a row of response times behind its name.
func latencyCells(l verdict.Latency) []cell {
	pair := func(v float64, target func(*verdict.Target) float64, name string) cell {
		if l.Requests == 0 || l.MaxMS == 0 {
			return plain("–")
		}
		c := plain("%s", verdict.Milli(v))
		if l.Target != nil {
			c = plain("%s (%s)", verdict.Milli(v), verdict.Milli(target(l.Target)))
		}
		for _, b := range l.Broke {
			if b == name {
				c.status = verdict.Fail
			}
		}
		return c
	}
	most := plain("–")
	if l.MaxMS > 0 {
		most = plain("%s", verdict.Milli(l.MaxMS))
	}
	judged := mark(l.Status)
	if l.Status == verdict.Info {
		judged.text = "not judged"
		if l.Target == nil {
			judged.text = "no target"
		}
	}
	return []cell{
		plain("%s", verdict.Number(l.Requests)),
		pair(l.P50MS, func(t *verdict.Target) float64 { return t.P50MS }, "p50"),
		pair(l.P95MS, func(t *verdict.Target) float64 { return t.P95MS }, "p95"),
		pair(l.P99MS, func(t *verdict.Target) float64 { return t.P99MS }, "p99"),
		most,
		plain("%s", failed(l.Failed, l.All)),
		judged,
	}
}

func failed(n, of int) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%s (%s)", verdict.Number(n), verdict.Percent(n, of))
}

func endpointGrid(r *verdict.Report) grid {
	g := grid{title: "Endpoints", note: "Judged by the target of their category, which decides. checks: answers with the expected status / under 500 ms / under 1 s.",
		head: append(right(left("endpoint", "category"), "requests", "p50", "p95", "p99", "max", "failed", "checks"), column{name: "verdict"})}
	for _, e := range r.Endpoints {
		cells := latencyCells(e)
		for i := 1; i <= 3; i++ { // the targets stand in the table above
			if e.MaxMS > 0 {
				cells[i].text = verdict.Milli([]float64{e.P50MS, e.P95MS, e.P99MS}[i-1])
			}
		}
		category := e.Category
		if e.Critical {
			category += ", critical"
		}
		row := append([]cell{code(e.Name), plain("%s", category)}, cells[:6]...)
		g.rows = append(g.rows, append(row, plain("%s", checks(e.Checks)), cells[6]))
	}
	return g
}

// checks is the share of checks that passed: status, under 500 ms, under 1 s.
func checks(c verdict.Checks) string {
	if c.Of == 0 {
		return "–"
	}
	p := func(n int) string { return strconv.FormatFloat(100*float64(n)/float64(c.Of), 'f', 0, 64) }
	return p(c.Status) + "/" + p(c.Under500) + "/" + p(c.Under1s) + " %"
}

func concurrencyGrid(r *verdict.Report) grid {
	g := grid{title: "Concurrency", note: "How many people at once the baselines ask for, and whether this run had as many.", head: append(right(left("target"), "users", "reached", "p95", "errors"), left("passes when", "verdict")...)}
	for _, c := range r.Concurrency {
		if c.P95MS == nil && c.Reached == 0 {
			continue
		}
		g.rows = append(g.rows, concurrencyCells(c))
	}
	return g
}

func concurrencyCells(c verdict.Concurrency) []cell {
	row := []cell{plain("%s", c.Name), plain("%d", c.Users), plain("–"), plain("–"), plain("–"), plain("%s", c.Passes), mark(c.Status)}
	if c.Reached > 0 {
		row[2] = plain("%d", c.Reached)
	}
	if c.P95MS != nil {
		row[3] = plain("%s", verdict.Milli(*c.P95MS))
	}
	if c.Errors != nil {
		row[4] = plain("%.1f %%", *c.Errors*100)
	}
	switch {
	case c.Reached == 0:
		row[6].text = "not run"
	case c.Status == verdict.NoData && c.Reached < c.Users:
		row[6].text = "too few users"
	case c.Status == verdict.NoData && c.Why != "":
		row[6].text = "says nothing" // the findings and warnings say why
	}
	return row
}

func queryGrid(r *verdict.Report) grid {
	g := grid{title: "Database queries per request", note: "known, unknown: answers that said their number of queries, and that did not. time p50: median time in the database.",
		head: append(right(left("endpoint"), "median", "p95", "max", "budget", "time p50", "known", "unknown"), left("source", "verdict")...)}
	for _, q := range r.Queries {
		g.rows = append(g.rows, queryCells(q))
	}
	return g
}

func queryCells(q verdict.Queries) []cell {
	row := []cell{code(q.Endpoint), plain("–"), plain("–"), plain("–"), plain("–"), plain("–"), plain("%s", verdict.Number(q.Known)), plain("%s", verdict.Number(q.Unknown)), plain("–"), mark(q.Status)}
	if q.Known > 0 {
		row[1], row[2], row[3] = plain("%g", q.Median), plain("%.4g", q.P95), plain("%d", q.Max)
		row[8] = plain("%s, %s", q.Source, q.Exactness)
	}
	if q.Budget != nil {
		row[4] = plain("%d", *q.Budget)
	}
	if q.Status == verdict.Info && q.Budget == nil {
		row[9].text = "no budget"
	}
	if q.Status == verdict.Fail {
		row[3].status = verdict.Fail
	}
	if q.TimeMS >= 0 {
		row[5] = plain("%s", verdict.Milli(q.TimeMS))
	}
	return row
}

func errorGrid(r *verdict.Report) grid {
	g := grid{title: "Errors", head: right(left("endpoint", "what"), "count", "first at")}
	for _, e := range r.Errors {
		g.rows = append(g.rows, []cell{code(e.Endpoint), plain("%s", e.What), plain("%s", verdict.Number(e.Count)), plain("%s", moment(e.First))})
	}
	return g
}

func iterationGrid(r *verdict.Report) grid {
	g := grid{title: "Iterations", note: "One iteration is one walk through a journey. broken: a step failed; starved: nothing was left to choose from; cut off: by the end of the run; dropped: starts that could not be made.",
		head: append(right(left("persona"), "started", "completed", "broken", "starved", "log-in failed", "cut off", "dropped"), column{name: "why"})}
	for _, it := range r.Iterations {
		g.rows = append(g.rows, []cell{plain("%s", it.Persona), number(it.Started), number(it.Completed), number(it.Broken), number(it.Starved), number(it.Refused), number(it.Cut), number(it.Dropped), plain("%s", reasons(it.Reasons))})
	}
	return g
}

func number(n int) cell { return plain("%s", verdict.Number(n)) }

// reasons are the three most frequent.
func reasons(list []string) string {
	text := ""
	for i, r := range list {
		switch {
		case i == 3:
			return text + fmt.Sprintf("; and %d more", len(list)-3)
		case i > 0:
			text += "; "
		}
		text += r
	}
	return text
}

// facts are what was run, as pairs of a label and a text.
func facts(r *verdict.Report) [][2]string {
	run := r.Run
	users := verdict.Count(run.Users, "user")
	if run.Scale != "" {
		users += " (--scale " + run.Scale + ")"
	}
	if run.Speed != 1 && run.Speed != 0 {
		users += fmt.Sprintf(", think times divided by %g", run.Speed)
	}
	all := [][2]string{
		{"scenario", join(run.Scenario, run.About)},
		{"load", users + " for " + verdict.Clock(run.Length) + ", " + run.End},
		{"requests", fmt.Sprintf("%s, %s failed", verdict.Number(run.Requests), failed(run.Failed, run.Requests))},
		{"started", run.Started.UTC().Format("2006-01-02 15:04:05 MST")},
		{"environment", run.Environment},
	}
	for _, t := range run.Targets {
		all = append(all, [2]string{"target", t})
	}
	for _, j := range run.Journeys {
		all = append(all, [2]string{"journey", j})
	}
	return append(all, [2]string{"recording", run.Recording}, [2]string{"machine", run.Machine}, [2]string{"seed", strconv.FormatUint(run.Seed, 10)},
		[2]string{"firedrill", run.Version}, [2]string{"run file", run.File})
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}

// word is the status as the first word of the report.
func word(s verdict.Status) string {
	switch s {
	case verdict.Pass:
		return "PASSED"
	case verdict.Fail:
		return "FAILED"
	case verdict.Invalid:
		return "NOT VALID"
	}
	return string(s)
}
