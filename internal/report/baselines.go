package report

import (
	"fmt"
	"strings"

	"firedrill/internal/verdict"
)

// The document is made of blocks between HTML comments, which are written anew,
// and of everything else, which is a person's and stays as it is.
const (
	beginMark = "<!-- firedrill:begin "
	endMark   = "<!-- firedrill:end "
	markTail  = " -->"
)

// MarkError says that the markers of a baselines document do not pair.
type MarkError struct {
	Line int // from 1
	Why  string
}

func (e *MarkError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Why) }

// Hint says what to do.
func (e *MarkError) Hint() string {
	return "put the comment back, or remove the broken block: what is outside of the blocks is kept"
}

// ExitCode is that of a wrong file.
func (e *MarkError) ExitCode() int { return 2 }

// Baselines writes a run's numbers into the baselines document. existing is the
// document as it stands; empty: a new one is made. The blocks of this run's
// scenario, of the concurrency table and of the definitions are replaced; other
// scenarios' blocks, the rows of the concurrency table that this run does not
// speak to, and all text outside of blocks stay. The same run over the same
// document gives the same bytes. Error: *MarkError.
func Baselines(existing []byte, r *verdict.Report) ([]byte, error) {
	doc := string(existing)
	if strings.TrimSpace(doc) == "" {
		doc = newDocument
	}
	parts, err := split(doc)
	if err != nil {
		return nil, err
	}
	parts = put(parts, "concurrency", concurrencyBlock(find(parts, "concurrency"), r), "")
	scenario := "scenario " + blockName(r.Run.Scenario)
	parts = put(parts, scenario, scenarioBlock(r), "definitions")
	parts = put(parts, "definitions", definitionsBlock(r), "")
	return []byte(assemble(parts)), nil
}

const newDocument = `# Performance baselines

What this application was measured to carry, beside what it should. The parts
between the firedrill comments are written by ` + "`analyze report --write-baselines`" + `
from a measured run; everything else in this file is yours and is kept.

<!-- firedrill:begin concurrency -->
<!-- firedrill:end concurrency -->
`

// part is a stretch of the document: a block, or text between blocks.
type part struct {
	block string // "" = text
	text  string // of a block: what stands between the marks
}

// split takes a document apart. Blocks do not nest.
func split(doc string) ([]part, error) {
	var parts []part
	var open string
	var text strings.Builder
	number, opened := 0, 0
	for line := range strings.Lines(doc) {
		number++
		trimmed := strings.TrimSpace(line)
		name, isBegin := markName(trimmed, beginMark)
		last, isEnd := markName(trimmed, endMark)
		switch {
		case isBegin && open != "":
			return nil, &MarkError{number, fmt.Sprintf("block %q begins inside of block %q, which has no end", name, open)}
		case isBegin:
			parts = append(parts, part{text: text.String()})
			text.Reset()
			open, opened = name, number
		case isEnd && last != open:
			return nil, &MarkError{number, fmt.Sprintf("block %q ends where it has not begun", last)}
		case isEnd:
			parts = append(parts, part{block: open, text: text.String()})
			text.Reset()
			open = ""
		default:
			text.WriteString(line)
		}
	}
	if open != "" {
		return nil, &MarkError{opened, fmt.Sprintf("block %q has no end", open)}
	}
	return append(parts, part{text: text.String()}), nil
}

func markName(line, mark string) (string, bool) {
	rest, ok := strings.CutPrefix(line, mark)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, markTail)
}

// find is the text of a block; "" when there is none.
func find(parts []part, block string) string {
	for _, p := range parts {
		if p.block == block {
			return p.text
		}
	}
	return ""
}

// put replaces a block, or adds it before the named one, else at the end.
func put(parts []part, block, text, before string) []part {
	for i := range parts {
		if parts[i].block == block {
			parts[i].text = text
			return parts
		}
	}
	added := part{block: block, text: text}
	for i := range parts {
		if before != "" && parts[i].block == before {
			return append(parts[:i:i], append([]part{added, {text: "\n"}}, parts[i:]...)...)
		}
	}
	if last := parts[len(parts)-1].text; last != "" && !strings.HasSuffix(last, "\n") {
		parts[len(parts)-1].text += "\n"
	}
	return append(parts, part{text: "\n"}, added)
}

func assemble(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.block == "" {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(beginMark + p.block + markTail + "\n" + p.text + endMark + p.block + markTail + "\n")
	}
	return b.String()
}

// blockName makes a name that cannot end a comment.
func blockName(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' {
			return c
		}
		return '-'
	}, or(s, "recording"))
}

// concurrencyBlock is the concurrency table. A row that this run does not speak
// to is kept as it stands in old, when it is there with the same target.
func concurrencyBlock(old string, r *verdict.Report) string {
	rows := map[string]string{}
	for line := range strings.Lines(old) {
		if cells := strings.Split(line, " | "); len(cells) > 2 {
			rows[cells[0]+cells[1]] = line
		}
	}
	var b strings.Builder
	b.WriteString("## Concurrency\n\n| target | users | passes when | reached | p95 | errors | verdict | measured |\n|---|--:|---|--:|--:|--:|---|---|\n")
	for _, c := range r.Concurrency {
		cells := concurrencyCells(c)
		first, second := "| "+markdownCell(cells[0]), markdownCell(cells[1])
		if kept, ok := rows[first+second]; ok && c.Reached == 0 && strings.Contains(kept, markdownCell(cells[5])) {
			b.WriteString(kept)
			continue
		}
		measured := "–"
		if c.Reached > 0 {
			measured = date(r)
		}
		fmt.Fprintf(&b, "%s | %s | %s | %s | %s | %s | %s | %s |\n", first, second, markdownCell(cells[5]), markdownCell(cells[2]),
			markdownCell(cells[3]), markdownCell(cells[4]), markdownCell(cells[6]), measured)
	}
	return b.String()
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
	fmt.Fprintf(&b, "Measured %s with %s for %s against %s (%s), on %s, with firedrill %s: %s requests, %s failed. **%s.**\n", date(r), verdict.Count(run.Users, "user"),
		verdict.Clock(run.Length), prose(or(run.Environment, "the target")), prose(strings.Join(run.Targets, ", ")), prose(run.Machine), prose(run.Version), verdict.Number(run.Requests), prose(failed(run.Failed, run.Requests)),
		strings.ToUpper(word(r.Status)[:1])+strings.ToLower(word(r.Status)[1:]))
	for _, f := range r.Findings {
		if f.Status == verdict.Fail || f.Status == verdict.NoData {
			fmt.Fprintf(&b, "\n- **%s**: %s", sign(f.Status), prose(f.What))
		}
	}
	if strings.HasSuffix(b.String(), "\n") {
		b.WriteString("\n")
	} else {
		b.WriteString("\n\n")
	}
	categories := grid{title: "Response times by category", head: append(right(left("category"), "requests", "p50", "target", "p95", "target", "p99", "target"), column{name: "verdict"})}
	for _, c := range r.Categories {
		categories.rows = append(categories.rows, baselineRow(c))
	}
	endpoints := grid{title: "By endpoint", head: right(left("endpoint", "category"), "requests", "p50", "p95", "p99", "queries median", "queries max", "budget")}
	for _, e := range r.Endpoints {
		endpoints.rows = append(endpoints.rows, endpointRow(e, r.Queries))
	}
	for _, g := range []grid{categories, endpoints} {
		if len(g.rows) > 0 {
			fmt.Fprintf(&b, "### %s\n\n", g.title)
			markdownTable(&b, g)
			b.WriteString("\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
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
		measured, target := plain("–"), plain("–")
		if c.MaxMS > 0 {
			measured = plain("%s", verdict.Milli(p.v))
		}
		if c.Target != nil {
			target = plain("%s", verdict.Milli(p.of(c.Target)))
		}
		row = append(row, measured, target)
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
		row[3], row[4], row[5] = plain("%s", verdict.Milli(e.P50MS)), plain("%s", verdict.Milli(e.P95MS)), plain("%s", verdict.Milli(e.P99MS))
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
