package vuser

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"firedrill/internal/account"
	"firedrill/internal/load/pace"
	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// User is one virtual user. It belongs to one goroutine.
type User struct {
	run     *Run
	number  uint32
	account account.Account
	doer    wire.Doer
	logged  bool   // a log-in succeeded and its session is kept
	next    uint32 // number of the next iteration
	seq     uint64 // requests so far

	mu     sync.Mutex // parallel steps share what follows
	jar    jar
	memory memory
	it     iteration
}

// iteration is the state of the iteration under way.
type iteration struct {
	number   uint32
	intended time.Time
	began    time.Time
	ends     []time.Time // by step: the end of its answer in this turn; zero: not sent
	last     time.Time   // end of the latest answer
	floor    time.Time   // when the walker last waited for all requests under way
	before   time.Time   // end of the turn before this one; zero: the first, or no loop
	turn     uint16
	loop     int       // innermost loop, -1: none
	flights  []*flight // by step: requests that the walker did not wait for
	sent     uint32
	logins   int // log-in steps that succeeded
	stream   *rand.Rand
	pcg      rand.PCG
	met      []bool // by rendezvous: the user came to it
	seed     uint64 // for values that keep a name through the iteration

	elsewhere int   // how often a choice that led to nothing was made again
	starved   *stop // the first of them
}

// New is user number, from 1, with an account of its own.
func New(run *Run, number int, a account.Account) *User {
	u := &User{run: run, number: uint32(number), account: a}
	u.memory.make(run.Group.Journey)
	return u
}

// Number is the user's number, from 1.
func (u *User) Number() int { return int(u.number) }

// Close ends the user's session and connections.
func (u *User) Close() {
	if u.doer != nil {
		u.doer.Close()
		u.doer = nil
	}
}

// stop ends an iteration before its last step.
type stop struct {
	outcome sample.Outcome
	reason  string
	pick    int  // of an exhausted list; -1
	step    int  // whose request it ended
	worked  bool // not in the first turn of a loop: the list was worked off
}

func (s *stop) Error() string { return s.reason }

// WillLogIn reports whether the next iteration begins with a log-in.
func (u *User) WillLogIn() bool {
	return u.run.Group.Journey.LoginSteps() > 0 && (u.run.Group.Persona.Login == scenario.LoginEach || !u.logged)
}

// Iterate walks the journey once. intended is when it should have started; the
// zero time is now. It ends early when ctx does. The iteration's number is the
// count of those before it.
func (u *User) Iterate(ctx context.Context, intended time.Time) sample.Iteration {
	r := u.run
	now := r.Clock.Now()
	if intended.IsZero() {
		intended = now
	}
	u.begin(intended, now)
	u.invite()
	err := u.walk(ctx, 0, len(r.Group.Journey.Steps)-1, -1)
	out := sample.Iteration{
		VU: u.number, Iteration: u.it.number, Persona: r.Group.Index,
		Intended: r.since(intended), Start: r.since(now), Outcome: sample.Completed,
	}
	var s *stop
	if errors.As(err, &s) {
		s = u.gaveUp(s)
		out.Outcome = s.outcome
		if s.reason != "" {
			out.Reason = r.Reason(s.reason)
		}
	}
	if ctx.Err() != nil && err != nil {
		out.Outcome, out.Reason = sample.Cut, 0
	}
	if err != nil {
		u.apologise()
	}
	out.Steps = u.it.sent
	if err != nil {
		out.Lost = u.left()
	}
	out.End = r.since(r.Clock.Now())
	out.Phase = u.phase(out.Intended)
	if out.Outcome == sample.LoginFailed {
		u.forget()
	} else if !u.logged {
		u.logged = u.it.logins > 0 && u.it.logins == r.Group.Journey.LoginSteps()
	}
	return out
}

// begin makes the user ready for an iteration.
func (u *User) begin(intended, now time.Time) {
	r := u.run
	if r.Group.Persona.Login == scenario.LoginEach && u.next > 0 {
		u.forget()
	}
	if u.doer == nil {
		u.doer = r.NewDoer(int(u.number))
	}
	it := &u.it
	ends, flights := it.ends, it.flights
	if ends == nil {
		n := len(r.Group.Journey.Steps)
		ends, flights = make([]time.Time, n), make([]*flight, n)
	}
	clear(ends)
	*it = iteration{number: u.next, intended: intended, began: now, ends: ends, flights: flights, loop: -1}
	it.pcg.Seed(pace.Mix(r.Seed, uint64(u.number)), pace.Mix(uint64(u.number), uint64(u.next)+1))
	it.stream = rand.New(&it.pcg)
	it.seed = it.stream.Uint64()
	u.next++
	u.memory.begin(r.Group.Journey, u.logged, it.stream)
}

// left counts the steps that were not sent in this iteration, or in the last turn of a loop.
func (u *User) left() (n uint32) {
	for i := range u.it.ends {
		if u.it.ends[i].IsZero() && !u.skipped(i) {
			n++
		}
	}
	return n
}

// forget makes the user a new browser: no cookies, no connections, nothing remembered.
func (u *User) forget() {
	u.jar = jar{}
	u.logged = false
	u.Close()
	u.memory.forget()
}

// skipped reports whether a step is left out of this iteration: the log-in of a
// session that lasts, and the log-out of one that shall.
func (u *User) skipped(i int) bool {
	st := &u.run.Group.Journey.Steps[i]
	return u.logged && st.Login || st.Logout && u.run.Group.Persona.Login != scenario.LoginEach
}
