package drift

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestQuantile(t *testing.T) {
	for freedom, want := range map[float64]float64{1: 12.7062, 2: 4.30265, 5: 2.57058, 10: 2.22814, 30: 2.04227, 1000: 1.96234} { // published tables
		if got := quantile(freedom); math.Abs(got-want) > 1e-4 {
			t.Errorf("%v degrees of freedom: %v, want %v", freedom, got, want)
		}
	}
	if a, b := quantile(2.5), quantile(3); a <= b || a >= quantile(2) {
		t.Errorf("%v and %v", a, b)
	}
}

func TestFit(t *testing.T) {
	x, y := make([]float64, 20), make([]float64, 20)
	for i := range x {
		x[i], y[i] = float64(i)/10, 5+3*float64(i)/10
	}
	l, ok := Fit(x, y)
	if !ok || math.Abs(l.Slope-3) > 1e-9 || math.Abs(l.At(0)-5) > 1e-9 || math.Abs(l.At(2)-11) > 1e-9 || math.Abs(l.High-l.Low) > 1e-9 || !l.Rises() {
		t.Errorf("%+v", l)
	}
	for i := range y {
		y[i] = 7
	}
	if l, ok := Fit(x, y); !ok || l.Slope != 0 || l.Low != 0 || l.High != 0 || l.Rises() {
		t.Errorf("a constant: %+v", l)
	}
	if _, ok := Fit(x[:Least-1], y[:Least-1]); ok {
		t.Error("a line through too few values")
	}
	if _, ok := Fit(make([]float64, 9), y[:9]); ok {
		t.Error("a line through one moment")
	}
}

// TestCoverage: how often the interval holds the true slope, for noise of which
// each value keeps a share of the one before. What a textbook interval does to the
// same series is asserted beside it, so that the test shows what the method is for.
func TestCoverage(t *testing.T) {
	for _, c := range []struct {
		n           int
		keeps       float64
		least, most float64
		naive       float64 // more than this the interval without the correction never covers
	}{
		{8, 0, .95, 1, .97}, {8, .5, .88, 1, .87}, {12, .3, .91, 1, .91}, {24, .5, .91, 1, .8},
		{60, 0, .94, .995, .97}, {60, .5, .92, .995, .82}, {60, .8, .91, .995, .55},
	} {
		r := rand.New(rand.NewPCG(uint64(c.n), uint64(c.keeps*10)))
		const series = 1500
		held, naive := 0, 0
		for range series {
			x, y := make([]float64, c.n), make([]float64, c.n)
			noise := r.NormFloat64() / math.Sqrt(1-c.keeps*c.keeps)
			for i := range x {
				x[i], y[i] = float64(i), 100+0.7*float64(i)+noise
				noise = c.keeps*noise + r.NormFloat64()
			}
			l, ok := Fit(x, y)
			if !ok {
				t.Fatal("no line")
			}
			if l.Low <= 0.7 && 0.7 <= l.High {
				held++
			}
			half := (l.High - l.Low) / 2 / quantile(l.Effective-2) * math.Sqrt((l.Effective-2)/float64(c.n-2)) * quantile(float64(c.n-2))
			if math.Abs(l.Slope-0.7) <= half {
				naive++
			}
		}
		got, without := float64(held)/series, float64(naive)/series
		t.Logf("%d windows that keep %.1f: the interval holds the slope in %.1f %%, without the correction in %.1f %%", c.n, c.keeps, got*100, without*100)
		if got < c.least || got > c.most || without > c.naive {
			t.Errorf("%d windows that keep %.1f: %.3f is not from %.2f to %.3f, or %.3f is above %.2f", c.n, c.keeps, got, c.least, c.most, without, c.naive)
		}
	}
}

// TestStepCoverage: noise alone is called growth no more often than chance allows.
func TestStepCoverage(t *testing.T) {
	for _, n := range []int{48, 60, 120} {
		for _, keeps := range []float64{0, .3, .5, .8} {
			r := rand.New(rand.NewPCG(uint64(n), uint64(keeps*10)))
			const series = 500
			alarms := 0
			for range series {
				x, y := make([]float64, n), make([]float64, n)
				noise := r.NormFloat64() / math.Sqrt(1-keeps*keeps)
				for i := range x {
					x[i], y[i] = float64(i), 100+noise
					noise = keeps*noise + r.NormFloat64()
				}
				if l, _ := Fit(x, y); l.StepLow > 0 {
					alarms++
				}
			}
			if share := float64(alarms) / series; share > .08 {
				t.Errorf("%d windows that keep %.1f: %.1f %% of nothing are called growth", n, keeps, share*100)
			}
		}
	}
}

// TestCurvesRise: what piles up seldom grows along a line.
func TestCurvesRise(t *testing.T) {
	shapes := map[string]func(at float64) float64{
		"a line":         func(at float64) float64 { return 100 + 300*at },
		"a square":       func(at float64) float64 { return 100 + 900*at*at },
		"an exponential": func(at float64) float64 { return 100 * math.Exp(2*at) },
		"a jump":         func(at float64) float64 { return 100 + 800*math.Floor(at+0.5) },
		"flat, then up":  func(at float64) float64 { return 100 + 800*max(0, (at-0.6)/0.4) },
	}
	for name, shape := range shapes {
		for _, noise := range []float64{0, 10, 50} {
			r := rand.New(rand.NewPCG(1, uint64(noise)))
			x, y := make([]float64, 60), make([]float64, 60)
			for i := range x {
				x[i] = float64(i) / 30
				y[i] = shape(float64(i)/59) + noise*r.NormFloat64()
			}
			if l, ok := Fit(x, y); !ok || !l.Rises() {
				t.Errorf("%s with noise of %v does not rise: %+v", name, noise, l)
			}
			for i := range y {
				y[i] = -y[i]
			}
			if l, _ := Fit(x, y); l.Rises() {
				t.Errorf("%s turned over with noise of %v rises: %+v", name, noise, l)
			}
		}
	}
}
