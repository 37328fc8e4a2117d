package program

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"firedrill/internal/message"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

// build makes a Journey of a draft.
type build struct {
	c       *compiler
	src     *plan.Journey
	persona scenario.Persona
	out     *Journey
	fail    *PlanError
	steps   map[string]int // step id → index
	picks   map[string]int // pick name → index in out.Picks
	values  map[Value]int
	uses    [][]int // by pick: steps that use it
	fields  map[string]bool
	set     map[int]bool // which assignments found a field
}

func (c *compiler) journey(d *draft, persona scenario.Persona, fail *PlanError) (*Journey, error) {
	j := d.journey
	b := &build{
		c: c, src: j, persona: persona, fail: fail,
		out:   &Journey{Name: j.Name, Persona: j.Persona, Sessions: j.Sessions, Loops: d.sortLoops()},
		steps: map[string]int{}, picks: map[string]int{}, values: map[Value]int{}, fields: map[string]bool{}, set: map[int]bool{},
	}
	for i := range j.Steps {
		b.steps[j.Steps[i].ID] = i
	}
	if err := b.declarePicks(); err != nil {
		return nil, err
	}
	for i := range j.Steps {
		if err := b.step(i, d.paused[i]); err != nil {
			return nil, err
		}
	}
	for i, a := range persona.Set {
		if !b.set[i] {
			have := slices.Sorted(func(yield func(string) bool) {
				for f := range b.fields {
					if !yield(f) {
						return
					}
				}
			})
			return nil, &NoStepError{Persona: persona.Name, Journey: j.Name, Key: "set", Pattern: a.Field, Have: have}
		}
	}
	b.scopes()
	b.linkSent()
	b.needs()
	return b.out, nil
}

// linkSent finds the slots whose values are remembered as they are.
func (b *build) linkSent() {
	for i := range b.out.Steps {
		st := &b.out.Steps[i]
		for k := range st.Remember {
			text := st.Remember[k].Ref.String()
			st.Remember[k].Slot = slices.IndexFunc(st.Slots, func(s Slot) bool { return s.At == text })
		}
	}
}

func (b *build) wrong(step, at string, err error) error {
	e := *b.fail
	e.Step, e.At, e.Err = step, at, err
	return &e
}

// needs finds for each step the steps that must be over before it can be filled.
func (b *build) needs() {
	for i := range b.out.Steps {
		st := &b.out.Steps[i]
		need := func(step int) {
			if step != i && !slices.Contains(st.Needs, step) {
				st.Needs = append(st.Needs, step)
			}
		}
		var source func(s *Source)
		source = func(s *Source) {
			switch s.Kind {
			case plan.FromAnswer:
				need(b.out.Values[s.Index].Step)
			case plan.FromPick:
				for p := s.Index; p >= 0; p = b.out.Picks[p].Parent {
					if at := b.out.Picks[p].Step; at >= 0 {
						need(at)
					}
				}
			case plan.FromSlot:
				for k := range b.out.Steps {
					if slices.ContainsFunc(b.out.Steps[k].Remember, func(r Sent) bool { return r.Index == s.Index }) {
						need(k)
					}
				}
			}
			for k := range s.Parts {
				source(&s.Parts[k])
			}
		}
		for k := range st.Slots {
			source(&st.Slots[k].Sources[0])
		}
	}
}

func (b *build) step(i int, paused bool) error {
	src := &b.src.Steps[i]
	st := Step{
		ID: src.ID, Name: src.Endpoint, Endpoint: b.c.endpoint(src), Class: src.Class, Category: src.Category,
		Method: src.Request.Method, Origin: src.Request.Origin, Login: slices.Contains(b.src.Login, i), Logout: slices.Contains(b.src.Logout, i),
		After: src.After, Parallel: src.Parallel && i > 0, Think: src.Think, Expect: src.Expect,
	}
	if st.After >= i {
		st.After = i - 1
	}
	if paused || src.After < 0 { // before its first step a user pauses from one iteration to the next
		st.Override = b.persona.Think
	}
	if !slices.ContainsFunc(b.c.plan.Origins, func(o plan.Origin) bool { return o.Name == st.Origin }) {
		return b.wrong(st.ID, "", fmt.Errorf("its origin %q is not in the plan", st.Origin))
	}
	if b.c.origins == nil {
		b.c.origins = map[string]bool{}
	}
	b.c.origins[st.Origin] = true
	m := message.Message{Method: src.Request.Method, Target: src.Request.Target, Header: src.Request.Header, Body: src.Request.Body}
	for _, f := range src.Request.Header {
		if equalFold(f.Name, "Content-Encoding") {
			st.Coding = f.Value
		}
	}
	tree := message.Parse(m)
	refs, err := b.slots(&st, src, tree)
	if err != nil {
		return err
	}
	if st.Template, err = tree.Compile(refs); err != nil {
		return b.wrong(st.ID, "", err)
	}
	noted := b.at(i) // other steps may have asked for parts of this one already
	st.Answers, st.Lists, st.Remember = noted.Answers, noted.Lists, noted.Remember
	*noted = st
	return nil
}

// at makes sure that there is a step i to note things at.
func (b *build) at(i int) *Step {
	for len(b.out.Steps) <= i {
		b.out.Steps = append(b.out.Steps, Step{})
	}
	return &b.out.Steps[i]
}

// slots resolves the plan's slots and the scenario's assignments.
func (b *build) slots(st *Step, src *plan.Step, tree *message.Tree) ([]message.Ref, error) {
	var refs []message.Ref
	index := map[message.Ref]int{}
	for _, s := range src.Slots {
		ref, err := message.ParseRef(s.At)
		if err != nil {
			return nil, b.wrong(st.ID, s.At, err)
		}
		slot := Slot{At: ref.String()}
		for n, from := range append([]plan.Source{s.From}, s.Others...) {
			source, err := b.source(b.steps[st.ID], from)
			if err != nil && n == 0 {
				return nil, b.wrong(st.ID, s.At, err)
			}
			if err == nil {
				slot.Sources = append(slot.Sources, source)
			}
		}
		if k, ok := index[ref]; ok {
			st.Slots[k] = slot
			continue
		}
		index[ref] = len(refs)
		refs = append(refs, ref)
		st.Slots = append(st.Slots, slot)
	}
	if len(b.persona.Set) == 0 || st.Login {
		return refs, nil
	}
	for leaf := range tree.Leaves() {
		n, ok := b.assignment(leaf.Ref)
		if !ok {
			continue
		}
		slot := Slot{At: leaf.Ref.String(), Sources: []Source{{Kind: plan.FromGenerator, Expr: b.persona.Set[n].Expr}}}
		b.set[n] = true
		if k, ok := index[leaf.Ref]; ok {
			st.Slots[k] = slot
			continue
		}
		index[leaf.Ref] = len(refs)
		refs = append(refs, leaf.Ref)
		st.Slots = append(st.Slots, slot)
	}
	return refs, nil
}

// assignment is the scenario's assignment for a part of a request, if there is
// one: by the last name of a field in the body or the query, or by its whole ref.
func (b *build) assignment(r message.Ref) (int, bool) {
	text, name := r.String(), r.Name()
	for _, root := range []string{"header.", "cookie.", "path["} {
		if len(text) >= len(root) && text[:len(root)] == root {
			name = ""
		}
	}
	if name != "" {
		b.fields[name] = true
	}
	for i, a := range b.persona.Set {
		if a.Field == text || name != "" && a.Field == name {
			return i, true
		}
	}
	return 0, false
}

// source resolves one source of a slot of step at.
func (b *build) source(at int, s plan.Source) (Source, error) {
	out := Source{Kind: s.Kind, Name: s.Name, Layout: s.Layout, Offset: s.Offset, Text: s.Value, Apply: s.Apply}
	for _, t := range s.Apply {
		if err := message.ValidTransform(t); err != nil {
			return out, err
		}
	}
	var err error
	switch s.Kind {
	case plan.FromAnswer:
		if out.Index, err = b.value(s); err != nil {
			return out, err
		}
		for _, n := range s.Newer {
			newer, err := b.source(at, n)
			if err != nil {
				return out, err
			}
			out.Newer = append(out.Newer, newer)
		}
	case plan.FromPick:
		out.Index, out.Prop, err = b.pickUse(at, s)
	case plan.FromAccount:
		out.Name = s.Column
	case plan.FromClock:
		if s.Layout == "" {
			err = errors.New("a clock's value has no layout")
		}
	case plan.FromClient:
		out.Client, err = ParsePattern(s.Pattern)
	case plan.FromGenerator:
		out.Expr, err = scenario.ParseExpr(s.Expr)
	case plan.FromSecret:
		if b.c.secrets == nil {
			b.c.secrets = map[string]bool{}
		}
		b.c.secrets[s.Name] = true
	case plan.FromSlot:
		out.Index, err = b.sent(s)
	case plan.FromCount:
		out.By = s.By
		if out.First, err = strconv.Atoi(s.Value); err != nil {
			err = fmt.Errorf("it counts from %q: that is no whole number", s.Value)
		}
	case plan.FromJoin:
		for _, p := range s.Parts {
			part, err := b.source(at, p)
			if err != nil {
				return out, err
			}
			out.Parts = append(out.Parts, part)
		}
	case plan.FromJar, plan.FromLiteral:
	default:
		err = fmt.Errorf("the source %q is not known", s.Kind)
	}
	return out, err
}

// value is the index of the memory for a part of a step's answer.
func (b *build) value(s plan.Source) (int, error) {
	step, ok := b.steps[s.Step]
	if !ok {
		return 0, fmt.Errorf("there is no step %q", s.Step)
	}
	ref, err := message.ParseRef(s.Part)
	if err != nil {
		return 0, err
	}
	v := Value{Step: step, Ref: ref, Keep: slices.Contains(b.src.Login, step)}
	if i, ok := b.values[v]; ok {
		return i, nil
	}
	i := len(b.out.Values)
	b.values[v] = i
	b.out.Values = append(b.out.Values, v)
	st := b.at(step)
	st.Answers = append(st.Answers, i)
	return i, nil
}

// sent is the index of the memory for a part of a step's request.
func (b *build) sent(s plan.Source) (int, error) {
	step, ok := b.steps[s.Step]
	if !ok {
		return 0, fmt.Errorf("there is no step %q", s.Step)
	}
	ref, err := message.ParseRef(s.Part)
	if err != nil {
		return 0, err
	}
	st := b.at(step)
	for _, r := range st.Remember {
		if r.Ref == ref {
			return r.Index, nil
		}
	}
	i := b.out.Sent
	b.out.Sent++
	st.Remember = append(st.Remember, Sent{Index: i, Slot: -1, Ref: ref})
	return i, nil
}

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i]|0x20, b[i]|0x20
		if x != y {
			return false
		}
	}
	return true
}
