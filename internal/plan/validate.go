package plan

import "fmt"

// InvalidError says where a plan contradicts itself.
type InvalidError struct {
	Where string // "journey \"teacher: …\", step s03, slot path[3]"
	Why   string
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("the plan is wrong: %s: %s", e.Where, e.Why)
}

// ExitCode is that of a wrong file.
func (e *InvalidError) ExitCode() int { return 2 }

// Validate reports the first contradiction in a plan, as *InvalidError: names
// that are not unique, indexes and references that lead nowhere. Whether the
// parts it names are in the messages only those can tell who read messages:
// journey.Build and load.Compile do.
func Validate(p *Plan) error {
	endpoints, origins, journeys := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, o := range p.Origins {
		if origins[o.Name] {
			return &InvalidError{"origin " + o.Name, "there are two of that name"}
		}
		origins[o.Name] = true
	}
	for _, e := range p.Endpoints {
		if endpoints[e.Name] {
			return &InvalidError{"endpoint " + e.Name, "there are two of that name"}
		}
		endpoints[e.Name] = true
	}
	for i := range p.Journeys {
		j := &p.Journeys[i]
		where := fmt.Sprintf("journey %q", j.Name)
		if journeys[j.Name] {
			return &InvalidError{where, "there are two of that name"}
		}
		journeys[j.Name] = true
		v := validator{j: j, where: where, steps: map[string]int{}, picks: map[string]bool{}}
		if err := v.journey(endpoints, origins); err != nil {
			return err
		}
	}
	return nil
}

type validator struct {
	j     *Journey
	where string
	steps map[string]int
	picks map[string]bool
}

func (v *validator) wrong(at, format string, a ...any) error {
	where := v.where
	if at != "" {
		where += ", " + at
	}
	return &InvalidError{where, fmt.Sprintf(format, a...)}
}

func (v *validator) journey(endpoints, origins map[string]bool) error {
	j := v.j
	for i, s := range j.Steps {
		if _, twice := v.steps[s.ID]; twice || s.ID == "" {
			return v.wrong("", "step id %q is not unique", s.ID)
		}
		v.steps[s.ID] = i
	}
	for name, list := range map[string][]int{"login": j.Login, "logout": j.Logout} {
		for i, at := range list {
			if at < 0 || at >= len(j.Steps) || i > 0 && list[i-1] >= at {
				return v.wrong(name, "%d is no step, or not in order", at)
			}
		}
	}
	for _, l := range j.Loops {
		if l.First < 0 || l.Last < l.First || l.Last >= len(j.Steps) || len(l.Times) == 0 {
			return v.wrong("loop", "from %d to %d of %d steps", l.First, l.Last, len(j.Steps))
		}
	}
	if err := v.choices(); err != nil {
		return err
	}
	for i := range j.Steps {
		s := &j.Steps[i]
		switch {
		case !endpoints[s.Endpoint]:
			return v.wrong("step "+s.ID, "there is no endpoint %q", s.Endpoint)
		case !origins[s.Request.Origin]:
			return v.wrong("step "+s.ID, "there is no origin %q", s.Request.Origin)
		case s.After < -1 || s.After >= i:
			return v.wrong("step "+s.ID, "waits for step %d, which does not come before it", s.After)
		}
		if err := v.slots(s); err != nil {
			return err
		}
	}
	return nil
}

func (v *validator) choices() error {
	for _, p := range v.j.Picks {
		at := fmt.Sprintf("pick %q", p.Name)
		switch {
		case v.picks[p.Name] || p.Name == "":
			return v.wrong(at, "the name is not unique")
		case p.Parent == "" && p.Step == "" || p.Parent != "" && p.Step != "":
			return v.wrong(at, "it needs either a step or a parent")
		case p.Parent != "" && !v.picks[p.Parent]:
			return v.wrong(at, "its parent %q does not come before it", p.Parent)
		case p.Order != "any" && p.Order != "next" && p.Order != "index":
			return v.wrong(at, "order %q is not known", p.Order)
		case p.Index < 0:
			return v.wrong(at, "index %d", p.Index)
		}
		if p.Step != "" {
			if _, ok := v.steps[p.Step]; !ok {
				return v.wrong(at, "there is no step %q", p.Step)
			}
		}
		for _, other := range p.Unlike {
			if !v.picks[other] {
				return v.wrong(at, "pick %q, which it is unlike, does not come before it", other)
			}
		}
		if p.List == "" {
			return v.wrong(at, "it names no list")
		}
		v.picks[p.Name] = true
	}
	return nil
}

func (v *validator) slots(s *Step) error {
	seen := map[string]bool{}
	for _, slot := range s.Slots {
		at := "step " + s.ID + ", " + slot.At
		if seen[slot.At] {
			return v.wrong(at, "it is filled twice")
		}
		seen[slot.At] = true
		for _, src := range append([]Source{slot.From}, slot.Others...) {
			if err := v.source(at, src); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *validator) source(at string, s Source) error {
	for _, inner := range append(append([]Source(nil), s.Parts...), s.Newer...) {
		if err := v.source(at, inner); err != nil {
			return err
		}
	}
	switch s.Kind {
	case FromAnswer, FromSlot:
		if _, ok := v.steps[s.Step]; !ok {
			return v.wrong(at, "there is no step %q", s.Step)
		}
	case FromPick:
		if !v.picks[s.Pick] {
			return v.wrong(at, "there is no pick %q", s.Pick)
		}
	case FromAccount, FromClock, FromClient, FromGenerator, FromSecret, FromJar, FromCount, FromLiteral, FromJoin:
	default:
		return v.wrong(at, "the source kind %q is not known", s.Kind)
	}
	return nil
}
