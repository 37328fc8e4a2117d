package metric

import (
	"slices"
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
	Value   float64        // in the threshold's unit; 0 without data; with windows, of the worst so far
	Samples int            // observations behind it
	Status  verdict.Status // Pass, Fail or NoData
	Now     verdict.Status // of the newest window; without windows, Status
	BrokeAt time.Duration  // first evaluation that failed and was followed by no other result; with windows, the first that failed; −1 = it does not fail
}

// take lets the state grow worse by a window.
func (s *State) take(w Window) {
	s.Now = w.Status
	if s.BrokeAt < 0 && w.Status == verdict.Fail {
		s.BrokeAt = w.End
	}
	if s.worse(w, Window{Value: s.Value, Status: s.Status}) {
		s.Value, s.Samples, s.Status = w.Value, w.Samples, w.Status
	}
}

// WorseThan is whether s is the worse of two states of one condition: what failed
// before what had no data before what passed, and then the value further on the
// wrong side.
func (s State) WorseThan(o State) bool {
	rank := func(v verdict.Status) int {
		return slices.Index([]verdict.Status{verdict.Pass, verdict.NoData, verdict.Fail}, v)
	}
	if s.Status != o.Status {
		return rank(s.Status) > rank(o.Status)
	}
	return s.worse(Window{Value: s.Value, Status: s.Status}, Window{Value: o.Value, Status: o.Status})
}

// set evaluates thresholds; equal metric, selector and window share one sink.
type set struct {
	names      sample.Names
	thresholds []*Threshold
	sinkOf     []*sink // of each threshold
	brokeAt    []time.Duration
	worst      []State // live, of thresholds with windows
	sinks      []*sink
	ofSamples  []*sink // those of sinks that take samples
	others     []*sink
}

func newSet(thresholds []*Threshold, names sample.Names, live bool) *set {
	s := &set{names: names, thresholds: thresholds}
	shared := map[string]*sink{}
	for _, t := range thresholds {
		key := t.Metric.Name + t.Selector.String() + t.Window.String()
		k := shared[key]
		if k == nil {
			k = newSink(t, live)
			shared[key] = k
			s.sinks = append(s.sinks, k)
			if t.Metric.sampled() {
				s.ofSamples = append(s.ofSamples, k)
			}
			if !t.Metric.sampled() || t.Metric.perUser {
				s.others = append(s.others, k)
			}
		}
		s.sinkOf = append(s.sinkOf, k)
		s.brokeAt = append(s.brokeAt, -1)
		s.worst = append(s.worst, State{Threshold: t, Status: verdict.NoData, Now: verdict.NoData, BrokeAt: -1})
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
			k.sample(p)
		}
	}
}

func (s *set) iteration(it sample.Iteration) {
	for _, k := range s.others {
		if k.metric.ofIteration != nil && k.matches.iteration(&it, &s.names) {
			v, n := k.metric.ofIteration(&it)
			k.add(it.End, v, n)
		}
	}
}

func (s *set) drop(d sample.Drop) {
	for _, k := range s.others {
		if k.metric.ofDrop != nil && k.matches.ofPersona(int(d.Persona), &s.names) {
			v, n := k.metric.ofDrop(&d)
			k.add(d.At, v, n)
		}
	}
}

func (s *set) users(at time.Duration, persona uint16, n int) {
	for _, k := range s.others {
		if k.users != nil && k.matches.ofPersona(int(persona), &s.names) {
			k.setUsers(at, persona, n)
		}
	}
}

// overRun judges a threshold without windows when the run has lasted for at.
func (s *set) overRun(i int, at time.Duration) State {
	t, k := s.thresholds[i], s.sinkOf[i]
	v, ok := k.value(t, &s.names, at)
	st := State{Threshold: t, Samples: int(k.n)}
	st.Value, st.Status = t.judge(v, k.n, ok && (k.n > 0 || k.matches.exists(&s.names)))
	st.Now = st.Status
	switch {
	case st.Status != verdict.Fail:
		s.brokeAt[i] = -1
	case s.brokeAt[i] < 0:
		s.brokeAt[i] = at
	}
	st.BrokeAt = s.brokeAt[i]
	return st
}

// live judges every threshold when the run has lasted for at.
func (s *set) live(at time.Duration) []State {
	states := make([]State, len(s.thresholds))
	for i, t := range s.thresholds {
		if t.Window == 0 {
			states[i] = s.overRun(i, at)
			continue
		}
		s.worst[i].take(s.sinkOf[i].liveWindow(t, &s.names, int32(min(at/time.Second, maxSeconds))))
		states[i] = s.worst[i]
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
func (l *Live) Users(at time.Duration, persona uint16, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set.users(at, persona, n)
}

// Evaluate judges every threshold, in order, when the run has lasted for at.
// Call it every Every: BrokeAt counts these calls, and a window ends at the whole
// second before each.
func (l *Live) Evaluate(at time.Duration) []State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.set.live(at)
}

// Aborts is the first state whose failure ends the run when it has lasted for at;
// nil when none does. Of windows it is the newest that counts, so that one that
// broke before the delay ends nothing.
func Aborts(states []State, at time.Duration) *State {
	for i := range states {
		if s := &states[i]; s.Abort && s.Now == verdict.Fail && at >= s.Delay {
			return s
		}
	}
	return nil
}
