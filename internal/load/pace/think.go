package pace

import (
	"math/rand/v2"
	"time"

	"firedrill/internal/plan"
)

// Draw draws a think time from recorded quantiles by inverse transform: the
// quantiles are taken at equal steps of probability and joined linearly. It
// takes exactly one number from r, whatever the think time, so that equal seeds
// give equal sequences.
func Draw(t plan.Think, r *rand.Rand) time.Duration {
	u := r.Float64()
	n := len(t.Quantiles)
	switch n {
	case 0:
		return 0
	case 1:
		return t.Quantiles[0]
	}
	at := u * float64(n-1)
	i := min(int(at), n-2)
	low, high := t.Quantiles[i], t.Quantiles[i+1]
	return low + time.Duration((at-float64(i))*float64(high-low))
}

// Median is the middle of recorded quantiles; 0 when there are none.
func Median(t plan.Think) time.Duration {
	n := len(t.Quantiles)
	if n == 0 {
		return 0
	}
	return (t.Quantiles[(n-1)/2] + t.Quantiles[n/2]) / 2
}
