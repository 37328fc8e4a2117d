package metric

import (
	"math"
	"slices"
)

// Percentile is the p-th percentile, 0 ≤ p ≤ 100, of ascending values by Hyndman
// and Fan's type 7: rank = p/100·(n−1), interpolated linearly between the two
// values beside it. NaN without values.
func Percentile(sorted []int64, p float64) float64 {
	return percentile(len(sorted), p, func(k int) int64 { return sorted[k] })
}

// percentile is that of n values, of which at gives the k-th smallest, from 0.
func percentile(n int, p float64, at func(k int) int64) float64 {
	if n == 0 || math.IsNaN(p) {
		return math.NaN()
	}
	rank := min(max(p, 0), 100) / 100 * float64(n-1)
	k := int(rank)
	part := rank - float64(k)
	low := float64(at(k))
	if part == 0 || k+1 >= n {
		return low
	}
	return low + part*(float64(at(k+1))-low)
}

// Sort puts values into ascending order.
func Sort(values []int64) { slices.Sort(values) }
