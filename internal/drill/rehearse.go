package drill

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/load/program"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

// rehearse prints what would be sent, for --dry-run: per step the pause before it,
// the request line with its dynamic parts numbered, and where each value comes from.
func (r *rehearsal) rehearse(w io.Writer) error {
	out := &lines{w: w}
	out.put("nothing is sent; this is what one user of each persona would do")
	for _, g := range r.program.Groups {
		j := g.Journey
		out.put("\n%s, as %s, walks %s", g.Persona.Name, fallback(g.Pool, "nobody in particular"), j.Name)
		for i := range j.Steps {
			for _, l := range j.Loops {
				if l.First == i {
					out.put("  ┌ %s times", turns(l.Times))
				}
			}
			r.rehearseStep(out, g, i)
			for _, l := range j.Loops {
				if l.Last == i {
					out.put("  └")
				}
			}
		}
		for _, p := range j.Picks {
			out.put("  picked %s: %s", p.Name, pickedText(j, p))
		}
	}
	return out.err
}

func (r *rehearsal) rehearseStep(out *lines, g *program.Group, i int) {
	j := g.Journey
	step := &j.Steps[i]
	line, numbers := requestLine(step)
	marks := string(step.Class)
	if step.Login {
		marks += ", log-in"
	}
	if step.Logout && g.Persona.Login == scenario.LoginOnce {
		marks += ", left out while the session is kept"
	}
	out.put("  %s %s", step.ID, r.pauseText(j, i))
	out.put("      %s %s%s   (%s)", step.Method, r.targets[step.Origin], line, marks)
	for k, slot := range step.Slots {
		number := ""
		if numbers[k] > 0 {
			number = fmt.Sprintf("‹%d› ", numbers[k])
		}
		text := filledFrom(j, &slot.Sources[0])
		if n := len(slot.Sources) - 1; n > 0 {
			text += "; failing that " + filledFrom(j, &slot.Sources[1])
		}
		out.put("          %s%s ← %s", number, slot.At, text)
	}
}

// requestLine is a step's path and query with numbers where values are filled in,
// and the number of each slot; 0: it is in a header or the body.
func requestLine(step *program.Step) (line string, numbers []int) {
	const mark = "zq%dqz" // nothing that an encoding of paths and queries changes
	values := make([]string, len(step.Slots))
	for k := range values {
		values[k] = fmt.Sprintf(mark, k)
	}
	line = step.Template.Render(values).Target
	numbers = make([]int, len(step.Slots))
	next := 1
	for k, value := range values {
		if strings.Contains(line, value) {
			numbers[k] = next
			line = strings.ReplaceAll(line, value, "‹"+strconv.Itoa(next)+"›")
			next++
		}
	}
	return line, numbers
}

// pauseText is how long a user waits before a step, and after what.
func (r *rehearsal) pauseText(j *program.Journey, i int) string {
	step := &j.Steps[i]
	think := r.thinkRange(step)
	switch {
	case step.Parallel:
		return "together with the step before it"
	case step.After < 0 && think == "":
		return "at once"
	case step.After < 0:
		return "first, " + think + " after the iteration before it"
	case think == "":
		return "right after " + j.Steps[step.After].ID
	}
	return think + " after " + j.Steps[step.After].ID
}

// thinkRange is the think time before a step, at the run's speed; "" = none.
func (r *rehearsal) thinkRange(step *program.Step) string {
	speed := r.options.Speed
	if speed <= 0 {
		speed = 1
	}
	if step.Override != nil {
		text := step.Override.String()
		if speed != 1 {
			text += fmt.Sprintf(" divided by %g", speed)
		}
		return text
	}
	q := step.Think.Quantiles
	if len(q) == 0 {
		return ""
	}
	at := func(d time.Duration) string {
		d = time.Duration(float64(d) / speed)
		if d >= 10*time.Second {
			return scenario.FormatDuration(d.Round(time.Second))
		}
		return scenario.FormatDuration(d.Round(10 * time.Millisecond))
	}
	low, middle, high := at(q[0]), at(q[len(q)/2]), at(q[len(q)-1])
	switch {
	case high == "0s":
		return ""
	case low == high:
		return low
	}
	return fmt.Sprintf("%s (%s to %s)", middle, low, high)
}

// filledFrom says where a value comes from, in a compiled journey.
func filledFrom(j *program.Journey, s *program.Source) string {
	var text string
	switch s.Kind {
	case plan.FromAnswer:
		v := j.Values[s.Index]
		text = fmt.Sprintf("%s of the answer to %s", v.Ref, j.Steps[v.Step].ID)
		if len(s.Newer) > 0 {
			text += ", or of a later answer that gives it anew"
		}
	case plan.FromPick:
		p := j.Picks[s.Index]
		text = "the picked " + p.Name
		if s.Prop >= 0 && s.Prop < len(p.Props) && p.Props[s.Prop].String() != "" {
			text += ": " + strings.TrimPrefix(p.Props[s.Prop].String(), ".")
		}
	case plan.FromSlot:
		text = "as it was sent in " + sentIn(j, s.Index)
	case plan.FromAccount:
		text = "the account's " + s.Name
	case plan.FromClock:
		text = "the clock, as " + s.Layout
	case plan.FromClient:
		text = "made up, as the client did"
	case plan.FromGenerator:
		text = "generated: " + s.Expr.String()
	case plan.FromSecret:
		text = "the secret " + s.Name
	case plan.FromCount:
		text = fmt.Sprintf("counted: %d, and %+d each turn", s.First, s.By)
	case plan.FromJar:
		text = "the cookie " + s.Name
	case plan.FromJoin:
		parts := make([]string, len(s.Parts))
		for i := range s.Parts {
			parts[i] = filledFrom(j, &s.Parts[i])
		}
		text = strings.Join(parts, " + ")
	default:
		text = strconv.Quote(s.Text)
	}
	if len(s.Apply) > 0 {
		text += " (" + strings.Join(s.Apply, ", ") + ")"
	}
	return text
}

// sentIn is the step that sent the value of that index, and the part that held it.
func sentIn(j *program.Journey, index int) string {
	for i := range j.Steps {
		k := slices.IndexFunc(j.Steps[i].Remember, func(m program.Sent) bool { return m.Index == index })
		if k >= 0 {
			return j.Steps[i].ID + ": " + j.Steps[i].Remember[k].Ref.String()
		}
	}
	return "an earlier step"
}

// pickedText says which element of which list is taken.
func pickedText(j *program.Journey, p program.Pick) string {
	from := ""
	switch {
	case p.Parent >= 0:
		from = "the picked " + j.Picks[p.Parent].Name
	case p.Step >= 0:
		from = "the answer to " + j.Steps[p.Step].ID
	}
	text := fmt.Sprintf("%s of %s in %s", orderText(plan.Pick{Order: p.Order, Index: p.Index}), strings.TrimPrefix(p.List.String(), "."), from)
	for i, w := range p.Where {
		joint := " where "
		if i > 0 {
			joint = " and "
		}
		text += joint + strings.TrimSpace(strings.TrimPrefix(p.Props[w.Prop].String(), ".")+" "+w.Op+" "+w.Text)
	}
	if p.Unused {
		text += ", never the same twice"
	}
	return text
}
