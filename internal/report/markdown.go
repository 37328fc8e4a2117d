package report

import (
	"fmt"
	"io"
	"strings"

	"firedrill/internal/verdict"
)

// Markdown writes the report in GitHub's Markdown, for a review or a CI summary.
// Headings begin at the third level, long tables are folded.
func Markdown(w io.Writer, r *verdict.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: %s\n\n%s\n", word(r.Status), prose(or(r.Run.Scenario, "recording")), prose(r.Summary))
	if len(r.Invalid) > 1 {
		b.WriteString("\nThe run is not valid:\n\n")
		for _, reason := range r.Invalid {
			fmt.Fprintf(&b, "- %s\n", prose(reason))
		}
	}
	if len(r.Findings) > 0 {
		b.WriteString("\n#### What broke first, and what stands out\n\n")
		for _, f := range r.Findings {
			at := "over the whole run"
			if f.When >= 0 {
				at = "at " + verdict.Clock(f.When)
			}
			fmt.Fprintf(&b, "- **%s** %s, %s: %s", sign(f.Status), at, prose(f.Load), prose(f.What))
			if f.Advice != "" {
				fmt.Fprintf(&b, "  \n  → %s", prose(f.Advice))
			}
			b.WriteString("\n")
		}
	}
	for _, g := range tables(r) {
		folded := len(g.rows) > foldAbove
		if folded {
			fmt.Fprintf(&b, "\n<details><summary><b>%s</b> (%d)</summary>\n", prose(g.title), len(g.rows))
		} else {
			fmt.Fprintf(&b, "\n#### %s\n", prose(g.title))
		}
		if g.note != "" {
			fmt.Fprintf(&b, "\n%s\n", prose(g.note))
		}
		b.WriteString("\n")
		markdownTable(&b, g)
		if folded {
			b.WriteString("\n</details>\n")
		}
	}
	bullets(&b, "To know when reading the numbers", r.Warnings)
	b.WriteString("\n#### The run\n\n")
	for _, f := range facts(r) {
		if f[1] != "" {
			fmt.Fprintf(&b, "- %s: %s\n", f[0], prose(f[1]))
		}
	}
	if len(r.Definitions) > 0 {
		b.WriteString("\n<details><summary>How the numbers are defined</summary>\n\n")
		for _, d := range r.Definitions {
			fmt.Fprintf(&b, "- %s\n", prose(d))
		}
		b.WriteString("\n</details>\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// foldAbove is how many rows a table has before it is folded.
const foldAbove = 15

func bullets(b *strings.Builder, title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	fmt.Fprintf(b, "\n#### %s\n\n", title)
	for _, t := range texts {
		fmt.Fprintf(b, "- %s\n", prose(t))
	}
}

func markdownTable(b *strings.Builder, g grid) {
	for _, c := range g.head {
		fmt.Fprintf(b, "| %s ", prose(c.name))
	}
	b.WriteString("|\n")
	for _, c := range g.head {
		if c.right {
			b.WriteString("|--:")
		} else {
			b.WriteString("|---")
		}
	}
	b.WriteString("|\n")
	for _, row := range g.rows {
		for _, c := range row {
			fmt.Fprintf(b, "| %s ", markdownCell(c))
		}
		b.WriteString("|\n")
	}
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
