package plan

import "slices"

// Endpoint returns the endpoint with that name.
func (p *Plan) Endpoint(name string) (*Endpoint, bool) {
	for i := range p.Endpoints {
		if p.Endpoints[i].Name == name {
			return &p.Endpoints[i], true
		}
	}
	return nil, false
}

// Step returns the index of the step with that ID, or -1.
func (j *Journey) Step(id string) int {
	return slices.IndexFunc(j.Steps, func(s Step) bool { return s.ID == id })
}

// Pick returns the pick with that name.
func (j *Journey) Pick(name string) (*Pick, bool) {
	for i := range j.Picks {
		if j.Picks[i].Name == name {
			return &j.Picks[i], true
		}
	}
	return nil, false
}

// LoopOf is the innermost recorded loop that holds the step.
func (j *Journey) LoopOf(step int) (Loop, bool) {
	found, ok := Loop{}, false
	for _, l := range j.Loops {
		if l.First <= step && step <= l.Last && (!ok || l.Last-l.First < found.Last-found.First) {
			found, ok = l, true
		}
	}
	return found, ok
}

// LoopFor is the run of steps that is repeated when the step is: the innermost
// recorded loop that holds it, or else (it was recorded once) the run from the
// earliest step that uses the same pick to the step itself, so that what belongs
// together (show the submission, grade it) stays together. A step that uses no
// pick is repeated alone. False when there is no such step or it is part of the log-in.
func (j *Journey) LoopFor(step int) (Loop, bool) {
	if step < 0 || step >= len(j.Steps) || slices.Contains(j.Login, step) {
		return Loop{}, false
	}
	if l, ok := j.LoopOf(step); ok {
		return l, true
	}
	first := -1
	for _, name := range j.picksOf(step) {
		// of several picks the one that was taken last is what the step works on
		first = max(first, j.firstUse(name, step))
	}
	if first < 0 {
		first = step
	}
	for first < step && j.Steps[first].Parallel && first > 0 && !slices.Contains(j.Login, first-1) && j.usesAny(first-1, j.picksOf(step)) {
		first-- // requests that went out together stay together
	}
	return Loop{First: first, Last: step, Times: []int{1}}, true
}

// picksOf are the picks that a step's slots use, parents included only where used themselves.
func (j *Journey) picksOf(step int) []string {
	var names []string
	for _, s := range j.Steps[step].Slots {
		names = appendPicks(names, s.From)
	}
	return names
}

func appendPicks(names []string, s Source) []string {
	if s.Kind == FromPick && !slices.Contains(names, s.Pick) {
		names = append(names, s.Pick)
	}
	for _, p := range s.Parts {
		names = appendPicks(names, p)
	}
	return names
}

func (j *Journey) usesAny(step int, picks []string) bool {
	return slices.ContainsFunc(j.picksOf(step), func(n string) bool { return slices.Contains(picks, n) })
}

// firstUse is the first step outside the log-in, up to limit, that uses the pick.
func (j *Journey) firstUse(pick string, limit int) int {
	for i := 0; i <= limit; i++ {
		if !slices.Contains(j.Login, i) && slices.Contains(j.picksOf(i), pick) {
			return i
		}
	}
	return limit
}
