package pace

import (
	"context"
	"time"
)

// Clock is the time that a run lives by. SleepUntil returns nil once the clock
// has reached at, or the context's error as soon as that ends; a time that has
// passed already returns at once. It is called from many goroutines. It never
// returns nil before its time.
type Clock interface {
	Now() time.Time
	SleepUntil(ctx context.Context, at time.Time) error
}

// System is the machine's clock with Go's timers, which wake an idle process up
// to a millisecond late. Inside a testing/synctest bubble it is the bubble's clock.
type System struct{}

// Now is time.Now.
func (System) Now() time.Time { return time.Now() }

// SleepUntil waits with a timer.
func (System) SleepUntil(ctx context.Context, at time.Time) error {
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
