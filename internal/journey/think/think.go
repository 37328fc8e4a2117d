package think

import (
	"container/heap"
	"math"
	"slices"
	"time"

	"firedrill/internal/plan"
)

// MaxQuantiles is how many values a distribution is kept as: steps of 5 %.
const MaxQuantiles = 21

// Span is one request's time: from its start to the end of its answer.
type Span struct{ Start, End time.Time }

// Awaited says for each span, which must be ordered by Start, the index of the
// span that ended last before it began; -1 when none had ended.
func Awaited(spans []Span) []int {
	awaited := make([]int, len(spans))
	running := &byEnd{spans: spans}
	last := -1
	for i, s := range spans {
		for running.Len() > 0 && !spans[running.list[0]].End.After(s.Start) {
			last = heap.Pop(running).(int)
		}
		awaited[i] = last
		heap.Push(running, i)
	}
	return awaited
}

// byEnd is a heap of indexes of spans, the one that ends first on top.
type byEnd struct {
	spans []Span
	list  []int
}

func (h *byEnd) Len() int { return len(h.list) }
func (h *byEnd) Less(a, b int) bool {
	x, y := h.spans[h.list[a]].End, h.spans[h.list[b]].End
	return x.Before(y) || x.Equal(y) && h.list[a] < h.list[b]
}
func (h *byEnd) Swap(a, b int) { h.list[a], h.list[b] = h.list[b], h.list[a] }
func (h *byEnd) Push(x any)    { h.list = append(h.list, x.(int)) }
func (h *byEnd) Pop() any {
	last := h.list[len(h.list)-1]
	h.list = h.list[:len(h.list)-1]
	return last
}

// Of is the distribution of recorded think times. Those longer than limit were
// no thinking and are only counted (limit 0: none is); negative ones count as zero.
func Of(times []time.Duration, limit time.Duration) plan.Think {
	var t plan.Think
	kept := make([]time.Duration, 0, len(times))
	for _, d := range times {
		if limit > 0 && d > limit {
			t.Capped++
			continue
		}
		kept = append(kept, max(0, d))
	}
	t.N = len(kept)
	slices.Sort(kept)
	switch {
	case len(kept) == 0:
	case kept[0] == kept[len(kept)-1]:
		t.Quantiles = []time.Duration{kept[0]}
	case len(kept) <= MaxQuantiles:
		t.Quantiles = kept
	default:
		t.Quantiles = make([]time.Duration, MaxQuantiles)
		for i := range t.Quantiles {
			t.Quantiles[i] = quantile(kept, float64(i)/(MaxQuantiles-1))
		}
	}
	return t
}

// quantile is Hyndman and Fan's definition 7 on sorted values.
func quantile(sorted []time.Duration, p float64) time.Duration {
	at := p * float64(len(sorted)-1)
	low := int(math.Floor(at))
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + time.Duration(math.Round((at-float64(low))*float64(sorted[low+1]-sorted[low])))
}
