package vuser

import (
	"errors"
	"fmt"
	"slices"

	"firedrill/internal/load/program"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
)

// A person who opens a course in which there is nothing to grade goes back and
// opens another one. So does a user: where a list holds nothing to choose, the
// choice that led to the list is made again, without what was chosen, and the
// steps from there on are walked again. Only steps that read are walked twice.

// maxElsewhere is how often in an iteration a choice that led to nothing is made again.
const maxElsewhere = 4

// elsewhere is the step at which to go on after err ended a walk of first to
// last at step i, or in the loop that begins there. False: it
// is no list that ran out, or nobody could choose otherwise.
func (u *User) elsewhere(err error, first, i, last, loop int) (step int, ok bool) {
	var s *stop
	if !errors.As(err, &s) || s.outcome != sample.Starved || s.pick < 0 || s.worked {
		return 0, false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.it.elsewhere >= maxElsewhere {
		return 0, false
	}
	j := u.run.Group.Journey
	for _, pick := range ledTo(j, s.pick) {
		from := firstUse(j, pick)
		if from < first || from > i || from <= j.Picks[pick].Step || splits(j, from, last, loop) || !u.memory.another(j, pick) {
			continue
		}
		if wrote(j, from, max(i, s.step), s.step) {
			continue
		}
		u.it.elsewhere++
		if u.it.starved == nil {
			u.it.starved = s
		}
		u.memory.again(j, pick, from, u.it.stream)
		u.it.floor = u.run.Clock.Now() // the pauses begin when the list was seen to be empty
		if after := j.Steps[from].After; after >= 0 {
			u.it.ends[after] = u.it.latest()
		}
		return from, true
	}
	return 0, false
}

// gaveUp is the stop that ends an iteration: of choices that were made again the
// first, which says what was missing in the first place.
func (u *User) gaveUp(s *stop) *stop {
	if u.it.starved == nil || s.pick != u.it.starved.pick {
		return s
	}
	first := *u.it.starved
	first.reason += fmt.Sprintf("; %d other choices led to no more", u.it.elsewhere)
	if u.it.elsewhere == 1 {
		first.reason = u.it.starved.reason + "; another choice led to no more"
	}
	return &first
}

// ledTo are the picks that decided what was in a pick's list, nearest first: the
// elements that hold it, and those that the request for it named.
func ledTo(j *program.Journey, pick int) (picks []int) {
	var steps []int
	seen := []int{pick}
	var visit func(p int)
	visit = func(p int) { // an element and those around it
		if !slices.Contains(seen, p) {
			seen = append(seen, p)
			picks = append(picks, p)
		}
		if up := j.Picks[p].Parent; up >= 0 {
			visit(up)
		} else if at := j.Picks[p].Step; at >= 0 && !slices.Contains(steps, at) {
			steps = append(steps, at)
		}
	}
	var source func(s *program.Source)
	source = func(s *program.Source) {
		switch s.Kind {
		case plan.FromPick:
			visit(s.Index)
		case plan.FromAnswer:
			if at := j.Values[s.Index].Step; !slices.Contains(steps, at) {
				steps = append(steps, at)
			}
		}
		for k := range s.Parts {
			source(&s.Parts[k])
		}
	}
	visit(pick)
	for k := 0; k < len(steps); k++ { // grows
		for n := range j.Steps[steps[k]].Slots {
			source(&j.Steps[steps[k]].Slots[n].Sources[0])
		}
	}
	return picks
}

// firstUse is the first step that sends something of a pick's element, or of one inside it; -1: none.
func firstUse(j *program.Journey, pick int) int {
	var uses func(s *program.Source) bool
	uses = func(s *program.Source) bool {
		if s.Kind == plan.FromPick && inside(j, s.Index, pick) {
			return true
		}
		for k := range s.Parts {
			if uses(&s.Parts[k]) {
				return true
			}
		}
		return false
	}
	return slices.IndexFunc(j.Steps, func(st program.Step) bool {
		return slices.ContainsFunc(st.Slots, func(s program.Slot) bool { return uses(&s.Sources[0]) })
	})
}

// inside reports whether pick p is outer, or chooses inside its element.
func inside(j *program.Journey, p, outer int) bool {
	for ; p >= 0; p = j.Picks[p].Parent {
		if p == outer {
			return true
		}
	}
	return false
}

// wrote reports whether a step from one to another may have changed something;
// not counted is the one that was not sent.
func wrote(j *program.Journey, from, to, but int) bool {
	for k := from; k <= to; k++ {
		if k != but && j.Steps[k].Class != plan.Read {
			return true
		}
	}
	return false
}

// splits reports whether a walk of the steps up to last, a turn of loop, cannot
// go on at a step because a loop inside it holds the step in its middle.
func splits(j *program.Journey, step, last, loop int) bool {
	for l := loop + 1; l < len(j.Loops); l++ {
		if j.Loops[l].First < step && step <= j.Loops[l].Last && j.Loops[l].Last <= last {
			return true
		}
	}
	return false
}
