package engine

import (
	"context"
	"sync"
	"sync/atomic"

	"firedrill/internal/load/pace"
	"firedrill/internal/sample"
)

// iterations is where a user's iterations come from.
type iterations struct {
	take func() bool // takes one, if there is one
	more func() bool // whether there is one
}

func endless() iterations {
	yes := func() bool { return true }
	return iterations{take: yes, more: yes}
}

// each starts n users at once, lets each walk its iterations while the load
// lasts, and waits for them.
func (c *crowd) each(n int, from func(i int) iterations) {
	c.here(0, n, true)
	for i := range n {
		c.all.Go(func() {
			c.add(c.index, 1)
			defer c.add(c.index, -1)
			defer c.here(i, i+1, false)
			r := &rhythm{c: c, i: i, u: c.user(i)}
			r.comes(0)
			its := from(i)
			for c.hard.Err() == nil && its.more() {
				intended, ok := r.wait(c.soft)
				if !ok || !its.take() {
					return
				}
				r.walk(c.hard, intended, its.more)
			}
		})
	}
	c.all.Wait()
}

// constant keeps a number of users.
func (c *crowd) constant() {
	c.each(c.Load.VUs, func(int) iterations { return endless() })
}

// perUser lets each user walk a number of iterations.
func (c *crowd) perUser() {
	var begun atomic.Int64
	c.each(c.Load.VUs, func(int) iterations {
		left := c.Load.Iterations
		return iterations{
			more: func() bool { return left > 0 },
			take: func() bool {
				left--
				begun.Add(1)
				return true
			},
		}
	})
	c.remainder(int64(c.Load.VUs)*int64(c.Load.Iterations) - begun.Load())
}

// shared lets all users walk a number of iterations between them. The first of
// each user is set aside for it, so that a class that starts together starts whole.
func (c *crowd) shared() {
	total := int64(c.Load.Iterations)
	var next, begun atomic.Int64
	next.Store(min(int64(c.Load.VUs), total))
	c.each(c.Load.VUs, func(i int) iterations {
		first := true
		return iterations{
			more: func() bool { return first && int64(i) < total || !first && next.Load() < total },
			take: func() bool {
				n := int64(i)
				if !first {
					n = next.Add(1) - 1
				}
				first = false
				if n >= total {
					return false
				}
				begun.Add(1)
				return true
			},
		}
	})
	c.remainder(total - begun.Load())
}

// remainder drops what was not begun in time, unless the run was ended early.
func (c *crowd) remainder(n int64) {
	if n > 0 {
		c.Drop(sample.Drop{At: c.Clock.Now().Sub(c.Start), Persona: c.Persona, Count: uint32(n)})
	}
}

// ramp follows a schedule of users: those with the lowest numbers are there.
func (c *crowd) ramp() {
	seats := make([]seat, c.Group.Users)
	now := 0
	for _, step := range pace.UserSteps(c.Load) {
		if c.Clock.SleepUntil(c.soft, c.start.Add(step.At)) != nil {
			break
		}
		come := seats[now:max(now, step.Users)]
		for k := range come { // all of them are here before one begins
			c.claim(&come[k], now+k)
		}
		for k := range come {
			c.sit(&come[k], now+k)
		}
		for ; now > step.Users; now-- {
			c.leave(&seats[now-1])
		}
		now = step.Users
	}
	<-c.soft.Done()
	c.all.Wait()
}

// seat is the place of one user of a ramp.
type seat struct {
	mu      sync.Mutex
	wanted  bool
	running bool
	visits  int                // how often somebody sat down here
	stay    context.Context    // ends when its user shall leave
	rise    context.CancelFunc // ends stay
	cut     context.CancelFunc // cuts the iteration under way
	timer   context.CancelFunc // calls off the graceful ramp-down
}

// claim says that the seat's user is wanted, and tells that it is here.
func (c *crowd) claim(s *seat, i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = true
	s.stay, s.rise = context.WithCancel(c.soft)
	s.callOff()
	if !s.running {
		c.here(i, i+1, true)
	}
}

// sit makes the user of a claimed seat walk, or go on walking.
func (c *crowd) sit(s *seat, i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return
	}
	s.running = true
	r := &rhythm{c: c, i: i}
	r.comes(s.visits)
	s.visits++
	c.all.Go(func() {
		c.add(c.index, 1)
		defer c.add(c.index, -1)
		r.u = c.user(i)
		for {
			stay, hard, ok := s.turn(c, i)
			if !ok {
				return
			}
			if intended, ok := r.wait(stay); ok {
				r.walk(hard, intended, func() bool { return stay.Err() == nil })
			}
		}
	})
}

// turn is the contexts of the next iteration, or false when there is none: then
// the seat is empty, and whoever sits down again starts anew.
func (s *seat) turn(c *crowd, i int) (stay, hard context.Context, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut != nil {
		s.cut()
		s.cut = nil
	}
	if !s.wanted || c.soft.Err() != nil || c.hard.Err() != nil {
		s.running = false
		s.callOff()
		s.rise()
		c.here(i, i+1, false)
		return nil, nil, false
	}
	hard, s.cut = context.WithCancel(c.hard)
	return s.stay, hard, true
}

// leave lets the user of a seat finish its iteration within the graceful
// ramp-down; one who is between two iterations goes at once.
func (c *crowd) leave(s *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = false
	s.rise()
	if !s.running {
		return
	}
	ctx, callOff := context.WithCancel(c.hard)
	s.timer = callOff
	until := c.Clock.Now().Add(c.Load.GracefulRampDown)
	c.all.Go(func() {
		defer callOff()
		if c.Clock.SleepUntil(ctx, until) != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if ctx.Err() == nil && s.cut != nil {
			s.cut()
		}
	})
}

// callOff ends a graceful ramp-down. s.mu is held.
func (s *seat) callOff() {
	if s.timer != nil {
		s.timer()
		s.timer = nil
	}
}
