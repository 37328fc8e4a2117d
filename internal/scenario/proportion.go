package scenario

import (
	"math"
	"slices"
	"time"
)

// keepProportions makes the ramps of personas that go up and down together keep
// their proportions at each stage: each persona by itself has its new peak
// already; the levels between are divided anew, so that every level has the
// users that it should have in all.
func (s *Scenario) keepProportions(out *Scenario) {
	done := map[int]bool{}
	for i, p := range s.Personas {
		if done[i] || p.Load.Executor != RampingVUs {
			continue
		}
		together := []int{i}
		for j := i + 1; j < len(s.Personas); j++ {
			if s.Personas[j].Load.rampsWith(p.Load) {
				together = append(together, j)
				done[j] = true
			}
		}
		if len(together) > 1 {
			s.divide(out, together)
		}
	}
}

// rampsWith reports whether two ramps have their stages at the same time.
func (l Load) rampsWith(other Load) bool {
	return l.Executor == RampingVUs && l.StartTime == other.StartTime &&
		slices.EqualFunc(l.Stages, other.Stages, func(a, b Stage) bool { return a.Duration == b.Duration })
}

// divide sets the levels of ramps that belong together.
func (s *Scenario) divide(out *Scenario, together []int) {
	old, new := make([]int, len(together)), make([]int, len(together))
	for k, i := range together {
		old[k], new[k] = s.Personas[i].Load.Peak(), out.Personas[i].Load.Peak()
	}
	level := make([]int, len(together))
	for at := -1; at < len(s.Personas[together[0]].Load.Stages); at++ {
		for k, i := range together {
			level[k] = s.Personas[i].Load.level(at)
		}
		for k, users := range divideLevel(level, old, new) {
			l := &out.Personas[together[k]].Load
			if at < 0 {
				l.StartVUs = users
			} else {
				l.Stages[at].Target = float64(users)
			}
		}
	}
}

// level is the users at the end of a stage; of stage -1, at the beginning.
func (l Load) level(stage int) int {
	if stage < 0 {
		return l.StartVUs
	}
	return int(l.Stages[stage].Target)
}

// divideLevel is what personas have at a level when their peaks change from old
// to new: who is at its peak has its new peak, and the others share what the
// level has left in their proportions, each at least one that had any.
func divideLevel(level, old, new []int) []int {
	out := make([]int, len(level))
	var weights, who []int
	sum, oldSum, newSum := 0, 0, 0
	for k, users := range level {
		sum, oldSum, newSum = sum+users, oldSum+old[k], newSum+new[k]
	}
	left := int(math.Round(float64(sum) * float64(newSum) / float64(max(1, oldSum))))
	for k, users := range level {
		switch {
		case users == 0:
		case users == old[k]:
			out[k] = new[k]
			left -= new[k]
		default:
			weights, who = append(weights, users), append(who, k)
		}
	}
	if len(who) == 0 {
		return out
	}
	for n, share := range Share(max(left, len(who)), weights) {
		out[who[n]] = min(share, new[who[n]])
	}
	return out
}

// warp moves the moments of a run: stretch by stretch, so that what begins and
// ends together goes on doing so.
type warp struct {
	from []time.Duration // ascending
	to   []time.Duration
}

// moment is where a moment of from is now.
func (w warp) moment(at time.Duration) time.Duration {
	i, found := slices.BinarySearch(w.from, at)
	if !found {
		i = min(i, len(w.to)-1) // not reached: every moment that is asked for is in from
	}
	return w.to[i]
}

// leg is a part of a load in which its level stays, or goes linearly to another.
type leg struct {
	from, to time.Duration
	holds    bool
}

// legs are the parts of a load that last; nothing for one that takes as long as it takes.
func (l Load) legs() []leg {
	at := l.StartTime
	if len(l.Stages) == 0 {
		if l.Length() == 0 {
			return nil
		}
		return []leg{{at, at + l.Length(), true}}
	}
	before := l.StartRate
	if l.Executor == RampingVUs {
		before = float64(l.StartVUs)
	}
	var all []leg
	for _, stage := range l.Stages {
		if stage.Duration > 0 {
			all = append(all, leg{at, at + stage.Duration, stage.Target == before})
		}
		at += stage.Duration
		before = stage.Target
	}
	return all
}

// warpTo is the warp that gives the scenario another length: in proportion, in
// whole milliseconds, and then longer where a hold would be shorter than a second.
func (s *Scenario) warpTo(total time.Duration) warp {
	whole := s.Length()
	cuts := []time.Duration{0}
	for _, p := range s.Personas {
		cuts = append(cuts, p.Load.StartTime)
		for _, l := range p.Load.legs() {
			cuts = append(cuts, l.from, l.to)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	lengths := make([]time.Duration, len(cuts)-1)
	scaled := func(at time.Duration) time.Duration { // of a moment, so that sums stay exact
		return time.Duration(math.Round(float64(at)/float64(whole)*float64(total)/float64(time.Millisecond))) * time.Millisecond
	}
	for i := range lengths {
		lengths[i] = scaled(cuts[i+1]) - scaled(cuts[i])
	}
	s.keepHolds(cuts, lengths)
	w := warp{from: cuts, to: make([]time.Duration, len(cuts))}
	for i, d := range lengths {
		w.to[i+1] = w.to[i] + d
	}
	return w
}

// keepHolds lengthens what holds a load: each stretch in which all loads are
// level, each hold of one, and each load as a whole.
func (s *Scenario) keepHolds(cuts, lengths []time.Duration) {
	ramps := make([]bool, len(lengths))
	for _, p := range s.Personas {
		for _, l := range p.Load.legs() {
			for i := range lengths {
				ramps[i] = ramps[i] || !l.holds && l.from <= cuts[i] && cuts[i+1] <= l.to
			}
		}
	}
	for i := range lengths {
		if !ramps[i] {
			lengths[i] = max(lengths[i], min(least, cuts[i+1]-cuts[i]))
		}
	}
	atLeast := func(from, to, want time.Duration) {
		widest, sum := -1, time.Duration(0)
		for i := range lengths {
			if from <= cuts[i] && cuts[i+1] <= to {
				sum += lengths[i]
				if widest < 0 || lengths[i] > lengths[widest] {
					widest = i
				}
			}
		}
		if widest >= 0 && sum < want {
			lengths[widest] += want - sum
		}
	}
	for _, p := range s.Personas {
		legs := p.Load.legs()
		for i := 0; i < len(legs); i++ {
			from, holds := legs[i].from, legs[i].holds
			for holds && i+1 < len(legs) && legs[i+1].holds && legs[i+1].from == legs[i].to { // stages at one level are one hold
				i++
			}
			if to := legs[i].to; holds {
				atLeast(from, to, min(least, to-from))
			}
		}
		if len(legs) > 0 {
			atLeast(legs[0].from, legs[len(legs)-1].to, least)
		}
	}
}
