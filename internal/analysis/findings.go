package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/metric"
	"firedrill/internal/plan"
	"firedrill/internal/runs"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// finding is one on its way into the report.
type finding struct {
	verdict.Finding
	latency bool // it is about response times: the culprit's goes before the others'
	cause   bool // it explains others: it goes first
}

// findings lists what broke, first to break first, and behind it what stands out.
// What explains the rest goes before it: a target that died, a stall, and the
// endpoint that the others wait for.
func (j *judge) findings() {
	j.targetFindings()
	j.stallFinding()
	j.thresholdFindings()
	j.stepFindings()
	j.recoveryFinding()
	j.driftFindings()
	j.baselineFindings()
	j.criticalFindings()
	j.absentFinding()
	j.queryFindings()
	j.notices()
	slices.SortStableFunc(j.found, j.order())
	j.report.Findings = make([]verdict.Finding, len(j.found))
	said := ""
	if c := j.cause.culprit; c != nil {
		said = "look first at " + j.accuse(c)
	}
	seen := false
	for i, f := range j.found {
		if said != "" && f.Advice == said {
			if seen {
				f.Advice = "look first at " + j.cause.culprit.name + ", as said above"
			}
			seen = true
		}
		j.report.Findings[i] = f.Finding
	}
}

// order puts failures before notices, causes before what they caused, and else the
// earlier first. The culprit's findings count as seen when the first of all slow
// ones was: its victims may break earlier, because more is asked of them.
func (j *judge) order() func(a, b finding) int {
	slow := time.Duration(1<<63 - 1)
	for _, f := range j.found {
		if f.latency && f.Status != verdict.Info {
			slow = min(slow, moment(f.When))
		}
	}
	when := func(f finding) time.Duration {
		if j.byCulprit(f) {
			return min(slow, moment(f.When))
		}
		return moment(f.When)
	}
	rank := func(yes bool) int {
		if yes {
			return 0
		}
		return 1
	}
	return func(a, b finding) int {
		return cmp.Or(cmp.Compare(rank(a.Status != verdict.Info), rank(b.Status != verdict.Info)), cmp.Compare(rank(a.cause), rank(b.cause)),
			cmp.Compare(when(a), when(b)), cmp.Compare(rank(j.byCulprit(a)), rank(j.byCulprit(b))))
	}
}

// byCulprit is whether a finding is about the endpoint that the others wait for.
func (j *judge) byCulprit(f finding) bool {
	c := j.cause.culprit
	if c == nil || f.Status == verdict.Info {
		return false
	}
	e := j.names.Endpoints[c.endpoint]
	return f.Where == e.Name || f.latency && f.Where == e.Category || strings.Contains(f.Where, "{endpoint:"+e.Name+"}")
}

// moment puts what has no time (−1, over the whole run) behind what has.
func moment(at time.Duration) time.Duration {
	if at < 0 {
		return 1<<63 - 1
	}
	return at
}

func (j *judge) find(status verdict.Status, when time.Duration, where, what, advice string) *finding {
	return j.findLoad(status, when, where, what, advice, j.load(when))
}

// findLoad is find with a load that is not that of the moment.
func (j *judge) findLoad(status verdict.Status, when time.Duration, where, what, advice, load string) *finding {
	j.found = append(j.found, finding{Finding: verdict.Finding{Status: status, What: what, Where: where, When: when, Load: load, Advice: advice}})
	return &j.found[len(j.found)-1]
}

// hasFinding is whether something of that place is among the findings already.
func (j *judge) hasFinding(where string) bool {
	return slices.ContainsFunc(j.found, func(f finding) bool { return f.Where == where })
}

// lostTarget is from how many unanswered requests in a row, and for how long, the
// target is taken to have stopped answering.
const (
	lostTarget = 5
	lostFor    = 3 * time.Second
)

// targetFindings says whether the target died.
func (j *judge) targetFindings() {
	t := j.tally
	died := j.ending.End == runs.TargetDied
	if t.answered == 0 || !died && (t.trailing < lostTarget || t.length-t.silentFrom < lostFor) {
		return
	}
	at := t.silentFrom
	if t.trailing == 0 {
		at = t.length
	}
	status, advice := verdict.Fail, "look at its log and its memory at that moment; it fell under the load, which is a finding and not a fault of the run"
	if m := j.manifest.Steps; m != nil && t.users.within(at-time.Second, at+1) > m.MustHold {
		status = verdict.Info // more than it must carry: that it fell there is the answer
		advice += "; it must carry " + verdict.Count(m.MustHold, "user")
	}
	j.find(status, at, "target", fmt.Sprintf("the target stopped answering at %s and did not come back (%s)", verdict.Clock(at), j.lastErrors(at)), advice).cause = true
}

// lastErrors says which kinds of failure began at or after a moment.
func (j *judge) lastErrors(at time.Duration) string {
	var kinds []string
	for _, e := range j.report.Errors {
		if e.First >= at-time.Second && !slices.Contains(kinds, e.What) && len(kinds) < 3 {
			kinds = append(kinds, e.What)
		}
	}
	return or(list(kinds), "no answer")
}

// thresholdFindings says which thresholds broke or had no data. Those that are
// judged by steps are among the steps' findings.
func (j *judge) thresholdFindings() {
	for i, row := range j.report.Thresholds {
		t := j.states[i].Threshold
		if j.stepwise(t) {
			continue
		}
		name := row.Metric + ": " + row.Expr
		switch row.Status {
		case verdict.NoData:
			j.find(verdict.NoData, -1, row.Metric, name+" had no data", "no data is a failure: "+j.noDataAdvice(t, row.Samples))
		case verdict.Fail:
			what := fmt.Sprintf("%s broke with %s", name, value(*row.Measured, row.Unit))
			j.find(verdict.Fail, row.BrokeAt, row.Metric, what, j.adviceFor(t, j.cause.culprit)).latency = isLatency(t)
		}
	}
}

func (j *judge) noDataAdvice(t *metric.Threshold, samples int) string {
	if t.Window >= j.tally.length {
		return fmt.Sprintf("the run was shorter than its window of %s", verdict.Duration(t.Window))
	}
	if samples > 0 || t.MinSamples > 1 && t.Window > 0 {
		return fmt.Sprintf("fewer than %s were seen (min_samples)", verdict.Count(t.MinSamples, "observation"))
	}
	if len(t.Selector.Tags) > 0 {
		return "check that the names in " + t.Selector.String() + " are those of this run's endpoints, personas and phases"
	}
	if t.Metric.Name == "db_queries" || t.Metric.Name == "db_time" {
		return "no answer said how many queries it caused; send X-DB-Query-Count or Server-Timing"
	}
	return "nothing of the kind happened in this run"
}

// baselineFindings says which latency and concurrency baselines broke.
func (j *judge) baselineFindings() {
	for _, c := range j.report.Categories {
		switch {
		case c.Status == verdict.Fail:
			var parts []string
			for _, p := range c.Broke {
				measured, limit := c.P50MS, c.Target.P50MS
				switch p {
				case "p95":
					measured, limit = c.P95MS, c.Target.P95MS
				case "p99":
					measured, limit = c.P99MS, c.Target.P99MS
				}
				parts = append(parts, fmt.Sprintf("%s %s (target %s)", p, verdict.Milli(measured), verdict.Milli(limit)))
			}
			j.find(verdict.Fail, j.categoryBroke(c), c.Name, fmt.Sprintf("%s requests broke their baseline: %s", c.Name, strings.Join(parts, ", ")), j.categoryAdvice(c)).latency = true
		case c.Status == verdict.NoData && c.All > 0:
			j.find(verdict.NoData, -1, c.Name, c.Name+" requests have no baseline verdict: none was answered in a hold phase", "see the errors below")
		}
	}
	for _, e := range j.report.Endpoints {
		i := slices.IndexFunc(j.report.Categories, func(c verdict.Latency) bool { return c.Name == e.Category })
		if e.Status == verdict.Fail && i >= 0 && j.report.Categories[i].Status == verdict.Pass {
			j.find(verdict.Info, -1, e.Name, fmt.Sprintf("%s alone would break the baseline of %s: %s", e.Name, e.Category, list(e.Broke)), or(j.queriesOf(e.Name), "its category as a whole holds"))
		}
	}
	for _, c := range j.report.Concurrency {
		if c.Status == verdict.Fail {
			j.find(verdict.Fail, -1, c.Name, fmt.Sprintf("%s does not carry %s: p95 %s, errors %.1f %%; passes when %s", c.Name, verdict.Count(c.Users, "user"), verdict.Milli(*c.P95MS), *c.Errors*100, c.Passes),
				j.concurrencyAdvice(c)).latency = true
		}
	}
}

// categoryAdvice says where to look after a category broke its baseline.
func (j *judge) categoryAdvice(row verdict.Latency) string {
	if v := j.stalledCategory(row); v != "" {
		return "the stall explains it: without the requests that waited in it, it is " + v
	}
	c := j.cause.culprit
	if c != nil && j.names.Endpoints[c.endpoint].Category == row.Name {
		return "look first at " + j.accuse(c)
	}
	text := j.slowest(func(e verdict.Latency) bool { return e.Category == row.Name })
	if c != nil && c.others && c.wait >= c.own/4 {
		text += "; it may only wait for " + c.name
	}
	return text
}

// stalledCategory is what a broken category would have been without the stalls, in
// words; "" unless they explain all that broke.
func (j *judge) stalledCategory(row verdict.Latency) string {
	var parts []string
	for _, t := range j.targets {
		if t.category != row.Name || !slices.Contains(row.Broke, t.name) {
			continue
		}
		v := j.cause.without[t.Threshold]
		if v == "" {
			return ""
		}
		parts = append(parts, t.name+" "+v)
	}
	return list(parts)
}

// concurrencyAdvice says where to look when so many users are not carried.
func (j *judge) concurrencyAdvice(row verdict.Concurrency) string {
	i := slices.IndexFunc(j.baselines.Concurrency, func(c baseline.Concurrency) bool { return c.Name == row.Name })
	c := j.cause.culprit
	switch {
	case i >= 0 && *row.P95MS < ms(j.baselines.Concurrency[i].P95) && len(j.report.Errors) > 0:
		return j.errorAdvice()
	case c != nil:
		return "look first at " + j.accuse(c)
	}
	return j.slowest(func(verdict.Latency) bool { return true })
}

// criticalFindings says which critical endpoints were never called, or never answered.
func (j *judge) criticalFindings() {
	for _, pattern := range j.manifest.Critical {
		called, answered := j.calls(pattern)
		switch {
		case !called:
			j.find(verdict.NoData, -1, pattern, "the critical endpoint "+pattern+" was never called", j.neverCalled(pattern))
		case !answered:
			j.find(verdict.NoData, -1, pattern, "the critical endpoint "+pattern+" was called and never answered", "see the errors below")
		}
	}
}

// calls is whether an endpoint was called, and whether it was answered.
func (j *judge) calls(pattern string) (called, answered bool) {
	for i, e := range j.names.Endpoints {
		if plan.MatchEndpoint(pattern, e.Name) {
			called = called || j.tally.endpoints[i].requests > 0
			answered = answered || j.tally.endpoints[i].answered > 0
		}
	}
	return called, answered
}

// neverCalled says what to do so that a critical endpoint is called: most often it
// is in the journey, and nobody came so far.
func (j *judge) neverCalled(pattern string) string {
	planned := slices.ContainsFunc(j.names.Endpoints, func(e sample.Endpoint) bool { return plan.MatchEndpoint(pattern, e.Name) })
	cut, broken := 0, 0
	for _, p := range j.tally.personas {
		cut, broken = cut+p.cut, broken+p.broken+p.starved+p.refused
	}
	switch {
	case !planned:
		return "record a session that calls it, or correct its name in the scenario"
	case broken > cut:
		return fmt.Sprintf("it is in the journey, and nobody came so far: %s ended before it; see why among the iterations", verdict.Count(broken, "iteration"))
	case j.completed() == 0 && cut > 0:
		return fmt.Sprintf("it is in the journey, and the run was too short to come to it: %s cut off by its end; run longer (--duration)", verdict.Were(cut, "iteration"))
	}
	return "it is in the journey, and its turn never came; run longer (--duration)"
}

// queryFindings says which endpoints went over their query budget.
func (j *judge) queryFindings() {
	for _, q := range j.report.Queries {
		switch q.Status {
		case verdict.Fail:
			t := &j.tally.queries[j.endpoint(q.Endpoint)]
			n, at := t.Broke(*q.Budget)
			j.find(verdict.Fail, at, q.Endpoint, fmt.Sprintf("%s caused up to %s; its budget is %d (%s over it)", q.Endpoint, verdict.Count(q.Max, "database query"), *q.Budget, verdict.Count(n, "request")),
				fmt.Sprintf("counts were %s: look for a query in a loop, or raise the budget in baselines.yaml if this is meant", t.Spread()))
		case verdict.NoData:
			j.find(verdict.NoData, -1, q.Endpoint, q.Endpoint+" has a query budget and no answer said how many queries it caused", "send X-DB-Query-Count or Server-Timing")
		}
	}
}
