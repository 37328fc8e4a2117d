package pace_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/load/pace"
	"firedrill/internal/scenario"
)

// A Poisson process: gaps are exponential (mean = deviation = 1/rate), counts per
// second have a variance equal to their mean, and gaps do not depend on each other.
func TestPoissonArrivals(t *testing.T) {
	l := scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 300, TimeUnit: time.Minute, Duration: 5 * time.Hour, Poisson: true}
	const rate, n = 5.0, 90_000
	all := slices.Collect(pace.Arrivals(l, pace.Stream(1, pace.ForArrivals, 0)))
	if math.Abs(float64(len(all))-n) > 4*math.Sqrt(n) {
		t.Errorf("%d arrivals, %d expected", len(all), n)
	}
	var sum, squares, lagged float64
	var gaps []float64
	last := time.Duration(0)
	counts := make([]float64, int(l.Duration/time.Second))
	for _, at := range all {
		if at < last || at >= l.Duration {
			t.Fatalf("%v after %v", at, last)
		}
		gaps = append(gaps, (at - last).Seconds())
		last = at
		counts[int(at/time.Second)]++
	}
	for i, g := range gaps {
		sum += g
		squares += g * g
		if i > 0 {
			lagged += (g - 1/rate) * (gaps[i-1] - 1/rate)
		}
	}
	mean := sum / float64(len(gaps))
	deviation := math.Sqrt(squares/float64(len(gaps)) - mean*mean)
	if math.Abs(mean*rate-1) > 0.02 || math.Abs(deviation*rate-1) > 0.03 {
		t.Errorf("gaps have mean %.4f and deviation %.4f, both should be %.4f", mean, deviation, 1/rate)
	}
	if c := lagged / float64(len(gaps)) * rate * rate; math.Abs(c) > 0.02 {
		t.Errorf("a gap depends on the one before: correlation %.3f", c)
	}
	var variance float64
	for _, c := range counts {
		variance += (c - rate) * (c - rate)
	}
	if v := variance / float64(len(counts)) / rate; math.Abs(v-1) > 0.05 {
		t.Errorf("counts per second have %.3f times the variance of a Poisson process", v)
	}
	if again := slices.Collect(pace.Arrivals(l, pace.Stream(1, pace.ForArrivals, 0))); !slices.Equal(all, again) {
		t.Error("the same seed gives other arrivals")
	}
	if other := slices.Collect(pace.Arrivals(l, pace.Stream(1, pace.ForArrivals, 1))); slices.Equal(all[:10], other[:10]) {
		t.Error("two personas arrive together")
	}
}

// On a ramp the process follows the rate.
func TestPoissonRamp(t *testing.T) {
	l := scenario.Load{Executor: scenario.RampingArrivalRate, Poisson: true, Stages: []scenario.Stage{stage(1000*s, 20), stage(1000*s, 20), stage(0, 0), stage(100*s, 0)}}
	var first, second, after int
	for at := range pace.Arrivals(l, pace.Stream(3, pace.ForArrivals, 0)) {
		switch {
		case at < 500*s:
			first++
		case at < 1000*s:
			second++
		case at >= 2000*s:
			after++
		}
	}
	// areas: 2,500 and 7,500
	if math.Abs(float64(first)-2500) > 200 || math.Abs(float64(second)-7500) > 350 || after != 0 {
		t.Errorf("%d in the first half of the ramp, %d in the second, %d after it", first, second, after)
	}
}

func TestRecordedCopies(t *testing.T) {
	for _, tt := range []struct {
		why      string
		arrivals []time.Duration
		speed    float64
		copies   int
		want     []time.Duration
	}{
		{"three of each, spread until the next; the last over a mean pause", []time.Duration{10 * s, 13 * s, 22 * s}, 1, 3,
			[]time.Duration{0, 1 * s, 2 * s, 3 * s, 6 * s, 9 * s, 12 * s, 14 * s, 16 * s}},
		{"twice as fast", []time.Duration{10 * s, 14 * s}, 2, 2, []time.Duration{0, 1 * s, 2 * s, 3 * s}},
		{"one session: nobody knows a pause", []time.Duration{10 * s}, 1, 3, []time.Duration{0, 0, 0}},
		{"together as they were", []time.Duration{s, s, 3 * s}, 0, 2, []time.Duration{0, 0, 0, 1 * s, 2 * s, 2500 * time.Millisecond}},
		{"no session", nil, 1, 3, nil},
	} {
		if d := cmp.Diff(tt.want, slices.Collect(pace.Recorded(tt.arrivals, tt.speed, tt.copies))); d != "" {
			t.Errorf("%s: %s", tt.why, d)
		}
	}
}

func TestStreams(t *testing.T) {
	seen := map[uint64][]uint64{}
	for seed := range uint64(3) {
		for a := range uint64(20) {
			for b := range uint64(20) {
				n := pace.Stream(seed, a, b).Uint64()
				if other, ok := seen[n]; ok {
					t.Fatalf("%d begins two streams: %v and %v", n, other, []uint64{seed, a, b})
				}
				seen[n] = []uint64{seed, a, b}
				if pace.Stream(seed, a, b).Uint64() != n {
					t.Fatal("not the same again")
				}
			}
		}
	}
}
