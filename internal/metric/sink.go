package metric

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// sink gathers one metric under one selector.
type sink struct {
	metric   *Metric
	matches  matcher
	n        int64 // observations
	sum      int64 // of values: the total of a counter, how many were true of a rate
	min, max int64
	values   []int64                 // exact trends
	sorted   bool                    // values are in ascending order
	hdr      *hdrhistogram.Histogram // live trends; times in microseconds
	users    map[uint16]int64        // gauges: virtual users per persona
}

// hdrTop is the longest time that a live histogram tells apart: an hour, in
// microseconds. Longer ones count as that.
const hdrTop = 3_600_000_000

func newSink(m *Metric, sel Selector, live bool) *sink {
	s := &sink{metric: m, matches: matcher{tags: sel.Tags}, min: math.MaxInt64, max: math.MinInt64}
	if m.Type == Trend && live {
		s.hdr = hdrhistogram.New(1, hdrTop, 3)
	}
	if m.ofUsers {
		s.users = map[uint16]int64{}
	}
	return s
}

// add takes a value that stands for n observations.
func (s *sink) add(v, n int64) {
	if n == 0 {
		return
	}
	s.n += n
	s.sum += v
	if s.metric.Type != Trend {
		return
	}
	s.min, s.max = min(s.min, v), max(s.max, v)
	if s.hdr == nil {
		s.values, s.sorted = append(s.values, v), false
		return
	}
	if s.metric.Unit == Time {
		v /= 1000
	}
	_ = s.hdr.RecordValue(min(max(v, 0), hdrTop)) // within its range by the line itself
}

// setUsers notes the number of users of a persona.
func (s *sink) setUsers(persona uint16, n int) {
	s.users[persona] = int64(n)
	s.n++
	s.sum = 0
	for _, n := range s.users {
		s.sum += n
	}
	s.max = max(s.max, s.sum)
}

// value is what the threshold compares, in its unit; ok is false without data.
func (s *sink) value(t *Threshold, seconds float64) (v float64, ok bool) {
	switch t.Metric.Type {
	case Counter:
		if t.Method == "rate" {
			return float64(s.sum) / seconds, seconds > 0
		}
		return float64(s.sum), true
	case Gauge:
		if t.Metric.Name == "vus_max" {
			return float64(max(0, s.max)), true
		}
		return float64(s.sum), true
	}
	if s.n == 0 {
		return 0, false
	}
	if t.Metric.Type == Rate {
		return float64(s.sum) / float64(s.n), true
	}
	return s.trend(t) / t.Metric.scale(), true
}

// trend is the statistic of a trend that has data, in measured units.
func (s *sink) trend(t *Threshold) float64 {
	switch t.Method {
	case "avg":
		return float64(s.sum) / float64(s.n)
	case "min":
		return float64(s.min)
	case "max":
		return float64(s.max)
	}
	p := t.Percentile
	if t.Method == "med" {
		p = 50
	}
	if s.hdr != nil {
		v := float64(s.hdr.ValueAtPercentile(p))
		if s.metric.Unit == Time {
			v *= 1000
		}
		return min(max(v, float64(s.min)), float64(s.max))
	}
	if !s.sorted {
		Sort(s.values)
		s.sorted = true
	}
	return Percentile(s.values, p)
}
