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
	t := newTally(j.names)
	j.tally = t
	iterations, err := collect(run.Iterations())
	if err != nil {
		return err
	}
	slices.SortStableFunc(iterations, func(a, b sample.Iteration) int { return cmp.Compare(a.End, b.End) })
	drops, err := collect(run.Drops())
	if err != nil {
		return err
	}
	users, err := collect(run.Users())
	if err != nil {
		return err
	}
	slices.SortStableFunc(users, func(a, b sample.Users) int { return cmp.Compare(a.At, b.At) })
	for i := range iterations {
		t.iteration(&iterations[i])
	}
	for _, d := range drops {
		t.drop(d)
	}
	t.users.set(users)

	all := slices.Clone(j.own)
	for _, target := range j.targets {
		all = append(all, target.Threshold)
	}
	again := &replay{live: metric.NewLive(all, j.names), exact: metric.NewExact(j.own, j.names), iterations: iterations, drops: drops, users: users}
	for s, err := range run.Samples() {
		if err != nil {
			return err
		}
		again.until(s.End)
		again.live.Sample(s)
		again.exact.Sample(s)
		t.sample(s)
	}
	t.finish(j.ending)
	again.until(t.length)
	again.rest(t.length)
	for _, s := range again.live.Evaluate(t.length) {
		j.broke[s.Threshold] = s.BrokeAt
	}
	j.states = again.exact.Evaluate(t.length)
	return nil
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
	live       *metric.Live
	exact      *metric.Exact
	iterations []sample.Iteration // not yet given, by end
	drops      []sample.Drop
	users      []sample.Users // by time
	tick       time.Duration  // the last evaluation
}

// until evaluates at every tick up to at.
func (r *replay) until(at time.Duration) {
	for r.tick+metric.Every <= at {
		r.tick += metric.Every
		r.rest(r.tick)
		r.live.Evaluate(r.tick)
	}
}

// rest gives the events up to at that are not samples.
func (r *replay) rest(at time.Duration) {
	for len(r.iterations) > 0 && r.iterations[0].End <= at {
		r.live.Iteration(r.iterations[0])
		r.exact.Iteration(r.iterations[0])
		r.iterations = r.iterations[1:]
	}
	for len(r.drops) > 0 && r.drops[0].At <= at {
		r.live.Drop(r.drops[0])
		r.exact.Drop(r.drops[0])
		r.drops = r.drops[1:]
	}
	for len(r.users) > 0 && r.users[0].At <= at {
		u := r.users[0]
		r.live.Users(u.At, u.Persona, int(u.Count))
		r.exact.Users(u.At, u.Persona, int(u.Count))
		r.users = r.users[1:]
	}
}
