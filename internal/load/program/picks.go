package program

import (
	"fmt"
	"slices"
	"strconv"

	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// declarePicks resolves the lists and conditions of all picks.
func (b *build) declarePicks() error {
	for i, p := range b.src.Picks {
		b.picks[p.Name] = i
	}
	b.out.Picks = make([]Pick, len(b.src.Picks))
	b.uses = make([][]int, len(b.src.Picks))
	for i, p := range b.src.Picks {
		out := Pick{Name: p.Name, Step: -1, Parent: -1, Order: p.Order, Index: p.Index, Unused: p.Unused, Loop: -1}
		var err error
		if p.Parent != "" {
			parent, ok := b.picks[p.Parent]
			if !ok {
				return b.wrong(p.Name, "pick", fmt.Errorf("there is no pick %q", p.Parent))
			}
			out.Parent = parent
			out.List, err = message.ParseRel(p.List)
		} else {
			step, ok := b.steps[p.Step]
			if !ok {
				return b.wrong(p.Name, "pick", fmt.Errorf("there is no step %q", p.Step))
			}
			out.Step = step
			out.List, err = message.ParseRef(p.List)
		}
		if err != nil {
			return b.wrong(p.Name, p.List, err)
		}
		switch p.Order {
		case "any", "next", "index":
		default:
			return b.wrong(p.Name, "pick", fmt.Errorf("the order %q is not known", p.Order))
		}
		for _, w := range p.Where {
			prop, err := message.ParseRel(w.Part)
			if err != nil {
				return b.wrong(p.Name, w.Part, err)
			}
			switch w.Op {
			case "==", "!=", "present", "absent":
			case ">":
				if _, err := strconv.ParseFloat(w.Text, 64); err != nil {
					return b.wrong(p.Name, w.Part, fmt.Errorf("more than %q: that is no number", w.Text))
				}
			default:
				return b.wrong(p.Name, w.Part, fmt.Errorf("the condition %q is not known", w.Op))
			}
			out.Where = append(out.Where, Where{Prop: out.prop(prop), Op: w.Op, Text: w.Text})
		}
		b.out.Picks[i] = out
	}
	for i, p := range b.src.Picks {
		for _, name := range p.Unlike {
			other, ok := b.picks[name]
			if !ok {
				return b.wrong(p.Name, "pick", fmt.Errorf("there is no pick %q", name))
			}
			b.out.Picks[i].Unlike, b.out.Picks[other].Unlike = append(b.out.Picks[i].Unlike, other), append(b.out.Picks[other].Unlike, i)
		}
	}
	for i := range b.out.Picks {
		if p := b.out.Picks[i].Parent; p >= 0 {
			b.out.Picks[p].Kids = append(b.out.Picks[p].Kids, i)
		}
	}
	return b.acyclic()
}

// acyclic makes sure that following parents ends.
func (b *build) acyclic() error {
	for i := range b.out.Picks {
		for at, n := i, 0; at >= 0; at, n = b.out.Picks[at].Parent, n+1 {
			if n > len(b.out.Picks) {
				return b.wrong(b.out.Picks[i].Name, "pick", fmt.Errorf("its parents go round in a circle"))
			}
		}
	}
	return nil
}

// prop is the index of a property, added when it is new.
func (p *Pick) prop(r message.Ref) int {
	if i := slices.Index(p.Props, r); i >= 0 {
		return i
	}
	p.Props = append(p.Props, r)
	return len(p.Props) - 1
}

// pickUse notes that step at uses a property of a pick.
func (b *build) pickUse(at int, s plan.Source) (pick, prop int, err error) {
	pick, ok := b.picks[s.Pick]
	if !ok {
		return 0, 0, fmt.Errorf("there is no pick %q", s.Pick)
	}
	ref, err := message.ParseRel(s.Part)
	if err != nil {
		return 0, 0, err
	}
	p := &b.out.Picks[pick]
	prop = p.prop(ref)
	if !slices.Contains(p.Used, prop) {
		p.Used = append(p.Used, prop)
	}
	for k := pick; k >= 0; k = b.out.Picks[k].Parent {
		b.uses[k] = append(b.uses[k], at)
		if q := &b.out.Picks[k]; q.Step >= 0 {
			if st := b.at(q.Step); !slices.Contains(st.Lists, k) {
				st.Lists = append(st.Lists, k)
			}
		}
	}
	return pick, prop, nil
}

// scopes finds for each pick the innermost loop that holds all its uses.
func (b *build) scopes() {
	for i := range b.out.Picks {
		p := &b.out.Picks[i]
		for k, l := range b.out.Loops { // outer before inner: the last that fits is the innermost
			if len(b.uses[i]) > 0 && !slices.ContainsFunc(b.uses[i], func(at int) bool { return at < l.First || at > l.Last }) {
				p.Loop = k
			}
		}
	}
}
