package pace

import (
	"iter"
	"math"
	"time"

	"firedrill/internal/scenario"
)

// Arrivals are the scheduled starts of an arrival-rate load, ascending, evenly
// spaced as k6's are. With constant-arrival-rate the first is at 0 and all are
// before Duration. With ramping-arrival-rate the i-th (from 1) is where the area
// under the rate reaches i. Any other executor has none.
func Arrivals(l scenario.Load) iter.Seq[time.Duration] {
	unit := l.TimeUnit
	if unit <= 0 {
		unit = time.Second
	}
	switch l.Executor {
	case scenario.ConstantArrivalRate:
		return constantRate(l.Rate/float64(unit), l.Duration)
	case scenario.RampingArrivalRate:
		return rampingRate(l.StartRate, float64(unit), l.Stages)
	}
	return func(func(time.Duration) bool) {}
}

func constantRate(perNano float64, length time.Duration) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		if perNano <= 0 {
			return
		}
		for i := 0; ; i++ {
			at := time.Duration(math.Round(float64(i) / perNano))
			if at >= length || !yield(at) {
				return
			}
		}
	}
}

func rampingRate(startRate, unit float64, stages []scenario.Stage) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		const slack = 1e-9 // the sum of a stage's area may fall short of a whole number by rounding
		i := 1.0
		from := startRate / unit
		var done, end float64
		var start time.Duration
		for _, stage := range stages {
			to, length := stage.Target/unit, float64(stage.Duration)
			end += length * (from + to) / 2
			for ; i <= end+slack; i++ {
				if !yield(start + time.Duration(math.Round(whenArea(i-done, from, to, length)))) {
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
// divided by speed. They are to be ascending.
func Recorded(arrivals []time.Duration, speed float64) iter.Seq[time.Duration] {
	if speed <= 0 {
		speed = 1
	}
	return func(yield func(time.Duration) bool) {
		for _, at := range arrivals {
			if !yield(time.Duration(float64(at-arrivals[0]) / speed)) {
				return
			}
		}
	}
}
