package engine

import (
	"context"
	"iter"
	"sync"
	"time"

	"firedrill/internal/load/pace"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// Walker is a virtual user as the engine sees it.
type Walker interface {
	// Iterate walks one iteration, which should have started at intended (zero:
	// now), and returns early when ctx ends.
	Iterate(ctx context.Context, intended time.Time) sample.Iteration
	// WillLogIn reports whether the next iteration begins with a log-in.
	WillLogIn() bool
	Close()
}

// Group is the users of one persona.
type Group struct {
	Persona  uint16
	Load     scenario.Load
	Arrivals iter.Seq[time.Duration] // of the executor as-recorded, from the load's start
	Users    int                     // greatest number of users
	NewUser  func(i int) Walker      // i from 0 to Users-1; called once each, from any goroutine
}

// Config of Run. Hooks must not block.
type Config struct {
	Start     time.Time
	Clock     pace.Clock
	Groups    []Group
	Grace     time.Duration // after an early end of soft, instead of a longer graceful stop; 0 = the loads' own
	LoginRate float64       // log-ins per second over all users; 0 = any

	Iteration func(sample.Iteration)
	Drop      func(sample.Drop)
	Users     func(at time.Duration, persona uint16, n int)
}

// BrokenPause is the least time that an iteration takes that did not complete:
// a user whose log-in fails does not hammer the target.
const BrokenPause = time.Second

// Run drives all groups until their loads are over, or soft or hard end. It
// returns the greatest number of users that were active at a time.
func Run(soft, hard context.Context, c Config) int {
	e := &engine{Config: c, active: make([]int, len(c.Groups))}
	if c.LoginRate > 0 {
		e.logins.gap = time.Duration(float64(time.Second) / c.LoginRate)
	}
	var all sync.WaitGroup
	for i := range c.Groups {
		all.Go(func() { e.group(soft, hard, i) })
	}
	all.Wait()
	return e.peak
}

type engine struct {
	Config
	mu     sync.Mutex
	active []int // by group
	total  int
	peak   int
	logins gate
}

// add changes the number of active users of a group.
func (e *engine) add(g, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.active[g] += n
	e.total += n
	e.peak = max(e.peak, e.total)
	e.Users(e.Clock.Now().Sub(e.Start), e.Groups[g].Persona, e.active[g])
}

// crowd is the running part of one group.
type crowd struct {
	*engine
	index int
	*Group
	start time.Time       // of the load
	soft  context.Context // ends with the load's schedule
	hard  context.Context // ends with the graceful stop

	mu    sync.Mutex
	users []Walker
	all   sync.WaitGroup
}

func (e *engine) group(soft, hard context.Context, index int) {
	g := &e.Groups[index]
	start := e.Start.Add(g.Load.StartTime)
	if e.Clock.SleepUntil(soft, start) != nil {
		return
	}
	length := g.Load.Length()
	mine, endSoft := context.WithCancel(soft)
	defer endSoft()
	cut, endHard := context.WithCancel(hard)
	defer endHard()
	over, finished := context.WithCancel(context.Background())
	var watch sync.WaitGroup
	watch.Go(func() { // the load's own end, and the cut after it
		defer endHard()
		end := start.Add(length)
		early := false
		if length > 0 {
			wait, stop := either(over, soft)
			early = e.Clock.SleepUntil(wait, end) != nil
			stop()
		} else {
			select {
			case <-soft.Done():
			case <-over.Done():
			}
			early = true
		}
		endSoft()
		grace := g.Load.GracefulStop
		if early && e.Grace > 0 {
			grace = min(grace, e.Grace)
		}
		_ = e.Clock.SleepUntil(over, e.Clock.Now().Add(grace))
	})
	c := &crowd{engine: e, index: index, Group: g, start: start, soft: mine, hard: cut, users: make([]Walker, g.Users)}
	c.drive()
	c.all.Wait()
	finished()
	watch.Wait()
	for _, u := range c.users {
		if u != nil {
			u.Close()
		}
	}
}

// either is a context that ends when one of the two does.
func either(a, b context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(a)
	stop := context.AfterFunc(b, cancel)
	return ctx, func() { stop(); cancel() }
}

func (c *crowd) drive() {
	switch c.Load.Executor {
	case scenario.RampingVUs:
		c.ramp()
	case scenario.SharedIterations:
		c.shared()
	case scenario.PerVUIterations:
		c.perUser()
	case scenario.ConstantArrivalRate, scenario.RampingArrivalRate:
		c.open(pace.Arrivals(c.Load))
	case scenario.AsRecorded:
		c.open(c.Arrivals)
	default:
		c.constant()
	}
}

// user is walker i, made when first needed.
func (c *crowd) user(i int) Walker {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users[i] == nil {
		c.users[i] = c.NewUser(i)
	}
	return c.users[i]
}

// iterate walks one iteration of u and reports it. It is false when the user
// should not start another: the load is over.
func (c *crowd) iterate(ctx context.Context, u Walker, intended time.Time) (sample.Iteration, bool) {
	if c.logins.gap > 0 && u.WillLogIn() {
		at := c.logins.next(c.Clock.Now())
		if c.Clock.SleepUntil(c.soft, at) != nil {
			return sample.Iteration{}, false
		}
		intended = at
	}
	it := u.Iterate(ctx, intended)
	c.Iteration(it)
	return it, true
}

// gate lets log-ins through at a rate.
type gate struct {
	mu   sync.Mutex
	gap  time.Duration
	free time.Time
}

func (g *gate) next(now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := now
	if g.free.After(now) {
		at = g.free
	}
	g.free = at.Add(g.gap)
	return at
}

// turns walks iterations of u while the load lasts and more says so.
func (c *crowd) turns(soft, hard context.Context, u Walker, more func() bool) {
	for soft.Err() == nil && hard.Err() == nil && more() {
		began := c.Clock.Now()
		it, ok := c.iterate(hard, u, time.Time{})
		if !ok {
			return
		}
		if it.Outcome != sample.Completed && it.Outcome != sample.Cut {
			if c.Clock.SleepUntil(soft, began.Add(BrokenPause)) != nil {
				return
			}
		}
	}
}
