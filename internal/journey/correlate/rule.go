package correlate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// draw is one recorded choice of an element, made once per turn of the pick's scope.
type draw struct {
	choice
	rows []row
}

// row is an element's own values, by relative ref.
type row map[message.Ref]message.Leaf

func rowOf(element message.Ref, leaves []message.Leaf) row {
	r := row{}
	for _, l := range leaves {
		if rest, ok := relative(l.Ref, element); ok && len(rest.Indexes()) == 0 {
			r[rest] = l
		}
	}
	return r
}

// explain finds the rule by which a pick's elements were chosen.
func (ev *evidence) explain(q *pick) {
	draws := ev.draws(q)
	changed := ev.changes(q, draws)
	q.unused = len(changed.props) > 0 || changed.gone
	if q.unused && repeats(draws) {
		q.unused = false
	}
	if q.mirror >= 0 {
		q.order, q.index, q.reason = "index", q.mirror, "stands in the request in the place that it has in the list"
		q.unused = false
		return
	}
	q.where = ev.predicates(q, draws, changed)
	q.order, q.index, q.reason = order(draws, q.where, q.unused)
	for _, w := range q.where {
		q.reason += fmt.Sprintf("; %s", predicateText(w))
	}
	if q.unused {
		q.reason += "; it changes when it is worked on, so none is taken twice"
	}
}

// tellApart finds picks from one list whose elements stand in one request and are
// never the same there: who names three students names three different ones.
func tellApart(picks []*pick) {
	for i, q := range picks {
		for _, other := range picks[:i] {
			if q.order == "any" && other.order == "any" && q.step == other.step && q.parent == other.parent && q.rel == other.rel && alwaysDiffer(q, other) {
				q.unlike = append(q.unlike, other)
			}
		}
		if len(q.unlike) > 0 {
			q.reason += "; another one than in the places beside it"
		}
	}
}

// alwaysDiffer reports whether two picks stand in one request at least once, and
// took another element of the same list each time.
func alwaysDiffer(a, b *pick) bool {
	beside := false
	for _, x := range a.choices {
		for _, y := range b.choices {
			if x.visit != y.visit {
				continue
			}
			if x.answer != y.answer || x.at != y.at || x.index == y.index {
				return false
			}
			beside = true
		}
	}
	return beside
}

func predicateText(w plan.Predicate) string {
	part := strings.TrimPrefix(w.Part, ".")
	if w.Op == ">" {
		return fmt.Sprintf("%s above %s in all, and not in others", part, w.Text)
	}
	if w.Op == "==" || w.Op == "!=" {
		return fmt.Sprintf("%s %s %q in all", part, w.Op, w.Text)
	}
	return fmt.Sprintf("%s is %s in all", part, w.Op)
}

// draws are the pick's choices, one for each turn of the innermost loop that holds all uses.
func (ev *evidence) draws(q *pick) []draw {
	choices := slices.Clone(q.choices)
	slices.SortStableFunc(choices, func(a, b choice) int {
		if c := cmp.Compare(a.visit.session, b.visit.session); c != 0 {
			return c
		}
		return cmp.Compare(a.visit.at, b.visit.at)
	})
	var out []draw
	for _, c := range choices {
		if slices.ContainsFunc(out, func(d draw) bool {
			return ev.together(d.visit, c.visit) && (d.index == c.index || d.answer != c.answer)
		}) {
			continue
		}
		d := draw{choice: c}
		for i, leaves := range ev.rows(c.answer, c.at) {
			d.rows = append(d.rows, rowOf(c.at.Child("["+itoa(i)+"]"), leaves))
		}
		out = append(out, d)
	}
	return out
}

// repeats reports whether one element was taken twice in a session.
func repeats(draws []draw) bool {
	for i, a := range draws {
		for _, b := range draws[:i] {
			if a.answer == b.answer && a.at == b.at && a.index == b.index {
				return true
			}
		}
	}
	return false
}

// stateNames are names of properties that say how far a thing is.
var stateNames = set("status state phase stage type kind locked open opened closed published submitted graded completed complete done archived active available enabled " +
	"visible unread read draft pending finished started returned late missing approved accepted")

// stateLike reports whether a property's name says how far a thing is.
func stateLike(rest message.Ref) bool {
	w := words(rest.Name())
	if len(w) == 0 {
		return false
	}
	return stateNames[w[len(w)-1]] || len(w) > 1 && (w[0] == "is" || w[0] == "has" || w[0] == "can" || w[0] == "needs")
}

// changed says which properties of a chosen element were different later.
type changed struct {
	props map[message.Ref]bool
	gone  bool // the element had left the list
}

// changes looks for what became of the chosen elements: in later answers with the
// same list, and in answers to the writes that used them.
func (ev *evidence) changes(q *pick, draws []draw) changed {
	c := changed{props: map[message.Ref]bool{}}
	if len(q.uses) == 0 || !slices.ContainsFunc(q.uses, func(u use) bool { return ev.writes(u.step) }) {
		return c
	}
	for _, d := range draws {
		if d.index >= len(d.rows) {
			continue
		}
		was := d.rows[d.index]
		key, ok := was[q.uses[0].rest]
		if !ok {
			continue
		}
		for _, v := range ev.timelines[d.visit.session].visits[d.visit.at:] {
			if v.step == q.step && v.event.End().After(d.visit.event.End()) {
				ev.compareList(&c, v, d, key, q.uses[0].rest)
			}
			if ev.writes(v.step) && ev.together(v, d.visit) && slices.ContainsFunc(q.uses, func(u use) bool { return u.step == v.step }) {
				compareAnswer(&c, v, was, key)
			}
		}
	}
	return c
}

func (ev *evidence) writes(step int) bool {
	return ev.opts.Endpoints[ev.steps[step][0].event.Endpoint].Class != plan.Read
}

func (ev *evidence) compareList(c *changed, v *visit, d draw, key message.Leaf, keyRest message.Ref) {
	later := ev.rows(v, d.at)
	if v.event.Res().Len(d.at) < 0 {
		return
	}
	for i, leaves := range later {
		now := rowOf(d.at.Child("["+itoa(i)+"]"), leaves)
		if now[keyRest].Text == key.Text {
			differences(c, d.rows[d.index], now)
			return
		}
	}
	c.gone = true
}

func differences(c *changed, was, now row) {
	for rest, l := range was {
		if n, ok := now[rest]; ok && (n.Text != l.Text || n.Kind != l.Kind) && (stateLike(rest) || l.Kind == message.Null) {
			c.props[rest] = true
		}
	}
}

// compareAnswer looks in a write's answer for the same thing, told by its identifier, with other properties.
func compareAnswer(c *changed, v *visit, was row, key message.Leaf) {
	tree := v.event.Res()
	for leaf := range tree.Leaves() {
		if leaf.Text != key.Text || leaf.Ref.Name() == "" || !strings.HasPrefix(leaf.Ref.String(), "json") {
			continue
		}
		if last := words(leaf.Ref.Name()); !idWords[last[len(last)-1]] {
			continue
		}
		object, ok := leaf.Ref.Parent()
		if !ok {
			continue
		}
		for rest, l := range was {
			if n, ok := tree.Get(message.Join(object, rest)); ok && (n.Text != l.Text || n.Kind != l.Kind) && (stateLike(rest) || l.Kind == message.Null) {
				c.props[rest] = true
			}
		}
	}
}

// order is how the elements that meet the conditions were gone through.
func order(draws []draw, where []plan.Predicate, unused bool) (kind string, index int, why string) {
	anyCost := 0.3
	places := make([]int, len(draws))
	type list struct {
		answer *visit
		at     message.Ref
	}
	last, taken := map[list]int{}, map[list]map[int]bool{}
	inOrder, orderly, fresh := 0, true, true
	for i, d := range draws {
		key := list{d.answer, d.at}
		open := fit(d, where)
		if unused {
			open = slices.DeleteFunc(open, func(at int) bool { return taken[key][at] })
		}
		if taken[key] == nil {
			taken[key] = map[int]bool{}
		}
		taken[key][d.index] = true
		place := slices.Index(open, d.index)
		places[i] = place
		anyCost += math.Log2(float64(max(1, len(open))))
		prev, ok := last[key]
		switch {
		case ok && (unused && place == prev || !unused && place == prev+1):
			inOrder++
		case ok:
			orderly = false
		default:
			fresh = fresh && place == 0
		}
		last[key] = place
	}
	n := len(draws)
	if orderly && inOrder > 0 {
		cost := 2.0
		if !fresh {
			cost = 4
		}
		if cost < anyCost {
			return "next", 0, fmt.Sprintf("taken in the list's order in %d of %d turns", inOrder+1, n)
		}
	}
	first := places[0]
	if cost := 2.8 + float64(max(0, first)); cost < anyCost && !slices.ContainsFunc(places, func(p int) bool { return p != first }) && first >= 0 {
		return "index", first, fmt.Sprintf("always the one in place %d (%d choices)", first+1, n)
	}
	return "any", 0, fmt.Sprintf("no order in %d choices", n)
}
