package metric

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// sink gathers one metric under one selector, over the run or in windows of one length.
type sink struct {
	metric   *Metric
	matches  matcher
	window   time.Duration
	n        int64 // observations
	sum      int64 // of values: the total of a counter, how many were true of a rate
	min, max int64
	values   []int64                 // exact trends over the run
	sorted   bool                    // values are in ascending order
	hdr      *hdrhistogram.Histogram // live trends over the run; times in microseconds
	seen     []observation           // exact, in windows
	ring     *ring                   // live, in windows
	users    *curve                  // gauges
}

// observation is what happened in a second: a value that stands for n of them.
type observation struct {
	second int32
	n      int32
	value  int64
}

// hdrTop is the longest time that a live histogram tells apart: an hour, in
// microseconds. Longer ones count as that.
const hdrTop = 3_600_000_000

// maxSeconds bounds what a damaged file can ask for: a month.
const maxSeconds = 31 * 24 * 3600

func newSink(t *Threshold, live bool) *sink {
	m := &t.Metric
	tags := append(append([]Tag(nil), t.Selector.Tags...), m.within...)
	s := &sink{metric: m, matches: matcher{tags: tags}, window: t.Window, min: math.MaxInt64, max: math.MinInt64}
	switch {
	case s.window > 0 && live:
		s.ring = newRing(s.window, m.Type == Trend)
	case s.window == 0 && live && m.Type == Trend:
		s.hdr = hdrhistogram.New(1, hdrTop, 3)
	}
	if m.Type == Gauge {
		s.users = newCurve()
	}
	return s
}

// sample takes one that the selector fits.
func (s *sink) sample(p *sample.Sample) {
	if s.metric.ofGaps != nil {
		at := p.FirstEvent
		for _, g := range s.metric.ofGaps(p) {
			gap := time.Duration(g) * time.Microsecond
			at += gap
			s.add(at, int64(gap), 1)
		}
		return
	}
	if s.metric.perUser {
		s.users.asks(p.Persona)
	}
	v, n := s.metric.ofSample(p)
	s.add(p.End, v, n)
}

// add takes a value that stands for n observations at a moment of the run.
func (s *sink) add(at time.Duration, v, n int64) {
	if n == 0 {
		return
	}
	s.n += n
	s.sum += v
	if s.window > 0 {
		s.inWindow(int32(min(max(0, at/time.Second), maxSeconds)), v, n)
		return
	}
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

// inWindow notes what is judged in windows.
func (s *sink) inWindow(second int32, v, n int64) {
	if s.ring != nil {
		s.ring.add(second, v, n)
		return
	}
	if last := len(s.seen) - 1; s.metric.Type != Trend && last >= 0 && s.seen[last].second == second && s.seen[last].n < math.MaxInt32-1000 {
		s.seen[last].n += int32(n)
		s.seen[last].value += v
		return
	}
	s.seen = append(s.seen, observation{second, int32(n), v})
}

// setUsers notes the number of users of a persona.
func (s *sink) setUsers(at time.Duration, persona uint16, n int) {
	s.users.set(at, persona, n)
	if s.metric.ofUsers {
		s.n++
	}
}

// value is what the threshold compares when the run has lasted for at, in its
// unit; ok is false without data.
func (s *sink) value(t *Threshold, names *sample.Names, at time.Duration) (v float64, ok bool) {
	switch {
	case s.metric.perUser:
		return perUser(s.sum, s.users.spent(s.matches.spans(names, at)))
	case s.metric.Type == Counter:
		if t.Method == "rate" {
			seconds := 0.0
			for _, p := range s.matches.spans(names, at) {
				seconds += (p.to - p.from).Seconds()
			}
			return float64(s.sum) / seconds, seconds > 0
		}
		return float64(s.sum), true
	case s.metric.Name == "vus_max":
		return float64(s.users.peak), true
	case s.metric.Type == Gauge:
		return float64(s.users.total), true
	case s.n == 0:
		return 0, false
	case s.metric.Type == Rate:
		return float64(s.sum) / float64(s.n), true
	}
	return s.trend(t) / t.Metric.scale(), true
}

// perUser is a sum per user and minute; while there is nobody who asks there is none.
func perUser(sum int64, users time.Duration) (float64, bool) {
	if users <= 0 {
		return 0, false
	}
	return float64(sum) / users.Minutes(), true
}

// quantile is what the method of a trend asks for, as a percentile: min, med, max
// and p(N); not ok for avg.
func (t *Threshold) quantile() (p float64, ok bool) {
	switch t.Method {
	case "min":
		return 0, true
	case "med":
		return 50, true
	case "max":
		return 100, true
	case "p":
		return t.Percentile, true
	}
	return 0, false
}

// trend is the statistic of a trend that has data, in measured units.
func (s *sink) trend(t *Threshold) float64 {
	p, ok := t.quantile()
	switch {
	case !ok:
		return float64(s.sum) / float64(s.n)
	case p == 0:
		return float64(s.min)
	case p == 100:
		return float64(s.max)
	case s.hdr != nil:
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

// liveWindow is how the threshold stands in the window that ends at a second of the run.
func (s *sink) liveWindow(t *Threshold, names *sample.Names, end int32) Window {
	w := Window{End: time.Duration(end) * time.Second, Status: verdict.NoData}
	from := end - int32(s.window/time.Second)
	if from < 0 || !s.covers(names, w.End) {
		return w
	}
	sum := s.ring.total(from, end)
	var v float64
	ok := sum.n > 0
	switch {
	case s.metric.perUser:
		v, ok = perUser(sum.sum, s.users.within(w.End-s.window, w.End))
	case s.metric.Type == Counter:
		v, ok = float64(sum.sum), sum.n > 0 || s.matches.exists(names)
		if t.Method == "rate" {
			v /= s.window.Seconds()
		}
	case !ok:
	case s.metric.Type == Rate:
		v = float64(sum.sum) / float64(sum.n)
	default:
		p, quantile := t.quantile()
		if v = float64(sum.sum) / float64(sum.n); quantile {
			v = sum.percentile(p)
		}
		v /= s.metric.scale()
	}
	w.Samples = int(sum.n)
	w.Value, w.Status = t.judge(v, sum.n, ok)
	return w
}

// covers is whether a window is one that may be judged: of what counts from
// nothing (counters, generations per user), it must lie within the selector's phases.
func (s *sink) covers(names *sample.Names, end time.Duration) bool {
	if s.metric.Type != Counter && !s.metric.perUser || !s.matches.has("phase", "hold") {
		return true
	}
	for _, p := range s.matches.spans(names, math.MaxInt64) {
		if p.from <= end-s.window && end <= p.to {
			return true
		}
	}
	return false
}
