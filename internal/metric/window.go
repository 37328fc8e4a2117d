package metric

import (
	"math/bits"
	"slices"
	"time"

	"firedrill/internal/verdict"
)

// Window is one position of a threshold's sliding window.
type Window struct {
	End     time.Duration // it is as long as the threshold's window
	Value   float64       // in the threshold's unit; 0 without data
	Samples int
	Status  verdict.Status // Pass, Fail or NoData
}

// worse is whether window a is worse than b for the threshold: data before none,
// then the value that is further on the wrong side.
func (t *Threshold) worse(a, b Window) bool {
	if a.Status == verdict.NoData || b.Status == verdict.NoData {
		return b.Status == verdict.NoData && a.Status != verdict.NoData
	}
	switch t.Op {
	case ">", ">=":
		return a.Value < b.Value
	case "<", "<=":
		return a.Value > b.Value
	}
	return a.Status == verdict.Fail && b.Status == verdict.Pass
}

// judge says how the threshold stands with a value of so many observations.
func (t *Threshold) judge(v float64, n int64, ok bool) (float64, verdict.Status) {
	switch {
	case !ok || n < int64(t.MinSamples):
		return 0, verdict.NoData
	case t.Holds(v):
		return v, verdict.Pass
	}
	return v, verdict.Fail
}

// A slot holds what happened in one second of a live window.
type slot struct {
	second int32
	n, sum int64
	min    int64
	max    int64
	few    []uint16 // buckets of a trend's values, until they are too many
	many   []uint32 // counts by bucket
}

// ring keeps the slots of the last seconds. Its memory is bounded by its length:
// at most 2·crowd bytes a second, and 4·buckets where a second has more values.
type ring struct {
	slots []slot
	trend bool
}

// late is how many seconds more than the window a ring keeps, for events that
// are told a moment after they ended.
const late = 3

func newRing(window time.Duration, trend bool) *ring {
	return &ring{slots: make([]slot, int(window/time.Second)+late), trend: trend}
}

// Buckets of live windows: 256 for each doubling, so that a value is known to
// within 0.2 %.
const (
	subBits = 8
	buckets = (64 - subBits) << subBits
	crowd   = 2 * buckets
)

// bucketOf is the bucket of a value that is not negative.
func bucketOf(v int64) uint16 {
	if v < 2<<subBits {
		return uint16(v)
	}
	shift := bits.Len64(uint64(v)) - subBits - 1
	return uint16(shift<<subBits + int(v>>shift))
}

// bucketValue is the middle of a bucket.
func bucketValue(b int) int64 {
	if b < 2<<subBits {
		return int64(b)
	}
	shift := b>>subBits - 1
	return int64(b-shift<<subBits)<<shift + int64(1)<<shift/2
}

// add takes a value that stands for n observations of a second.
func (r *ring) add(second int32, v, n int64) {
	s := &r.slots[int(second)%len(r.slots)]
	switch {
	case s.n > 0 && s.second > second:
		return // from before all that is kept
	case s.n == 0 || s.second != second:
		*s = slot{second: second, few: s.few[:0], min: v, max: v}
	}
	s.n, s.sum, s.min, s.max = s.n+n, s.sum+v, min(s.min, v), max(s.max, v)
	if !r.trend {
		return
	}
	b := bucketOf(max(0, v))
	if s.many == nil && len(s.few) < crowd {
		s.few = append(s.few, b)
		return
	}
	if s.many == nil {
		s.many = make([]uint32, buckets)
		for _, f := range s.few {
			s.many[f]++
		}
		s.few = nil
	}
	s.many[b]++
}

// total sums up the seconds from up to, but not including, to.
func (r *ring) total(from, to int32) (sum slot) {
	for second := from; second < to; second++ {
		s := &r.slots[int(second)%len(r.slots)]
		if s.n == 0 || s.second != second {
			continue
		}
		if sum.n == 0 {
			sum.min, sum.max = s.min, s.max
		}
		sum.n, sum.sum, sum.min, sum.max = sum.n+s.n, sum.sum+s.sum, min(sum.min, s.min), max(sum.max, s.max)
		if !r.trend {
			continue
		}
		if sum.many == nil {
			sum.many = make([]uint32, buckets)
		}
		for _, b := range s.few {
			sum.many[b]++
		}
		for b, n := range s.many {
			sum.many[b] += n
		}
	}
	return sum
}

// percentile is that of the summed-up values, by nearest rank.
func (s *slot) percentile(p float64) float64 {
	rank := int64(p/100*float64(s.n-1) + 0.5)
	for b, n := range s.many {
		if rank -= int64(n); rank < 0 {
			return float64(min(max(bucketValue(b), s.min), s.max))
		}
	}
	return float64(s.max)
}

// order keeps a multiset of values of which all are known beforehand, and finds
// the k-th smallest of those that are in it: a binary indexed tree (Fenwick, "A
// new data structure for cumulative frequency tables", 1994) over their ranks.
type order struct {
	values []int64 // distinct, ascending
	tree   []int32
	n      int
	sum    int64
}

func newOrder(all []int64) *order {
	values := slices.Compact(slices.Sorted(slices.Values(all)))
	return &order{values: values, tree: make([]int32, len(values)+1)}
}

// rank is the place of a value among the distinct ones.
func (o *order) rank(v int64) int32 {
	i, _ := slices.BinarySearch(o.values, v)
	return int32(i)
}

// put adds the value of a rank (by = 1) or takes it away (by = −1).
func (o *order) put(rank, by int32) {
	o.n += int(by)
	o.sum += int64(by) * o.values[rank]
	for i := int(rank) + 1; i < len(o.tree); i += i & -i {
		o.tree[i] += by
	}
}

// at is the k-th smallest value, from 0.
func (o *order) at(k int) int64 {
	i, left := 0, int32(k)
	for step := 1 << (bits.Len(uint(len(o.values))) - 1); step > 0; step >>= 1 {
		if next := i + step; next < len(o.tree) && o.tree[next] <= left {
			i, left = next, left-o.tree[next]
		}
	}
	return o.values[i]
}
