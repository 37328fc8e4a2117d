package engine

import (
	"context"
	"sync"
	"sync/atomic"

	"firedrill/internal/load/pace"
	"firedrill/internal/sample"
)

// each starts n users at once and waits for them.
func (c *crowd) each(n int, walk func(i int, u Walker)) {
	for i := range n {
		c.all.Go(func() {
			c.add(c.index, 1)
			defer c.add(c.index, -1)
			walk(i, c.user(i))
		})
	}
	c.all.Wait()
}

func always() bool { return true }

// constant keeps a number of users.
func (c *crowd) constant() {
	c.each(c.Load.VUs, func(_ int, u Walker) { c.turns(c.soft, c.hard, u, always) })
}

// perUser lets each user walk a number of iterations.
func (c *crowd) perUser() {
	var begun atomic.Int64
	c.each(c.Load.VUs, func(_ int, u Walker) {
		left := c.Load.Iterations
		c.turns(c.soft, c.hard, u, func() bool {
			if left == 0 {
				return false
			}
			left--
			begun.Add(1)
			return true
		})
	})
	c.remainder(int64(c.Load.VUs)*int64(c.Load.Iterations) - begun.Load())
}

// shared lets all users walk a number of iterations between them. The first of
// each user is set aside for it, so that a class that starts together starts whole.
func (c *crowd) shared() {
	total := int64(c.Load.Iterations)
	var next, begun atomic.Int64
	next.Store(min(int64(c.Load.VUs), total))
	c.each(c.Load.VUs, func(i int, u Walker) {
		first := true
		c.turns(c.soft, c.hard, u, func() bool {
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
		})
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
		for ; now < step.Users; now++ {
			c.sit(&seats[now], now)
		}
		for ; now > step.Users; now-- {
			c.leave(&seats[now-1])
		}
	}
	<-c.soft.Done()
	c.all.Wait()
}

// seat is the place of one user of a ramp.
type seat struct {
	mu      sync.Mutex
	wanted  bool
	running bool
	cut     context.CancelFunc // cuts the iteration under way
	timer   context.CancelFunc // calls off the graceful ramp-down
}

// sit makes the user of a seat walk, or go on walking.
func (c *crowd) sit(s *seat, i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = true
	s.callOff()
	if s.running {
		return
	}
	s.running = true
	c.all.Go(func() {
		c.add(c.index, 1)
		defer c.add(c.index, -1)
		u := c.user(i)
		hard, ok := s.turn(c.soft, c.hard)
		for ok {
			once := true
			c.turns(c.soft, hard, u, func() bool {
				first := once
				once = false
				return first
			})
			hard, ok = s.turn(c.soft, c.hard)
		}
	})
}

// turn is the context of the next iteration, or false when there is none: then
// the seat is empty, and whoever sits down again starts anew.
func (s *seat) turn(soft, hard context.Context) (context.Context, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut != nil {
		s.cut()
		s.cut = nil
	}
	if !s.wanted || soft.Err() != nil || hard.Err() != nil {
		s.running = false
		s.callOff()
		return nil, false
	}
	ctx, cut := context.WithCancel(hard)
	s.cut = cut
	return ctx, true
}

// leave lets the user of a seat finish its iteration within the graceful ramp-down.
func (c *crowd) leave(s *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = false
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
