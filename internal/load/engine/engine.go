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

	// Here, which may be nil, is told which users are here: before any user of
	// those who come together begins, and after the last iteration of one who
	// goes. With arrivals a user is here for one iteration. It must not block.
	Here func(i int, here bool)
}

// Config of Run. Hooks must not block.
type Config struct {
	Start     time.Time
	Clock     pace.Clock
	Groups    []Group
	Seed      uint64        // of Poisson arrivals, pacing and start offsets
	Speed     float64       // pacing and start offsets are divided by it; 0 = 1
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
	if e.Speed <= 0 {
		e.Speed = 1
	}
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
	end   time.Time       // scheduled; zero: none
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
	mine, endSoft := context.WithCancel(soft)
	defer endSoft()
	cut, endHard := context.WithCancel(hard)
	defer endHard()
	c := &crowd{engine: e, index: index, Group: g, start: start, soft: mine, hard: cut, users: make([]Walker, g.Users)}
	if length := g.Load.Length(); length > 0 {
		c.end = start.Add(length)
	}
	over, finished := context.WithCancel(context.Background())
	var watch sync.WaitGroup
	watch.Go(func() {
		defer endHard()
		c.finish(over, soft, endSoft)
	})
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

// finish ends the starting of iterations when the load's time is over or soft
// ends, and returns when those that run have had their graceful stop, or over ends.
func (c *crowd) finish(over, soft context.Context, endSoft func()) {
	early := true
	if !c.end.IsZero() {
		wait, stop := either(over, soft)
		early = c.Clock.SleepUntil(wait, c.end) != nil
		stop()
	} else {
		select {
		case <-soft.Done():
		case <-over.Done():
		}
	}
	endSoft()
	grace := c.Load.GracefulStop
	if early && c.Grace > 0 {
		grace = min(grace, c.Grace)
	}
	_ = c.Clock.SleepUntil(over, c.Clock.Now().Add(grace))
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
		c.open(pace.Arrivals(c.Load, pace.Stream(c.Seed, pace.ForArrivals, uint64(c.index))))
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

// here tells that users first to last-1 are here, or not any more.
func (c *crowd) here(first, last int, here bool) {
	if c.Here == nil {
		return
	}
	for i := first; i < last; i++ {
		c.Here(i, here)
	}
}

// admit is when an iteration that should start at intended may: a log-in waits
// for its turn, and that turn is then when it should have started.
func (c *crowd) admit(ctx context.Context, u Walker, intended time.Time) (time.Time, bool) {
	if c.logins.gap <= 0 || !u.WillLogIn() {
		return intended, true
	}
	at := c.logins.next(c.Clock.Now())
	return at, c.Clock.SleepUntil(ctx, at) == nil
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
