package vuser

import (
	"context"
	"errors"
	"slices"
	"time"

	"firedrill/internal/load/program"
)

// A user walks the steps in order and waits, before each, for the one step that
// the recorded person waited for (After). What is not waited for is under way
// meanwhile, as a flight: the calls that a page makes on its own overlap as long
// as the target makes them overlap, whether or not they did when they were
// recorded. A step whose values come from a flight waits for it as well, and at
// the end of a turn and of the iteration everything comes to land.

// flight is a request that the walker did not wait for.
type flight struct {
	step int
	done chan struct{}
	err  error // after done
}

// planned is a request that is about to be made.
type planned struct {
	step  int
	seq   uint64    // of the user's requests, from 1, in the journey's order
	seed  uint64    // of everything that it draws
	base  time.Time // when the answer that the user waited for had come
	needs []*flight // requests under way that give values to this one
}

// walk walks the steps first to last; loop is the one that they are a turn of, or -1.
func (u *User) walk(ctx context.Context, first, last, loop int) error {
	for at := first; ; {
		i, err := u.stretch(ctx, at, last, loop)
		if err = u.land(err); err == nil {
			return nil
		}
		ok := false
		if at, ok = u.elsewhere(err, first, i, last, loop); !ok {
			return err
		}
	}
}

// stretch walks the steps from i to last, in a turn of loop, and leaves what is
// not waited for under way. With an error it returns the step that it came to.
func (u *User) stretch(ctx context.Context, i, last, loop int) (int, error) {
	j := u.run.Group.Journey
	for i <= last {
		if l := loopAt(j, i, last, loop); l >= 0 {
			if err := u.loop(ctx, l); err != nil {
				return i, err
			}
			i = j.Loops[l].Last + 1
			continue
		}
		if u.skipped(i) {
			i++
			continue
		}
		if err := u.await(j.Steps[i].After); err != nil {
			return i, err
		}
		if err := u.launch(ctx, i, u.waitedFor(i, last, loop)); err != nil {
			return i, err
		}
		i++
	}
	return last, nil
}

// waitedFor reports whether the step after i waits for it, or there is none.
func (u *User) waitedFor(i, last, loop int) bool {
	j := u.run.Group.Journey
	for k := i + 1; k <= last; k++ {
		if loopAt(j, k, last, loop) >= 0 {
			return true
		}
		if !u.skipped(k) {
			return !j.Steps[k].Parallel && j.Steps[k].After >= i
		}
	}
	return true
}

// await waits for a flight, if the step is one.
func (u *User) await(step int) error {
	if step < 0 || u.it.flights[step] == nil {
		return nil
	}
	f := u.it.flights[step]
	<-f.done
	u.it.flights[step] = nil
	return f.err
}

// land waits for all flights. Of their errors and err it returns that of the
// earliest step, so that the same thing is said whatever came first.
func (u *User) land(err error) error {
	landed := false
	for i := len(u.it.flights) - 1; i >= 0; i-- {
		if u.it.flights[i] == nil {
			continue
		}
		landed = true
		if e := u.await(i); e != nil {
			err = e
		}
	}
	if landed {
		u.it.floor = u.run.Clock.Now()
	}
	return err
}

// launch sends step i when its time has come; wait: and waits for its answer.
func (u *User) launch(ctx context.Context, i int, wait bool) error {
	u.seq++
	p := planned{step: i, seq: u.seq, seed: u.it.stream.Uint64(), base: u.base(i)}
	for _, n := range u.run.Group.Journey.Steps[i].Needs {
		if f := u.it.flights[n]; f != nil {
			p.needs = append(p.needs, f)
		}
	}
	if wait {
		return u.step(ctx, p)
	}
	f := &flight{step: i, done: make(chan struct{})}
	u.it.flights[i] = f
	go func() { // land waits for it
		defer close(f.done)
		f.err = u.step(ctx, p)
	}()
	return nil
}

// base is when the user had what they waited for before step i.
func (u *User) base(i int) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	it := &u.it
	after := u.run.Group.Journey.Steps[i].After
	if !it.before.IsZero() && after < u.run.Group.Journey.Loops[it.loop].First {
		return it.before
	}
	if after < 0 {
		return it.intended
	}
	if end := it.ends[after]; !end.IsZero() {
		return end
	}
	return it.latest() // the step was left out
}

// latest is the end of the latest answer, or the iteration's start. u.mu is held.
func (it *iteration) latest() time.Time {
	if it.last.IsZero() {
		return it.intended
	}
	return it.last
}

// loopAt is the outermost loop inside loop that begins at step i, or -1.
func loopAt(j *program.Journey, i, last, loop int) int {
	for l := loop + 1; l < len(j.Loops); l++ {
		if j.Loops[l].First == i && j.Loops[l].Last <= last {
			return l
		}
	}
	return -1
}

func (u *User) loop(ctx context.Context, l int) error {
	j := u.run.Group.Journey
	loop := &j.Loops[l]
	it := &u.it
	turns := loop.Times[it.stream.IntN(len(loop.Times))]
	if err := u.land(nil); err != nil {
		return err
	}
	outer, turn, before := it.loop, it.turn, it.before
	defer func() { it.loop, it.turn, it.before = outer, turn, before }()
	u.memory.enter(j, l)
	for n := range turns {
		it.loop, it.turn, it.before = l, uint16(min(n, 1<<16-1)), time.Time{}
		if n > 0 {
			if it.before = it.ends[loop.Last]; it.before.IsZero() {
				it.before = it.latest()
			}
		}
		clear(it.ends[loop.First : loop.Last+1])
		u.memory.turn(j, l, it.stream)
		err := u.walk(ctx, loop.First, loop.Last, l)
		var s *stop
		if errors.As(err, &s) && n > 0 && !loop.Fixed && s.pick >= 0 && j.Picks[s.pick].Loop == l {
			return nil // worked through the list: that is the end of the loop, as it was for the person recorded
		}
		if err != nil {
			if s != nil && n > 0 {
				s.worked = true
			}
			return err
		}
	}
	return nil
}

// arrived waits for the flights that a step's values come from, and is the time
// at which the last of them ended.
func (u *User) arrived(ctx context.Context, needs []*flight) (at time.Time, err error) {
	for _, f := range needs {
		select {
		case <-f.done:
		case <-ctx.Done():
			return at, ctx.Err()
		}
		u.mu.Lock()
		at = slices.MaxFunc([]time.Time{at, u.it.ends[f.step]}, time.Time.Compare)
		u.mu.Unlock()
	}
	return at, nil
}
