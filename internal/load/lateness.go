package load

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// lateness is a histogram of microseconds: 8 buckets to an octave, so a quantile
// is at most an eighth too high. Safe for concurrent use.
type lateness struct {
	counts [8 * 40]atomic.Uint64
	n      atomic.Uint64
	max    atomic.Int64
}

func (l *lateness) add(d time.Duration) {
	l.n.Add(1)
	l.counts[bucket(d)].Add(1)
	for {
		old := l.max.Load()
		if int64(d) <= old || l.max.CompareAndSwap(old, int64(d)) {
			return
		}
	}
}

func bucket(d time.Duration) int {
	v := uint64(max(0, d) / time.Microsecond)
	if v < 8 {
		return int(v)
	}
	e := bits.Len64(v) - 4 // v>>e has 4 bits, the first of them set
	return min(8*(e+1)+int(v>>e&7), 8*40-1)
}

func bound(i int) time.Duration {
	if i < 8 {
		return time.Duration(i) * time.Microsecond
	}
	e := i/8 - 1
	return time.Duration((uint64(8+i%8)+1)<<e-1) * time.Microsecond
}

func (l *lateness) quantile(q float64) time.Duration {
	want := uint64(q * float64(l.n.Load()))
	var seen uint64
	for i := range l.counts {
		n := l.counts[i].Load()
		seen += n
		if n > 0 && seen >= want {
			return min(bound(i), time.Duration(l.max.Load()))
		}
	}
	return 0
}
