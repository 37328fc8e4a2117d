package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"firedrill/internal/verdict"
)

//go:embed page.html
var pageText string

// page is what the template shows.
type page struct {
	*verdict.Report
	Word     string
	Class    string
	Tiles    []tile
	Findings []finding
	Phases   template.HTML // a strip above the charts; empty: none
	Charts   []drawn
	HasStall bool
	Every    int // seconds per step of the charts
	Tables   []htmlTable
	Facts    [][2]string
}

type tile struct{ Name, Value, Note, Class string }

type finding struct {
	verdict.Finding
	Number          int // as in the charts; 0 = no mark there
	Sign, At, Class string
}

type drawn struct {
	chart
	SVG template.HTML
}

type htmlTable struct {
	Title, Note string
	Head        []htmlCell
	Rows        [][]htmlCell
	Wide        bool
}

type htmlCell struct {
	Text  string
	Class string
	Code  bool
}

// HTML writes the report as one page without anything from elsewhere: styles and
// charts are inside, there is no script. It follows the reader's light or dark
// setting and can be printed.
func HTML(w io.Writer, r *verdict.Report) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	p := page{Report: r, Word: word(r.Status), Class: class(r.Status), Tiles: tiles(r), Facts: facts(r)}
	for i, f := range r.Findings {
		row := finding{Finding: f, Sign: sign(f.Status), At: "whole run", Class: class(f.Status)}
		if f.When >= 0 {
			row.At = verdict.Clock(f.When)
			if slices.Contains(marked(r), i) {
				row.Number = i + 1
			}
		}
		p.Findings = append(p.Findings, row)
	}
	if len(r.Timeline) > 0 {
		_, p.Every = steps(r.Timeline)
		p.Phases, p.HasStall = phaseStrip(r), len(r.Stalls) > 0
		for _, c := range timelineCharts(r) {
			p.Charts = append(p.Charts, drawn{c, c.svg(r)})
		}
	}
	for _, g := range tables(r) {
		p.Tables = append(p.Tables, htmlGrid(g))
	}
	return t.Execute(w, p)
}

func class(s verdict.Status) string { return strings.ReplaceAll(string(s), " ", "") }

// tiles are the numbers that are looked for first.
func tiles(r *verdict.Report) []tile {
	run := r.Run
	all := []tile{
		{Name: "users at once", Value: verdict.Number(run.Users)},
		{Name: "length", Value: verdict.Clock(run.Length), Note: run.End},
		{Name: "requests", Value: verdict.Number(run.Requests)},
		{Name: "failed", Value: verdict.Number(run.Failed), Note: verdict.Percent(run.Failed, run.Requests)},
	}
	if run.Failed > 0 {
		all[3].Class = "fail"
	}
	held, judged := 0, 0
	count := func(s verdict.Status) {
		switch s {
		case verdict.Pass:
			held++
			judged++
		case verdict.Fail:
			judged++
		}
	}
	for _, t := range thresholds(r) {
		if t.Status == verdict.NoData {
			judged++
		}
		count(t.Status)
	}
	th := tile{Name: "thresholds held", Value: verdict.Number(held) + " of " + verdict.Number(judged)}
	if held < judged {
		th.Class = "fail"
	}
	held, judged = 0, 0
	for _, c := range r.Categories {
		count(c.Status)
	}
	base := tile{Name: "baselines held", Value: verdict.Number(held) + " of " + verdict.Number(judged)}
	if held < judged {
		base.Class = "fail"
	}
	all = append(all, th, base)
	if len(r.Steps) > 0 {
		all[4] = tile{Name: "carries", Value: verdict.Number(carried(r.Steps)), Note: "users"}
	}
	if v := r.Recovery; v != nil {
		t := tile{Name: "well again", Value: "never", Note: "allowed " + verdict.Duration(v.Within)}
		if v.Took != nil {
			t.Value = verdict.Duration(*v.Took)
		}
		if v.Status != verdict.Pass {
			t.Class = "fail"
		}
		all = append(all, t)
	}
	if len(r.Streams) > 0 {
		all = append(all, tile{Name: "generations", Value: fmt.Sprintf("%.3g", r.Streams[0].PerUserMinute), Note: "per user and minute"})
	}
	return all
}

func htmlGrid(g grid) htmlTable {
	t := htmlTable{Title: g.title, Note: g.note, Wide: len(g.head) > 7}
	for _, c := range g.head {
		t.Head = append(t.Head, htmlCell{Text: c.name, Class: side(c.right)})
	}
	for _, row := range g.rows {
		var cells []htmlCell
		for i, c := range row {
			cell := htmlCell{Text: clean(c.text), Class: side(g.head[i].right), Code: c.code}
			if c.status != "" {
				cell.Class = strings.TrimSpace(cell.Class + " s-" + class(c.status))
			}
			if !utf8.ValidString(cell.Text) {
				cell.Text = strings.ToValidUTF8(cell.Text, "�")
			}
			cells = append(cells, cell)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

func side(right bool) string {
	if right {
		return "n"
	}
	return ""
}
