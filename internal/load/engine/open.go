package engine

import (
	"iter"
	"time"

	"firedrill/internal/sample"
)

// open starts an iteration at each arrival. Who is free longest goes first; a
// new user comes when nobody is free; when all there may be are busy, the start
// is dropped.
func (c *crowd) open(arrivals iter.Seq[time.Duration]) {
	free := make(chan int, c.Group.Users)
	made := 0
	if arrivals == nil {
		return
	}
	for at := range arrivals {
		due := c.start.Add(at)
		if c.Clock.SleepUntil(c.soft, due) != nil {
			return
		}
		who := -1
		select {
		case who = <-free:
		default:
			if made < c.Group.Users {
				who = made
				made++
			}
		}
		if who < 0 {
			c.Drop(sample.Drop{At: due.Sub(c.engine.Start), Persona: c.Persona, Count: 1})
			continue
		}
		c.here(who, who+1, true)
		c.all.Go(func() {
			c.add(c.index, 1)
			defer func() {
				c.here(who, who+1, false)
				c.add(c.index, -1)
				free <- who
			}()
			u := c.user(who)
			if intended, ok := c.admit(c.soft, u, due); ok {
				c.Iteration(u.Iterate(c.hard, intended))
			}
		})
	}
}
