package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// stepThreshold is a threshold of the scenario, narrowed to one step.
type stepThreshold struct {
	phase int
	own   int // in judge.own
	*metric.Threshold
}

// stepwise is whether a threshold is judged for each step on its own: it names no
// phase, and its metric can be narrowed to one.
func (j *judge) stepwise(t *metric.Threshold) bool {
	return j.manifest.Steps != nil && t.Metric.HasPhases() &&
		!slices.ContainsFunc(t.Selector.Tags, func(tag metric.Tag) bool { return tag.Key == "phase" || tag.Key == "hold" })
}

// prepareSteps narrows the scenario's thresholds to each hold phase.
func (j *judge) prepareSteps() error {
	for i, p := range j.names.Phases {
		if !p.Hold {
			continue
		}
		for k, t := range j.own {
			if !j.stepwise(t) {
				continue
			}
			narrowed := *t
			narrowed.Selector.Tags = append(slices.Clone(t.Selector.Tags), metric.Tag{Key: "phase", Value: p.Name})
			j.ofSteps = append(j.ofSteps, stepThreshold{i, k, &narrowed})
		}
	}
	return nil
}

// mustHold is whether a step is one of those that must hold: by the users that it
// was to have, whether they came or not. Where starts come at a rate, by those that
// were there, and where nobody was, by the most that ever were.
func (j *judge) mustHold(phase int) bool {
	users := scheduled(j.names.Phases[phase])
	if users == 0 {
		users = j.stepUsers(phase)
	}
	if users == 0 {
		users = j.tally.users.peak
	}
	return users <= j.manifest.Steps.MustHold
}

// scheduled is the number of users that a phase was to have; 0: not known. Runs of
// older versions say it in its name alone.
func scheduled(p sample.Phase) int {
	var n, users int
	if _, err := fmt.Sscanf(p.Name, "step %d: %d users", &n, &users); p.Users > 0 || err != nil || p.Name != fmt.Sprintf("step %d: %d users", n, users) {
		return p.Users
	}
	return users
}

// stepUsers is the greatest number of users in a phase, whatever became of them.
func (j *judge) stepUsers(phase int) int {
	p := j.names.Phases[phase]
	to := p.To
	if to <= p.From { // open
		to = 1<<63 - 1
	}
	return j.tally.users.within(p.From, to)
}

// ofMustHold is how a threshold of the scenario stands in the steps that must
// hold: as in the worst of them. Where none must, it is only measured.
func (j *judge) ofMustHold(own int, whole metric.State) metric.State {
	var worst *metric.State
	for i := range j.stepState {
		s := &j.stepState[i]
		if j.ofSteps[i].own == own && j.mustHold(j.ofSteps[i].phase) && (worst == nil || s.WorseThan(*worst)) {
			worst = s
		}
	}
	if worst != nil {
		return *worst
	}
	whole.Status, whole.BrokeAt = verdict.Info, -1
	return whole
}

// steps judges each level of users on its own.
func (j *judge) steps() {
	if j.manifest.Steps == nil {
		return
	}
	j.report.Steps = []verdict.Step{}
	for i, p := range j.names.Phases {
		if !p.Hold {
			continue
		}
		g := &j.tally.phases[i]
		row := verdict.Step{Name: p.Name, Users: j.stepWorked(i), MustHold: j.mustHold(i), Requests: g.requests, Status: verdict.Info}
		if g.requests > 0 {
			row.ErrorRate = float64(g.failed) / float64(g.requests)
		}
		row.Idle = j.stepUsers(i) - row.Users
		row.P50MS, row.P95MS, row.P99MS = percentiles(g.times)
		for _, b := range j.brokenIn(i) {
			row.Broke = append(row.Broke, b.text)
		}
		if why := j.missing(i); why != "" && g.requests > 0 {
			row.Broke = append(row.Broke, why)
		}
		row.Status = j.stepStatus(i)
		j.report.Steps = append(j.report.Steps, row)
	}
}

// stepStatus is the worst status of the step's thresholds. A step that has not the
// users it is about says nothing of them, unless fewer break it already.
func (j *judge) stepStatus(phase int) verdict.Status {
	if j.tally.phases[phase].requests == 0 {
		return verdict.NoData
	}
	status := verdict.Info
	for i, s := range j.stepState {
		switch {
		case j.ofSteps[i].phase != phase:
		case s.Status == verdict.Fail:
			return verdict.Fail
		case s.Status == verdict.NoData, status == verdict.Info:
			status = s.Status
		}
	}
	if j.missing(phase) != "" {
		return verdict.NoData
	}
	return status
}

// brokenStep is one threshold that broke in a step, or had no data.
type brokenStep struct {
	state metric.State
	at    time.Duration // −1 without data
	text  string        // "http_req_duration p(95)<1000: 1,240 ms at 4:31"
}

// brokenIn are the thresholds that broke in a step, first to break first.
func (j *judge) brokenIn(phase int) []brokenStep {
	var list []brokenStep
	for i, s := range j.stepState {
		if j.ofSteps[i].phase != phase {
			continue
		}
		name := s.Name + " " + s.Expr
		switch s.Status {
		case verdict.Fail:
			at := min(j.brokeAt(s.Threshold), j.tally.phaseEnd(phase))
			list = append(list, brokenStep{s, at, fmt.Sprintf("%s: %s at %s", name, value(s.Value, s.Unit()), verdict.Clock(at))})
		case verdict.NoData:
			list = append(list, brokenStep{s, -1, name + ": no data"})
		}
	}
	slices.SortStableFunc(list, func(a, b brokenStep) int { return cmp.Compare(moment(a.at), moment(b.at)) })
	return list
}

// stepFindings says at which step what broke: of each step that must hold, and of
// the first above.
func (j *judge) stepFindings() {
	above := false
	for i, p := range j.names.Phases {
		if j.manifest.Steps == nil || !p.Hold {
			continue
		}
		broken, users := j.brokenIn(i), verdict.Count(j.stepUsers(i), "user")
		must := j.mustHold(i)
		if j.tally.phases[i].requests == 0 {
			if must {
				what := p.Name
				if n := scheduled(p); n > 0 {
					users = verdict.Count(n, "user")
					what = "the step of " + users
				}
				j.findLoad(verdict.NoData, -1, p.Name, what+" must hold and was not reached", "run the whole scenario; no data is a failure", users)
			}
			continue
		}
		why := j.missing(i)
		if len(broken) == 0 && why == "" || !must && above {
			continue
		}
		above = above || !must
		if len(broken) == 0 {
			status, says := verdict.Info, ""
			if must {
				status, says = verdict.NoData, ", which must hold,"
			}
			j.findLoad(status, -1, p.Name, fmt.Sprintf("whether it carries %s%s is not known: %s", users, says, why), "let them all in and run again; users that are refused are no load", verdict.Count(j.stepWorked(i), "user"))
			continue
		}
		first := broken[0]
		status, says := verdict.Info, ""
		if must {
			status, says = verdict.Fail, ", which must hold,"
			if first.state.Status == verdict.NoData {
				status = verdict.NoData
			}
		}
		what := fmt.Sprintf("at %s%s %s %s broke with %s", users, says, first.state.Name, first.state.Expr, value(first.state.Value, first.state.Unit()))
		if first.state.Status == verdict.NoData {
			what = fmt.Sprintf("at %s%s %s %s had no data", users, says, first.state.Name, first.state.Expr)
		}
		if n := len(broken) - 1; n > 0 {
			what += fmt.Sprintf(" (and %s more)", verdict.Number(n))
		}
		j.findLoad(status, first.at, p.Name, what, j.adviceFor(first.state.Threshold, j.cause.steps[i]), users).latency = isLatency(first.state.Threshold)
	}
}

// brokenStep is the first step that was reached and broke; −1: none did.
func (j *judge) brokenStep() int {
	for i, p := range j.names.Phases {
		if j.manifest.Steps != nil && p.Hold && j.tally.phases[i].requests > 0 && len(j.brokenIn(i)) > 0 {
			return i
		}
	}
	return -1
}

// carries says how many users the target carries, and what broke first above:
// "carries 133 users; at 250 users http_req_duration p(95)<1000 broke first (…)".
func (j *judge) carries() string {
	last := 0
	for i, p := range j.names.Phases {
		if !p.Hold || j.tally.phases[i].requests == 0 {
			continue
		}
		broken, users := j.brokenIn(i), j.stepUsers(i)
		why := j.missing(i)
		if len(broken) == 0 && why == "" {
			last = max(last, j.stepWorked(i))
			continue
		}
		what := fmt.Sprintf("carries %s", verdict.Count(last, "user"))
		if last == 0 {
			what = "does not carry " + verdict.Count(users, "user")
		}
		if len(broken) == 0 {
			return j.unknownAbove(last, users, why)
		}
		first := broken[0]
		if first.state.Status == verdict.NoData {
			return fmt.Sprintf("%s; at %s %s %s had no data", what, verdict.Count(users, "user"), first.state.Name, first.state.Expr)
		}
		facts := []string{value(first.state.Value, first.state.Unit()) + " at " + verdict.Clock(first.at)}
		if s := j.cause.steps[i]; s != nil && isLatency(first.state.Threshold) {
			facts = append(facts, s.name)
		} else if e := j.errorOf(i); e != "" && !isLatency(first.state.Threshold) {
			facts = append(facts, e)
		}
		return fmt.Sprintf("%s; at %s %s %s broke first (%s)", what, verdict.Count(users, "user"), first.state.Name, first.state.Expr, strings.Join(facts, ", "))
	}
	if last == 0 {
		return "no step was reached"
	}
	return fmt.Sprintf("carries %s: no step broke a threshold", verdict.Count(last, "user"))
}

// unknownAbove is what is known where a step had fewer users than it is about.
func (j *judge) unknownAbove(last, users int, why string) string {
	if last == 0 {
		return fmt.Sprintf("whether it carries %s is not known: %s", verdict.Count(users, "user"), why)
	}
	return fmt.Sprintf("carries %s; whether it carries %s is not known: %s", verdict.Count(last, "user"), verdict.Number(users), why)
}

// errorOf is the most frequent failure of a step, in words; "" without any.
func (j *judge) errorOf(phase int) string {
	most, n := "", 0
	for k, count := range j.tally.phases[phase].errors {
		if text := k.what + " at " + j.tally.endpointName(k.endpoint); count > n || count == n && text < most {
			most, n = text, count
		}
	}
	return most
}
