package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// cause is why thresholds and targets broke, found by reading the run once more.
type cause struct {
	culprit *suspect         // over the run; nil: nobody stands out
	steps   map[int]*suspect // by phase, of steps that broke
	stalls  []stallFound
	stalled []string                     // thresholds and targets that would have held without what waited in the stalls, in words
	without map[*metric.Threshold]string // what each of them would have been
}

// failedTime is a broken threshold on times of requests.
type failedTime struct {
	name string
	*metric.Threshold
	target bool // it is fed only what counts for baselines
}

// suspect is an endpoint whose own work is what the others wait for.
type suspect struct {
	endpoint   int
	name       string
	p95, calm  float64 // http_req_duration in nanoseconds; calm: see blame
	own        float64 // what it takes longer than calm and the common wait
	wait       float64 // what they all wait
	others     bool    // others grew slow as well
	lone       bool    // there are no others
	byItsClass bool    // calm is its category's target, not its own best
	target     float64 // its category's for the 95th percentile; 0 = none
}

// grew is whether an endpoint takes so much longer than when it is calm that
// chance does not explain it.
func (s *suspect) grew(by float64) bool {
	if s.byItsClass {
		return by >= float64(ownLeast) && s.p95 > s.target
	}
	return by >= max(float64(ownLeast), ownShare*s.calm)
}

// explain reads the run again, where something broke, for two questions: would it
// have held without the requests that a stall caught, and whose own work took long.
func (j *judge) explain(run Run) error {
	j.cause.steps, j.cause.without = map[int]*suspect{}, map[*metric.Threshold]string{}
	j.cause.stalls = j.tally.found()
	failed := j.failedTimes()
	whole := make(service, len(j.names.Endpoints))
	by := map[int]service{}
	for i, s := range j.stepState {
		if s.Status == verdict.Fail {
			by[j.ofSteps[i].phase] = make(service, len(j.names.Endpoints))
		}
	}
	if len(failed) == 0 && len(by) == 0 {
		return nil
	}
	again := make([]*metric.Exact, len(failed))
	for i, f := range failed {
		again[i] = metric.NewExact([]*metric.Threshold{f.Threshold}, j.names)
	}
	for s, err := range run.Samples() {
		if err != nil {
			return err
		}
		if j.caught(s) {
			continue // it says nothing about its endpoint
		}
		counts := j.tally.counts(s)
		for i, f := range failed {
			if counts || !f.target {
				again[i].Sample(s)
			}
		}
		whole.add(s)
		if sv := by[int(s.Phase)]; sv != nil {
			sv.add(s)
		}
	}
	if len(j.cause.stalls) > 0 {
		for i, f := range failed {
			if s := again[i].Evaluate(j.tally.length)[0]; s.Status == verdict.Pass {
				v := value(s.Value, s.Unit())
				j.cause.stalled = append(j.cause.stalled, fmt.Sprintf("%s (%s without it)", f.name, v))
				j.cause.without[f.Threshold] = v
			}
		}
	}
	calm := whole.calm()
	if len(failed) > 0 {
		j.cause.culprit = j.blame(whole, calm)
	}
	for i, sv := range by {
		j.cause.steps[i] = j.blame(sv, calm)
	}
	return nil
}

// failedTimes are the broken thresholds on times of requests: the scenario's, those
// of the steps that must hold, and the targets.
func (j *judge) failedTimes() (list []failedTime) {
	for _, s := range j.states {
		if s.Status == verdict.Fail && isLatency(s.Threshold) && !j.stepwise(s.Threshold) {
			list = append(list, failedTime{s.Name + " " + s.Expr, s.Threshold, false})
		}
	}
	for i, s := range j.stepState {
		if phase := j.ofSteps[i].phase; s.Status == verdict.Fail && isLatency(s.Threshold) && j.mustHold(phase) {
			list = append(list, failedTime{fmt.Sprintf("%s %s at %s", s.Name, s.Expr, verdict.Count(j.stepUsers(phase), "user")), s.Threshold, false})
		}
	}
	for _, c := range j.report.Categories {
		for _, t := range j.targets {
			if t.category == c.Name && slices.Contains(c.Broke, t.name) {
				list = append(list, failedTime{"the " + t.name + " of " + c.Name, t.Threshold, true})
			}
		}
	}
	return list
}

// isLatency is whether a threshold is on times of requests.
func isLatency(t *metric.Threshold) bool {
	return t.Metric.Type == metric.Trend && t.Metric.Unit == metric.Time && t.Metric.Name != "iteration_duration"
}

// caught is whether a request waited in a stall.
func (j *judge) caught(s *sample.Sample) bool {
	return slices.ContainsFunc(j.cause.stalls, func(st stallFound) bool { return s.Start < st.from+st.length && s.End >= st.from+st.length })
}

// service is how long the target worked on requests, by endpoint.
type service [][]int64

func (v service) add(s *sample.Sample) {
	if s.Status != 0 && !s.Has(sample.Interrupted) && int(s.Endpoint) < len(v) {
		v[s.Endpoint] = append(v[s.Endpoint], int64(s.Duration()))
	}
}

// calm is how long each endpoint takes when it need not wait: the 10th percentile.
func (v service) calm() []float64 {
	list := make([]float64, len(v))
	for i, times := range v {
		metric.Sort(times)
		if len(times) > 0 {
			list[i] = metric.Percentile(times, 10)
		}
	}
	return list
}

// Limits of blame.
const (
	fewServed = 5                     // an endpoint with fewer answers says nothing
	ownLeast  = 20 * time.Millisecond // less is noise
	ownShare  = 2                     // of calm: within three times that, answers lie by chance
	waitShare = 0.2                   // of the common wait, whose percentiles differ by chance
)

// blame finds the endpoint whose own work is what the others wait for. When a
// target has a queue, everybody in it waits as long: the growth of an endpoint's
// 95th percentile over its calm time is its own share and the common wait. The
// common wait is what a quarter of the endpoints do not exceed; who has the most
// time of its own on top, over all its requests, is named. An endpoint that was
// never calm is compared with the median target of its category. Where nobody grew
// on his own, nobody but the queue grew: then it is the endpoint that keeps the
// target busy for most of the time, if that is at least half of it. nil: nobody.
func (j *judge) blame(v service, calm []float64) *suspect {
	var list []*suspect
	grown := []float64{}
	for i, times := range v {
		if len(times) < fewServed {
			continue
		}
		metric.Sort(times)
		s := &suspect{endpoint: i, name: j.names.Endpoints[i].Name, p95: metric.Percentile(times, 95), calm: calm[i]}
		if target, ok := j.baselines.Of(j.names.Endpoints[i].Category); ok && float64(target.P50) < s.calm {
			s.calm, s.target, s.byItsClass = float64(target.P50), float64(target.P95), true
		}
		list = append(list, s)
		grown = append(grown, max(0, s.p95-s.calm))
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(grown)
	wait := 0.0
	if len(grown) > 1 {
		wait = grown[(len(grown)-1)/4]
	}
	var worst, busiest *suspect
	most, busy, all, slow := 0.0, 0.0, 0.0, 0
	for _, s := range list {
		n := float64(len(v[s.endpoint]))
		s.wait, s.own = wait, max(0, s.p95-s.calm-wait)
		if s.grew(s.p95 - s.calm) {
			slow++
		}
		if s.grew(s.own) && s.own >= waitShare*wait && s.own*n > most {
			worst, most = s, s.own*n
		}
		work := n * calm[s.endpoint]
		all += work
		if work > busy {
			busiest, busy = s, work
		}
	}
	if worst == nil && wait > float64(ownLeast) && slow > 1 && busy >= all/2 {
		worst, busiest.own = busiest, 0
	}
	if worst != nil {
		worst.others, worst.lone = slow > 1, len(list) == 1
	}
	return worst
}

// accuse says why an endpoint is named: its times, its queries, and how the others fare.
func (j *judge) accuse(s *suspect) string {
	text := fmt.Sprintf("%s: p95 %s", s.name, verdict.Milli(s.p95/1e6))
	if s.byItsClass {
		text += fmt.Sprintf(" (half of its kind should take less than %s)", verdict.Milli(s.calm/1e6))
	} else {
		text += fmt.Sprintf(" (%s when nothing waits)", verdict.Milli(s.calm/1e6))
	}
	if q := j.queriesOf(s.name); q != "" {
		text += ", " + q
	}
	switch {
	case s.lone:
		return text
	case s.own == 0:
		return text + "; it keeps the target busy for most of the time, and all wait in one queue"
	case !s.others:
		return text + "; the others are as fast as ever"
	case s.wait < s.own/4:
		return text + "; others are slower than they were, too, but none so much"
	}
	return text + "; the others wait for it"
}

// adviceFor says where to look next after a threshold broke.
func (j *judge) adviceFor(t *metric.Threshold, by *suspect) string {
	switch {
	case (t.Metric.Name == "http_req_failed" || t.Metric.Name == "checks") && len(j.report.Errors) > 0:
		return j.errorAdvice()
	case j.cause.without[t] != "":
		return "the stall explains it: without the requests that waited in it, it is " + j.cause.without[t]
	case isLatency(t) && by != nil:
		return "look first at " + j.accuse(by)
	case isLatency(t):
		return j.slowest(func(verdict.Latency) bool { return true })
	case t.Metric.Name == "rate_limited":
		return "the target limits how much one client may ask: raise the limit for the rehearsal, or count it as its capacity"
	case t.Metric.Name == "starved":
		return "reset the target's data, or give each user more objects"
	case t.Metric.Name == "dropped_iterations":
		return "the target was too slow for the scheduled starts: more users (maxVUs), or this is its limit"
	case strings.HasPrefix(t.Metric.Name, "generations"):
		return j.generationAdvice()
	}
	return "look at the timeline at that moment"
}

// errorAdvice names the most frequent failure.
func (j *judge) errorAdvice() string {
	e := j.report.Errors[0]
	return fmt.Sprintf("most frequent: %s at %s, %s, first at %s", e.What, e.Endpoint, verdict.Times(e.Count), verdict.Clock(e.First))
}

// generationAdvice says what keeps users from generating more.
func (j *judge) generationAdvice() string {
	i := slices.IndexFunc(j.report.Streams, func(s verdict.Stream) bool { return s.RateLimited > 0 })
	if i >= 0 {
		s := j.report.Streams[i]
		return fmt.Sprintf("%s answered 429 %s: its limit is what holds them back", s.Endpoint, verdict.Times(s.RateLimited))
	}
	return "one user asks again when the answer is complete and read: shorter answers, or shorter think times"
}

// slowest names the endpoint that is furthest over its target, else the slowest.
func (j *judge) slowest(of func(verdict.Latency) bool) string {
	var worst *verdict.Latency
	var most, factor float64 // of worst
	for i := range j.report.Endpoints {
		l := &j.report.Endpoints[i]
		ms := l.P95MS
		if l.Requests == 0 { // asked only while users came or went: thresholds count that, too
			ms = float64(j.tally.endpoints[j.endpoint(l.Name)].most) / 1e6
		}
		if l.All == 0 || !of(*l) {
			continue
		}
		f := 0.0
		if l.Target != nil {
			f = ms / l.Target.P95MS
		}
		if worst == nil || f > factor || f == factor && ms > most {
			worst, most, factor = l, ms, f
		}
	}
	if worst == nil {
		return "look at the timeline at that moment"
	}
	text := fmt.Sprintf("slowest for its kind: %s, p95 %s", worst.Name, verdict.Milli(most))
	if worst.Requests == 0 {
		text = fmt.Sprintf("slowest for its kind: %s, up to %s", worst.Name, verdict.Milli(most))
	}
	if q := j.queriesOf(worst.Name); q != "" {
		text += ", " + q
	}
	return text
}

// queriesOf says how many queries an endpoint causes; "" where unknown.
func (j *judge) queriesOf(endpoint string) string {
	for _, q := range j.report.Queries {
		if q.Endpoint != endpoint || q.Known == 0 {
			continue
		}
		text := fmt.Sprintf("%g database queries a request", q.Median)
		if q.Median == 1 {
			text = "1 database query a request"
		}
		if q.TimeMS >= 0 {
			text += fmt.Sprintf(" in %s", verdict.Milli(q.TimeMS))
		}
		return text
	}
	return ""
}
