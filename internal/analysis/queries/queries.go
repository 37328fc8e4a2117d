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
	bySize  correlation             // counts of answers that did not fail, with their sizes
	byTime  correlation             // the same, with when they came
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
	if !s.Has(sample.Failed) {
		t.bySize.add(float64(s.BytesIn), float64(n))
		t.byTime.add(s.End.Seconds(), float64(n))
	}
	if t.over == nil {
		t.over = map[int64]time.Duration{}
	}
	if at, ok := t.over[n]; !ok || s.End < at {
		t.over[n] = s.End
	}
}

// correlation is Pearson's, of pairs that are seen one after the other, by the
// recurrence of B. P. Welford (Technometrics 4, 1962).
type correlation struct{ n, meanX, meanY, xx, yy, xy float64 }

func (c *correlation) add(x, y float64) {
	c.n++
	dx, dy := x-c.meanX, y-c.meanY
	c.meanX += dx / c.n
	c.meanY += dy / c.n
	c.xx += dx * (x - c.meanX)
	c.yy += dy * (y - c.meanY)
	c.xy += dx * (y - c.meanY)
}

// strong is whether at least half of the variance of one is explained by the other, rising.
func (c *correlation) strong() bool {
	return c.n >= fewCounts && c.xy > 0 && c.xx > 0 && c.yy > 0 && c.xy*c.xy >= c.xx*c.yy/2
}

// From which counts on a growth is suspicious: at least twice as many queries, and
// five more, among so many answers.
const (
	fewCounts  = 10
	leastRise  = 5
	leastTimes = 2
)

// grows says what the suspicion rests on that the endpoint queries in a loop; "" without one.
// Counts that are sorted are given.
func (t *Tally) grows() string {
	low, high := t.counts[0], t.counts[len(t.counts)-1]
	if high < low+leastRise || high < leastTimes*max(1, low) {
		return ""
	}
	switch {
	case t.bySize.strong():
		return fmt.Sprintf("%d to %d queries, the more the larger the answer", low, high)
	case t.byTime.strong():
		return fmt.Sprintf("%d to %d queries, the more the later in the run", low, high)
	}
	return ""
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
	row.Grows = t.grows()
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
