package pace_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"firedrill/internal/load/pace"
)

// Whatever is waited for, in whatever order: nobody wakes early, everybody wakes.
func TestClocksNeverWakeEarly(t *testing.T) {
	defer goleak.VerifyNone(t)
	best, done := pace.Best()
	defer done()
	for name, clock := range map[string]pace.Clock{"timers": pace.System{}, "best": best} {
		start := clock.Now()
		var all sync.WaitGroup
		for u := range 200 {
			all.Go(func() {
				r := rand.New(rand.NewPCG(1, uint64(u)))
				for range 20 {
					at := start.Add(time.Duration(r.Int64N(int64(100 * time.Millisecond))))
					if err := clock.SleepUntil(t.Context(), at); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					if early := at.Sub(clock.Now()); early > 0 {
						t.Errorf("%s: woke %v early", name, early)
					}
				}
			})
		}
		all.Wait()
	}
}

func TestClocksObeyTheirContext(t *testing.T) {
	best, done := pace.Best()
	defer done()
	for name, clock := range map[string]pace.Clock{"timers": pace.System{}, "best": best} {
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if err := clock.SleepUntil(ctx, time.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		cancel()
		all.Wait()
		if err := clock.SleepUntil(ctx, time.Now().Add(-time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: a time that has passed: %v", name, err)
		}
		if err := clock.SleepUntil(t.Context(), time.Time{}); err != nil {
			t.Errorf("%s: no time: %v", name, err)
		}
		// whoever gave up is forgotten: others still wake
		if err := clock.SleepUntil(t.Context(), time.Now().Add(2*time.Millisecond)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A clock that was closed too early lets nobody sleep for ever.
func TestClosedClock(t *testing.T) {
	defer goleak.VerifyNone(t)
	clock, done := pace.Best()
	var waits sync.WaitGroup
	waits.Go(func() {
		if err := clock.SleepUntil(t.Context(), time.Now().Add(50*time.Millisecond)); err != nil {
			t.Error(err)
		}
	})
	done()
	waits.Wait()
	if err := clock.SleepUntil(t.Context(), time.Now().Add(time.Millisecond)); err != nil {
		t.Error(err)
	}
}

// In a bubble System is the bubble's clock, to the nanosecond.
func TestSystemInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Now().Add(time.Hour + 1)
		if err := (pace.System{}).SleepUntil(t.Context(), at); err != nil || !time.Now().Equal(at) {
			t.Errorf("%v at %v", err, time.Now())
		}
	})
}
