package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"firedrill/internal/report"
	"firedrill/internal/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with testdata/name, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update makes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got)\n%s", name, diff)
	}
}

func f(v float64) *float64 { return &v }

// passing is a report in which all held.
func passing() *verdict.Report {
	target := &verdict.Target{P50MS: 100, P95MS: 300, P99MS: 500}
	r := &verdict.Report{
		Version: 1, Status: verdict.Pass, Summary: "Passed: 20 users ran grading-rush for 1:00 against local: 480 requests, 0 failed; 1 threshold and 1 latency baseline held.",
		Run: verdict.Run{ID: "x7k2", File: "runs/a.db", Scenario: "grading-rush", About: "20 teachers grade at the end of term", Environment: "local", Targets: []string{"api = http://localhost:4000"},
			Recording: "school-day.db", Journeys: []string{"grader walks teacher: POST /grade"}, Started: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Length: time.Minute, End: "completed",
			Users: 20, Scale: "20", Speed: 1, Seed: 7, Machine: "2 CPUs, linux/amd64", Version: "v0.1.0", Requests: 480},
		Findings:   []verdict.Finding{},
		Thresholds: []verdict.Threshold{{Metric: "http_req_duration", Expr: "p(95)<1000", Measured: f(212.4), Unit: "ms", Samples: 480, Status: verdict.Pass, BrokeAt: -1}},
		Categories: []verdict.Latency{
			{Name: "auth", Requests: 400, All: 480, P50MS: 21.3, P95MS: 99, P99MS: 140.6, MaxMS: 205, ServiceP95MS: 98, Target: target, Status: verdict.Pass, Checks: verdict.Checks{Of: 480, Status: 480, Under500: 480, Under1s: 480}},
			{Name: "ai", Target: &verdict.Target{P50MS: 5000, P95MS: 10000, P99MS: 15000}, Status: verdict.NoData},
		},
		Endpoints:   []verdict.Latency{{Name: "POST /api/v1/auth/login", Category: "auth", Requests: 400, All: 480, P50MS: 21.3, P95MS: 99, P99MS: 140.6, MaxMS: 205, Target: target, Status: verdict.Pass, Checks: verdict.Checks{Of: 480, Status: 480, Under500: 480, Under1s: 480}}},
		Concurrency: []verdict.Concurrency{{Name: "grading rush", Users: 20, Passes: "p95 < 1 s, errors < 2 %", P95MS: f(99), Errors: f(0), Reached: 20, Status: verdict.Pass}, {Name: "opening day", Users: 200, Passes: "p95 < 2 s, errors < 5 %", Status: verdict.NoData}},
		Queries:     []verdict.Queries{{Endpoint: "POST /api/v1/auth/login", Known: 480, Median: 3, P95: 3, Max: 3, TimeMS: .5, Source: "headers", Exactness: "exact", Status: verdict.Info}},
		Errors:      []verdict.ErrorCount{},
		Iterations:  []verdict.Iterations{{Persona: "grader", Started: 44, Completed: 24, Cut: 20}},
		Phases:      []verdict.Phase{{Name: "ramp-up", To: 10 * time.Second}, {Name: "hold", From: 10 * time.Second, To: time.Minute, Hold: true}},
		Definitions: []string{"Response time runs from the intended start."},
	}
	for i := range 60 {
		r.Timeline = append(r.Timeline, verdict.Second{At: i, Users: min(20, 2*i), Requests: 8, P50MS: 20 + float64(i%5), P95MS: 90 + float64(i%9)})
	}
	return r
}

// hostile is what traffic could bring into a name.
const hostile = "GET /a|b`c`<script>alert(1)</script>/{id}\x1b[31m_x_*y*"

// failing has something in every part, and names that try to break out.
func failing() *verdict.Report {
	r := passing()
	r.Status, r.Summary = verdict.Fail, "Failed: "+hostile+" broke."
	r.Run.Failed, r.Run.Requests, r.Run.Scenario = 31, 12480, "stress"
	r.Run.Speed, r.Run.End = 10, "aborted by threshold"
	budget := 7
	r.Findings = []verdict.Finding{
		{Status: verdict.Fail, What: hostile + " answered p95 1,240 ms; the target is 300 ms", Where: hostile, When: 84 * time.Second, Load: "20 users", Advice: "look at its queries"},
		{Status: verdict.Fail, What: "http_req_failed: rate<0.02 broke with 0.04", Where: "http_req_failed", When: 85 * time.Second, Load: "20 users", Advice: "most frequent: 503"},
		{Status: verdict.Fail, What: "the target stopped answering at 9:50", Where: "target", When: 590 * time.Second, Load: "20 users"},
		{Status: verdict.NoData, What: "the critical endpoint GET /pay was never called", Where: "GET /pay", When: -1, Load: "20 users", Advice: "record it"},
		{Status: verdict.Info, What: "the target stalled", Where: "target", When: 500 * time.Second, Load: "20 users"},
	}
	r.Thresholds = append(r.Thresholds, verdict.Threshold{Metric: "http_req_failed", Expr: "rate<0.02", Measured: f(.0412345), Samples: 480, Status: verdict.Fail, BrokeAt: 85 * time.Second},
		verdict.Threshold{Metric: "http_reqs", Expr: "rate>1", Measured: f(8.25), Unit: "/s", Samples: 480, Status: verdict.Pass, BrokeAt: -1},
		verdict.Threshold{Metric: "http_reqs{endpoint:" + hostile + "}", Expr: "count>1", Status: verdict.NoData, BrokeAt: -1})
	r.Categories[0].Status, r.Categories[0].Broke, r.Categories[0].P95MS, r.Categories[0].Failed = verdict.Fail, []string{"p95", "p99"}, 1240, 31
	r.Categories[0].P99MS = 2001.5
	r.Categories = append(r.Categories, verdict.Latency{Name: "other", Requests: 2, All: 3, P50MS: 1, P95MS: 1, P99MS: 1, MaxMS: 1, Status: verdict.Info})
	r.Endpoints = append(r.Endpoints, verdict.Latency{Name: hostile, Category: "auth", Requests: 3, All: 3, P50MS: 4, P95MS: 1240, P99MS: 1240, MaxMS: 1240, Failed: 1, Target: r.Categories[0].Target, Status: verdict.Fail, Broke: []string{"p95", "p99"}, Checks: verdict.Checks{Of: 3, Status: 2, Under500: 1, Under1s: 1}})
	r.Concurrency[0].Status, r.Concurrency[0].Errors = verdict.Fail, f(.0412)
	r.Queries = append(r.Queries, verdict.Queries{Endpoint: hostile, Known: 3, Unknown: 2, Median: 7.5, P95: 29, Max: 29, TimeMS: -1, Source: "headers", Exactness: "exact", Budget: &budget, Status: verdict.Fail},
		verdict.Queries{Endpoint: "GET /silent", Unknown: 9, TimeMS: -1, Budget: &budget, Status: verdict.NoData})
	r.Errors = []verdict.ErrorCount{{Endpoint: hostile, What: "status 503", Count: 30, First: 84 * time.Second}, {Endpoint: "GET /b", What: "timed out", Count: 1, First: time.Hour + 2*time.Minute}}
	r.Iterations[0].Starved, r.Iterations[0].Reasons = 2, []string{"nothing left (2)", "a (1)", "b (1)", "c (1)"}
	r.Warnings = []string{"Think times were divided by 10.", hostile}
	r.Timeline = nil
	for i := range 600 {
		s := verdict.Second{At: i, Users: 20, Requests: 10, P50MS: 20 + float64(i%5), P95MS: 90 + float64(i%9)}
		if i > 84 && i < 200 {
			s.Failed, s.P95MS = 1, 1240
		}
		if i > 500 && i < 510 {
			s = verdict.Second{At: i, Users: 20}
		}
		r.Timeline = append(r.Timeline, s)
	}
	return r
}

func invalid() *verdict.Report {
	r := passing()
	r.Status, r.Summary = verdict.Invalid, "Not valid: no request was made (and 1 more)."
	r.Invalid = []string{"no request was made", "the run is incomplete"}
	r.Timeline, r.Phases, r.Run.Requests = nil, nil, 0
	return r
}

func TestGolden(t *testing.T) {
	reports := all()
	for name, r := range reports {
		for format, write := range map[string]func(*bytes.Buffer) error{
			"txt":  func(b *bytes.Buffer) error { return report.Text(b, r, report.TextOptions{}) },
			"md":   func(b *bytes.Buffer) error { return report.Markdown(b, r) },
			"json": func(b *bytes.Buffer) error { return report.JSON(b, r) },
			"xml":  func(b *bytes.Buffer) error { return report.JUnit(b, r) },
			"html": func(b *bytes.Buffer) error { return report.HTML(b, r) },
			"gh":   func(b *bytes.Buffer) error { return report.GitHub(b, r) },
		} {
			var got, again bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			if err := write(&again); err != nil || !bytes.Equal(got.Bytes(), again.Bytes()) {
				t.Errorf("%s.%s: twice is not once", name, format)
			}
			golden(t, name+"."+format, got.Bytes())
		}
	}
}

func TestColor(t *testing.T) {
	var b bytes.Buffer
	if err := report.Text(&b, failing(), report.TextOptions{Color: true, Width: 60}); err != nil {
		t.Fatal(err)
	}
	golden(t, "color.txt", b.Bytes())
}

// TestNothingFromTheTrafficSteersTheTerminal: no control character comes through.
func TestNothingFromTheTrafficSteersTheTerminal(t *testing.T) {
	var b bytes.Buffer
	if err := report.Text(&b, failing(), report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if i := bytes.IndexByte(b.Bytes(), 0x1b); i >= 0 {
		t.Errorf("an escape at %d: %q", i, b.Bytes()[max(0, i-20):i+20])
	}
}

func TestJSONIsTheReport(t *testing.T) {
	want := failing()
	var b bytes.Buffer
	if err := report.JSON(&b, want); err != nil {
		t.Fatal(err)
	}
	var got verdict.Report
	dec := json.NewDecoder(&b)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, &got); diff != "" {
		t.Error(diff)
	}
}

// TestJUnitIsXML: it parses, names are unique, and the counts are right.
func TestJUnitIsXML(t *testing.T) {
	r := failing()
	r.Thresholds = append(r.Thresholds, r.Thresholds[0]) // twice the same
	var b bytes.Buffer
	if err := report.JUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Cases    []struct {
			Class   string    `xml:"classname,attr"`
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	seen, failures := map[string]bool{}, 0
	for _, c := range got.Cases {
		if seen[c.Class+c.Name] {
			t.Errorf("%s %s occurs twice", c.Class, c.Name)
		}
		seen[c.Class+c.Name] = true
		if c.Failure != nil {
			failures++
		}
	}
	if got.Tests != len(got.Cases) || got.Failures != failures || failures < 7 || got.Errors != 0 {
		t.Errorf("%d tests of %d, %d failures of %d", got.Tests, len(got.Cases), got.Failures, failures)
	}
}

// TestTheNamesStayText: the page has no script and no address of anything else.
func TestTheNamesStayText(t *testing.T) {
	var b bytes.Buffer
	if err := report.HTML(&b, failing()); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	named := false
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && strings.Contains(n.Data, "<script>alert(1)</script>") {
			named = true
		}
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" || n.Data == "link" || n.Data == "iframe" || n.Data == "img" {
			t.Errorf("a <%s> in the page", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "src" || a.Key == "href" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	if !named {
		t.Error("the name is not in the page")
	}
}

// TestMarkdownTablesKeepTheirColumns: no name adds one.
func TestMarkdownTablesKeepTheirColumns(t *testing.T) {
	var b bytes.Buffer
	if err := report.Markdown(&b, failing()); err != nil {
		t.Fatal(err)
	}
	columns := 0
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns == 0 {
			columns = n
		}
		if n != columns {
			t.Errorf("%d columns instead of %d: %s", n-1, columns-1, line)
		}
	}
}
