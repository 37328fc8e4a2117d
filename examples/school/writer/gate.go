package writer

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// What a school allows unless it is told otherwise.
const (
	DefaultTime       = 4 * time.Second
	DefaultPerMinute  = 10
	DefaultConcurrent = 8
)

// The reasons of a refusal.
const (
	PerMinute  = "per_minute"
	Concurrent = "concurrent"
)

// BusyError says that a text cannot be had now.
type BusyError struct {
	Limit string        // PerMinute or Concurrent
	Most  int           // that the limit allows
	Retry time.Duration // whole seconds, at least one, after which asking again may help
}

func (e *BusyError) Error() string {
	if e.Limit == PerMinute {
		return fmt.Sprintf("%d texts in a minute are the most for one teacher; again in %v", e.Most, e.Retry)
	}
	return fmt.Sprintf("%d texts are being written already; again in %v", e.Most, e.Retry)
}

// Gate lets in as many as may be served. Its zero value lets nobody in; use NewGate.
type Gate struct {
	perMinute, concurrent int

	mu      sync.Mutex
	started map[int64][]time.Time // in the last minute, by teacher, oldest first
	running map[uint64]time.Time  // when each text is due to end
	next    uint64
}

// NewGate allows each teacher so many texts begun in any 60 seconds, and so many at once of all teachers together.
func NewGate(perMinute, concurrent int) *Gate {
	return &Gate{perMinute: perMinute, concurrent: concurrent, started: map[int64][]time.Time{}, running: map[uint64]time.Time{}}
}

// Enter takes a place for a text; leave gives it back and must be called once. lasts says how long the text will take
// and is called only for those who are let in, one after the other. The error is a *BusyError: by the teacher's own
// minute first. A refusal costs nothing: it is not counted in the minute.
func (g *Gate) Enter(teacher int64, lasts func() time.Duration) (leave func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	mine := g.started[teacher]
	for len(mine) > 0 && now.Sub(mine[0]) >= time.Minute {
		mine = mine[1:]
	}
	g.started[teacher] = mine
	if len(mine) >= g.perMinute {
		return nil, &BusyError{PerMinute, g.perMinute, seconds(time.Minute - now.Sub(mine[0]))}
	}
	if len(g.running) >= g.concurrent {
		first := time.Duration(math.MaxInt64)
		for _, end := range g.running {
			first = min(first, end.Sub(now))
		}
		return nil, &BusyError{Concurrent, g.concurrent, seconds(first)}
	}
	g.started[teacher] = append(mine, now)
	id := g.next
	g.next++
	g.running[id] = now.Add(lasts())
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.running, id)
	}, nil
}

// seconds rounds up: who comes after so many finds the reason gone.
func seconds(d time.Duration) time.Duration {
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}
