package vuser

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/load/program"
	"firedrill/internal/message"
)

// memory is what a user remembers of answers and requests.
type memory struct {
	values []value
	lists  []list // by pick; only those that lie in an answer
	chosen []*element
	seeds  []uint64 // by pick: what its next choice is drawn with
	place  []int    // by pick: how many were taken in order
	taken  []map[string]bool
	barren [][]int // by pick: places of elements that led to nothing in this turn
	sent   []sentValue
	clock  uint64 // counts answers
}

type value struct {
	text string
	at   uint64 // when, in answers; 0: there is none
}

type list struct {
	known    bool // the answer was seen
	elements []*element
}

// element is a list's element with what is needed of it.
type element struct {
	place int // in its list
	props []prop
	kids  []list // by place in Pick.Kids
}

type prop struct {
	text string
	ok   bool
	null bool
}

type sentValue struct {
	text string
	ok   bool
}

func (m *memory) make(j *program.Journey) {
	n := len(j.Picks)
	*m = memory{values: make([]value, len(j.Values)), sent: make([]sentValue, j.Sent)}
	if n > 0 {
		m.lists, m.chosen, m.seeds, m.place, m.taken = make([]list, n), make([]*element, n), make([]uint64, n), make([]int, n), make([]map[string]bool, n)
		m.barren = make([][]int, n)
	}
}

// begin forgets what does not outlive an iteration: all but the session's values,
// what was taken from lists, and places in lists that are worked through over iterations.
func (m *memory) begin(j *program.Journey, session bool, r *rand.Rand) {
	for i := range m.values {
		if !session || !j.Values[i].Keep {
			m.values[i] = value{}
		}
	}
	clear(m.lists)
	clear(m.sent)
	for i := range j.Picks {
		seed := r.Uint64()
		if j.Picks[i].Loop < 0 {
			m.chosen[i], m.seeds[i], m.barren[i] = nil, seed, nil
		}
	}
}

// forget is begin for a new browser. What was taken stays taken: the
// application knows it, whatever the browser.
func (m *memory) forget() {
	clear(m.values)
	clear(m.lists)
	clear(m.chosen)
}

// enter begins a loop: lists that are taken in order start anew.
func (m *memory) enter(j *program.Journey, loop int) {
	for i := range j.Picks {
		if j.Picks[i].Loop == loop {
			m.place[i] = 0
		}
	}
}

// turn begins a turn of a loop: what is chosen in each turn is chosen anew.
func (m *memory) turn(j *program.Journey, loop int, r *rand.Rand) {
	for i := range j.Picks {
		if j.Picks[i].Loop == loop {
			m.chosen[i], m.seeds[i], m.barren[i] = nil, r.Uint64(), nil
		}
	}
}

// another reports whether something else could have been chosen: not where it is
// always the same place, or nothing else fits.
func (m *memory) another(j *program.Journey, pick int) bool {
	p, e := &j.Picks[pick], m.chosen[pick]
	if e == nil || p.Order == "index" {
		return false
	}
	l, s := m.list(j, pick)
	return s == nil && slices.ContainsFunc(l.elements, func(o *element) bool { return o.place != e.place && m.open(p, pick, o) })
}

// again forgets a choice that led to nothing, with all that was chosen inside it
// or in answers from step on, so that it is made anew without that element.
func (m *memory) again(j *program.Journey, pick, from int, r *rand.Rand) {
	barren := m.barren[pick]
	if j.Picks[pick].Order != "next" { // there the next one comes by itself
		barren = append(barren, m.chosen[pick].place)
	}
	for i := range j.Picks {
		if inside(j, i, pick) || j.Picks[i].Step >= from {
			m.chosen[i], m.seeds[i], m.barren[i] = nil, r.Uint64(), nil
		}
	}
	m.barren[pick] = barren
}

// open reports whether an element can be chosen: it meets the conditions, was not
// taken where each is taken once, is no other pick's, and did not lead to nothing.
func (m *memory) open(p *program.Pick, pick int, e *element) bool {
	return e.fits(p) && !(p.Unused && m.taken[pick][e.key(p)]) && !m.elsewhere(p, e) && !slices.Contains(m.barren[pick], e.place)
}

// fail forgets what a step's answer would have given.
func (m *memory) fail(st *program.Step) {
	for _, v := range st.Answers {
		m.values[v] = value{}
	}
	for _, p := range st.Lists {
		m.lists[p] = list{}
	}
}

// learn takes what later steps need from an answer.
func (m *memory) learn(j *program.Journey, st *program.Step, tree *message.Tree) {
	m.clock++
	for _, i := range st.Answers {
		m.values[i] = value{}
		if leaf, ok := first(tree, j.Values[i].Ref); ok {
			m.values[i] = value{text: strings.Clone(leaf.Text), at: m.clock}
		}
	}
	for _, p := range st.Lists {
		m.lists[p] = readList(j, p, tree, j.Picks[p].List)
	}
}

// first is the leaf that r names; with wildcards the first of them.
func first(tree *message.Tree, r message.Ref) (message.Leaf, bool) {
	if r.Wildcards() == 0 {
		return tree.Get(r)
	}
	if all := tree.All(r); len(all) > 0 {
		return all[0], true
	}
	return message.Leaf{}, false
}

// readList reads what is needed of a list's elements: one walk for each property,
// since looking up each property of each element would be a walk each.
func readList(j *program.Journey, pick int, tree *message.Tree, ref message.Ref) list {
	p := &j.Picks[pick]
	refs := tree.Elements(ref)
	if refs == nil {
		return list{}
	}
	l := list{known: true, elements: make([]*element, len(refs))}
	for i := range refs {
		l.elements[i] = &element{place: i, props: make([]prop, len(p.Props))}
	}
	if len(refs) == 0 {
		return l
	}
	every := refs[0].Generalise(len(refs[0].Indexes()) - 1)
	for k, rel := range p.Props {
		at := 0
		for _, leaf := range tree.All(message.Join(every, rel)) { // in the elements' order
			for at < len(refs) && !leaf.Ref.HasPrefix(refs[at]) {
				at++
			}
			if at == len(refs) {
				break
			}
			if e := l.elements[at]; !e.props[k].ok {
				e.props[k] = prop{text: leaf.Text, ok: true, null: leaf.Kind == message.Null}
			}
		}
	}
	for k, kid := range p.Kids {
		for i, r := range refs {
			e := l.elements[i]
			if e.kids == nil {
				e.kids = make([]list, len(p.Kids))
			}
			e.kids[k] = readList(j, kid, tree, message.Join(r, j.Picks[kid].List))
		}
	}
	return l
}

// choose is the element of a pick in this turn, drawn when first asked for.
func (m *memory) choose(j *program.Journey, pick int) (*element, *stop) {
	if e := m.chosen[pick]; e != nil {
		return e, nil
	}
	p := &j.Picks[pick]
	l, s := m.list(j, pick)
	if s != nil {
		return nil, s
	}
	var fit []*element
	for _, e := range l.elements {
		if m.open(p, pick, e) {
			fit = append(fit, e)
		}
	}
	at := -1
	switch p.Order {
	case "next":
		at = m.place[pick]
		if p.Loop < 0 && len(fit) > 0 { // over iterations: round and round
			at %= len(fit)
		}
		if p.Unused { // what was taken is out of the way already
			at = 0
		}
		m.place[pick]++
	case "index":
		at = p.Index
	default:
		if len(fit) > 0 {
			at = rand.New(rand.NewPCG(m.seeds[pick], 0)).IntN(len(fit))
		}
	}
	if at < 0 || at >= len(fit) {
		return nil, &stop{reason: starved(j, pick, len(l.elements), len(fit)), pick: pick}
	}
	e := fit[at]
	m.chosen[pick] = e
	if p.Unused {
		if m.taken[pick] == nil {
			m.taken[pick] = map[string]bool{}
		}
		m.taken[pick][e.key(p)] = true
	}
	return e, nil
}

// elsewhere reports whether a pick that must differ has the element now.
func (m *memory) elsewhere(p *program.Pick, e *element) bool {
	return slices.ContainsFunc(p.Unlike, func(other int) bool { return m.chosen[other] != nil && m.chosen[other].place == e.place })
}

// list is where a pick chooses from.
func (m *memory) list(j *program.Journey, pick int) (list, *stop) {
	p := &j.Picks[pick]
	if p.Parent < 0 {
		if l := m.lists[pick]; l.known {
			return l, nil
		}
		return list{}, &stop{reason: missing(j, "the list "+p.List.String(), p.Step), pick: -1}
	}
	e, s := m.choose(j, p.Parent)
	if s != nil {
		return list{}, s
	}
	for i, k := range j.Picks[p.Parent].Kids {
		if k == pick && e.kids[i].known {
			return e.kids[i], nil
		}
	}
	return list{}, &stop{reason: "no list " + p.List.String() + " in the chosen " + j.Picks[p.Parent].Name, pick: -1}
}

func (e *element) fits(p *program.Pick) bool {
	for _, w := range p.Where {
		have := e.props[w.Prop]
		there := have.ok && !have.null
		switch w.Op {
		case "==":
			if !there || have.text != w.Text {
				return false
			}
		case "!=":
			if there && have.text == w.Text {
				return false
			}
		case ">":
			x, err := strconv.ParseFloat(have.text, 64)
			y, wrong := strconv.ParseFloat(w.Text, 64)
			if !there || err != nil || wrong != nil || x <= y {
				return false
			}
		case "present":
			if !there {
				return false
			}
		case "absent":
			if there {
				return false
			}
		}
	}
	return true
}

// key tells elements apart: by what requests say about them.
func (e *element) key(p *program.Pick) string {
	if len(p.Used) == 0 { // only lists inside it are used
		return fmt.Sprintf("%p", e)
	}
	if len(p.Used) == 1 {
		return e.props[p.Used[0]].text
	}
	var b strings.Builder
	for _, i := range p.Used {
		b.WriteString(e.props[i].text)
		b.WriteByte(0)
	}
	return b.String()
}
