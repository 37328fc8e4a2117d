package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/plan"
	"firedrill/internal/runs"
	"firedrill/internal/verdict"
)

// findings lists what broke, first to break first, and behind it what stands out.
func (j *judge) findings() {
	j.targetFindings()
	j.thresholdFindings()
	j.baselineFindings()
	j.criticalFindings()
	j.queryFindings()
	j.notices()
	rank := func(f verdict.Finding) int {
		if f.Status == verdict.Info {
			return 1
		}
		return 0
	}
	when := func(f verdict.Finding) time.Duration {
		if f.When < 0 {
			return 1<<63 - 1 // of the whole run: behind what has a time
		}
		return f.When
	}
	slices.SortStableFunc(j.report.Findings, func(a, b verdict.Finding) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(when(a), when(b)))
	})
}

func (j *judge) find(status verdict.Status, when time.Duration, where, what, advice string) {
	j.report.Findings = append(j.report.Findings, verdict.Finding{Status: status, What: what, Where: where, When: when, Load: j.load(when), Advice: advice})
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
	j.find(verdict.Fail, at, "target", fmt.Sprintf("the target stopped answering at %s and did not come back (%s)", verdict.Clock(at), j.lastErrors(at)),
		"look at its log and its memory at that moment; it fell under the load, which is a finding and not a fault of the run")
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

// thresholdFindings says which thresholds broke or had no data.
func (j *judge) thresholdFindings() {
	for i, row := range j.report.Thresholds {
		s := j.states[i]
		name := row.Metric + ": " + row.Expr
		switch row.Status {
		case verdict.NoData:
			j.find(verdict.NoData, -1, row.Metric, name+" had no data", "no data is a failure: "+j.noDataAdvice(s.Threshold))
		case verdict.Fail:
			what := fmt.Sprintf("%s broke with %s", name, value(*row.Measured, row.Unit))
			j.find(verdict.Fail, row.BrokeAt, row.Metric, what, j.thresholdAdvice(s.Threshold))
		}
	}
}

func (j *judge) noDataAdvice(t *metric.Threshold) string {
	if len(t.Selector.Tags) > 0 {
		return "check that the names in " + t.Selector.String() + " are those of this run's endpoints, personas and phases"
	}
	if t.Metric.Name == "db_queries" || t.Metric.Name == "db_time" {
		return "no answer said how many queries it caused; send X-DB-Query-Count or Server-Timing"
	}
	return "nothing of the kind happened in this run"
}

// thresholdAdvice says where to look next.
func (j *judge) thresholdAdvice(t *metric.Threshold) string {
	switch {
	case t.Metric.Name == "http_req_failed" || t.Metric.Name == "checks" && len(j.report.Errors) > 0:
		if len(j.report.Errors) > 0 {
			e := j.report.Errors[0]
			return fmt.Sprintf("most frequent: %s at %s, %s, first at %s", e.What, e.Endpoint, verdict.Times(e.Count), verdict.Clock(e.First))
		}
	case t.Metric.Type == metric.Trend && t.Metric.Unit == metric.Time:
		return j.slowest(func(verdict.Latency) bool { return true })
	case t.Metric.Name == "rate_limited":
		return "the target limits how much one client may ask: raise the limit for the rehearsal, or count it as its capacity"
	case t.Metric.Name == "starved":
		return "reset the target's data, or give each user more objects"
	case t.Metric.Name == "dropped_iterations":
		return "the target was too slow for the scheduled starts: more users (maxVUs), or this is its limit"
	}
	return "look at the timeline at that moment"
}

// slowest names the endpoint that is furthest over its target, else the slowest.
func (j *judge) slowest(of func(verdict.Latency) bool) string {
	var worst *verdict.Latency
	factor := func(l *verdict.Latency) float64 {
		if l.Target == nil {
			return 0
		}
		return l.P95MS / l.Target.P95MS
	}
	for i := range j.report.Endpoints {
		l := &j.report.Endpoints[i]
		if l.Requests == 0 || !of(*l) {
			continue
		}
		if worst == nil || factor(l) > factor(worst) || factor(l) == factor(worst) && l.P95MS > worst.P95MS {
			worst = l
		}
	}
	if worst == nil {
		return "look at the timeline at that moment"
	}
	text := fmt.Sprintf("slowest for its kind: %s, p95 %s", worst.Name, verdict.Milli(worst.P95MS))
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
			name := c.Name
			j.find(verdict.Fail, j.categoryBroke(c), c.Name, fmt.Sprintf("%s requests broke their baseline: %s", c.Name, strings.Join(parts, ", ")),
				j.slowest(func(e verdict.Latency) bool { return e.Category == name }))
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
				j.slowest(func(verdict.Latency) bool { return true }))
		}
	}
}

// criticalFindings says which critical endpoints were never called.
func (j *judge) criticalFindings() {
	for _, pattern := range j.manifest.Critical {
		called := slices.ContainsFunc(j.report.Endpoints, func(e verdict.Latency) bool { return plan.MatchEndpoint(pattern, e.Name) })
		if !called {
			j.find(verdict.NoData, -1, pattern, "the critical endpoint "+pattern+" was never called", "record a session that calls it, or correct its name in the scenario")
		}
	}
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

// notices are what stands out without breaking anything.
func (j *judge) notices() {
	t := j.tally
	if note, at := j.stallNote(); note != "" {
		j.find(verdict.Info, at, "target", note, "look for garbage collection, locks, backups or a full queue at that moment")
	}
	for _, n := range []struct {
		n            int
		at           time.Duration
		what, advice string
	}{
		{t.rateLimited, t.firsts.rateLimited, verdict.Count(t.rateLimited, "request") + " answered with 429", "the target limits how much one client may ask; they are counted as failed"},
		{t.unexpected, t.firsts.unexpected, verdict.Count(t.unexpected, "answer") + " of the expected status had another shape than recorded", "the replay may see a log-in page or an error page: compare with \"replayer check\""},
		{t.stale, t.firsts.stale, verdict.Count(t.stale, "request") + " sent with a value that is the recording's", "\"replayer plan\" shows where each value comes from"},
		{t.relogins, t.firsts.relogin, verdict.Count(t.relogins, "log-in request") + " repeated because a session had ended", "the session's lifetime is shorter than the run, or sessions were lost"},
		{t.starved, t.firsts.starved, verdict.Count(t.starved, "iteration") + " found nothing to choose from", "reset the target's data before the run"},
		{t.dropped, -1, verdict.Count(t.dropped, "start") + " could not be made", "no user was free, or the time was over; they carry no latency"},
	} {
		if n.n > 0 {
			j.find(verdict.Info, n.at, "run", n.what, n.advice)
		}
	}
	refused, ended := 0, 0
	for _, p := range t.personas {
		refused, ended = refused+p.refused, ended+p.ended()
	}
	if refused > 0 && refused < ended {
		j.find(verdict.Info, t.firsts.loginFailed, "log-in", verdict.Count(refused, "log-in")+" refused", "check the accounts of this environment")
	}
	if len(j.report.Errors) > 0 && !slices.ContainsFunc(j.report.Findings, func(f verdict.Finding) bool { return f.Where == "http_req_failed" }) {
		e := j.report.Errors[0]
		j.find(verdict.Info, e.First, e.Endpoint, fmt.Sprintf("%s failed (%s); most frequent: %s, %s", verdict.Count(t.all.failed, "request"), verdict.Percent(t.all.failed, t.all.requests), e.What, verdict.Times(e.Count)),
			"the errors are listed by endpoint and kind")
	}
	switch end := j.ending.End; end {
	case runs.Aborted, runs.CostlyCap:
		j.find(verdict.Info, t.length, "run", "the run ended early: "+end, or(j.ending.Detail, "numbers are of what ran until then"))
	}
}
