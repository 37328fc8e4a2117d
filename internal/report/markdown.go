package report

import (
	"fmt"
	"io"
	"strings"

	"firedrill/internal/verdict"
)

// MarkdownLimit is how many bytes Markdown writes at most. GitHub refuses a step
// summary above 1 MiB as a whole, and other steps may have written to it before.
const MarkdownLimit = 1_000_000

// reserve is kept free for what ends a fold, and for the note that something was cut.
const reserve = 1000

// foldAbove is how many rows a table has before it is folded.
const foldAbove = 15

// Markdown writes the report in GitHub's Markdown, for a review or a CI summary
// ($GITHUB_STEP_SUMMARY). Headings begin at the third level, long tables are
// folded. It never writes more than MarkdownLimit bytes: the rows that do not fit
// are left out, and a note says so.
func Markdown(w io.Writer, r *verdict.Report) error {
	b := &bounded{}
	b.add(fmt.Sprintf("### %s: %s\n\n%s\n", word(r.Status), prose(or(r.Run.Scenario, "recording")), prose(shorten(r.Summary, 4000))))
	if len(r.Invalid) > 1 {
		bullets(b, "Why the run does not count", r.Invalid)
	}
	markdownFindings(b, r)
	for _, g := range tables(r) {
		markdownGrid(b, g)
	}
	bullets(b, "To know when reading the numbers", r.Warnings)
	var run, definitions []string
	for _, f := range facts(r) {
		if f[1] != "" {
			run = append(run, fmt.Sprintf("- %s: %s\n", f[0], prose(f[1])))
		}
	}
	for _, d := range r.Definitions {
		definitions = append(definitions, fmt.Sprintf("- %s\n", prose(d)))
	}
	b.fold("<b>The run</b>", "", run)
	b.fold("How the numbers are defined", "", definitions)
	if b.left > 0 {
		b.WriteString(fmt.Sprintf("\n%s left out here, where %s bytes are the most; \"analyze report --format json\" has everything.\n", verdict.Were(b.left, "line"), verdict.Number(MarkdownLimit)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// bounded is a text that does not grow beyond MarkdownLimit.
type bounded struct {
	strings.Builder
	left int // pieces that did not fit
}

// add writes a piece that is whole in itself, or counts it as left out. Behind the
// first that did not fit, none does: a reader sees where the text ends.
func (b *bounded) add(piece string) {
	if b.left > 0 || b.Len()+len(piece) > MarkdownLimit-reserve {
		b.left++
		return
	}
	b.WriteString(piece)
}

// section writes a heading's text and the pieces below it, or counts all of them.
func (b *bounded) section(head string, pieces []string) {
	b.add(head)
	for _, p := range pieces {
		b.add(p)
	}
}

// fold writes a section that is closed until somebody opens it. Its end is written
// even where its pieces did not fit; reserve is for that.
func (b *bounded) fold(title, head string, pieces []string) {
	if len(pieces) == 0 {
		return
	}
	begun := b.Len()
	b.section("\n<details><summary>"+title+"</summary>\n\n"+head, pieces)
	if b.Len() > begun {
		b.WriteString("\n</details>\n")
	}
}

func markdownFindings(b *bounded, r *verdict.Report) {
	if len(r.Findings) == 0 {
		return
	}
	b.add("\n#### What broke first, and what stands out\n\n")
	for _, f := range r.Findings {
		text := fmt.Sprintf("- **%s** %s", sign(f.Status), atMoment(f.When))
		if f.Load != "" {
			text += ", " + prose(f.Load)
		}
		text += ": " + prose(f.What)
		if f.Advice != "" {
			text += "  \n  → " + prose(f.Advice)
		}
		b.add(text + "\n")
	}
}

func markdownGrid(b *bounded, g grid) {
	head := markdownHead(g)
	if g.note != "" {
		head = prose(g.note) + "\n\n" + head
	}
	var rows []string
	for _, row := range g.rows {
		rows = append(rows, markdownRow(row))
	}
	if len(rows) > foldAbove {
		b.fold(fmt.Sprintf("<b>%s</b> (%d)", prose(g.title), len(rows)), head, rows)
		return
	}
	b.section(fmt.Sprintf("\n#### %s\n\n%s", prose(g.title), head), rows)
}

func bullets(b *bounded, title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	var pieces []string
	for _, t := range texts {
		pieces = append(pieces, fmt.Sprintf("- %s\n", prose(t)))
	}
	b.section(fmt.Sprintf("\n#### %s\n\n", title), pieces)
}

// markdownTable writes a grid without a bound.
func markdownTable(b *strings.Builder, g grid) {
	b.WriteString(markdownHead(g))
	for _, row := range g.rows {
		b.WriteString(markdownRow(row))
	}
}

func markdownHead(g grid) string {
	var b strings.Builder
	for _, c := range g.head {
		fmt.Fprintf(&b, "| %s ", prose(c.name))
	}
	b.WriteString("|\n")
	for _, c := range g.head {
		if c.right {
			b.WriteString("|--:")
		} else {
			b.WriteString("|---")
		}
	}
	return b.String() + "|\n"
}

func markdownRow(row []cell) string {
	var b strings.Builder
	for _, c := range row {
		fmt.Fprintf(&b, "| %s ", markdownCell(c))
	}
	return b.String() + "|\n"
}

func markdownCell(c cell) string {
	switch {
	case c.code:
		return inlineCode(c.text)
	case c.status == verdict.Fail:
		return "**" + prose(c.text) + "**"
	}
	return prose(c.text)
}

// inlineCode is text between backticks that a table can hold.
func inlineCode(s string) string {
	s = strings.ReplaceAll(clean(s), "|", `\|`)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

// prose escapes what Markdown or HTML would take for its own.
func prose(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", ">", "&gt;", "[", `\[`, "]", `\]`, "#", `\#`).Replace(clean(s))
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
