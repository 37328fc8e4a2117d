package sqlcount

import (
	"context"
	"sync/atomic"
	"time"
)

// Meter adds up the queries of one request. The zero value is ready for use.
type Meter struct {
	queries atomic.Int64
	nanos   atomic.Int64
}

// Queries is how many statements reached the database so far.
func (m *Meter) Queries() int { return int(m.queries.Load()) }

// Time is how long the database took for them.
func (m *Meter) Time() time.Duration { return time.Duration(m.nanos.Load()) }

func (m *Meter) count(since time.Time) {
	if m == nil {
		return
	}
	m.queries.Add(1)
	m.nanos.Add(int64(time.Since(since)))
}

func (m *Meter) spend(since time.Time) {
	if m != nil {
		m.nanos.Add(int64(time.Since(since)))
	}
}

type key struct{}

// WithMeter returns a context whose queries are counted by m.
func WithMeter(ctx context.Context, m *Meter) context.Context {
	return context.WithValue(ctx, key{}, m)
}

// meterOf is the meter in ctx, or nil.
func meterOf(ctx context.Context) *Meter {
	m, _ := ctx.Value(key{}).(*Meter)
	return m
}
