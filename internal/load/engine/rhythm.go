package engine

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"firedrill/internal/load/pace"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// rhythm is when one user of a closed load starts its iterations. It belongs to
// the user's goroutine.
//
// With pacing the intended start of an iteration is that of the one before it
// plus a drawn length: the tick. An iteration that outlasts its tick is followed
// at once; the ticks that passed meanwhile are counted and never made up for, and
// the next length runs from that late start. The n-th length is drawn from
// (seed, persona, user, n), so it is the same however long iterations took.
type rhythm struct {
	c     *crowd
	i     int
	u     Walker
	began int       // iterations so far
	tick  time.Time // when the next iteration shall start; zero: at once
}

// comes makes the rhythm of user i, who has come: the first iteration is due
// after the start offset.
func (r *rhythm) comes(visit int) {
	r.tick = time.Time{}
	if d := r.c.Load.StartOffset; d != nil {
		r.tick = r.c.Clock.Now().Add(r.draw(d, pace.Stream(r.c.Seed, pace.ForOffset, uint64(r.c.index), uint64(r.i), uint64(visit))))
	}
}

func (r *rhythm) draw(d *scenario.Dist, from *rand.Rand) time.Duration {
	return max(0, time.Duration(float64(d.Draw(from))/r.c.Speed))
}

// wait waits until the next iteration is due, and is when it should start. It is
// false when stay ended before.
func (r *rhythm) wait(stay context.Context) (intended time.Time, ok bool) {
	if r.c.Clock.SleepUntil(stay, r.tick) != nil {
		return r.tick, false
	}
	if intended, ok = r.c.admit(stay, r.u, r.tick); intended.IsZero() {
		intended = r.c.Clock.Now()
	}
	return intended, ok
}

// walk walks the iteration that wait let in, and reports it. more says whether
// the user would start another one: only then ticks are missed.
func (r *rhythm) walk(hard context.Context, intended time.Time, more func() bool) {
	began := r.c.Clock.Now()
	it := r.u.Iterate(hard, intended)
	r.began++
	now := r.c.Clock.Now()
	it.Missed = r.next(intended, now, more)
	r.c.Iteration(it)
	if it.Outcome != sample.Completed && it.Outcome != sample.Cut {
		if pause := began.Add(BrokenPause); pause.After(now) && r.tick.Before(pause) {
			r.tick = pause
		}
	}
}

// next sets the tick after an iteration that is over now, and counts those that
// it let pass.
func (r *rhythm) next(intended, now time.Time, more func() bool) (missed uint32) {
	c := r.c
	r.tick = time.Time{}
	if c.Load.Pacing == nil {
		return 0
	}
	lengths := pace.Stream(c.Seed, pace.ForPacing, uint64(c.index), uint64(r.i), uint64(r.began))
	length := r.draw(c.Load.Pacing, lengths)
	if length == 0 {
		return 0
	}
	r.tick = intended.Add(length)
	if !r.tick.Before(now) {
		return 0
	}
	last := now
	if !c.end.IsZero() && c.end.Before(now) { // what is due after the load's end is nobody's start
		last = c.end
	}
	for t := r.tick; more() && t.Before(last) && missed < math.MaxUint32; missed++ {
		t = t.Add(max(time.Millisecond, r.draw(c.Load.Pacing, lengths)))
	}
	r.tick = now
	return missed
}
