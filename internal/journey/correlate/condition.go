package correlate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// predicates are the conditions on an element's properties that all chosen ones
// meet and others do not, where that is no accident.
func (ev *evidence) predicates(q *pick, draws []draw, c changed) []plan.Predicate {
	var where []plan.Predicate
	list := candidates(q, draws, c, slices.ContainsFunc(q.uses, func(u use) bool { return ev.writes(u.step) }))
	for len(where) < 3 {
		best, bestGain := plan.Predicate{}, 0.0
		for _, cand := range list {
			if slices.ContainsFunc(where, func(w plan.Predicate) bool { return w.Part == cand.Part }) {
				continue
			}
			gain := -cand.cost
			if cand.cost < 0 && len(where) > 0 {
				gain = -0.05 // one reason is enough
			}
			for _, d := range draws {
				before, after := len(fit(d, where)), len(fit(d, append(slices.Clip(where), cand.Predicate)))
				gain += math.Log2(float64(before) / float64(after))
			}
			if gain > bestGain+1e-9 {
				best, bestGain = cand.Predicate, gain
			}
		}
		if bestGain <= 0 {
			break
		}
		where = append(where, best)
	}
	return where
}

// fit are the indexes of the elements that meet all conditions.
func fit(d draw, where []plan.Predicate) []int {
	var list []int
	for i, r := range d.rows {
		if slices.ContainsFunc(where, func(w plan.Predicate) bool { return !meets(r, w) }) {
			continue
		}
		list = append(list, i)
	}
	return list
}

func meets(r row, w plan.Predicate) bool {
	l, ok := r[message.MustRef(w.Part)]
	there := ok && l.Kind != message.Null
	switch w.Op {
	case "==":
		return there && l.Text == w.Text
	case "!=":
		return !there || l.Text != w.Text
	case "present":
		return there
	case ">":
		return there && above(l.Text, w.Text)
	default:
		return !there
	}
}

// above compares two numbers in decimal; what is no number is above none.
func above(text, limit string) bool {
	x, err := strconv.ParseFloat(text, 64)
	y, wrong := strconv.ParseFloat(limit, 64)
	return err == nil && wrong == nil && x > y
}

type candidate struct {
	plan.Predicate
	cost float64
}

// candidates are the conditions that every chosen element meets, with what they cost to believe.
// worked says that what is chosen is written to.
func candidates(q *pick, draws []draw, c changed, worked bool) []candidate {
	props := map[message.Ref]bool{}
	for _, d := range draws {
		for _, r := range d.rows {
			for rest := range r {
				props[rest] = rest != message.Ref{}
			}
		}
	}
	rests := make([]message.Ref, 0, len(props))
	for rest, ok := range props {
		if ok && !slices.ContainsFunc(q.uses, func(u use) bool { return u.rest == rest }) {
			rests = append(rests, rest)
		}
	}
	slices.SortFunc(rests, func(a, b message.Ref) int { return strings.Compare(a.String(), b.String()) })
	var list []candidate
	for _, rest := range rests {
		if cand, ok := condition(q, rest, draws, c.props[rest], worked); ok {
			list = append(list, cand)
		}
	}
	return list
}

// enoughChoices is how many different things must have been chosen before what
// they have in common counts as why they were chosen.
const enoughChoices = 4

// chosenThings is how many different things were chosen: told apart by what
// requests said about them, or else by their places.
func chosenThings(q *pick, draws []draw) int {
	seen := map[string]bool{}
	for _, d := range draws {
		key := fmt.Sprint(d.visit.session, d.at, d.index)
		if len(q.uses) > 0 && d.index < len(d.rows) {
			if l, ok := d.rows[d.index][q.uses[0].rest]; ok {
				key = l.Text
			}
		}
		seen[key] = true
	}
	return len(seen)
}

// condition is the condition on one property that every chosen element meets.
func condition(q *pick, rest message.Ref, draws []draw, changes, worked bool) (candidate, bool) {
	var present, absent int
	texts := map[string]bool{}
	kind := message.String
	for _, d := range draws {
		if d.index >= len(d.rows) {
			continue
		}
		l, ok := d.rows[d.index][rest]
		if !ok || l.Kind == message.Null {
			absent++
			continue
		}
		present++
		texts[l.Text] = true
		kind = l.Kind
	}
	cand := candidate{Predicate: plan.Predicate{Part: rest.String()}}
	switch {
	case absent == 0 && kind == message.Number && someLeft(rest, draws):
		cand.Op, cand.Text, cand.cost = ">", "0", 2.5
	case present == 0 && absent > 0:
		cand.Op, cand.cost = "absent", 1.2
	case absent > 0:
		return cand, false
	case len(texts) == 1:
		for t := range texts {
			cand.Op, cand.Text = "==", t
		}
		if !enumerated(rest, draws, cand.Text, kind) {
			return cand, false
		}
		cand.cost = 4
		if kind == message.Bool {
			cand.cost = 1.5
		}
	default:
		cand.Op, cand.cost = "present", 3
	}
	switch {
	case changes && stateLike(rest):
		cand.cost = -1 // what changes when it is worked on is why it was taken
	case changes:
		cand.cost = -0.5
	case chosenThings(q, draws) < enoughChoices:
		return cand, false // that is no habit yet
	case stateLike(rest) && worked:
		cand.cost = 0.05 // others might be refused
	}
	return cand, true
}

// someLeft reports whether a property counts what there is to do in an element:
// it is above zero in all that were chosen, and zero in one that was not.
func someLeft(rest message.Ref, draws []draw) bool {
	none := false
	for _, d := range draws {
		for i, r := range d.rows {
			l, ok := r[rest]
			if i == d.index && (!ok || !above(l.Text, "0")) {
				return false
			}
			none = none || ok && l.Kind == message.Number && !above(l.Text, "0")
		}
	}
	return none
}

// enumerated reports whether a property's value is one of few words that many
// elements share, and nobody's own.
func enumerated(rest message.Ref, draws []draw, text string, kind message.Kind) bool {
	if kind == message.Bool {
		return true
	}
	last := words(rest.Name())
	if len(text) == 0 || len(text) > 32 || strengthOf(text) == strong || len(last) > 0 && idWords[last[len(last)-1]] {
		return false
	}
	if (kind == message.Number || digits(text)) && !stateLike(rest) {
		return false
	}
	if strings.ContainsAny(text, "@/:~") || strings.Contains(text, "fd~") {
		return false
	}
	values := map[string]int{}
	total := 0
	for _, d := range draws {
		for _, r := range d.rows {
			if l, ok := r[rest]; ok {
				values[l.Text]++
				total++
			}
		}
	}
	return len(values) <= 8 && (values[text] >= 2 || stateLike(rest)) && (total > len(values) || stateLike(rest))
}
