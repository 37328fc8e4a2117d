package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// fewRequests is below how many the 99th percentile is nearly the maximum.
const fewRequests = 100

// latencies fills in categories and endpoints.
func (j *judge) latencies() {
	r := j.report
	r.Categories, r.Endpoints = []verdict.Latency{}, []verdict.Latency{}
	for _, name := range j.categoryNames() {
		g := j.tally.categories[name]
		if g == nil {
			g = &group{}
		}
		row := j.latency(g, name)
		row.Name = name
		r.Categories = append(r.Categories, row)
	}
	for i, e := range j.names.Endpoints {
		g := &j.tally.endpoints[i]
		if g.requests == 0 {
			continue
		}
		row := j.latency(g, e.Category)
		row.Name, row.Category = e.Name, e.Category
		row.Critical = slices.ContainsFunc(j.manifest.Critical, func(pattern string) bool { return plan.MatchEndpoint(pattern, e.Name) })
		r.Endpoints = append(r.Endpoints, row)
	}
	slices.SortStableFunc(r.Endpoints, func(a, b verdict.Latency) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Name, b.Name))
	})
}

// categoryNames are those with a baseline, in its order, and then the others of
// the run, "other" last.
func (j *judge) categoryNames() []string {
	var names, more []string
	for _, l := range j.baselines.Latency {
		names = append(names, l.Category)
	}
	for c := range j.tally.categories {
		if c != "" && c != "other" && !slices.Contains(names, c) {
			more = append(more, c)
		}
	}
	slices.Sort(more)
	names = append(names, more...)
	if j.tally.categories["other"] != nil && !slices.Contains(names, "other") {
		names = append(names, "other")
	}
	return names
}

// latency sums up a group and judges it by the target of its category.
func (j *judge) latency(g *group, category string) verdict.Latency {
	row := verdict.Latency{Requests: g.hold, All: g.requests, Failed: g.failed, Checks: g.checks, Status: verdict.Info}
	metric.Sort(g.service)
	row.P50MS, row.P95MS, row.P99MS = percentiles(g.times)
	if n := len(g.times); n > 0 {
		row.MaxMS = float64(g.times[n-1]) / 1e6
		row.ServiceP95MS = metric.Percentile(g.service, 95) / 1e6
	}
	target, ok := j.baselines.Of(category)
	if !ok {
		return row
	}
	row.Target = &verdict.Target{P50MS: ms(target.P50), P95MS: ms(target.P95), P99MS: ms(target.P99)}
	switch {
	case g.requests == 0:
		row.Status = verdict.NoData // not in this run
	case j.manifest.Speed != 1 || g.hold == 0:
		// another load than people make, or requests only while users ramped
	case len(g.times) == 0:
		row.Status = verdict.NoData
	default:
		row.Status = verdict.Pass
		for _, p := range []struct {
			name            string
			measured, limit float64
		}{{"p50", row.P50MS, row.Target.P50MS}, {"p95", row.P95MS, row.Target.P95MS}, {"p99", row.P99MS, row.Target.P99MS}} {
			if p.measured > p.limit {
				row.Broke = append(row.Broke, p.name)
				row.Status = verdict.Fail
			}
		}
	}
	return row
}

// percentiles sorts times and gives their 50th, 95th and 99th percentile in
// milliseconds; 0 without any.
func percentiles(times []int64) (p50, p95, p99 float64) {
	if len(times) == 0 {
		return 0, 0, 0
	}
	metric.Sort(times)
	return metric.Percentile(times, 50) / 1e6, metric.Percentile(times, 95) / 1e6, metric.Percentile(times, 99) / 1e6
}

// categoryBroke is when the first of a category's percentiles broke its target.
func (j *judge) categoryBroke(row verdict.Latency) time.Duration {
	at := time.Duration(-1)
	for _, t := range j.targets {
		if t.category == row.Name && slices.Contains(row.Broke, t.name) {
			first(&at, j.brokeAt(t.Threshold))
		}
	}
	return at
}

// queries fills in the query counts of the endpoints, in their order.
func (j *judge) queries() {
	j.report.Queries = []verdict.Queries{}
	for _, e := range j.report.Endpoints {
		i := j.endpoint(e.Name)
		row, ok := j.tally.queries[i].Row(e.Name, j.budget(e.Name))
		if ok {
			j.report.Queries = append(j.report.Queries, row)
		}
	}
}

// endpoint is the index of a name that the run has.
func (j *judge) endpoint(name string) int {
	for i, e := range j.names.Endpoints {
		if e.Name == name && j.tally.endpoints[i].requests > 0 {
			return i
		}
	}
	return 0
}

// budget is the query budget of an endpoint; an exact name goes before a pattern.
func (j *judge) budget(name string) *int {
	var found *int
	for i := range j.baselines.Queries {
		b := &j.baselines.Queries[i]
		if b.Endpoint == name {
			return &b.Max
		}
		if found == nil && plan.MatchEndpoint(b.Endpoint, name) {
			found = &b.Max
		}
	}
	return found
}

// errors lists failures by endpoint and kind, most frequent first.
func (j *judge) errors() []verdict.ErrorCount {
	rows := []verdict.ErrorCount{}
	for _, e := range j.tally.errors {
		rows = append(rows, *e)
	}
	slices.SortFunc(rows, func(a, b verdict.ErrorCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.First, b.First), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.What, b.What))
	})
	return rows
}

// concurrency judges the rows of the concurrency table that this run speaks to.
func (j *judge) concurrency() {
	j.report.Concurrency = []verdict.Concurrency{}
	for _, c := range j.baselines.Concurrency {
		row := verdict.Concurrency{Name: c.Name, Users: c.Users, Passes: c.Passes(), Status: verdict.NoData}
		if c.Scenario == j.manifest.Scenario.Name || slices.Contains(j.manifest.Scenario.Aliases, c.Scenario) {
			row.Reached = j.peak()
			if all := &j.tally.all; all.hold > 0 && len(all.times) > 0 {
				metric.Sort(all.times)
				p95, errors := metric.Percentile(all.times, 95)/1e6, float64(all.holdFailed)/float64(all.hold)
				row.P95MS, row.Errors = &p95, &errors
				broke := p95 >= ms(c.P95) || errors >= c.Errors
				row.Why = j.saysNothing(row.Reached, c.Users)
				switch {
				case j.tally.users.peak < c.Users || j.manifest.Speed != 1:
				case broke: // fewer break it already
					row.Status, row.Why = verdict.Fail, ""
				case row.Why == "":
					row.Status = verdict.Pass
				}
			}
		}
		j.report.Concurrency = append(j.report.Concurrency, row)
	}
}

// saysNothing is why a run of the right scenario says nothing about so many users;
// "": it does, unless they break what is asked.
func (j *judge) saysNothing(reached, users int) string {
	switch {
	case j.manifest.Speed != 1:
		return fmt.Sprintf("it ran at %g times the recorded speed", j.manifest.Speed)
	case reached < users && j.tally.users.peak >= users:
		return fmt.Sprintf("only %s got anything done: %s", verdict.Number(reached), j.absentWords(j.absent))
	case reached < users:
		return fmt.Sprintf("it had %s", verdict.Count(reached, "user"))
	case j.completed() == 0:
		for _, pattern := range j.manifest.Critical {
			if called, _ := j.calls(pattern); !called {
				return "no iteration was completed, and " + pattern + " was never called"
			}
		}
	}
	return ""
}

// completed is the number of iterations that were.
func (j *judge) completed() (n int) {
	for _, p := range j.tally.personas {
		n += p.completed
	}
	return n
}

// phaseWarnings say which phases the baselines are judged by, where it is not all holds.
func (j *judge) phaseWarnings(say func(format string, args ...any)) {
	steady := slices.ContainsFunc(j.names.Phases, func(p sample.Phase) bool { return p.Hold })
	switch {
	case len(j.names.Phases) == 0:
		say("The run has no phases; all of it is judged by the baselines.")
	case !steady:
		say("The number of users is steady in no phase of this scenario; all of it is judged by the baselines.")
	}
	if m := j.manifest.Steps; m != nil {
		say("Baselines are judged by the steps of at most %s, which must hold.", verdict.Count(m.MustHold, "user"))
	}
	if r := j.report.Recovery; r != nil && j.recoveryPhase() >= 0 {
		say("Baselines are not judged by %s nor by the %s after it, in which the target may recover.", phaseWords(r.After), verdict.Duration(r.Within))
	}
}

// cutWarnings says which requests were cut off, and so are in no rate and no
// percentile: of those whose users left in the middle of the run also how long they
// had waited, as the slowest are among them.
func (j *judge) cutWarnings(say func(string, ...any)) {
	end := j.loadEnd() - time.Second
	within, longest := 0, time.Duration(0)
	for _, c := range j.tally.interrupted {
		if c.at < end {
			within++
			longest = max(longest, c.waited)
		}
	}
	if n := len(j.tally.interrupted) - within; n > 0 {
		say("%s cut off by the end of the run and not judged.", verdict.Were(n, "request"))
	}
	if within > 0 {
		say("%s cut off when their users left, while the run went on, and not judged: the longest had waited %s without a full answer. Give users time to finish (graceful_ramp_down) to count them.",
			verdict.Were(within, "request"), verdict.Duration(longest))
	}
}

// warnings gathers what a reader of the numbers should know.
func (j *judge) warnings() {
	r, t := j.report, j.tally
	say := func(format string, args ...any) { r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...)) }
	r.Warnings = append(append([]string{}, j.manifest.Warnings...), j.ending.Warnings...)
	if j.manifest.Speed != 1 {
		say("Think times were divided by %g: this is another load than that many people make, so it is not judged by baselines.", j.manifest.Speed)
	}
	j.phaseWarnings(say)
	j.cutWarnings(say)
	for i := range t.personas {
		if p := &t.personas[i]; p.completed == 0 && p.cut > 0 {
			say("No iteration of %s was completed: the run was shorter than one takes, so its last steps may be missing here. Run longer (--duration).", j.names.Personas[i])
		}
	}
	var few, ramp []string
	known, unknown := 0, 0
	for _, c := range r.Categories {
		if c.Target != nil && c.Requests > 0 && c.Requests < fewRequests {
			few = append(few, fmt.Sprintf("%s %d", c.Name, c.Requests))
		}
		if c.Target != nil && c.All > 0 && c.Requests == 0 {
			ramp = append(ramp, fmt.Sprintf("%s (%s)", c.Name, verdict.Count(c.All, "request")))
		}
	}
	for _, q := range r.Queries {
		known, unknown = known+q.Known, unknown+q.Unknown
	}
	if len(few) > 0 {
		say("Of fewer than %d requests the 99th percentile is nearly the slowest one: %s.", fewRequests, list(few))
	}
	if len(ramp) > 0 {
		say("Requested only while users ramped, so not judged by baselines: %s.", list(ramp))
	}
	switch {
	case known == 0 && unknown > 0:
		say("No answer said how many database queries it caused; the application can say so in X-DB-Query-Count or Server-Timing.")
	case unknown > 0:
		say("%s without a query count: unknown, not zero.", verdict.Were(unknown, "answer"))
	}
	if other := t.categories["other"]; other != nil {
		if _, judged := j.baselines.Of("other"); !judged {
			say("%s in the category other, which has no baseline; set their category by `categories:` in firedrill.yaml.", verdict.Were(other.requests, "request"))
		}
	}
	if w := j.ending.Generator.Waits; w > 0 {
		say("The generator waited %s for its own run file; put it on a faster disk.", verdict.Times(int(w)))
	}
	if p99 := time.Duration(t.late.ValueAtPercentile(99)) * time.Microsecond; p99 > lateWarn && t.all.requests > 0 {
		say("The generator was late: 1 %% of the requests started %s or more after they should have.", verdict.Duration(p99))
	}
}
