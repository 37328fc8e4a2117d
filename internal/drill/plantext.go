package drill

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"firedrill/internal/plan"
	"firedrill/internal/verdict"
)

// writePlanText prints a plan for reading: what was understood, and how sure that is.
func writePlanText(w io.Writer, p *plan.Plan) error {
	out := &lines{w: w}
	out.put("recording %s: %d exchanges in %d sessions", p.Recording.Name, p.Recording.Exchanges, p.Recording.Sessions)
	if p.Recording.Lost > 0 {
		out.put("  %d exchanges were not captured; what they carried is missing here", p.Recording.Lost)
	}
	for _, o := range p.Origins {
		out.put("origin %s: recorded as %s", o.Name, o.URL)
	}
	for _, l := range p.LeftOut {
		out.put("left out: %d %s (%s)", l.Count, l.What, l.Why)
	}
	for i := range p.Journeys {
		writeJourneyText(out, &p.Journeys[i])
	}
	for _, warning := range p.Warnings {
		out.put("\nnote: %s", warningText(warning))
	}
	return out.err
}

func writeJourneyText(out *lines, j *plan.Journey) {
	out.put("\n%s", j.Name)
	out.put("  persona %s (%s), %s", j.Persona, j.PersonaWhy, verdict.Count(j.Sessions, "recorded session"))
	for i, s := range j.Steps {
		for _, l := range j.Loops {
			if l.First == i {
				out.put("  ┌ repeated: recorded %s times in a row", turns(l.Times))
			}
		}
		mark := ""
		if slices.Contains(j.Login, i) {
			mark = "  [log-in]"
		}
		out.put("  %s  %-8s %s%s", s.ID, thinkText(s), s.Endpoint, mark)
		for _, slot := range s.Slots {
			out.put("         %s ← %s   (%.0f %%: %s)", slot.At, sourceText(slot.From), slot.Confidence*100, slot.Reason)
		}
		for _, l := range s.Literals {
			out.put("         %s stays as recorded: %s (risk %.0f %%)", l.At, l.Why, l.Risk*100)
		}
		for _, l := range j.Loops {
			if l.Last == i {
				out.put("  └")
			}
		}
	}
	for _, pick := range j.Picks {
		out.put("  pick %s: %s", pick.Name, pickText(pick))
	}
}

func thinkText(s plan.Step) string {
	q := s.Think.Quantiles
	switch {
	case s.Parallel:
		return "parallel"
	case len(q) == 0:
		return "at once"
	}
	return "+" + q[len(q)/2].Round(100*time.Millisecond).String()
}

func sourceText(s plan.Source) string {
	var text string
	switch s.Kind {
	case plan.FromAnswer:
		text = fmt.Sprintf("answer of %s: %s", s.Step, s.Part)
	case plan.FromSlot:
		text = fmt.Sprintf("as sent in %s: %s", s.Step, s.Part)
	case plan.FromPick:
		text = "pick " + s.Pick
		if s.Part != "" {
			text += ": " + s.Part
		}
	case plan.FromAccount:
		text = "account: " + s.Column
	case plan.FromClock:
		text = "the clock: " + s.Layout
	case plan.FromClient:
		text = "made by the client: " + s.Pattern
	case plan.FromGenerator:
		text = "generated: " + s.Expr
	case plan.FromSecret:
		text = "secret: " + s.Name
	case plan.FromCount:
		text = fmt.Sprintf("counted: %s, and %+d each turn", s.Value, s.By)
	case plan.FromJar:
		text = "cookie " + s.Name
	default:
		text = string(s.Kind)
	}
	if len(s.Apply) > 0 {
		text += ", " + strings.Join(s.Apply, ", ")
	}
	return text
}

func pickText(p plan.Pick) string {
	from := "answer of " + p.Step
	if p.Parent != "" {
		from = "picked " + p.Parent
	}
	var where []string
	for _, c := range p.Where {
		where = append(where, strings.TrimSpace(c.Part+" "+c.Op+" "+c.Text))
	}
	text := fmt.Sprintf("%s of %s in %s", orderText(p), p.List, from)
	if len(where) > 0 {
		text += " where " + strings.Join(where, " and ")
	}
	if p.Unused {
		text += ", never the same twice"
	}
	if len(p.Unlike) > 0 {
		text += ", another one than " + strings.Join(p.Unlike, ", ")
	}
	return fmt.Sprintf("%s   (%s)", text, p.Reason)
}

func orderText(p plan.Pick) string {
	switch p.Order {
	case "next":
		return "the next"
	case "index":
		return fmt.Sprintf("number %d", p.Index+1)
	}
	return "any"
}

func turns(times []int) string {
	if len(times) == 0 {
		return "several"
	}
	low, high := times[0], times[len(times)-1]
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

func warningText(w plan.Warning) string {
	where := strings.TrimSpace(w.Journey + " " + w.Step)
	if where == "" {
		return w.Text
	}
	return where + ": " + w.Text
}

// lines prints lines and remembers the first error.
type lines struct {
	w   io.Writer
	err error
}

func (l *lines) put(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format+"\n", args...)
	}
}
