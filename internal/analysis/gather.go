package analysis

import (
	"cmp"
	"slices"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/sample"
)

// gather reads the run once.
func (j *judge) gather(run Run) error {
	events, err := readEvents(run)
	if err != nil {
		return err
	}
	t := newTally(j.names)
	j.tally = t
	t.users.set(events.users)
	j.count()
	for i := range events.iterations {
		t.iteration(&events.iterations[i])
	}
	for _, d := range events.drops {
		t.drop(d)
	}

	all := slices.Clone(j.own)
	for _, s := range j.ofSteps {
		all = append(all, s.Threshold)
	}
	targets := make([]*metric.Threshold, len(j.targets))
	for i, target := range j.targets {
		targets[i] = target.Threshold
	}
	exact := append(slices.Clone(all), j.ofReturn...)
	again := &replay{live: metric.NewLive(all, j.names), targets: metric.NewLive(targets, j.names), exact: metric.NewExact(exact, j.names), events: events}
	for s, err := range run.Samples() {
		if err != nil {
			return err
		}
		again.until(s.End)
		again.live.Sample(s)
		again.exact.Sample(s)
		if t.counts(s) {
			again.targets.Sample(s)
		}
		t.sample(s)
	}
	t.finish(j.ending)
	j.absent = t.turnout.absent(wholeRun, len(j.names.Personas))
	again.until(t.length)
	again.rest(t.length)
	for _, s := range append(again.live.Evaluate(t.length), again.targets.Evaluate(t.length)...) {
		j.broke[s.Threshold] = s.BrokeAt
	}
	states := again.exact.Evaluate(t.length)
	for _, s := range states {
		if s.Window > 0 {
			j.broke[s.Threshold] = s.BrokeAt
		}
	}
	j.states, j.stepState = states[:len(j.own)], states[len(j.own):len(all)]
	for i := range j.ofReturn {
		j.returns = append(j.returns, again.exact.Windows(len(all)+i, t.length))
	}
	return nil
}

// count decides which phases count for baselines: those in which the load is
// steady; of a scenario that asks how much the target carries, those that must
// hold; not the flood that a target shall recover from, nor the time it may take.
// A run without any steady phase counts as a whole.
func (j *judge) count() {
	t := j.tally
	steady := slices.ContainsFunc(j.names.Phases, func(p sample.Phase) bool { return p.Hold })
	after := j.recoveryPhase()
	for i, p := range j.names.Phases {
		counts := p.Hold || !steady
		if j.manifest.Steps != nil && p.Hold {
			counts = j.mustHold(i)
		}
		t.counted = append(t.counted, counts && i != after)
	}
	if after >= 0 {
		end := t.phaseEnd(after)
		t.pardoned = stretch{end, end + j.manifest.Recovery.Within}
	}
	t.prepare(j.manifest)
}

// events are what a run has besides samples, in the order of time.
type events struct {
	iterations []sample.Iteration
	drops      []sample.Drop
	users      []sample.Users
}

func readEvents(run Run) (e events, err error) {
	if e.iterations, err = collect(run.Iterations()); err != nil {
		return e, err
	}
	slices.SortStableFunc(e.iterations, func(a, b sample.Iteration) int { return cmp.Compare(a.End, b.End) })
	if e.drops, err = collect(run.Drops()); err != nil {
		return e, err
	}
	slices.SortStableFunc(e.drops, func(a, b sample.Drop) int { return cmp.Compare(a.At, b.At) })
	if e.users, err = collect(run.Users()); err != nil {
		return e, err
	}
	slices.SortStableFunc(e.users, func(a, b sample.Users) int { return cmp.Compare(a.At, b.At) })
	return e, nil
}

// collect copies what a sequence yields.
func collect[T any](from func(func(*T, error) bool)) ([]T, error) {
	var list []T
	for v, err := range from {
		if err != nil {
			return nil, err
		}
		list = append(list, *v)
	}
	return list, nil
}

// replay gives events to the live thresholds in the order of time and evaluates
// them when they were evaluated during the run.
type replay struct {
	live    *metric.Live
	targets *metric.Live
	exact   *metric.Exact
	events  events        // not yet given
	tick    time.Duration // the last evaluation
}

// until evaluates at every tick up to at.
func (r *replay) until(at time.Duration) {
	for r.tick+metric.Every <= at {
		r.tick += metric.Every
		r.rest(r.tick)
		r.live.Evaluate(r.tick)
		r.targets.Evaluate(r.tick)
	}
}

// rest gives the events up to at that are not samples.
func (r *replay) rest(at time.Duration) {
	e := &r.events
	for len(e.iterations) > 0 && e.iterations[0].End <= at {
		r.live.Iteration(e.iterations[0])
		r.exact.Iteration(e.iterations[0])
		e.iterations = e.iterations[1:]
	}
	for len(e.drops) > 0 && e.drops[0].At <= at {
		r.live.Drop(e.drops[0])
		r.exact.Drop(e.drops[0])
		e.drops = e.drops[1:]
	}
	for len(e.users) > 0 && e.users[0].At <= at {
		u := e.users[0]
		r.live.Users(u.At, u.Persona, int(u.Count))
		r.exact.Users(u.At, u.Persona, int(u.Count))
		e.users = e.users[1:]
	}
}
