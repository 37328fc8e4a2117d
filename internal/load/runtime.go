package load

import (
	"runtime/metrics"
	"time"
)

// since is what was added to a histogram of the runtime.
func since(now, before metrics.Float64Histogram) metrics.Float64Histogram {
	for i := range before.Counts {
		if i < len(now.Counts) {
			now.Counts[i] -= before.Counts[i]
		}
	}
	return now
}

// upper is a bucket's upper bound in seconds, or its lower when that is endless.
func upper(h metrics.Float64Histogram, i int) float64 {
	if v := h.Buckets[i+1]; v < 1e9 {
		return v
	}
	return h.Buckets[i]
}

func quantile(h metrics.Float64Histogram, q float64) time.Duration {
	var total uint64
	for _, n := range h.Counts {
		total += n
	}
	if total == 0 {
		return 0
	}
	want := uint64(q * float64(total))
	var seen uint64
	for i, n := range h.Counts {
		seen += n
		if n > 0 && seen >= want {
			return time.Duration(upper(h, i) * float64(time.Second))
		}
	}
	return 0
}
