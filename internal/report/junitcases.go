package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/verdict"
)

// properties are what was run, for a CI system that keeps them.
func properties(r *verdict.Report) []property {
	run := r.Run
	var all []property
	for _, p := range []property{
		{"status", string(r.Status)}, {"summary", r.Summary}, {"run", run.ID}, {"environment", run.Environment}, {"targets", strings.Join(run.Targets, ", ")},
		{"recording", run.Recording}, {"users", strconv.Itoa(run.Users)}, {"requests", strconv.Itoa(run.Requests)}, {"failed", strconv.Itoa(run.Failed)},
		{"scale", run.Scale}, {"speed", strconv.FormatFloat(run.Speed, 'g', -1, 64)}, {"seed", strconv.FormatUint(run.Seed, 10)}, {"machine", run.Machine}, {"firedrill", run.Version},
	} {
		if p.Value = xmlText(p.Value); p.Value != "" {
			all = append(all, p)
		}
	}
	return all
}

// skipped turns the case that was just added into one that is not judged.
func (c *cases) skipped(t *testcase, why string) {
	t.Failure, t.Skipped = nil, &skip{xmlText(why)}
}

// overTime are steps, recovery and drift.
func (c *cases) overTime(r *verdict.Report) {
	for _, s := range r.Steps {
		var bad *detail
		switch s.Status {
		case verdict.Fail:
			bad = &detail{Message: "broke: " + or(strings.Join(s.Broke, "; "), "a threshold"), Type: "step", Text: fmt.Sprintf("p95 %s, errors %s of %s", verdict.Milli(s.P95MS), share(s.ErrorRate), verdict.Count(s.Requests, "request"))}
		case verdict.NoData:
			bad = &detail{Message: "no data", Type: "step", Text: or(strings.Join(s.Broke, "; "), "nothing was requested in this step")}
		}
		t := c.add(".steps", s.Name, s.P95MS/1000, bad)
		if bad != nil && !s.MustHold {
			c.skipped(t, "above what must hold; "+bad.Message)
		}
	}
	if v := r.Recovery; v != nil {
		var bad *detail
		took := 0.0
		if v.Took != nil {
			took = v.Took.Seconds()
		}
		switch v.Status {
		case verdict.Fail:
			bad = &detail{Message: "not well again within " + verdict.Duration(v.Within), Type: "recovery", Text: or(strings.Join(v.Broke, "; "), "it came too late")}
			if v.Took != nil {
				bad.Message = "well again after " + verdict.Duration(*v.Took) + "; allowed are " + verdict.Duration(v.Within)
			}
		case verdict.NoData:
			bad = &detail{Message: "no data", Type: "recovery", Text: or(strings.Join(v.Broke, "; "), "the run ended before it could be seen")}
		}
		c.add(".recovery", "after "+v.After, took, bad)
	}
	for _, d := range r.Drift {
		if d.Limit == nil {
			continue
		}
		var bad *detail
		switch d.Status {
		case verdict.Fail:
			bad = &detail{Message: fmt.Sprintf("from %s to %s; allowed growth %.3g %%", drifted(d.Start, d.Unit), drifted(d.End, d.Unit), 100**d.Limit), Type: "drift",
				Text: fmt.Sprintf("per hour %s, 95 %% interval %s to %s, %s", drifted(d.SlopeHour, d.Unit), drifted(d.Low, d.Unit), drifted(d.High, d.Unit), verdict.Count(d.Windows, "window"))}
		case verdict.NoData:
			bad = &detail{Message: "no data", Type: "drift", Text: verdict.Count(d.Windows, "window") + ": too few to tell a trend from chance"}
		}
		c.add(".drift", d.What, 0, bad)
	}
}

// critical has one case per critical endpoint: that it was called, and that
// nothing which was asked of it alone broke.
func (c *cases) critical(r *verdict.Report) {
	for _, e := range r.Endpoints {
		if !e.Critical {
			continue
		}
		var why []string
		for _, t := range thresholds(r) {
			of := "endpoint:" + e.Name
			if (t.Status == verdict.Fail || t.Status == verdict.NoData) && (strings.Contains(t.Metric, of+"}") || strings.Contains(t.Metric, of+",")) {
				why = append(why, t.Metric+" "+condition(t)+": "+measured(t))
			}
		}
		for _, f := range r.Findings {
			if f.Where == e.Name && (f.Status == verdict.Fail || f.Status == verdict.NoData) {
				why = append(why, f.What)
			}
		}
		var bad *detail
		if len(why) > 0 {
			bad = &detail{Message: why[0], Type: "critical", Text: strings.Join(why[1:], "\n")}
		}
		c.add(".critical", e.Name, e.P95MS/1000, bad)
	}
}

// queries are the query budgets.
func (c *cases) queries(r *verdict.Report) {
	for _, q := range r.Queries {
		if q.Budget == nil {
			continue
		}
		var bad *detail
		switch q.Status {
		case verdict.Fail:
			bad = &detail{Message: fmt.Sprintf("up to %s, budget %d", verdict.Count(q.Max, "query"), *q.Budget), Type: "queries", Text: "median " + fmt.Sprintf("%g", q.Median) + advice(r, q.Endpoint)}
		case verdict.NoData:
			bad = &detail{Message: "no data", Type: "queries", Text: "no answer said how many queries it caused"}
		}
		c.add(".queries", q.Endpoint, 0, bad)
	}
}

// rest are findings that belong to none of the others.
func (c *cases) rest(r *verdict.Report) {
	var named []string
	for _, t := range r.Thresholds {
		named = append(named, t.Metric)
	}
	for _, l := range r.Categories {
		named = append(named, l.Name)
	}
	for _, row := range r.Concurrency {
		named = append(named, row.Name)
	}
	for _, q := range r.Queries {
		if q.Budget != nil {
			named = append(named, q.Endpoint)
		}
	}
	for _, e := range r.Endpoints {
		if e.Critical {
			named = append(named, e.Name)
		}
	}
	for _, s := range r.Steps {
		named = append(named, s.Name)
	}
	for _, d := range r.Drift {
		named = append(named, d.What)
	}
	if r.Recovery != nil {
		named = append(named, r.Recovery.After)
	}
	for _, f := range r.Findings {
		if f.Status == verdict.Info || slices.Contains(named, f.Where) {
			continue
		}
		class := ".findings"
		if method, path, ok := strings.Cut(f.Where, " "); ok && f.Status == verdict.NoData && strings.ToUpper(method) == method && strings.HasPrefix(path, "/") {
			class = ".critical" // one that was never called
		}
		c.add(class, f.Where, 0, &detail{Message: f.What, Type: "finding", Text: f.Advice})
	}
}
