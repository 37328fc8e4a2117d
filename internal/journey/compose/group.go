package compose

import (
	"cmp"
	"slices"
	"strings"

	"firedrill/internal/journey/session"
	"firedrill/internal/plan"
)

// Group is sessions of one persona and one shape.
type Group struct {
	Persona    string
	PersonaWhy string
	Marks      []string
	Sessions   []*session.Session // by start
	Steps      [][]Occurrence     // by step: where it was recorded, by session and turn
	Loops      []plan.Loop        // outer before inner; only what was repeated somewhere
	Login      []int              // steps of the log-in and before it
	Logout     []int              // steps of the log-out and after it
}

// Occurrence is one recorded request of a step.
type Occurrence struct {
	Session  int // index in Group.Sessions
	Order    int // place among the session's requests in canonical order
	Event    *session.Event
	Turns    []int // turn of each loop of Group.Loops that holds the step, outermost first
	Awaited  int   // step whose answer was waited for; -1: none
	AwaitedX *session.Event
	Parallel bool
}

// Groups folds sessions and puts them together. names are the endpoints' names by number.
// The groups with the most sessions come first.
func Groups(sessions []*session.Session, names []string) []*Group {
	byPersona := map[string][]*session.Session{}
	for _, s := range sessions {
		byPersona[s.Persona] = append(byPersona[s.Persona], s)
	}
	personas := make([]string, 0, len(byPersona))
	for p := range byPersona {
		personas = append(personas, p)
	}
	slices.Sort(personas)
	var groups []*Group
	for _, p := range personas {
		groups = append(groups, groupPersona(byPersona[p], names)...)
	}
	slices.SortStableFunc(groups, func(a, b *Group) int {
		if c := cmp.Compare(len(b.Sessions), len(a.Sessions)); c != 0 {
			return c
		}
		return strings.Compare(a.Persona, b.Persona)
	})
	return groups
}

func groupPersona(sessions []*session.Session, names []string) []*Group {
	symbols := &interner{numbers: map[string]int{}}
	walks := make([]*walk, len(sessions))
	for i, s := range sessions {
		walks[i] = newWalk(s, names, symbols)
	}
	f := newFolder()
	folded := make([][]*node, len(walks))
	for known := -1; known != len(f.bodies); { // until no session teaches a loop that another could have
		known = len(f.bodies)
		for i, w := range walks {
			folded[i] = f.fold(w.symbols)
		}
	}
	byShape := map[string]*builder{}
	var order []*builder
	for i, w := range walks {
		key := shape(folded[i])
		b, ok := byShape[key]
		if !ok {
			b = &builder{group: &Group{Persona: w.session.Persona, PersonaWhy: w.session.PersonaWhy}}
			byShape[key] = b
			order = append(order, b)
		}
		b.add(w, folded[i])
	}
	groups := make([]*Group, len(order))
	for i, b := range order {
		groups[i] = b.finish()
	}
	return groups
}

// builder makes a Group of walks of one shape.
type builder struct {
	group  *Group
	loops  []*loopAt
	stepOf map[*session.Event]int
	shaped bool
}

// loopAt is a loop of the shape while the group is being built.
type loopAt struct {
	first, last int
	depth       int
	times       []int
}

func (b *builder) add(w *walk, nodes []*node) {
	g := b.group
	s := len(g.Sessions)
	g.Sessions = append(g.Sessions, w.session)
	for _, l := range w.session.Labels() {
		if !slices.Contains(g.Marks, l) {
			g.Marks = append(g.Marks, l)
		}
	}
	b.stepOf = map[*session.Event]int{}
	step, loop := 0, 0
	b.place(w, s, nodes, nil, &step, &loop)
	b.shaped = true
	for i := range g.Steps { // now every event of this session has its step
		for j := range g.Steps[i] {
			if o := &g.Steps[i][j]; o.Session == s {
				o.Awaited = -1
				if o.AwaitedX != nil {
					o.Awaited = b.stepOf[o.AwaitedX]
				}
			}
		}
	}
}

// place walks the nodes; step and loop count in document order.
func (b *builder) place(w *walk, s int, nodes []*node, turns []int, step, loop *int) {
	for _, n := range nodes {
		if n.turns == nil {
			b.put(w, s, n.event, turns, *step)
			*step++
			continue
		}
		at := *loop
		*loop++
		if at == len(b.loops) {
			b.loops = append(b.loops, &loopAt{first: *step, depth: len(turns)})
		}
		l := b.loops[at]
		l.times = append(l.times, len(n.turns))
		firstStep, firstLoop := *step, *loop
		for t, body := range n.turns {
			*step, *loop = firstStep, firstLoop
			b.place(w, s, body, append(slices.Clone(turns), t), step, loop)
		}
		l.last = *step - 1
	}
}

func (b *builder) put(w *walk, s, event int, turns []int, step int) {
	g := b.group
	for len(g.Steps) <= step {
		g.Steps = append(g.Steps, nil)
	}
	o := Occurrence{Session: s, Order: event, Event: w.events[event], Turns: turns, Parallel: w.parallel[event]}
	if a := w.awaited[event]; a >= 0 {
		o.AwaitedX = w.events[a]
	}
	b.stepOf[o.Event] = step
	g.Steps[step] = append(g.Steps[step], o)
}

// finish drops the loops that nobody repeated and finds the log-in.
func (b *builder) finish() *Group {
	g := b.group
	drop := make([]bool, len(b.loops))
	for i, l := range b.loops {
		slices.Sort(l.times)
		drop[i] = l.times[len(l.times)-1] < 2
		if !drop[i] {
			g.Loops = append(g.Loops, plan.Loop{First: l.first, Last: l.last, Times: l.times})
		}
	}
	for step := range g.Steps {
		var keep []bool
		for i, l := range b.loops {
			if l.first <= step && step <= l.last {
				keep = append(keep, !drop[i])
			}
		}
		for k := range g.Steps[step] {
			o := &g.Steps[step][k]
			var turns []int
			for i, t := range o.Turns {
				if keep[i] {
					turns = append(turns, t)
				}
			}
			o.Turns = turns
		}
	}
	g.Login, g.Logout = loginSteps(g), logoutSteps(g)
	return g
}

// logoutSteps are the step that logs out and all after it.
func logoutSteps(g *Group) []int {
	for step := len(g.Steps) - 1; step >= 0; step-- {
		if !session.IsLogout(g.Steps[step][0].Event) || slices.ContainsFunc(g.Loops, func(l plan.Loop) bool { return l.First <= step && step <= l.Last }) {
			continue
		}
		var steps []int
		for i := step; i < len(g.Steps); i++ {
			steps = append(steps, i)
		}
		return steps
	}
	return nil
}

// loginSteps are the step that logs in and all before it: what a virtual user
// does once to hold a session. Steps of a loop that goes on afterwards are none.
func loginSteps(g *Group) []int {
	for step, list := range g.Steps {
		o := list[0]
		s := g.Sessions[o.Session]
		if s.Login < 0 || s.Events[s.Login] != o.Event {
			continue
		}
		steps := make([]int, step+1)
		for i := range steps {
			steps[i] = i
		}
		return steps
	}
	return nil
}
