package vuser

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"firedrill/internal/account"
	"firedrill/internal/load/program"
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

	mu     sync.Mutex // parallel steps share what follows
	jar    jar
	seq    uint64 // requests so far
	memory memory
	it     iteration
}

// iteration is the state of the iteration under way.
type iteration struct {
	number   uint32
	intended time.Time
	began    time.Time
	ends     []time.Time // by step: the end of its latest answer; zero: not walked
	last     time.Time   // end of the latest awaited answer
	turn     uint16
	loop     int // innermost loop, -1: none
	again    bool
	sent     uint32
	logins   int // log-in steps that succeeded
	stream   *rand.Rand
	pcg      rand.PCG
	seed     uint64 // for values that keep a name through the iteration
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
	lost    int
	pick    int // of an exhausted list; -1
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
	lost := 0
	err := u.walk(ctx, 0, len(r.Group.Journey.Steps)-1, -1)
	out := sample.Iteration{
		VU: u.number, Iteration: u.it.number, Persona: r.Group.Index,
		Intended: r.since(intended), Start: r.since(now), Outcome: sample.Completed,
	}
	var s *stop
	if errors.As(err, &s) {
		out.Outcome, lost = s.outcome, s.lost
		if s.reason != "" {
			out.Reason = r.Reason(s.reason)
		}
	}
	if ctx.Err() != nil && err != nil {
		out.Outcome, out.Reason = sample.Cut, 0
	}
	out.Steps, out.Lost = u.it.sent, uint32(lost)
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
	ends := it.ends
	if ends == nil {
		ends = make([]time.Time, len(r.Group.Journey.Steps))
	}
	clear(ends)
	*it = iteration{number: u.next, intended: intended, began: now, ends: ends, loop: -1}
	it.pcg.Seed(mix(r.Seed, uint64(u.number)), mix(uint64(u.number), uint64(u.next)+1))
	it.stream = rand.New(&it.pcg)
	it.seed = it.stream.Uint64()
	u.next++
	u.memory.begin(r.Group.Journey, u.logged, it.stream)
}

// forget makes the user a new browser: no cookies, no connections, nothing remembered.
func (u *User) forget() {
	u.jar = jar{}
	u.logged = false
	u.Close()
	u.memory.forget()
}

// mix is a step of splitmix64 over both.
func mix(a, b uint64) uint64 {
	z := a + (b+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// skipped reports whether a step is left out of this iteration: the log-in of a
// session that lasts, and the log-out of one that shall.
func (u *User) skipped(i int) bool {
	st := &u.run.Group.Journey.Steps[i]
	return u.logged && st.Login || st.Logout && u.run.Group.Persona.Login != scenario.LoginEach
}

// walk walks the steps first to last; loop is the one that they are a turn of, or -1.
func (u *User) walk(ctx context.Context, first, last, loop int) error {
	j := u.run.Group.Journey
	for i := first; i <= last; {
		if l := loopAt(j, i, last, loop); l >= 0 {
			if err := u.loop(ctx, l); err != nil {
				return err
			}
			i = j.Loops[l].Last + 1
			continue
		}
		if u.skipped(i) {
			i++
			continue
		}
		k := i + 1
		for k <= last && j.Steps[k].Parallel && !u.skipped(k) && loopAt(j, k, last, loop) < 0 {
			k++
		}
		if err := u.batch(ctx, i, k-1); err != nil {
			return err
		}
		i = k
	}
	return nil
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
	loop := &u.run.Group.Journey.Loops[l]
	it := &u.it
	turns := loop.Times[it.stream.IntN(len(loop.Times))]
	outer, turn, again := it.loop, it.turn, it.again
	defer func() { it.loop, it.turn, it.again = outer, turn, again }()
	u.memory.enter(u.run.Group.Journey, l)
	for n := range turns {
		it.loop, it.turn, it.again = l, uint16(min(n, 1<<16-1)), n > 0
		u.memory.turn(u.run.Group.Journey, l, it.stream)
		err := u.walk(ctx, loop.First, loop.Last, l)
		var s *stop
		if errors.As(err, &s) && n > 0 && !loop.Fixed && s.pick >= 0 && u.run.Group.Journey.Picks[s.pick].Loop == l {
			return nil // worked through the list: that is the end of the loop, as it was for the person recorded
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// batch walks the steps first to last concurrently, each when its time has come.
func (u *User) batch(ctx context.Context, first, last int) error {
	if first == last {
		return u.step(ctx, first, u.it.stream.Uint64(), nil)
	}
	n := last - first + 1
	errs := make([]error, n)
	done := make([]chan struct{}, n)
	for i := range done {
		done[i] = make(chan struct{})
	}
	var all sync.WaitGroup
	for i := range n {
		seed := u.it.stream.Uint64()
		all.Go(func() {
			defer close(done[i])
			var wait <-chan struct{}
			if after := u.run.Group.Journey.Steps[first+i].After; after >= first && after < first+i {
				wait = done[after-first]
			}
			errs[i] = u.step(ctx, first+i, seed, wait)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
