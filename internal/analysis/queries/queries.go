package queries

import (
	"fmt"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/queryfact"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// Tally gathers the query counts of one endpoint. The zero value is empty.
type Tally struct {
	counts  []int64
	times   []int64 // nanoseconds, of requests that said so
	unknown int
	over    map[int64]time.Duration // count → when it was first seen
}

// Add takes an answered request.
func (t *Tally) Add(s *sample.Sample) {
	if s.QueryTime >= 0 {
		t.times = append(t.times, int64(s.QueryTime))
	}
	if s.Queries < 0 {
		t.unknown++
		return
	}
	n := int64(s.Queries)
	t.counts = append(t.counts, n)
	if t.over == nil {
		t.over = map[int64]time.Duration{}
	}
	if at, ok := t.over[n]; !ok || s.End < at {
		t.over[n] = s.End
	}
}

// Known is how many requests said how many queries they caused.
func (t *Tally) Known() int { return len(t.counts) }

// Row judges the tally by a budget; nil: there is none. Percentiles are
// metric.Percentile's. ok is false when no request was answered at all.
func (t *Tally) Row(endpoint string, budget *int) (row verdict.Queries, ok bool) {
	row = verdict.Queries{Endpoint: endpoint, Known: len(t.counts), Unknown: t.unknown, TimeMS: -1, Budget: budget, Status: verdict.Info}
	if len(t.counts)+t.unknown == 0 {
		return row, false
	}
	if len(t.times) > 0 {
		metric.Sort(t.times)
		row.TimeMS = metric.Percentile(t.times, 50) / float64(time.Millisecond)
	}
	if len(t.counts) == 0 {
		if budget != nil {
			row.Status = verdict.NoData
		}
		return row, true
	}
	metric.Sort(t.counts)
	row.Median, row.P95 = metric.Percentile(t.counts, 50), metric.Percentile(t.counts, 95)
	row.Max = int(t.counts[len(t.counts)-1])
	row.Source, row.Exactness = string(queryfact.Headers), string(queryfact.Exact)
	if budget != nil {
		row.Status = verdict.Pass
		if row.Max > *budget {
			row.Status = verdict.Fail
		}
	}
	return row, true
}

// Broke is how many requests went over the budget and when the first did; −1: none.
func (t *Tally) Broke(budget int) (requests int, first time.Duration) {
	first = -1
	for _, n := range t.counts {
		if n <= int64(budget) {
			continue
		}
		requests++
		if at := t.over[n]; first < 0 || at < first {
			first = at
		}
	}
	return requests, first
}

// Spread says in words how the counts lie: "7 each", "7 to 29".
func (t *Tally) Spread() string {
	if len(t.counts) == 0 {
		return "unknown"
	}
	low, high := t.counts[0], t.counts[0]
	for _, n := range t.counts {
		low, high = min(low, n), max(high, n)
	}
	if low == high {
		return fmt.Sprintf("%d each", low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}
