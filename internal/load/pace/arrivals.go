package pace

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"firedrill/internal/scenario"
)

// Arrivals are the scheduled starts of an arrival-rate load, ascending. Evenly
// spaced as k6's are: with constant-arrival-rate the first is at 0 and all are
// before Duration; with ramping-arrival-rate the i-th (from 1) is where the area
// under the rate reaches i. With l.Poisson the areas between starts are drawn from
// r instead, exponential with mean 1: a Poisson process of the same rate, in which
// the first start is as random as any. r is used for nothing else and may be nil
// without Poisson. Any other executor has no arrivals.
func Arrivals(l scenario.Load, r *rand.Rand) iter.Seq[time.Duration] {
	unit := l.TimeUnit
	if unit <= 0 {
		unit = time.Second
	}
	switch l.Executor {
	case scenario.ConstantArrivalRate:
		next := even(0)
		if l.Poisson {
			next = poisson(r)
		}
		return constantRate(next, l.Rate/float64(unit), l.Duration)
	case scenario.RampingArrivalRate:
		next := even(1)
		if l.Poisson {
			next = poisson(r)
		}
		return rampingRate(next, l.StartRate, float64(unit), l.Stages)
	}
	return func(func(time.Duration) bool) {}
}

// even counts up from first: the areas under the rate at which starts are due.
func even(first float64) func() float64 {
	area := first - 1
	return func() float64 {
		area++
		return area
	}
}

// poisson adds up exponential steps.
func poisson(r *rand.Rand) func() float64 {
	area := 0.0
	return func() float64 {
		area += r.ExpFloat64()
		return area
	}
}

func constantRate(next func() float64, perNano float64, length time.Duration) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		if perNano <= 0 {
			return
		}
		for {
			at := math.Round(next() / perNano)
			if at >= float64(length) || !yield(time.Duration(at)) {
				return
			}
		}
	}
}

func rampingRate(next func() float64, startRate, unit float64, stages []scenario.Stage) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		const slack = 1e-9 // the sum of a stage's area may fall short of a whole number by rounding
		area := next()
		from := startRate / unit
		var done, end float64
		var start time.Duration
		for _, stage := range stages {
			to, length := stage.Target/unit, float64(stage.Duration)
			end += length * (from + to) / 2
			for ; area <= end+slack; area = next() {
				if !yield(start + time.Duration(math.Round(whenArea(area-done, from, to, length)))) {
					return
				}
			}
			done, from = end, to
			start += stage.Duration
		}
	}
}

// whenArea is the time at which the area under a line from rate a to rate b over
// length reaches area.
func whenArea(area, a, b, length float64) float64 {
	if a == b {
		return area / a
	}
	slope := (b - a) / length
	// area = a·x + slope·x²/2, solved without subtracting nearly equal numbers
	root := math.Sqrt(max(0, a*a+2*slope*area))
	return min(length, 2*area/(a+root))
}

// RateAt is the arrival rate per second that a load wants at an offset.
func RateAt(l scenario.Load, at time.Duration) float64 {
	unit := l.TimeUnit
	if unit <= 0 {
		unit = time.Second
	}
	perSecond := float64(time.Second) / float64(unit)
	switch l.Executor {
	case scenario.ConstantArrivalRate:
		if at < l.Duration {
			return l.Rate * perSecond
		}
	case scenario.RampingArrivalRate:
		from := l.StartRate
		for _, stage := range l.Stages {
			if at < stage.Duration {
				return (from + (stage.Target-from)*float64(at)/float64(stage.Duration)) * perSecond
			}
			at -= stage.Duration
			from = stage.Target
		}
	}
	return 0
}

// Recorded are recorded arrivals, from the first on, the pauses between them
// divided by speed (0 = 1). With copies each of them comes so many times: the
// copies are spread evenly between it and the next one, those of the last over a
// pause of mean length, so that the crowd grows and its rhythm stays. Arrivals are
// to be ascending.
func Recorded(arrivals []time.Duration, speed float64, copies int) iter.Seq[time.Duration] {
	if speed <= 0 {
		speed = 1
	}
	copies = max(1, copies)
	n := len(arrivals)
	return func(yield func(time.Duration) bool) {
		for i, at := range arrivals {
			var pause float64
			if i+1 < n {
				pause = float64(arrivals[i+1] - at)
			} else if n > 1 {
				pause = float64(at-arrivals[0]) / float64(n-1)
			}
			for k := range copies {
				offset := float64(at-arrivals[0]) + pause*float64(k)/float64(copies)
				if !yield(time.Duration(offset / speed)) {
					return
				}
			}
		}
	}
}
