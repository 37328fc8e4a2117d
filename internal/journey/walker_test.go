package journey_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// walker walks a journey as a virtual user does, in the plainest way: one request
// after the other, the first element that fits.
type walker struct {
	turn    int // of the innermost loop
	plan    *plan.Plan
	journey *plan.Journey
	login   string
	passwd  string
	send    func(i int, turn int, m message.Message) (message.Message, error)
	turns   func(l plan.Loop) int

	answers map[string]*message.Tree
	when    map[string]int
	sent    map[string]message.Message
	jar     map[string]string
	chosen  map[string]message.Ref
	taken   map[string]bool
	place   map[string]int
	client  int
	clock   int
}

func (w *walker) walk() error {
	w.answers, w.when, w.sent = map[string]*message.Tree{}, map[string]int{}, map[string]message.Message{}
	w.jar, w.chosen, w.taken, w.place = map[string]string{}, map[string]message.Ref{}, map[string]bool{}, map[string]int{}
	return w.run(0, len(w.journey.Steps)-1, 0, -1)
}

// run sends the steps from..to; inside is the loop that they are the body of.
func (w *walker) run(from, to, turn, inside int) error {
	for i := from; i <= to; i++ {
		at := slices.IndexFunc(w.journey.Loops, func(l plan.Loop) bool { return l.First == i })
		if at >= 0 && at != inside {
			l := w.journey.Loops[at]
			for t := range w.turns(l) {
				for _, p := range w.journey.Picks {
					if w.within(p.Name, l) {
						delete(w.chosen, p.Name)
					}
				}
				if err := w.run(l.First, l.Last, t, at); err != nil {
					return err
				}
			}
			i = l.Last
			continue
		}
		if err := w.step(i, turn); err != nil {
			s := w.journey.Steps[i]
			return fmt.Errorf("%s %s: %w", s.ID, s.Endpoint, err)
		}
	}
	return nil
}

// within reports whether all uses of a pick lie in a loop.
func (w *walker) within(name string, l plan.Loop) bool {
	for i, s := range w.journey.Steps {
		for _, slot := range s.Slots {
			if uses(w.journey, slot.From, name) && (i < l.First || i > l.Last) {
				return false
			}
		}
	}
	return true
}

func uses(j *plan.Journey, s plan.Source, name string) bool {
	if s.Kind == plan.FromPick {
		for at := s.Pick; at != ""; {
			if at == name {
				return true
			}
			p, ok := j.Pick(at)
			if !ok {
				break
			}
			at = p.Parent
		}
	}
	return slices.ContainsFunc(s.Parts, func(p plan.Source) bool { return uses(j, p, name) })
}

func (w *walker) step(i, turn int) error {
	s := w.journey.Steps[i]
	w.turn = turn
	m := message.Message{Method: s.Request.Method, Target: s.Request.Target, Header: s.Request.Header, Body: s.Request.Body}
	var refs []message.Ref
	var values []string
	for _, slot := range s.Slots {
		v, err := w.value(slot.From)
		for _, o := range slot.Others {
			if err != nil {
				v, err = w.value(o)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", slot.At, err)
		}
		refs, values = append(refs, message.MustRef(slot.At)), append(values, v)
	}
	template, err := message.Parse(m).Compile(refs)
	if err != nil {
		return err
	}
	m = template.Render(values)
	w.sent[s.ID] = m
	if len(w.jar) > 0 {
		var pairs []string
		for k, v := range w.jar {
			pairs = append(pairs, k+"="+v)
		}
		m.Header = append(slices.Clip(m.Header), exchange.Field{Name: "Cookie", Value: strings.Join(pairs, "; ")})
	}
	answer, err := w.send(i, turn, m)
	if err != nil {
		return err
	}
	if len(s.Expect.Status) > 0 && !slices.Contains(s.Expect.Status, answer.Status) {
		return fmt.Errorf("status %d, expected %v: %.200s", answer.Status, s.Expect.Status, answer.Body)
	}
	for _, c := range exchange.Values(answer.Header, "Set-Cookie") {
		pair, _, _ := strings.Cut(c, ";")
		k, v, _ := strings.Cut(pair, "=")
		w.jar[k] = v
	}
	w.clock++
	w.answers[s.ID], w.when[s.ID] = message.Parse(answer), w.clock
	return nil
}

func (w *walker) value(s plan.Source) (string, error) {
	v, err := w.raw(s)
	if err != nil {
		return "", err
	}
	return message.Apply(v, s.Apply)
}

func (w *walker) raw(s plan.Source) (string, error) {
	switch s.Kind {
	case plan.FromAnswer:
		best := s
		for _, n := range s.Newer {
			if w.when[n.Step] > w.when[best.Step] {
				best = n
			}
		}
		tree := w.answers[best.Step]
		if tree == nil {
			return "", fmt.Errorf("no answer of %s", best.Step)
		}
		all := tree.All(message.MustRef(best.Part))
		if len(all) == 0 {
			return "", fmt.Errorf("no %s in the answer of %s", best.Part, best.Step)
		}
		return all[0].Text, nil
	case plan.FromPick:
		step, element, err := w.choose(s.Pick)
		if err != nil {
			return "", err
		}
		rest, err := message.ParseRel(s.Part)
		if err != nil {
			return "", err
		}
		leaf, ok := w.answers[step].Get(message.Join(element, rest))
		if !ok {
			return "", fmt.Errorf("the %s has no %s", s.Pick, s.Part)
		}
		return leaf.Text, nil
	case plan.FromAccount:
		if s.Column == "login" {
			return w.login, nil
		}
		return w.passwd, nil
	case plan.FromJar:
		return w.jar[s.Name], nil
	case plan.FromSlot:
		leaf, ok := message.Parse(w.sent[s.Step]).Get(message.MustRef(s.Part))
		if !ok {
			return "", fmt.Errorf("%s sent no %s", s.Step, s.Part)
		}
		return leaf.Text, nil
	case plan.FromJoin:
		text := ""
		for _, p := range s.Parts {
			v, err := w.value(p)
			if err != nil {
				return "", err
			}
			text += v
		}
		return text, nil
	case plan.FromLiteral:
		return s.Value, nil
	case plan.FromCount:
		first, err := strconv.Atoi(s.Value)
		return strconv.Itoa(first + s.By*w.turn), err
	case plan.FromClient, plan.FromClock, plan.FromGenerator:
		w.client++
		return fmt.Sprintf("made-%d", w.client), nil
	}
	return "", fmt.Errorf("source %s", s.Kind)
}

// choose is the answer's step and the element of a pick.
func (w *walker) choose(name string) (string, message.Ref, error) {
	p, ok := w.journey.Pick(name)
	if !ok {
		return "", message.Ref{}, fmt.Errorf("no pick %s", name)
	}
	step, list := p.Step, message.Ref{}
	if p.Parent != "" {
		at, parent, err := w.choose(p.Parent)
		if err != nil {
			return "", message.Ref{}, err
		}
		rel, err := message.ParseRel(p.List)
		if err != nil {
			return "", message.Ref{}, err
		}
		step, list = at, message.Join(parent, rel)
	} else {
		list = message.MustRef(p.List)
	}
	if e, ok := w.chosen[name]; ok {
		return step, e, nil
	}
	tree := w.answers[step]
	if tree == nil {
		return "", message.Ref{}, fmt.Errorf("no answer of %s", step)
	}
	var fit []message.Ref
	for _, e := range tree.Elements(list) {
		if fits(tree, e, p.Where) && !(p.Unused && w.taken[name+key(tree, e)]) {
			fit = append(fit, e)
		}
	}
	at := 0
	switch {
	case p.Order == "index":
		at = p.Index
	case p.Order == "next" && !p.Unused:
		at = w.place[name]
		w.place[name]++
	}
	if at >= len(fit) {
		return "", message.Ref{}, fmt.Errorf("starved: %s: %d fit, place %d", name, len(fit), at)
	}
	w.chosen[name] = fit[at]
	w.taken[name+key(tree, fit[at])] = true
	return step, fit[at], nil
}

func fits(tree *message.Tree, element message.Ref, where []plan.Predicate) bool {
	for _, p := range where {
		rest, err := message.ParseRel(p.Part)
		if err != nil {
			return false
		}
		leaf, ok := tree.Get(message.Join(element, rest))
		there := ok && leaf.Kind != message.Null
		switch p.Op {
		case "==":
			ok = there && leaf.Text == p.Text
		case "!=":
			ok = !there || leaf.Text != p.Text
		case ">":
			x, err := strconv.ParseFloat(leaf.Text, 64)
			y, wrong := strconv.ParseFloat(p.Text, 64)
			ok = there && err == nil && wrong == nil && x > y
		case "present":
			ok = there
		default:
			ok = !there
		}
		if !ok {
			return false
		}
	}
	return true
}

// key tells elements apart by their first value.
func key(tree *message.Tree, element message.Ref) string {
	for leaf := range tree.Leaves() {
		if leaf.Ref.HasPrefix(element) {
			return leaf.Text
		}
	}
	return element.String()
}
