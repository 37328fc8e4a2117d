package vuser

import (
	"context"
	"sync"
	"time"

	"firedrill/internal/load/pace"
)

// gathering is one rendezvous of a run's users. Each who comes to its step waits
// until all who are here have come; then all go on at one instant, and the next
// round begins. Who leaves, or whose iteration fails, is not waited for.
//
// A round that lasts too long goes on without those who are missing. One of them
// who comes when nobody is waiting has missed it and goes on alone.
type gathering struct {
	within time.Duration
	clock  pace.Clock

	mu      sync.Mutex
	here    map[uint32]*guest // users that are waited for, by number; those who wait among them
	waiting int
	round   *round // the one that users wait in; nil: nobody waits
	seen    Gathering
}

// guest is a user as a gathering knows it.
type guest struct{ waits, missed bool }

// round is one meeting.
type round struct {
	until time.Time // when it goes on in any case
	gone  bool
	at    time.Time // when it went on
	wake  []context.CancelFunc
}

// Gathering is how the rounds of one rendezvous went.
type Gathering struct {
	Step       string // name of its endpoint
	Within     time.Duration
	Rounds     int // that went on
	Incomplete int // of these, without somebody
	Came, Of   int // of the incomplete round with the smallest share: who had come, and who was here
}

// expect says that a user is here and will come.
func (g *gathering) expect(user uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.guest(user)
}

func (g *gathering) guest(user uint32) *guest {
	if g.here == nil {
		g.here = map[uint32]*guest{}
	}
	if g.here[user] == nil {
		g.here[user] = &guest{}
	}
	return g.here[user]
}

// excuse says that a user will not come. It must not be waiting.
func (g *gathering) excuse(user uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.here, user)
	g.complete()
}

// complete lets the round go on when nobody is missing. g.mu is held.
func (g *gathering) complete() {
	if g.round != nil && g.waiting == len(g.here) {
		g.leave(g.clock.Now())
	}
}

// leave lets the round go on at an instant. g.mu is held.
func (g *gathering) leave(at time.Time) {
	r := g.round
	g.seen.Rounds++
	if g.waiting < len(g.here) {
		if g.seen.Incomplete == 0 || g.waiting*g.seen.Of < g.seen.Came*len(g.here) {
			g.seen.Came, g.seen.Of = g.waiting, len(g.here)
		}
		g.seen.Incomplete++
	}
	for _, x := range g.here {
		x.missed = !x.waits
		x.waits = false
	}
	g.round, g.waiting = nil, 0
	r.at, r.gone = at, true
	for _, wake := range r.wake {
		wake()
	}
}

// come waits for the others. It returns the instant at which all go on; zero: the
// user did not wait. The error is the context's.
func (g *gathering) come(ctx context.Context, user uint32) (time.Time, error) {
	g.mu.Lock()
	me := g.guest(user)
	if me.missed && g.waiting == 0 {
		me.missed = false
		g.mu.Unlock()
		return time.Time{}, nil
	}
	me.waits, me.missed = true, false
	if g.round == nil {
		g.round = &round{until: g.clock.Now().Add(g.within)}
	}
	r := g.round
	g.waiting++
	wait, wake := context.WithCancel(ctx)
	defer wake()
	r.wake = append(r.wake, wake)
	g.complete()
	g.mu.Unlock()

	err := g.clock.SleepUntil(wait, r.until)

	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case r.gone:
	case err == nil:
		g.leave(r.until)
	default: // the iteration is cut off
		g.waiting--
		delete(g.here, user)
		if g.waiting == 0 {
			g.round = nil
		}
		g.complete()
		return time.Time{}, ctx.Err()
	}
	return r.at, nil
}

// Here says whether a user, by number, has come and walks iterations, or has
// gone: those who are here are waited for at a rendezvous. It may be called from
// any goroutine, but for one user not while an iteration of it is under way.
func (r *Run) Here(number int, here bool) {
	for _, g := range r.gathers {
		if here {
			g.expect(uint32(number))
		} else {
			g.excuse(uint32(number))
		}
	}
}

// Gatherings is how each rendezvous went so far, in the scenario's order.
func (r *Run) Gatherings() []Gathering {
	out := make([]Gathering, len(r.gathers))
	for i, g := range r.gathers {
		g.mu.Lock()
		out[i] = g.seen
		g.mu.Unlock()
	}
	return out
}

// invite begins an iteration: a rendezvous waits for the user if it will walk the
// step.
func (u *User) invite() {
	for i, g := range u.run.gathers {
		if u.skipped(u.run.Group.Gathers[i].Step) {
			g.excuse(u.number)
		} else {
			g.expect(u.number)
		}
	}
}

// apologise ends an iteration that went wrong: nobody waits for the user until
// it begins another one.
func (u *User) apologise() {
	for _, g := range u.run.gathers {
		g.excuse(u.number)
	}
}

// gather waits at the rendezvous before step i if there is one, the first time in
// an iteration. It returns when the step should start: at, or later.
func (u *User) gather(ctx context.Context, i int, at time.Time) (time.Time, error) {
	for k, g := range u.run.gathers {
		if u.run.Group.Gathers[k].Step != i || u.met(k) {
			continue
		}
		left, err := g.come(ctx, u.number)
		if err != nil {
			return at, err
		}
		if at = later(at, left); !u.run.Closed {
			g.excuse(u.number) // one arrival comes once
		}
	}
	return at, nil
}

// met notes that the user came to a rendezvous, and reports whether it had before.
func (u *User) met(k int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.it.met == nil {
		u.it.met = make([]bool, len(u.run.gathers))
	}
	before := u.it.met[k]
	u.it.met[k] = true
	return before
}
