package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"firedrill/internal/verdict"
)

// JUnit writes the verdicts as JUnit XML: one test case for each threshold,
// latency target, concurrency target, critical endpoint, query budget, step,
// recovery and drift, and one for whether the run counts at all. Where it does
// not, that one is an error and the others are skipped. Names are unique within a
// class, times are seconds. A report that passed has no failure, one that failed
// has at least one.
func JUnit(w io.Writer, r *verdict.Report) error {
	s := suite{Name: "firedrill " + xmlText(or(r.Run.Scenario, "recording")), Time: seconds(r.Run.Length.Seconds()), Timestamp: r.Run.Started.UTC().Format("2006-01-02T15:04:05")}
	s.Properties = properties(r)
	c := &cases{suite: &s, class: or(r.Run.Scenario, "recording"), seen: map[string]bool{}}
	c.validity(r)
	c.invalid = r.Status == verdict.Invalid
	c.thresholds(r)
	c.baselines(r)
	c.overTime(r)
	c.critical(r)
	c.queries(r)
	c.rest(r)
	for _, t := range s.Cases {
		s.Tests++
		switch {
		case t.Failure != nil:
			s.Failures++
		case t.Error != nil:
			s.Errors++
		case t.Skipped != nil:
			s.Skipped++
		}
	}
	all := suites{Name: "firedrill", Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Skipped: s.Skipped, Time: s.Time, Suites: []suite{s}}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name      string `xml:"name,attr"`
	Tests     int    `xml:"tests,attr"`
	Failures  int    `xml:"failures,attr"`
	Errors    int    `xml:"errors,attr"`
	Skipped   int    `xml:"skipped,attr"`
	Time      string `xml:"time,attr"`
	Timestamp string `xml:"timestamp,attr"`

	Properties []property `xml:"properties>property"`
	Cases      []testcase `xml:"testcase"`
}

type testcase struct {
	Class   string  `xml:"classname,attr"`
	Name    string  `xml:"name,attr"`
	Time    string  `xml:"time,attr"`
	Failure *detail `xml:"failure"`
	Error   *detail `xml:"error"`
	Skipped *skip   `xml:"skipped"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type skip struct {
	Message string `xml:"message,attr"`
}

type detail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

func seconds(v float64) string { return fmt.Sprintf("%.3f", v) }

// xmlText replaces what XML cannot hold.
func xmlText(s string) string { return clean(strings.ToValidUTF8(s, "�")) }

// cases gathers test cases with unique names.
type cases struct {
	suite   *suite
	class   string
	seen    map[string]bool
	invalid bool // from now on cases are skipped: their numbers say nothing
}

// add makes a test case of one of the run's classes, "" for the run itself; bad is
// nil where it passed. took is in seconds.
func (c *cases) add(class, name string, took float64, bad *detail) *testcase {
	class, name = xmlText(c.class+class), xmlText(name)
	for n, base := 2, name; c.seen[class+"\x00"+name]; n++ {
		name = fmt.Sprintf("%s (%d)", base, n)
	}
	c.seen[class+"\x00"+name] = true
	if bad != nil {
		bad.Message = xmlText(bad.Message)
		bad.Text = bad.Message + "\n" + xmlText(bad.Text)
	}
	made := testcase{Class: class, Name: name, Time: seconds(took), Failure: bad}
	if c.invalid {
		made.Failure, made.Skipped = nil, &skip{"the run is not valid"}
	}
	c.suite.Cases = append(c.suite.Cases, made)
	return &c.suite.Cases[len(c.suite.Cases)-1]
}

func (c *cases) validity(r *verdict.Report) {
	var bad *detail
	if len(r.Invalid) > 0 {
		bad = &detail{Message: r.Invalid[0], Type: "invalid", Text: strings.Join(r.Invalid, "; ")}
	}
	t := c.add("", "the run is valid", r.Run.Length.Seconds(), bad)
	t.Failure, t.Error = nil, bad
}

func (c *cases) thresholds(r *verdict.Report) {
	for _, t := range thresholds(r) {
		var bad *detail
		took := 0.0
		if t.Measured != nil && t.Unit == "ms" {
			took = *t.Measured / 1000
		}
		switch t.Status {
		case verdict.Fail:
			bad = &detail{Message: fmt.Sprintf("measured %s, wanted %s", measured(t), condition(t)), Type: "threshold", Text: "broke at " + moment(t.BrokeAt) + advice(r, t.Metric)}
		case verdict.NoData:
			bad = &detail{Message: "no data", Type: "threshold", Text: "no data is a failure, not a pass" + advice(r, t.Metric)}
		}
		added := c.add(".thresholds", t.Metric+": "+condition(t), took, bad)
		if t.Status == verdict.Info {
			c.skipped(added, "measured "+measured(t)+", not judged: no step must hold")
		}
	}
}

// advice is what the finding about a metric, category or endpoint says to do.
func advice(r *verdict.Report, where string) string {
	for _, f := range r.Findings {
		if f.Where == where && f.Advice != "" {
			return "; " + f.Advice
		}
	}
	return ""
}

func (c *cases) baselines(r *verdict.Report) {
	for _, l := range r.Categories {
		if l.Target == nil || l.All == 0 || l.Status == verdict.Info {
			continue
		}
		for _, p := range []struct {
			name      string
			v, target float64
		}{{"p50", l.P50MS, l.Target.P50MS}, {"p95", l.P95MS, l.Target.P95MS}, {"p99", l.P99MS, l.Target.P99MS}} {
			var bad *detail
			if l.Status == verdict.NoData {
				bad = &detail{Message: "no data", Type: "baseline", Text: "none was answered in a hold phase"}
			} else if p.v > p.target {
				bad = &detail{Message: fmt.Sprintf("measured %s, target %s", verdict.Milli(p.v), verdict.Milli(p.target)), Type: "baseline", Text: verdict.Count(l.Requests, "request") + advice(r, l.Name)}
			}
			c.add(".baselines", fmt.Sprintf("%s %s <= %s", l.Name, p.name, verdict.Milli(p.target)), p.v/1000, bad)
		}
	}
	for _, row := range r.Concurrency {
		if row.Status != verdict.Pass && row.Status != verdict.Fail {
			continue
		}
		var bad *detail
		if row.Status == verdict.Fail {
			bad = &detail{Message: fmt.Sprintf("p95 %s, errors %.1f %%", verdict.Milli(*row.P95MS), *row.Errors*100), Type: "concurrency", Text: "passes when " + row.Passes}
		}
		c.add(".concurrency", fmt.Sprintf("%s: %s", row.Name, verdict.Count(row.Users, "user")), *row.P95MS/1000, bad)
	}
}
