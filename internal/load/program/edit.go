package program

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"firedrill/internal/load/pace"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

// draft is a journey as the scenario wants it, still in the plan's terms.
type draft struct {
	journey *plan.Journey
	fixed   map[int]bool // loops whose turns the scenario set
	paused  []bool       // by step: the scenario's think time goes before it
}

// edit applies only and repeat, and finds where a person paused. It copies what it changes.
func edit(j *plan.Journey, persona scenario.Persona, fail *PlanError) (*draft, error) {
	ids := map[string]bool{}
	for i := range j.Steps {
		if ids[j.Steps[i].ID] {
			fail.Step = j.Steps[i].ID
			fail.Err = fmt.Errorf("two steps have this id")
			return nil, fail
		}
		ids[j.Steps[i].ID] = true
	}
	for _, l := range j.Loops {
		if l.First < 0 || l.Last < l.First || l.Last >= len(j.Steps) {
			fail.Step, fail.Err = fmt.Sprintf("%d to %d", l.First, l.Last), fmt.Errorf("a loop lies outside the steps")
			return nil, fail
		}
	}
	d := &draft{journey: j, fixed: map[int]bool{}}
	if len(persona.Only) > 0 {
		only, err := keepOnly(j, persona)
		if err != nil {
			return nil, err
		}
		d.journey = only
	}
	for _, r := range persona.Repeat {
		if err := d.repeat(r, persona); err != nil {
			return nil, err
		}
	}
	d.paused = pauses(d.journey)
	if len(persona.Only) > 0 { // the scenario made this order: a pause stands before each
		for i := range d.paused {
			d.paused[i] = !slices.Contains(d.journey.Login, i)
		}
	}
	return d, nil
}

// keepOnly is the journey with its log-in, the named endpoints in the order in
// which they are named, and before each what it depends on.
func keepOnly(j *plan.Journey, persona scenario.Persona) (*plan.Journey, error) {
	at := map[string]int{}
	for i := range j.Steps {
		at[j.Steps[i].ID] = i
	}
	k := &keeper{j: j, at: at, taken: map[int]bool{}}
	for _, i := range j.Login {
		k.take(i)
	}
	logins := len(k.order)
	for _, pattern := range persona.Only {
		i := findStep(pattern, j)
		if i < 0 {
			return nil, &NoStepError{Persona: persona.Name, Journey: j.Name, Key: "only", Pattern: pattern, Have: endpointsOf(j)}
		}
		k.take(i)
	}
	only := *j
	only.Steps, only.Login, only.Logout, only.Loops = nil, nil, nil, nil // who names a step wants it
	for n, i := range k.order {
		st := j.Steps[i]
		st.After, st.Parallel = n-1, false
		only.Steps = append(only.Steps, st)
		if n < logins || slices.Contains(j.Login, i) {
			only.Login = append(only.Login, n)
		}
	}
	only.Picks = slices.DeleteFunc(slices.Clone(j.Picks), func(p plan.Pick) bool { return !k.picked[p.Name] })
	return &only, nil
}

type keeper struct {
	j      *plan.Journey
	at     map[string]int // step id → index
	taken  map[int]bool
	picked map[string]bool
	order  []int
}

// take adds a step after everything that it depends on.
func (k *keeper) take(i int) {
	if k.taken[i] {
		return
	}
	k.taken[i] = true
	for _, slot := range k.j.Steps[i].Slots {
		k.source(slot.From)
	}
	k.order = append(k.order, i)
}

func (k *keeper) source(s plan.Source) {
	switch s.Kind {
	case plan.FromAnswer, plan.FromSlot:
		if i, ok := k.at[s.Step]; ok {
			k.take(i)
		}
	case plan.FromPick:
		k.pick(s.Pick)
	}
	for _, p := range s.Parts {
		k.source(p)
	}
}

func (k *keeper) pick(name string) {
	if k.picked == nil {
		k.picked = map[string]bool{}
	}
	if name == "" || k.picked[name] {
		return
	}
	k.picked[name] = true
	for _, p := range k.j.Picks {
		if p.Name != name {
			continue
		}
		k.pick(p.Parent)
		if i, ok := k.at[p.Step]; ok {
			k.take(i)
		}
	}
}

func endpointsOf(j *plan.Journey) (names []string) {
	for i := range j.Steps {
		if !slices.Contains(names, j.Steps[i].Endpoint) {
			names = append(names, j.Steps[i].Endpoint)
		}
	}
	return names
}

// repeat sets the turns of the innermost loop that holds the step, or makes one.
func (d *draft) repeat(r scenario.Repeat, persona scenario.Persona) error {
	j := d.journey
	at := findStep(r.Step, j)
	if at < 0 {
		return &NoStepError{Persona: persona.Name, Journey: j.Name, Key: "repeat", Pattern: r.Step, Have: endpointsOf(j)}
	}
	copied := *j
	copied.Loops = slices.Clone(j.Loops)
	d.journey = &copied
	best := -1
	if l, ok := copied.LoopOf(at); ok {
		best = slices.IndexFunc(copied.Loops, func(o plan.Loop) bool { return o.First == l.First && o.Last == l.Last })
	}
	if best < 0 {
		l, ok := loopAround(&copied, at)
		if !ok {
			return &NoStepError{Persona: persona.Name, Journey: j.Name, Key: "repeat", Pattern: r.Step, Have: endpointsOf(j)}
		}
		copied.Loops = append(copied.Loops, l)
		best = len(copied.Loops) - 1
	}
	copied.Loops[best].Times = []int{r.Times}
	d.fixed[best] = true
	return nil
}

// loopAround is the loop that a step belongs to which was recorded once: what
// plan.LoopFor says, and what the client sent on its own right after it.
func loopAround(j *plan.Journey, at int) (plan.Loop, bool) {
	l, ok := j.LoopFor(at)
	for i := l.Last + 1; ok && i < len(j.Steps) && j.Steps[i].After >= at && machine(j, i); i++ {
		l.Last = i
	}
	return l, ok
}

// reaction is the shortest pause that a person makes: a page's script needs up to
// some 100 ms to begin, a person's hand longer.
const reaction = 150 * time.Millisecond

// machine reports whether a step was sent by the client on its own: beside
// another one, following a redirect, or sooner than a person could.
func machine(j *plan.Journey, i int) bool {
	return chained(j, i) || pace.Median(j.Steps[i].Think) < reaction
}

// chained reports whether a step is part of what the client did for the step before.
func chained(j *plan.Journey, i int) bool {
	st := &j.Steps[i]
	if st.Parallel {
		return true
	}
	if st.After < 0 || st.After >= len(j.Steps) {
		return false
	}
	before := &j.Steps[st.After]
	return before.Expect.Redirect != "" && st.Request.Method == "GET" && pace.Median(st.Think) < reaction
}

// pauses says before which steps the scenario's think time goes: where a person
// paused in the recording. In a recording without pauses (made by a program)
// every step that is not chained to another counts; and each loop has at least
// one pause in a turn.
func pauses(j *plan.Journey) []bool {
	out := make([]bool, len(j.Steps))
	any := false
	for i := range j.Steps {
		out[i] = !machine(j, i)
		any = any || out[i]
	}
	if !any {
		for i := range j.Steps {
			out[i] = !chained(j, i)
		}
	}
	for _, l := range j.Loops {
		if !slices.Contains(out[l.First:l.Last+1], true) {
			out[l.First] = true
		}
	}
	return out
}

// sortLoops puts outer loops before inner ones and keeps d.fixed right.
func (d *draft) sortLoops() []Loop {
	var loops []Loop
	for i, l := range d.journey.Loops {
		times := slices.Clone(l.Times)
		if len(times) == 0 {
			times = []int{1}
		}
		loops = append(loops, Loop{First: l.First, Last: l.Last, Times: times, Fixed: d.fixed[i]})
	}
	slices.SortStableFunc(loops, func(a, b Loop) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(b.Last, a.Last))
	})
	return loops
}

// DefaultWithin is how long the first to come to a rendezvous waits for the
// others when the scenario does not say.
const DefaultWithin = 30 * time.Second

// gathers finds the steps of a persona's rendezvous.
func gathers(j *plan.Journey, persona scenario.Persona) (out []Gather, err error) {
	for _, g := range persona.Gather {
		i := findStep(g.Step, j)
		if i < 0 {
			return nil, &NoStepError{Persona: persona.Name, Journey: j.Name, Key: "rendezvous", Pattern: g.Step, Have: endpointsOf(j)}
		}
		out = append(out, Gather{Step: i, Within: cmp.Or(g.Within, DefaultWithin)})
	}
	return out, nil
}
