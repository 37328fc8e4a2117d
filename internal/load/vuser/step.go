package vuser

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"firedrill/internal/load/pace"
	"firedrill/internal/load/program"
	"firedrill/internal/load/wire"
	"firedrill/internal/message"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
)

// job is what one request needs while it is under way.
type job struct {
	req    wire.Request
	res    wire.Response
	pcg    rand.PCG
	values []string
	cookie []byte
	answer message.Message
}

var jobs = sync.Pool{New: func() any { return new(job) }}

func (b *job) put() {
	b.res.Reset()
	b.req.Body = nil
	clear(b.values)
	clear(b.req.Header)
	clear(b.answer.Header)
	jobs.Put(b)
}

// step waits for its time, fills the request, sends it and learns from the
// answer.
func (u *User) step(ctx context.Context, p planned) error {
	i := p.step
	st := &u.run.Group.Journey.Steps[i]
	b := jobs.Get().(*job)
	defer b.put()
	b.pcg.Seed(p.seed, uint64(i))
	rng := rand.New(&b.pcg)
	intended := later(p.base.Add(u.pause(st, rng)), u.it.floor)
	if len(p.needs) > 0 {
		at, err := u.arrived(ctx, p.needs)
		if err != nil {
			return err
		}
		intended = later(intended, at) // nobody could have sent it before
	}
	if err := u.run.Clock.SleepUntil(ctx, intended); err != nil {
		return err
	}
	intended, err := u.gather(ctx, i, intended)
	if err != nil {
		return err
	}
	u.late(intended)
	if s := u.fill(b, p, rng); s != nil {
		s.step = i
		return s
	}
	return u.attempts(ctx, b, i, intended)
}

// attempts sends a request as often as it takes: once more over a new connection
// when the kept one turned out to be closed, and again after a wait when the
// answer says to come back and the scenario has its users do so.
func (u *User) attempts(ctx context.Context, b *job, i int, intended time.Time) error {
	st := &u.run.Group.Journey.Steps[i]
	repeats := 0
	for attempt := 0; ; attempt++ {
		if st.Class == plan.Costly && u.run.Spend != nil && !u.run.Spend() {
			return &stop{outcome: sample.Cut, reason: "the cap on costly requests was reached", pick: -1}
		}
		err := u.send(ctx, b, i)
		t := turned{step: i, intended: intended, attempt: uint8(min(attempt, math.MaxUint8)), repeats: repeats}
		again, err := u.judge(ctx, b, t, err)
		switch again {
		case atOnce:
			intended = u.run.Clock.Now()
		case afterWait:
			wait, _ := u.tryAgain(b, repeats)
			repeats++
			intended = b.res.Timing.End.Add(wait)
			if err := u.run.Clock.SleepUntil(ctx, intended); err != nil {
				return err
			}
			u.late(intended)
		default:
			return err
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// pause draws the think time before a step.
func (u *User) pause(st *program.Step, rng *rand.Rand) time.Duration {
	var d time.Duration
	if st.Override != nil {
		d = st.Override.Draw(rng)
	} else {
		d = pace.Draw(st.Think, rng)
	}
	if st.After < 0 && u.it.before.IsZero() && (u.it.number == 0 || !u.run.Closed || u.run.Paced) {
		return 0 // a user who has just come does not wait before the first click; nor one whose time it is
	}
	return time.Duration(float64(d) / u.run.Speed)
}

// late notes how late the generator is for a request that is due at an instant:
// it woke late, or was not here in time.
func (u *User) late(due time.Time) {
	if u.run.Late != nil {
		u.run.Late(max(0, u.run.Clock.Now().Sub(due)))
	}
}

// send makes one attempt.
func (u *User) send(ctx context.Context, b *job, i int) error {
	t := &u.run.steps[i]
	b.req.Scheme, b.req.Authority, b.req.Dial = t.scheme, t.authority, t.dial
	b.req.Method, b.req.Timeout = u.run.Group.Journey.Steps[i].Method, u.run.Timeout
	st := &u.run.Group.Journey.Steps[i]
	b.req.Discard = len(st.Answers) == 0 && len(st.Lists) == 0
	u.mu.Lock()
	u.it.sent++
	u.mu.Unlock()
	return u.doer.Do(ctx, &b.req, &b.res)
}

// turned is which attempt of which step.
type turned struct {
	step     int
	intended time.Time
	attempt  uint8 // 0 = first
	repeats  int   // attempts so far that followed a wait
}

// again says whether the same request shall be sent once more.
type again uint8

const (
	never     again = iota
	atOnce          // over a new connection
	afterWait       // when the answer said
)

// judge turns an attempt into a sample, and learns from its answer. Unless the
// same request shall be sent again, err ends the iteration, or is nil.
func (u *User) judge(ctx context.Context, b *job, t turned, failure error) (next again, err error) {
	i := t.step
	st := &u.run.Group.Journey.Steps[i]
	s := u.measure(b, i, t.intended, t.attempt)
	var we *wire.Error
	if failure != nil && !errors.As(failure, &we) {
		we = &wire.Error{Kind: sample.OtherError, Err: failure}
	}
	if we != nil {
		s.Error = we.Kind
		if !we.Sent {
			s.Flags |= sample.NotSent
		}
		if ctx.Err() != nil {
			s.Flags |= sample.Interrupted
			u.run.Sink.Sample(s)
			return never, ctx.Err()
		}
		s.Flags |= sample.Failed
		if t.attempt == 0 && we.MayRetry(st.Method) {
			next = atOnce
		}
	} else {
		s.Flags |= verdict(st, &b.res)
		if _, ok := u.tryAgain(b, t.repeats); ok && s.Has(sample.Failed) {
			next = afterWait
		}
	}
	refused := u.take(b, t, s, we == nil)
	u.checks(s)
	u.run.Sink.Sample(s)
	if refused && next == never {
		return never, &stop{outcome: sample.LoginFailed, reason: u.refusal(st, s.Status), pick: -1}
	}
	return next, nil
}

// take keeps what an attempt gives: when it was over, cookies, what later steps
// need. It reports whether a log-in was refused.
func (u *User) take(b *job, t turned, s *sample.Sample, answered bool) (refused bool) {
	st := &u.run.Group.Journey.Steps[t.step]
	u.mu.Lock()
	defer u.mu.Unlock()
	if answered {
		u.cookies(b, t.step)
	}
	u.it.ends[t.step] = b.res.Timing.End
	if b.res.Timing.End.After(u.it.last) {
		u.it.last = b.res.Timing.End
	}
	if s.Has(sample.Failed) {
		u.memory.fail(st)
	} else if !b.req.Discard && !u.learn(b, st) {
		s.Flags |= sample.Unexpected
	}
	refused = st.Login && answered && (s.Has(sample.Failed) || s.Has(sample.Unexpected) && st.Expect.Redirect != "" && !redirected(st, &b.res))
	if st.Login && answered && !refused {
		u.it.logins++
	}
	return refused
}

func (u *User) refusal(st *program.Step, status uint16) string {
	return fmt.Sprintf("log-in refused: %s answered %d (account %s)", st.Name, status, u.account)
}

// learn takes from an answer what later steps need. u.mu is held. It reports
// whether the answer could be read.
func (u *User) learn(b *job, st *program.Step) bool {
	content, err := b.res.Content()
	if err != nil {
		u.memory.fail(st)
		return false
	}
	m := &b.answer
	m.Status, m.Body, m.Header = b.res.Status, content, m.Header[:0]
	for i := range b.res.Header {
		m.Header = append(m.Header, struct{ Name, Value string }(b.res.Header[i]))
	}
	u.memory.learn(u.run.Group.Journey, st, message.Parse(*m))
	return true
}

// cookies takes the cookies that an answer sets. u.mu is held.
func (u *User) cookies(b *job, i int) {
	at := u.run.steps[i].at
	for k := range b.res.Header {
		f := &b.res.Header[k]
		if len(f.Name) == len("Set-Cookie") && equalFold(f.Name, "Set-Cookie") {
			at.path = pathOf(b.req.Target)
			u.jar.set(cloned(f.Value), at, u.run.Clock.Now())
		}
	}
}
