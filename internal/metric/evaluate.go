package metric

import (
	"sync"
	"time"

	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// Every is how often thresholds are evaluated while a run lasts, as in k6.
const Every = 2 * time.Second

// State is how a threshold stands.
type State struct {
	*Threshold
	Value   float64        // in the threshold's unit; 0 without data
	Samples int            // observations behind it
	Status  verdict.Status // Pass, Fail or NoData
	BrokeAt time.Duration  // first evaluation that failed and was followed by no other result; −1 = it does not fail
}

// set evaluates thresholds; equal metric and selector share one sink.
type set struct {
	names      sample.Names
	thresholds []*Threshold
	sinkOf     []*sink // of each threshold
	brokeAt    []time.Duration
	sinks      []*sink
	ofSamples  []*sink // those of sinks that take samples
	others     []*sink
}

func newSet(thresholds []*Threshold, names sample.Names, live bool) *set {
	s := &set{names: names, thresholds: thresholds}
	shared := map[string]*sink{}
	for _, t := range thresholds {
		key := t.Metric.Name + t.Selector.String()
		k := shared[key]
		if k == nil {
			k = newSink(&t.Metric, t.Selector, live)
			shared[key] = k
			s.sinks = append(s.sinks, k)
			if t.Metric.ofSample != nil {
				s.ofSamples = append(s.ofSamples, k)
			} else {
				s.others = append(s.others, k)
			}
		}
		s.sinkOf = append(s.sinkOf, k)
		s.brokeAt = append(s.brokeAt, -1)
	}
	return s
}

func (s *set) setNames(names sample.Names) {
	s.names = names
	for _, k := range s.sinks {
		k.matches.forget()
	}
}

func (s *set) sample(p *sample.Sample) {
	cut := p.Has(sample.Interrupted)
	for _, k := range s.ofSamples {
		if (!cut || k.metric.interrupted) && k.matches.sample(p, &s.names) {
			k.add(k.metric.ofSample(p))
		}
	}
}

func (s *set) iteration(it sample.Iteration) {
	for _, k := range s.others {
		if k.metric.ofIteration != nil && k.matches.iteration(&it, &s.names) {
			k.add(k.metric.ofIteration(&it))
		}
	}
}

func (s *set) drop(d sample.Drop) {
	for _, k := range s.others {
		if k.metric.ofDrop != nil && k.matches.ofPersona(int(d.Persona), &s.names) {
			k.add(k.metric.ofDrop(&d))
		}
	}
}

func (s *set) users(persona uint16, n int) {
	for _, k := range s.others {
		if k.users != nil && k.matches.ofPersona(int(persona), &s.names) {
			k.setUsers(persona, n)
		}
	}
}

// evaluate judges every threshold when the run has lasted for at.
func (s *set) evaluate(at time.Duration) []State {
	states := make([]State, len(s.thresholds))
	for i, t := range s.thresholds {
		k := s.sinkOf[i]
		st := State{Threshold: t, Samples: int(k.n), Status: verdict.NoData, BrokeAt: -1}
		v, ok := k.value(t, at.Seconds())
		if ok && (k.n > 0 || k.matches.exists(&s.names)) {
			st.Value, st.Status = v, verdict.Fail
			if t.Holds(v) {
				st.Status = verdict.Pass
			}
		}
		switch {
		case st.Status != verdict.Fail:
			s.brokeAt[i] = -1
		case s.brokeAt[i] < 0:
			s.brokeAt[i] = at
		}
		st.BrokeAt = s.brokeAt[i]
		states[i] = st
	}
	return states
}

// Live judges thresholds while a run lasts. Its methods may be called from many
// goroutines and are cheap. It has the shape of load's sink.
type Live struct {
	mu  sync.Mutex
	set *set
}

// NewLive judges the thresholds over samples whose indexes stand for names.
func NewLive(thresholds []*Threshold, names sample.Names) *Live {
	return &Live{set: newSet(thresholds, names, true)}
}

// SetNames replaces the names, which may have grown; indexes keep their meaning.
func (l *Live) SetNames(names sample.Names) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set.setNames(names)
}

// Sample takes one; it is not kept.
func (l *Live) Sample(s *sample.Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set.sample(s)
}

// Iteration takes one.
func (l *Live) Iteration(it sample.Iteration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set.iteration(it)
}

// Drop takes one.
func (l *Live) Drop(d sample.Drop) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set.drop(d)
}

// Users takes the number of users of a persona from now on.
func (l *Live) Users(_ time.Duration, persona uint16, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set.users(persona, n)
}

// Evaluate judges every threshold, in order, when the run has lasted for at.
// Call it every Every: BrokeAt counts these calls.
func (l *Live) Evaluate(at time.Duration) []State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.set.evaluate(at)
}

// Aborts is the first state whose failure ends the run when it has lasted for at; nil when none does.
func Aborts(states []State, at time.Duration) *State {
	for i := range states {
		if s := &states[i]; s.Abort && s.Status == verdict.Fail && at >= s.Delay {
			return s
		}
	}
	return nil
}

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
func (e *Exact) Users(_ time.Duration, persona uint16, n int) { e.set.users(persona, n) }

// Evaluate judges every threshold, in order, over a run of the given length.
// BrokeAt says only whether: when, is Live's to say.
func (e *Exact) Evaluate(length time.Duration) []State { return e.set.evaluate(length) }
