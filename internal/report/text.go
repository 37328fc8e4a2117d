package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"firedrill/internal/verdict"
)

// TextOptions say what the terminal can do.
type TextOptions struct {
	Color bool
	Width int // columns to wrap sentences at; 0 = 100
}

// Text writes the report for a terminal: the verdict in one sentence, what broke
// first, the tables, and what to do next.
func Text(w io.Writer, r *verdict.Report, o TextOptions) error {
	t := newTexter(o)
	t.line("%s", t.paint(r.Status, t.wrap(r.Summary, "")))
	t.line("")
	for _, reason := range r.Invalid[min(1, len(r.Invalid)):] {
		t.line("%s", t.wrap("not valid, too: "+reason, "  "))
	}
	t.findings(r)
	for _, g := range tables(r) {
		t.table(g)
	}
	if len(r.Warnings) > 0 {
		t.heading("To know when reading the numbers")
		for _, warning := range r.Warnings {
			t.line("- %s", t.wrap(warning, "  "))
		}
		t.line("")
	}
	t.heading("The run")
	for _, f := range facts(r) {
		if f[1] != "" {
			t.line("%-12s %s", f[0], clean(f[1]))
		}
	}
	t.line("")
	for _, next := range nextSteps(r) {
		t.line("%s", t.wrap(next, "  "))
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

type texter struct {
	o TextOptions
	b strings.Builder
}

func newTexter(o TextOptions) *texter {
	if o.Width <= 0 {
		o.Width = 100
	}
	if o.Color {
		text.EnableColors() // whoever asks for color has looked at the terminal; the library would ask TERM again
	}
	return &texter{o: o}
}

func (t *texter) line(format string, args ...any) { fmt.Fprintf(&t.b, format+"\n", args...) }

func (t *texter) heading(title string) {
	if t.o.Color {
		title = text.Bold.Sprint(title)
	}
	t.line("%s", title)
}

// findings lists what broke, first to break first, and then what stands out.
func (t *texter) findings(r *verdict.Report) {
	if len(r.Findings) == 0 {
		return
	}
	t.heading("What broke first, and what stands out")
	for _, f := range r.Findings {
		at := "whole run"
		if f.When >= 0 {
			at = "at " + verdict.Clock(f.When)
		}
		lead := fmt.Sprintf("%-8s %-9s ", sign(f.Status), at)
		t.line("%s%s", t.paint(f.Status, lead), t.wrap(f.What, strings.Repeat(" ", 19)))
		if f.Advice != "" {
			t.line("%s→ %s", strings.Repeat(" ", 19), t.wrap(f.Advice, strings.Repeat(" ", 21)))
		}
	}
	t.line("")
}

func sign(s verdict.Status) string {
	switch s {
	case verdict.Fail:
		return "broke"
	case verdict.NoData:
		return "no data"
	}
	return "note"
}

// table draws one grid.
func (t *texter) table(g grid) {
	t.heading(g.title)
	if g.note != "" {
		t.line("%s", t.wrap(g.note, ""))
	}
	tw := table.NewWriter()
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Format.Header = text.FormatDefault
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	tw.SetStyle(style)
	head := table.Row{}
	var configs []table.ColumnConfig
	for i, c := range g.head {
		head = append(head, c.name)
		if c.right {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	tw.AppendHeader(head)
	tw.SetColumnConfigs(configs)
	for _, row := range g.rows {
		cells := table.Row{}
		for _, c := range row {
			cells = append(cells, t.paint(c.status, clean(c.text)))
		}
		tw.AppendRow(cells)
	}
	for line := range strings.Lines(tw.Render() + "\n") {
		t.b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	t.line("")
}

// paint colours a text by its status.
func (t *texter) paint(s verdict.Status, what string) string {
	if !t.o.Color {
		return what
	}
	switch s {
	case verdict.Pass:
		return text.FgGreen.Sprint(what)
	case verdict.Fail, verdict.Invalid:
		return text.FgRed.Sprint(what)
	case verdict.NoData:
		return text.FgYellow.Sprint(what)
	}
	return what
}

// wrap breaks a sentence into lines; those behind the first begin with indent.
func (t *texter) wrap(sentence, indent string) string {
	width := max(20, t.o.Width-len(indent))
	var lines []string
	line := ""
	for _, word := range strings.Fields(clean(sentence)) {
		if line != "" && text.StringWidthWithoutEscSequences(line)+1+text.StringWidthWithoutEscSequences(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n"+indent)
}

// clean replaces control characters, which could steer the terminal.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return '�'
		}
		return c
	}, s)
}

// nextSteps say what a person does next.
func nextSteps(r *verdict.Report) []string {
	var steps []string
	switch r.Status {
	case verdict.Pass:
		if r.Run.Speed == 1 {
			steps = append(steps, "Next: \"analyze report --write-baselines\" puts these numbers into docs/PERFORMANCE_BASELINES.md.")
		}
	case verdict.Fail:
		steps = append(steps, "Next: look at what broke first; what follows it is often its consequence. \"analyze report --format html --out report.html\" draws the run over time.")
	case verdict.Invalid:
		steps = append(steps, "Next: put right what is named above and run it again; numbers of a run that is not valid say nothing about the target.")
	}
	return steps
}
