package metric

import (
	"cmp"
	"slices"
	"time"

	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// Exact judges thresholds over a whole run, from all values. One goroutine at a time.
type Exact struct{ set *set }

// NewExact judges the thresholds over samples whose indexes stand for names.
func NewExact(thresholds []*Threshold, names sample.Names) *Exact {
	return &Exact{newSet(thresholds, names, false)}
}

// Sample takes one; it is not kept.
func (e *Exact) Sample(s *sample.Sample) { e.set.sample(s) }

// Iteration takes one.
func (e *Exact) Iteration(it sample.Iteration) { e.set.iteration(it) }

// Drop takes one.
func (e *Exact) Drop(d sample.Drop) { e.set.drop(d) }

// Users takes the number of users of a persona from now on.
func (e *Exact) Users(at time.Duration, persona uint16, n int) { e.set.users(at, persona, n) }

// Evaluate judges every threshold, in order, over a run of the given length. Of
// one over the run, BrokeAt says only whether: when, is Live's to say. Of one with
// windows it is the end of the first that broke.
func (e *Exact) Evaluate(length time.Duration) []State {
	states := make([]State, len(e.set.thresholds))
	for i, t := range e.set.thresholds {
		if t.Window == 0 {
			states[i] = e.set.overRun(i, length)
			continue
		}
		st := State{Threshold: t, Status: verdict.NoData, Now: verdict.NoData, BrokeAt: -1}
		for _, w := range e.Windows(i, length) {
			st.take(w)
		}
		states[i] = st
	}
	return states
}

// Windows is how the i-th threshold stands in each position of its window that
// ends at a whole second of a run of the given length, in order; nil when it has
// no window.
func (e *Exact) Windows(i int, length time.Duration) []Window {
	t, s := e.set.thresholds[i], e.set.sinkOf[i]
	if t.Window == 0 {
		return nil
	}
	slices.SortStableFunc(s.seen, func(a, b observation) int { return cmp.Compare(a.second, b.second) })
	slide := newSlide(s)
	exists := s.matches.exists(&e.set.names)
	var list []Window
	size := int32(t.Window / time.Second)
	for end := size; end <= int32(min(length/time.Second, maxSeconds)); end++ {
		slide.to(end-size, end)
		w := Window{End: time.Duration(end) * time.Second, Samples: int(slide.n), Status: verdict.NoData}
		if s.covers(&e.set.names, w.End) {
			v, ok := slide.value(t, w.End)
			w.Value, w.Status = t.judge(v, slide.n, ok && (slide.n > 0 || exists))
		}
		list = append(list, w)
	}
	return list
}

// slide is a window that moves over a sink's observations.
type slide struct {
	sink   *sink
	seen   []observation
	ranks  []int32 // of trends
	order  *order
	n, sum int64
	in     int // observations before it have come in
	out    int // and those before it have gone
}

func newSlide(s *sink) *slide {
	w := &slide{sink: s, seen: s.seen}
	if s.metric.Type == Trend {
		values := make([]int64, len(s.seen))
		for i, o := range s.seen {
			values[i] = o.value
		}
		w.order = newOrder(values)
		w.ranks = make([]int32, len(values))
		for i, v := range values {
			w.ranks[i] = w.order.rank(v)
		}
	}
	return w
}

// to moves it to the seconds from up to, but not including, until; never back.
func (w *slide) to(from, until int32) {
	for ; w.in < len(w.seen) && w.seen[w.in].second < until; w.in++ {
		w.take(w.in, 1)
	}
	for ; w.out < w.in && w.seen[w.out].second < from; w.out++ {
		w.take(w.out, -1)
	}
}

func (w *slide) take(i int, by int32) {
	o := w.seen[i]
	w.n += int64(by) * int64(o.n)
	w.sum += int64(by) * o.value
	if w.order != nil {
		w.order.put(w.ranks[i], by)
	}
}

// value is the threshold's, in its unit; ok is false without data.
func (w *slide) value(t *Threshold, end time.Duration) (v float64, ok bool) {
	switch {
	case t.Metric.perUser:
		return perUser(w.sum, w.sink.users.within(end-t.Window, end))
	case t.Metric.Type == Counter && t.Method == "rate":
		return float64(w.sum) / t.Window.Seconds(), true
	case t.Metric.Type == Counter:
		return float64(w.sum), true
	case w.n == 0:
		return 0, false
	case t.Metric.Type == Rate:
		return float64(w.sum) / float64(w.n), true
	}
	p, quantile := t.quantile()
	if !quantile {
		return float64(w.sum) / float64(w.n) / t.Metric.scale(), true
	}
	return percentile(w.order.n, p, w.order.at) / t.Metric.scale(), true
}
