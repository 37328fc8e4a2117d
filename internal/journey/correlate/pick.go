package correlate

import (
	"slices"
	"strings"

	"firedrill/internal/journey/endpoint"
	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// pick is a choice from a list while it is being understood.
type pick struct {
	name    string
	step    int         // whose answer holds the list; the parent's for nested ones
	parent  *pick       //
	list    message.Ref // the list, with [*] for the lists that it lies in
	rel     string      // the list, relative to the parent's element; of a root pick the whole ref
	choices []choice
	uses    []use
	mirror  int // the position's place in its request's list, where that is the element's place too; -1

	where  []plan.Predicate
	order  string
	index  int
	unused bool
	unlike []*pick // earlier picks from the same list, in the same requests, that never have the same element
	reason string
}

// choice is one recorded use of an element.
type choice struct {
	visit  *visit // the request that used it
	answer *visit // the answer that held the list
	at     message.Ref
	index  int
}

// use is a property of the element that a position takes.
type use struct {
	step int
	rest message.Ref
}

// element is the chosen element.
func (c choice) element() message.Ref { return c.at.Child("[" + itoa(c.index) + "]") }

// relative is what is left of an absolute ref after an element's; false when it is not inside it.
func relative(ref, element message.Ref) (message.Ref, bool) {
	if !ref.HasPrefix(element) {
		return message.Ref{}, false
	}
	r, err := message.ParseRel(ref.String()[len(element.String()):])
	return r, err == nil
}

// choiceFor is the choice that a request must share: the same session and the same
// turn of all loops that hold both. False when there is none, or there are several.
func (ev *evidence) choiceFor(q *pick, v *visit) (choice, bool) {
	var found choice
	ok := false
	for _, c := range q.choices {
		if c.visit == v {
			return c, true
		}
		if !ev.together(c.visit, v) {
			continue
		}
		if ok && (c.answer != found.answer || c.index != found.index || c.at != found.at) && !q.same(c, found) {
			return choice{}, false
		}
		found, ok = c, true
	}
	if ok && !before(found.answer, v) {
		return choice{}, false
	}
	return found, ok
}

// same reports whether two choices are of one thing, seen in two answers.
func (q *pick) same(a, b choice) bool {
	if len(q.uses) == 0 {
		return false
	}
	rest := q.uses[0].rest
	x, ok := a.answer.event.Res().Get(message.Join(a.element(), rest))
	y, ok2 := b.answer.event.Res().Get(message.Join(b.element(), rest))
	return ok && ok2 && x.Text == y.Text
}

// shared are the hypotheses that a position takes a property of an element that
// was chosen already.
func (ev *evidence) shared(p *position, picks []*pick) []*hypothesis {
	var list []*hypothesis
	for _, q := range picks {
		type key struct {
			rest  message.Ref
			apply string
		}
		byKey := map[key]*hypothesis{}
		var order []*hypothesis
		for i, o := range p.obs {
			c, ok := ev.choiceFor(q, o.visit)
			if !ok || o.value == "" {
				continue
			}
			for _, v := range variants(o.value, ev.timelines[o.visit.session].relations) {
				for _, leaf := range ev.elementLeaves(c) {
					if leaf.Text != v.value {
						continue
					}
					rest, ok := relative(leaf.Ref, c.element())
					if !ok || len(rest.Indexes()) > 0 {
						continue
					}
					k := key{rest, strings.Join(v.apply, "\x00")}
					h := byKey[k]
					if h == nil {
						h = &hypothesis{kind: plan.FromPick, step: q.step, pick: q, rest: rest, apply: v.apply, extra: v.cost, primary: true, found: make([][]found, len(p.obs))}
						h.lineage = ev.lineageOf(p, hit{visit: c.answer, ref: leaf.Ref}, v)
						byKey[k] = h
						order = append(order, h)
					}
					h.found[i] = []found{{c.answer, leaf.Ref}}
				}
			}
		}
		for _, h := range order {
			values := distinct(p)
			h.cost = 1.2 + h.extra + accident(p, h.lineage, values, h.kind)
			for i, t := range values {
				if len(h.found[i]) == 0 && t.counts {
					h.cost += bitsOf(t.value) + 6
				}
			}
			list = append(list, h)
		}
	}
	return list
}

// elementLeaves are the values of a chosen element.
func (ev *evidence) elementLeaves(c choice) []message.Leaf {
	rows := ev.rows(c.answer, c.at)
	if c.index >= len(rows) {
		return nil
	}
	return rows[c.index]
}

type rowsKey struct {
	v    *visit
	list message.Ref
}

// rows are a list's elements with their values.
func (ev *evidence) rows(v *visit, list message.Ref) [][]message.Leaf {
	key := rowsKey{v, list}
	if r, ok := ev.rowCache[key]; ok {
		return r
	}
	n := v.event.Res().Len(list)
	rows := make([][]message.Leaf, max(0, n))
	prefix := list.String() + "["
	for leaf := range v.event.Res().Leaves() {
		s := leaf.Ref.String()
		if !strings.HasPrefix(s, prefix) {
			continue
		}
		i := 0
		for _, c := range s[len(prefix):] {
			if c < '0' || c > '9' {
				break
			}
			i = i*10 + int(c-'0')
		}
		if i < len(rows) {
			rows[i] = append(rows[i], leaf)
		}
	}
	if ev.rowCache == nil {
		ev.rowCache = map[rowsKey][][]message.Leaf{}
	}
	ev.rowCache[key] = rows
	return rows
}

// sharedParent is the pick that has chosen, in each observation, what the d-th
// index of the hypothesis points to; nil when there is none.
func (ev *evidence) sharedParent(h *hypothesis, d int, picks []*pick) *pick {
	for _, q := range picks {
		if q.step != h.step || !ev.fitsPick(q, h, d) {
			continue
		}
		return q
	}
	return nil
}

func (ev *evidence) fitsPick(q *pick, h *hypothesis, d int) bool {
	seen := false
	for i, list := range h.found {
		if len(list) == 0 {
			continue
		}
		f := list[0]
		at := listAt(f.ref, d)
		if generalised(at) != q.list {
			return false
		}
		c, ok := ev.choiceFor(q, h.visits[i])
		if !ok || c.answer != f.answer || c.at != at || c.index != f.ref.Indexes()[d] {
			return false
		}
		seen = true
	}
	return seen
}

func generalised(ref message.Ref) message.Ref {
	for range ref.Indexes() {
		ref = ref.Generalise(0)
	}
	return ref
}

// choose makes the picks that a hypothesis stands for, sharing those that exist,
// and returns the innermost one with the property that is taken.
func (ev *evidence) choose(p *position, h *hypothesis, picks []*pick) (*pick, message.Ref, []*pick) {
	var parent *pick
	dims := h.ref.Wildcards()
	for d := range dims {
		q := ev.sharedParent(h, d, picks)
		if q != nil && d == dims-1 && len(q.choices) > 0 && q.parent != parent {
			q = nil
		}
		if q == nil {
			q = &pick{step: h.step, parent: parent, mirror: -1}
			picks = append(picks, q)
		}
		mirrored := p.sibling >= 0
		for i, list := range h.found {
			if len(list) == 0 {
				continue
			}
			f := list[0]
			at := listAt(f.ref, d)
			c := choice{visit: p.obs[i].visit, answer: f.answer, at: at, index: f.ref.Indexes()[d]}
			mirrored = mirrored && c.index == p.sibling
			if q.list == (message.Ref{}) {
				q.list = generalised(at)
				q.rel = at.String()
				if parent != nil {
					outer := listAt(f.ref, d-1).Child("[" + itoa(f.ref.Indexes()[d-1]) + "]")
					q.rel = at.String()[len(outer.String()):]
				}
			}
			if !slices.ContainsFunc(q.choices, func(o choice) bool { return o.visit == c.visit }) {
				q.choices = append(q.choices, c)
			}
		}
		if mirrored && d == 0 && q.mirror < 0 {
			q.mirror = p.sibling
		}
		parent = q
	}
	rest := ev.restOf(h)
	parent.addUse(p.step, rest)
	ev.nameOf(parent, p)
	return parent, rest, picks
}

func (q *pick) addUse(step int, rest message.Ref) {
	if !slices.Contains(q.uses, use{step, rest}) {
		q.uses = append(q.uses, use{step, rest})
	}
}

// restOf is the property that a hypothesis takes of its innermost element.
func (ev *evidence) restOf(h *hypothesis) message.Ref {
	for _, list := range h.found {
		if len(list) > 0 {
			_, _, rest, _ := list[0].ref.SplitList()
			return rest
		}
	}
	return message.Ref{}
}

// join notes that a position takes a property of an element that was chosen already.
func (ev *evidence) join(p *position, h *hypothesis) {
	q := h.pick
	q.addUse(p.step, h.rest)
	for i, o := range p.obs {
		if len(h.found[i]) == 0 {
			continue
		}
		if c, ok := ev.choiceFor(q, o.visit); ok && c.visit != o.visit {
			c.visit = o.visit
			q.choices = append(q.choices, c)
		}
	}
}

// nameOf gives picks that have no name one: what kind of thing is chosen.
func (ev *evidence) nameOf(q *pick, p *position) {
	name := p.lineage.noun
	if last := q.list.Name(); !strings.HasPrefix(q.list.String(), "html") && last != "" && !envelopes[strings.ToLower(last)] {
		name = strings.ToLower(endpoint.Singular(last))
	} else if name == "" {
		name = ev.about(q.step)
	}
	for ; q != nil; q = q.parent {
		if q.name == "" {
			if name == "" {
				name = "element"
			}
			q.name = name
		}
		if q.parent != nil {
			name = strings.ToLower(endpoint.Singular(q.parent.list.Name()))
			if name == "" || envelopes[name] {
				name = ev.about(q.step)
			}
		}
	}
}
