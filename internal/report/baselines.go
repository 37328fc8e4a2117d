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

// Baselines writes runs' numbers into the baselines document. existing is the
// document as it stands; empty: a new one is made. The first report is the one that
// was asked for; the others are the newest of other scenarios, and each speaks only
// where the document does not hold a newer run of its scenario, or one with more
// users.
//
// Written anew are the blocks of these scenarios, the tables that bring all
// scenarios' blocks together (categories, query budgets, event streams), the
// concurrency table and the definitions. Other scenarios' blocks, the rows of the
// concurrency table that no run speaks to, and all text outside of blocks stay. The
// same runs over the same document give the same bytes. Error: *MarkError.
func Baselines(existing []byte, reports ...*verdict.Report) ([]byte, error) {
	doc := string(existing)
	if strings.TrimSpace(doc) == "" {
		doc = newDocument
	}
	parts, err := split(doc)
	if err != nil {
		return nil, err
	}
	var speak []*verdict.Report
	for i, r := range reports {
		old, known := measuredIn(find(parts, scenarioName(r)))
		if i > 0 && known && (old.Started.After(r.Run.Started) || old.Users > r.Run.Users) {
			continue
		}
		speak = append(speak, r)
		parts = put(parts, scenarioName(r), scenarioBlock(r), "definitions")
	}
	parts = put(parts, "concurrency", concurrencyBlock(find(parts, "concurrency"), speak), "")
	all := measuredAll(parts)
	parts = put(parts, "categories", categoriesBlock(all, reports[0]), firstScenario(parts))
	parts = put(parts, "queries", queriesBlock(all), firstScenario(parts))
	if text := streamsBlock(all); text != "" || find(parts, "streams") != "" {
		parts = put(parts, "streams", text, firstScenario(parts))
	}
	parts = put(parts, "definitions", definitionsBlock(reports[0]), "")
	return []byte(assemble(parts)), nil
}

func scenarioName(r *verdict.Report) string { return scenarioMark + blockName(r.Run.Scenario) }

const scenarioMark = "scenario "

// firstScenario is the name of the first scenario's block.
func firstScenario(parts []part) string {
	for _, p := range parts {
		if strings.HasPrefix(p.block, scenarioMark) {
			return p.block
		}
	}
	return ""
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
