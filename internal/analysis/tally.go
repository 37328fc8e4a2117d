package analysis

import (
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"firedrill/internal/analysis/queries"
	"firedrill/internal/metric"
	"firedrill/internal/runs"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// tally is what is counted of a run's samples and iterations.
type tally struct {
	names       sample.Names
	length      time.Duration
	all         group
	endpoints   []group // by index
	queries     []queries.Tally
	categories  map[string]*group
	seconds     []second
	errors      map[errorKey]*verdict.ErrorCount
	personas    []personaTally
	users       userCurve
	turnout     *turnout
	counted     []bool  // by phase: it counts for baselines
	pardoned    stretch // what begins in it does not count
	phases      []phaseTally
	streams     map[uint16]*streamTally // by endpoint
	drift       *driftTally             // nil: not asked for
	late        *hdrhistogram.Histogram // microseconds from intended start to start
	stalls      stallFinder
	interrupted []cut
	rateLimited int
	unexpected  int
	stale       int
	relogins    int
	dropped     int
	missed      int // starts that pacing left out
	starved     int
	answered    int
	trailing    int           // unanswered ones in a row at the end of the run
	silentFrom  time.Duration // end of the first of them
	unreached   int           // attempts of which nothing could be sent
	firsts      firsts
}

// cut is a request that was under way when its user left, or the run ended.
type cut struct{ at, waited time.Duration }

// firsts are when things were first seen; −1 = never.
type firsts struct{ rateLimited, unexpected, stale, relogin, starved, loginFailed time.Duration }

// group is a set of requests whose latency is summed up.
type group struct {
	requests   int // interrupted ones left out
	failed     int
	answered   int
	hold       int     // requests that count for baselines
	holdFailed int     //
	times      []int64 // response times of those, answered
	service    []int64 // http_req_duration of the same
	most       int64   // greatest http_req_duration of any phase, answered
	checks     verdict.Checks
}

// phaseTally is one phase, where each step is judged on its own.
type phaseTally struct {
	requests, failed int
	times            []int64 // response times, answered
	errors           map[errorKey]int
}

func (p *phaseTally) add(s *sample.Sample) {
	p.requests++
	if s.Status != 0 {
		p.times = append(p.times, int64(s.ResponseTime()))
	}
	if !s.Has(sample.Failed) {
		return
	}
	p.failed++
	if p.errors == nil {
		p.errors = map[errorKey]int{}
	}
	p.errors[errorKey{s.Endpoint, what(s)}]++
}

type errorKey struct {
	endpoint uint16
	what     string
}

// second is one second of the timeline.
type second struct {
	requests, failed int
	times            []int64
}

func newTally(names sample.Names) *tally {
	return &tally{
		names: names, endpoints: make([]group, len(names.Endpoints)), queries: make([]queries.Tally, len(names.Endpoints)),
		categories: map[string]*group{}, errors: map[errorKey]*verdict.ErrorCount{}, streams: map[uint16]*streamTally{}, personas: make([]personaTally, len(names.Personas)), turnout: newTurnout(names.Phases),
		late:   hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3),
		firsts: firsts{-1, -1, -1, -1, -1, -1},
	}
}

// prepare makes room for what only some runs ask for. The phases that count are known.
func (t *tally) prepare(m runs.Manifest) {
	if m.Steps != nil {
		t.phases = make([]phaseTally, len(t.names.Phases))
	}
	if m.Drift != nil {
		t.drift = newDriftTally(t)
	}
}

// stretch is a stretch of the run, without its end.
type stretch struct{ from, to time.Duration }

func (s stretch) holds(at time.Duration) bool { return s.from <= at && at < s.to }

// phaseEnd is the end of a phase; an open one lasts to the end of the run.
func (t *tally) phaseEnd(i int) time.Duration {
	p := t.names.Phases[i]
	if p.To < p.From || p.To == 0 {
		return max(p.From, t.length)
	}
	return p.To
}

// counts is whether a sample counts for baselines. In a run without phases all do.
func (t *tally) counts(s *sample.Sample) bool {
	if len(t.names.Phases) == 0 {
		return true
	}
	return int(s.Phase) < len(t.counted) && t.counted[s.Phase] && !t.pardoned.holds(s.Intended)
}

// first keeps the earlier of two times, −1 meaning none.
func first(at *time.Duration, d time.Duration) {
	if *at < 0 || d < *at {
		*at = d
	}
}

// sample takes one. An endpoint that has no name is counted over all only.
func (t *tally) sample(s *sample.Sample) {
	t.length = max(t.length, s.End)
	if s.Has(sample.Interrupted) {
		t.interrupted = append(t.interrupted, cut{s.End, s.End - s.Intended})
		return
	}
	hold := t.counts(s)
	t.turnout.sample(s)
	t.all.add(s, hold)
	category := metric.CategoryOf(s, &t.names)
	if t.categories[category] == nil {
		t.categories[category] = &group{}
	}
	t.categories[category].add(s, hold)
	if int(s.Endpoint) < len(t.endpoints) {
		t.endpoints[s.Endpoint].add(s, hold)
		if s.Status != 0 {
			t.queries[s.Endpoint].Add(s)
		}
	}
	t.second(s)
	t.flags(s)
	t.stream(s)
	if int(s.Phase) < len(t.phases) {
		t.phases[s.Phase].add(s)
	}
	if t.drift != nil && hold {
		t.drift.add(s)
	}
	if int(s.Persona) < len(t.personas) {
		t.personas[s.Persona].turns = max(t.personas[s.Persona].turns, int(s.Turn)+1)
	}
	_ = t.late.RecordValue(min(max(0, int64((s.Start-s.Intended)/time.Microsecond)), int64(time.Hour/time.Microsecond))) // in range by the line itself
	t.stalls.add(s)
}

func (g *group) add(s *sample.Sample, hold bool) {
	g.requests++
	g.checks.Of++
	failed := 0
	if s.Has(sample.Failed) {
		failed = 1
	}
	g.failed += failed
	if s.Status != 0 {
		g.answered++
		g.most = max(g.most, int64(s.Duration()))
	}
	for _, c := range []struct {
		flag  sample.Flags
		count *int
	}{{sample.CheckStatus, &g.checks.Status}, {sample.CheckUnder500, &g.checks.Under500}, {sample.CheckUnder1s, &g.checks.Under1s}} {
		if s.Has(c.flag) {
			*c.count++
		}
	}
	if !hold {
		return
	}
	g.hold++
	g.holdFailed += failed
	if s.Status != 0 {
		g.times = append(g.times, int64(s.ResponseTime()))
		g.service = append(g.service, int64(s.Duration()))
	}
}

// maxSeconds bounds the timeline of a damaged file: a month.
const maxSeconds = 31 * 24 * 3600

func (t *tally) second(s *sample.Sample) {
	at := int(min(max(0, s.End)/time.Second, maxSeconds))
	for len(t.seconds) <= at {
		t.seconds = append(t.seconds, second{})
	}
	sec := &t.seconds[at]
	sec.requests++
	if s.Has(sample.Failed) {
		sec.failed++
	}
	if s.Status != 0 {
		sec.times = append(sec.times, int64(s.ResponseTime()))
	}
}

// flags counts what stands out.
func (t *tally) flags(s *sample.Sample) {
	if s.Status != 0 {
		t.answered++
		t.trailing = 0
	} else {
		if t.trailing == 0 {
			t.silentFrom = s.End
		}
		t.trailing++
		if s.Has(sample.NotSent) || s.Error == sample.Refused || s.Error == sample.NoHost {
			t.unreached++
		}
	}
	for _, f := range []struct {
		flag  sample.Flags
		count *int
		first *time.Duration
	}{
		{sample.RateLimited, &t.rateLimited, &t.firsts.rateLimited},
		{sample.Unexpected, &t.unexpected, &t.firsts.unexpected},
		{sample.Stale, &t.stale, &t.firsts.stale},
		{sample.Relogin, &t.relogins, &t.firsts.relogin},
	} {
		if s.Has(f.flag) {
			*f.count++
			first(f.first, s.End)
		}
	}
	if !s.Has(sample.Failed) {
		return
	}
	k := errorKey{s.Endpoint, what(s)}
	e := t.errors[k]
	if e == nil {
		e = &verdict.ErrorCount{Endpoint: t.endpointName(s.Endpoint), What: k.what, First: s.End}
		t.errors[k] = e
	}
	e.Count++
	e.First = min(e.First, s.End)
}

// what is the kind of a failure, in words.
func what(s *sample.Sample) string {
	if s.Error != sample.None {
		return s.Error.String()
	}
	switch {
	case s.Status == 0:
		return "no answer"
	case s.Has(sample.Truncated):
		return sample.BrokeOff.String()
	}
	return "status " + strconv.Itoa(int(s.Status))
}

func (t *tally) endpointName(i uint16) string {
	if int(i) < len(t.names.Endpoints) {
		return t.names.Endpoints[i].Name
	}
	return "endpoint " + strconv.Itoa(int(i))
}

// finish sets the length: the ending's, or the last thing that was seen.
func (t *tally) finish(e runs.Ending) {
	for _, p := range t.personas {
		t.length = max(t.length, p.last)
	}
	if e.Length > 0 {
		t.length = max(t.length, e.Length)
	}
	t.users.peak = max(t.users.peak, e.PeakUsers)
	for time.Duration(len(t.seconds))*time.Second < min(t.length, maxSeconds*time.Second) {
		t.seconds = append(t.seconds, second{})
	}
}
