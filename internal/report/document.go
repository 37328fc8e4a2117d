package report

import (
	"fmt"
	"strings"

	"firedrill/internal/verdict"
)

// The blocks of the baselines document.

// concurrencyBlock is the concurrency table. A row to which none of the reports
// speaks with a verdict is kept as it stands in old, when it has one there for the
// same target.
func concurrencyBlock(old string, reports []*verdict.Report) string {
	rows := map[string][]string{}
	for line := range strings.Lines(old) {
		if cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), " |"), " | "); len(cells) >= 8 {
			rows[cells[0]+" | "+cells[1]+" | "+cells[2]] = cells
		}
	}
	var b strings.Builder
	b.WriteString("## Concurrency\n\nHow many people at once must be carried, and the newest run that says whether they are.\n\n")
	b.WriteString("| target | users | passes when | reached | p95 | errors | verdict | measured | run |\n|---|--:|---|--:|--:|--:|---|---|---|\n")
	for i := range reports[0].Concurrency {
		row, r := spoken(reports, i)
		cells := concurrencyCells(row)
		key := "| " + markdownCell(cells[0]) + " | " + markdownCell(cells[1]) + " | " + markdownCell(cells[5])
		if kept := rows[key]; r == nil && len(kept) > 0 && (kept[6] == string(verdict.Pass) || kept[6] == "**"+string(verdict.Fail)+"**") {
			if len(kept) == 8 {
				kept = append(kept, "–")
			}
			b.WriteString(strings.Join(kept, " | ") + " |\n")
			continue
		}
		when, run := "–", "–"
		if row.Reached > 0 {
			if r == nil {
				r = reports[0]
			}
			when, run = date(r), prose(r.Run.ID)
		}
		fmt.Fprintf(&b, "%s | %s | %s | %s | %s | %s | %s |\n", key, markdownCell(cells[2]), markdownCell(cells[3]), markdownCell(cells[4]), markdownCell(cells[6]), when, run)
	}
	return b.String()
}

// spoken is the row of the concurrency table as the report has it that speaks to
// it with a verdict, and that report; nil when none does. Then the row is the
// first report's.
func spoken(reports []*verdict.Report, i int) (verdict.Concurrency, *verdict.Report) {
	first := reports[0].Concurrency[i]
	for _, r := range reports {
		for _, row := range r.Concurrency {
			if row.Name == first.Name && (row.Status == verdict.Pass || row.Status == verdict.Fail) {
				return row, r
			}
		}
	}
	return first, nil
}

func date(r *verdict.Report) string { return r.Run.Started.UTC().Format("2006-01-02") }

// scenarioBlock is what one run measured.
func scenarioBlock(r *verdict.Report) string {
	var b strings.Builder
	run := r.Run
	fmt.Fprintf(&b, "## %s\n\n", prose(or(run.Scenario, "recording")))
	if run.About != "" {
		fmt.Fprintf(&b, "%s\n\n", prose(run.About))
	}
	fmt.Fprintf(&b, "Measured %s with %s for %s against %s (%s), on %s, with firedrill %s, run %s: %s, %s failed. **%s.**\n", date(r), verdict.Count(run.Users, "user"),
		verdict.Clock(run.Length), prose(or(run.Environment, "the target")), prose(strings.Join(run.Targets, ", ")), prose(run.Machine), prose(run.Version), prose(run.ID),
		verdict.Count(run.Requests, "request"), prose(failed(run.Failed, run.Requests)), strings.ToUpper(word(r.Status)[:1])+strings.ToLower(word(r.Status)[1:]))
	for _, f := range r.Findings {
		if f.Status == verdict.Fail || f.Status == verdict.NoData {
			fmt.Fprintf(&b, "\n- **%s**: %s", sign(f.Status), prose(f.What))
		}
	}
	b.WriteString("\n")
	categories := grid{title: "Response times by category", head: append(right(left("category"), "requests", "p50", "target", "p95", "target", "p99", "target"), column{name: "verdict"})}
	for _, c := range r.Categories {
		if c.All > 0 {
			categories.rows = append(categories.rows, baselineRow(c))
		}
	}
	endpoints := grid{title: "By endpoint", head: right(left("endpoint", "category"), "requests", "p50", "p95", "p99", "queries median", "queries max", "budget")}
	for _, e := range r.Endpoints {
		endpoints.rows = append(endpoints.rows, endpointRow(e, r.Queries))
	}
	for _, g := range []grid{stepGrid(r), recoveryGrid(r), driftGrid(r), categories, endpoints} {
		if len(g.rows) > 0 {
			fmt.Fprintf(&b, "\n### %s\n\n", g.title)
			markdownTable(&b, g)
		}
	}
	return strings.Trim(strings.ReplaceAll(b.String(), "\n\n\n", "\n\n"), "\n") + "\n\n" + measuredOf(r).comment()
}

// baselineRow has each measured percentile beside its target.
func baselineRow(c verdict.Latency) []cell {
	row := []cell{plain("%s", title(c.Name)), number(c.Requests)}
	for _, p := range []struct {
		v  float64
		of func(*verdict.Target) float64
	}{
		{c.P50MS, func(t *verdict.Target) float64 { return t.P50MS }},
		{c.P95MS, func(t *verdict.Target) float64 { return t.P95MS }},
		{c.P99MS, func(t *verdict.Target) float64 { return t.P99MS }},
	} {
		value, target := plain("–"), plain("–")
		if c.MaxMS > 0 {
			value = milli(p.v)
		}
		if c.Target != nil {
			target = milli(p.of(c.Target))
		}
		row = append(row, value, target)
	}
	verdictCell := mark(c.Status)
	switch {
	case c.All == 0:
		verdictCell.text = "not in this run"
	case c.Target == nil:
		verdictCell.text = "no target"
	case c.Requests == 0:
		verdictCell.text = "only while users ramped"
	}
	return append(row, verdictCell)
}

func endpointRow(e verdict.Latency, list []verdict.Queries) []cell {
	row := []cell{code(e.Name), plain("%s", e.Category), number(e.Requests), plain("–"), plain("–"), plain("–"), plain("–"), plain("–"), plain("–")}
	if e.MaxMS > 0 {
		row[3], row[4], row[5] = milli(e.P50MS), milli(e.P95MS), milli(e.P99MS)
	}
	for _, q := range list {
		if q.Endpoint != e.Name {
			continue
		}
		cells := queryCells(q)
		row[6], row[7], row[8] = cells[1], cells[3], cells[4]
		if q.Known == 0 {
			row[6].text, row[7].text = "unknown", "unknown"
		}
	}
	return row
}

func definitionsBlock(r *verdict.Report) string {
	var b strings.Builder
	b.WriteString("## How the numbers are defined\n\n")
	for _, d := range r.Definitions {
		fmt.Fprintf(&b, "- %s\n", prose(d))
	}
	return b.String()
}
