package convtest

import (
	"fmt"
	"strings"

	"firedrill/internal/plan"
)

// Say writes down what a plan has found, one fact a line, as fixtures expect it.
// The journeys' facts follow each other; with several journeys each line names its own: "2: …".
func Say(p *plan.Plan) []string {
	var out []string
	for n, j := range p.Journeys {
		say := func(format string, a ...any) {
			line := fmt.Sprintf(format, a...)
			if n > 0 {
				line = fmt.Sprintf("%d: %s", n+1, line)
			}
			out = append(out, line)
		}
		say("journey %s", j.Name)
		say("persona %s", j.Persona)
		say("sessions %d", j.Sessions)
		say("login %s", strings.Trim(fmt.Sprint(j.Login), "[]"))
		for _, l := range j.Loops {
			say("loop s%02d-s%02d %s", l.First+1, l.Last+1, strings.Trim(fmt.Sprint(l.Times), "[]"))
		}
		for _, q := range j.Picks {
			say("%s", pickText(q))
		}
		for _, s := range j.Steps {
			said := map[string]bool{}
			for _, slot := range s.Slots {
				said[slot.At] = true
				say("%s %s ← %s", s.ID, slot.At, Source(slot.From))
			}
			for _, l := range s.Literals {
				say("%s %s literal", s.ID, l.At)
			}
		}
	}
	return out
}

func pickText(q plan.Pick) string {
	from := q.Step
	if q.Parent != "" {
		from = q.Parent
	}
	text := fmt.Sprintf("pick %s from %s %s %s", q.Name, from, q.List, q.Order)
	if q.Order == "index" {
		text += fmt.Sprint(" ", q.Index)
	}
	for _, w := range q.Where {
		text += fmt.Sprintf(" where %s %s", w.Part, w.Op)
		if w.Text != "" {
			text += " " + w.Text
		}
	}
	if q.Unused {
		text += " unused"
	}
	if len(q.Unlike) > 0 {
		text += " unlike " + strings.Join(q.Unlike, " ")
	}
	return text
}

// Source is a source in words.
func Source(s plan.Source) string {
	var text string
	switch s.Kind {
	case plan.FromAnswer, plan.FromSlot:
		text = fmt.Sprintf("%s %s %s", s.Kind, s.Step, s.Part)
	case plan.FromPick:
		text = strings.TrimSpace(fmt.Sprintf("pick %s %s", s.Pick, s.Part))
	case plan.FromAccount:
		text = "account " + s.Column
	case plan.FromClock:
		text = "clock " + s.Layout
		if s.Offset != 0 {
			text += " " + s.Offset.String()
		}
	case plan.FromClient:
		text = strings.TrimSpace("client " + s.Pattern + " " + s.Name)
	case plan.FromJar:
		text = "jar " + s.Name
	case plan.FromJoin:
		var parts []string
		for _, p := range s.Parts {
			parts = append(parts, Source(p))
		}
		text = "join " + strings.Join(parts, " + ")
	case plan.FromCount:
		text = fmt.Sprintf("count %s %+d", s.Value, s.By)
	case plan.FromLiteral:
		text = fmt.Sprintf("%q", s.Value)
	default:
		text = string(s.Kind) + " " + s.Name + s.Expr
	}
	for _, a := range s.Apply {
		text += " | " + a
	}
	for _, n := range s.Newer {
		text += " newer " + n.Step + " " + n.Part
	}
	return text
}
