package analysis_test

import (
	"errors"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/montanaflynn/stats"

	"firedrill/internal/analysis"
	"firedrill/internal/analysis/baseline"
	"firedrill/internal/runs"
	"firedrill/internal/runs/runstest"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
)

func judge(t *testing.T, run analysis.Run, b baseline.Baselines) *verdict.Report {
	t.Helper()
	r, err := analysis.Judge(run, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func find(r *verdict.Report, part string) *verdict.Finding {
	for i := range r.Findings {
		if strings.Contains(r.Findings[i].What, part) {
			return &r.Findings[i]
		}
	}
	return nil
}

func category(t *testing.T, r *verdict.Report, name string) verdict.Latency {
	t.Helper()
	i := slices.IndexFunc(r.Categories, func(l verdict.Latency) bool { return l.Name == name })
	if i < 0 {
		t.Fatalf("no category %s in %+v", name, r.Categories)
	}
	return r.Categories[i]
}

func TestAGoodRunPasses(t *testing.T) {
	r := judge(t, runstest.Grading(runstest.Options{}), baseline.Default())
	if r.Status != verdict.Pass || len(r.Findings) != 0 || len(r.Invalid) != 0 || !strings.HasPrefix(r.Summary, "Passed: 20 users ran grading-rush for 2:00") {
		t.Errorf("%s: %s %+v", r.Status, r.Summary, r.Findings)
	}
	if len(r.Timeline) != 120 || r.Run.Users != 20 {
		t.Errorf("%d seconds, %d users", len(r.Timeline), r.Run.Users)
	}
	total := 0
	for _, s := range r.Timeline {
		total += s.Requests
	}
	if total != r.Run.Requests {
		t.Errorf("the timeline has %d requests of %d", total, r.Run.Requests)
	}
	for i, c := range r.Concurrency {
		want := verdict.NoData
		if c.Name == "grading rush" {
			want = verdict.Pass
		}
		if c.Status != want {
			t.Errorf("row %d, %s: %s", i, c.Name, c.Status)
		}
	}
}

// TestPercentilesAreExact compares with stats.Percentile over the same samples.
func TestPercentilesAreExact(t *testing.T) {
	run := runstest.Grading(runstest.Options{Users: 50})
	r := judge(t, run, baseline.Default())
	var times stats.Float64Data
	for _, s := range run.Requests {
		if s.Endpoint == 4 && s.Phase == 1 {
			times = append(times, float64(s.ResponseTime())/1e6)
		}
	}
	got := category(t, r, "write")
	for _, p := range []struct{ percent, got float64 }{{50, got.P50MS}, {95, got.P95MS}, {99, got.P99MS}} {
		want, err := stats.Percentile(times, p.percent)
		if err != nil || p.got-want > 1e-9 || want-p.got > 1e-9 {
			t.Errorf("p%v is %v, stats says %v (%v)", p.percent, p.got, want, err)
		}
	}
	if got.Requests != len(times) || got.All <= got.Requests {
		t.Errorf("%d in hold phases of %d, want %d", got.Requests, got.All, len(times))
	}
}

func TestWhatBrokeFirst(t *testing.T) {
	r := judge(t, runstest.Grading(runstest.Options{Slow: 12, SlowFrom: 50 * time.Second, ErrorRate: .06, Length: 4 * time.Minute}), baseline.Default())
	if r.Status != verdict.Fail {
		t.Fatal(r.Status)
	}
	last := time.Duration(0)
	if f := r.Findings[0]; f.Where != "gradebook" {
		t.Errorf("the culprit is not the first: %+v", f)
	}
	for i, f := range r.Findings {
		if f.Status == verdict.Info || f.When < 0 {
			continue
		}
		if f.When < last {
			t.Errorf("finding %d is at %s, behind one at %s", i, f.When, last)
		}
		if f.Where != "gradebook" {
			last = f.When
		}
		if f.When < 50*time.Second || f.Load != "20 users" || f.Advice == "" {
			t.Errorf("finding %d: %+v", i, f)
		}
	}
	if f := find(r, "http_req_failed: rate<0.02 broke"); f == nil || !strings.Contains(f.Advice, "status 503 at POST /api/v1/submissions/{id}/grade") {
		t.Errorf("%+v", f)
	}
	if f := find(r, "gradebook requests broke their baseline"); f == nil || !strings.Contains(f.Advice, "GET /api/v1/courses/{id}/gradebook") {
		t.Errorf("%+v", f)
	}
	if f := find(r, "grading rush does not carry 20 users"); f == nil {
		t.Error("the concurrency target did not break")
	}
}

func TestValidity(t *testing.T) {
	dead := runstest.Grading(runstest.Options{DiesAt: 1})
	dead.End.End = runs.Completed
	refused := runstest.Grading(runstest.Options{Users: 3})
	for i := range refused.Turns {
		refused.Turns[i].Outcome = sample.LoginFailed
	}
	late := runstest.Grading(runstest.Options{})
	for i := range late.Requests {
		late.Requests[i].Start += 300 * time.Millisecond
	}
	late.End = nil // with an ending, the generator says it itself
	overloaded := runstest.Grading(runstest.Options{})
	overloaded.End.Generator = runs.Generator{Overloaded: true, Why: "it stood still"}
	interrupted := runstest.Grading(runstest.Options{})
	interrupted.End.End = runs.Interrupted
	said := runstest.Grading(runstest.Options{})
	said.End.Invalid = []string{"somebody said so"}
	unreachable := &runstest.Run{Head: runstest.Manifest(runstest.Options{}), End: &runs.Ending{End: runs.Unreachable, Detail: "connection refused by api"}}
	for _, c := range []struct {
		why  string
		run  *runstest.Run
		says string
	}{
		{"nothing was sent", &runstest.Run{Head: runstest.Manifest(runstest.Options{}), End: &runs.Ending{End: runs.Completed}}, "no request was made"},
		{"nobody ever answered", dead, "the target was unreachable from the start: connection refused"},
		{"load said so", unreachable, "the target was unreachable from the start: connection refused by api"},
		{"every log-in was refused", refused, "the log-in was refused for all"},
		{"starved, with what a user needs", runstest.Grading(runstest.Options{StarvedAt: time.Minute}), "so each needs about 30 objects"},
		{"the generator says so", overloaded, "overloaded (it stood still)"},
		{"requests started late", late, "5 % of the requests started 300 ms or more after they should have"},
		{"killed", runstest.Grading(runstest.Options{Killed: true}), "the run is incomplete"},
		{"interrupted", interrupted, "interrupted after 2:00"},
		{"the run said so itself", said, "somebody said so"},
	} {
		r := judge(t, c.run, baseline.Default())
		if r.Status != verdict.Invalid || !strings.Contains(strings.Join(r.Invalid, "\n"), c.says) || !strings.HasPrefix(r.Summary, "Not valid: ") {
			t.Errorf("%s: %s %q, %s", c.why, r.Status, r.Invalid, r.Summary)
		}
	}
	if r := judge(t, runstest.Grading(runstest.Options{StarvedAt: 598 * time.Second, Length: 10 * time.Minute}), baseline.Default()); r.Status == verdict.Invalid {
		t.Errorf("a few starved iterations: %q", r.Invalid)
	}
}

func TestATargetThatDiesIsAFinding(t *testing.T) {
	r := judge(t, runstest.Grading(runstest.Options{DiesAt: time.Minute}), baseline.Default())
	if r.Status != verdict.Fail || r.Findings[0].Where != "target" || !strings.Contains(r.Findings[0].What, "stopped answering at 1:00") {
		t.Errorf("%s: %+v", r.Status, r.Findings)
	}
	unnoticed := runstest.Grading(runstest.Options{DiesAt: time.Minute})
	unnoticed.End.End = runs.Completed
	if r := judge(t, unnoticed, baseline.Default()); find(r, "stopped answering") == nil {
		t.Error("it was noticed only because the load said so")
	}
}

func TestStall(t *testing.T) {
	r := judge(t, runstest.Grading(runstest.Options{Stall: 3 * time.Second, StallAt: time.Minute, Users: 40}), baseline.Default())
	f := find(r, "the target stalled at 1:00: nothing was answered for 3.")
	if f == nil || f.Status != verdict.Fail || f != &r.Findings[0] || !strings.Contains(f.What, "which broke the p99 of auth (111 ms without it)") || !strings.Contains(f.Advice, "a stall shows only once per user") || !strings.Contains(f.Advice, "about 12 requests (less than one iteration) were lost by it") {
		t.Errorf("%+v", r.Findings)
	}
	if f := find(r, "auth requests broke"); f == nil || f.Advice != "the stall explains it: without the requests that waited in it, it is p99 111 ms" {
		t.Errorf("%+v", f)
	}
	calm, err := baseline.Parse("b.yaml", []byte("latency:\n  auth: {p50: 60s, p95: 60s, p99: 60s}\n  list: {p50: 60s, p95: 60s, p99: 60s}\n  write: {p50: 60s, p95: 60s, p99: 60s}\n"))
	if err != nil {
		t.Fatal(err)
	}
	f = find(judge(t, runstest.Grading(runstest.Options{Stall: 3 * time.Second, StallAt: time.Minute, Users: 40}), calm), "the target stalled at 1:00")
	if f == nil || f.Status != verdict.Info || !strings.Contains(f.What, "a stall shows only once per user") {
		t.Errorf("a stall that broke nothing: %+v", f)
	}
	open := runstest.Grading(runstest.Options{Stall: 3 * time.Second, StallAt: time.Minute, Users: 40})
	open.Head.Personas[0].Executor = scenario.ConstantArrivalRate
	if f := find(judge(t, open, baseline.Default()), "the target stalled"); f == nil || strings.Contains(f.What+f.Advice, "closed model") {
		t.Errorf("%+v", f)
	}
	if f := find(judge(t, runstest.Grading(runstest.Options{Users: 2}), baseline.Default()), "stalled"); f != nil {
		t.Errorf("two users who think are no stall: %+v", f)
	}
}

// TestNoStall: what looks like one and is none.
func TestNoStall(t *testing.T) {
	slow := runstest.Grading(runstest.Options{Users: 8, Slow: 150}) // answers take seconds as a rule, so gaps do, too
	late := runstest.Grading(runstest.Options{Users: 2})
	late.Requests = late.Requests[:0]
	add := func(vu uint32, start, end time.Duration) {
		late.Requests = append(late.Requests, sample.Sample{VU: vu, Endpoint: 4, Phase: 1, Status: 200, Intended: start, Start: start, End: end, Queries: -1, QueryTime: -1})
	}
	for i := range 40 {
		at := time.Duration(i)*200*time.Millisecond + 10*time.Second
		add(uint32(i%2), at, at+10*time.Millisecond)
	}
	// Both users think for ten seconds, and what they ask then is slow: nothing waited while nothing was answered.
	add(0, 28*time.Second, 29*time.Second)
	add(1, 28*time.Second, 29*time.Second)
	for why, run := range map[string]*runstest.Run{"slow as a rule": slow, "asked only at the end of the silence": late} {
		if f := find(judge(t, run, baseline.Default()), "stalled"); f != nil {
			t.Errorf("%s: %+v", why, f)
		}
	}
}

func TestNoData(t *testing.T) {
	run := runstest.Grading(runstest.Options{Thresholds: []scenario.Threshold{{Metric: "http_req_duration{endpoint:GET /nowhere}", Expr: "p(95)<500"}, {Metric: "stream_gap", Expr: "max<1"}}})
	run.Head.Critical = []string{"GET /api/v1/me", "GET /api/v1/payments"}
	r := judge(t, run, baseline.Default())
	if r.Status != verdict.Fail || len(r.Findings) != 3 || r.Thresholds[0].Status != verdict.NoData || r.Thresholds[0].Measured != nil {
		t.Errorf("%s: %+v", r.Status, r.Findings)
	}
	if find(r, "the critical endpoint GET /api/v1/payments was never called") == nil || find(r, "GET /api/v1/me was never") != nil {
		t.Errorf("%+v", r.Findings)
	}
	silent := runstest.Grading(runstest.Options{})
	for i := range silent.Requests {
		if s := &silent.Requests[i]; s.Endpoint == 2 && s.Phase == 1 {
			s.Status, s.Error, s.Flags = 0, sample.TimedOut, sample.Failed
		}
	}
	r = judge(t, silent, baseline.Default())
	if c := category(t, r, "list"); c.Status != verdict.NoData || r.Status != verdict.Fail {
		t.Errorf("a category that was never answered: %+v", c)
	}
	if c := category(t, r, "ai"); c.Status != verdict.NoData || c.All != 0 || find(r, "ai requests") != nil {
		t.Errorf("a category that is not in the run: %+v", c)
	}
}

func TestQueryBudgets(t *testing.T) {
	b, err := baseline.Parse("b.yaml", []byte("queries:\n  \"GET /api/v1/courses/{x}/gradebook\": 7\n  \"GET /metrics|export\": 1\n  POST …/grade: 9\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := judge(t, runstest.Grading(runstest.Options{GrowingN1: true}), b)
	f := find(r, "GET /api/v1/courses/{id}/gradebook caused up to 29 database queries; its budget is 7 (27 requests over it)")
	if f == nil || f.When <= 0 || !strings.Contains(f.Advice, "7 to 29") {
		t.Errorf("%+v", r.Findings)
	}
	if find(r, "GET /metrics|export has a query budget and no answer said") == nil {
		t.Error("unknown counts passed a budget")
	}
	for _, q := range r.Queries {
		if q.Endpoint == "POST /api/v1/submissions/{id}/grade" && (q.Status != verdict.Pass || q.Median != 5 || q.Max != 5 || q.Source != "headers" || q.Exactness != "exact" || q.TimeMS != 0.9) {
			t.Errorf("%+v", q)
		}
	}
	r = judge(t, runstest.Grading(runstest.Options{NoQueries: true}), baseline.Default())
	if !strings.Contains(strings.Join(r.Warnings, "\n"), "X-DB-Query-Count") || r.Queries[0].Known != 0 || r.Queries[0].Unknown == 0 {
		t.Errorf("%q %+v", r.Warnings, r.Queries)
	}
}

func TestAnotherSpeedIsNotJudgedByBaselines(t *testing.T) {
	run := runstest.Grading(runstest.Options{Slow: 12})
	run.Head.Speed = 10
	r := judge(t, run, baseline.Default())
	for _, c := range append(slices.Clone(r.Categories), r.Endpoints...) {
		if c.Status == verdict.Fail || c.Status == verdict.Pass {
			t.Errorf("%s: %s", c.Name, c.Status)
		}
	}
	for _, c := range r.Concurrency {
		if c.Status != verdict.NoData {
			t.Errorf("%s: %s", c.Name, c.Status)
		}
	}
	if !strings.Contains(r.Warnings[0], "divided by 10") {
		t.Errorf("%q", r.Warnings)
	}
}

func TestConcurrencyNeedsItsUsers(t *testing.T) {
	r := judge(t, runstest.Grading(runstest.Options{Users: 10}), baseline.Default())
	for _, c := range r.Concurrency {
		if c.Name == "grading rush" && (c.Status != verdict.NoData || c.Reached != 10 || c.P95MS == nil) {
			t.Errorf("%+v", c)
		}
	}
	if r.Status != verdict.Pass {
		t.Errorf("a run that says nothing about it failed: %s", r.Summary)
	}
}

func TestAnOpenPhaseLastsToTheEnd(t *testing.T) {
	run := runstest.Grading(runstest.Options{})
	run.Head.Names.Phases = append(run.Head.Names.Phases, sample.Phase{Name: "wind-down", From: 100 * time.Second})
	r := judge(t, run, baseline.Default())
	if got := r.Phases[2]; got.To != 2*time.Minute {
		t.Errorf("%+v", got)
	}
}

func TestRampsAreApart(t *testing.T) {
	run := runstest.Grading(runstest.Options{})
	for i := range run.Requests {
		if s := &run.Requests[i]; s.Phase == 0 {
			s.End += 9 * time.Second // slow, but only while users ramp
			s.FirstByte += 9 * time.Second
		}
	}
	r := judge(t, run, baseline.Default())
	if c := category(t, r, "write"); c.Status != verdict.Pass || c.MaxMS > 1000 {
		t.Errorf("%+v", c)
	}
	for i := range run.Requests {
		if s := &run.Requests[i]; s.Endpoint == 2 {
			s.Phase = 0
		}
	}
	r = judge(t, run, baseline.Default())
	if c := category(t, r, "list"); c.Status != verdict.Info || !strings.Contains(strings.Join(r.Warnings, "\n"), "only while users ramped, so not judged by baselines: list") {
		t.Errorf("%+v %q", c, r.Warnings)
	}
}

// broken yields an error in the middle.
type broken struct{ *runstest.Run }

func (b broken) Samples() iter.Seq2[*sample.Sample, error] {
	return func(yield func(*sample.Sample, error) bool) {
		if yield(&b.Requests[0], nil) {
			yield(nil, errDisk)
		}
	}
}

var errDisk = errors.New("disk on fire")

func TestErrorsOfReadingAreErrors(t *testing.T) {
	if _, err := analysis.Judge(broken{runstest.Grading(runstest.Options{})}, baseline.Default()); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
}

// TestAFileGivesTheSameReport: going through a file changes nothing, and twice is once.
func TestAFileGivesTheSameReport(t *testing.T) {
	run := runstest.Grading(runstest.Options{Slow: 5, SlowFrom: time.Minute, ErrorRate: .1, GrowingN1: true})
	path := filepath.Join(t.TempDir(), "run.db")
	if err := run.Save(path); err != nil {
		t.Fatal(err)
	}
	if err := runs.Check(path); err != nil {
		t.Fatal(err)
	}
	r, err := runs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want := judge(t, run, baseline.Default())
	for range 2 {
		if diff := cmp.Diff(want, judge(t, r, baseline.Default())); diff != "" {
			t.Errorf("(-memory +file)\n%s", diff)
		}
	}
}

// TestBadIndexesAreCounted: a damaged file must not end the program.
func TestBadIndexesAreCounted(t *testing.T) {
	run := runstest.Grading(runstest.Options{Users: 2})
	run.Requests = append(run.Requests, sample.Sample{Endpoint: 900, Persona: 900, Phase: 900, Journey: 900, Status: 500, Flags: sample.Failed, End: -5, Queries: -1},
		sample.Sample{Endpoint: 901, Status: 200, End: 1 << 62, Queries: 1})
	run.Turns = append(run.Turns, sample.Iteration{Persona: 77, Reason: 99}, sample.Iteration{Reason: 99, Outcome: sample.Broken})
	run.Missed = append(run.Missed, sample.Drop{Persona: 900, Count: 2})
	run.Requests[len(run.Requests)-1].End = 3 * time.Minute
	r := judge(t, run, baseline.Default())
	if r.Run.Requests != len(run.Requests) || r.Run.Dropped != 2 {
		t.Errorf("%+v", r.Run)
	}
}

func BenchmarkJudge1M(b *testing.B) {
	path := filepath.Join(b.TempDir(), "run.db")
	run := runstest.Grading(runstest.Options{Users: 2000, Length: 2500 * time.Second})
	n := len(run.Requests)
	if err := run.Save(path); err != nil {
		b.Fatal(err)
	}
	run = nil
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		r, err := runs.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := analysis.Judge(r, baseline.Default()); err != nil {
			b.Fatal(err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n), "samples")
}

func TestARunShorterThanAnIterationIsNoted(t *testing.T) {
	const says = "No iteration of grader was completed"
	run := runstest.Grading(runstest.Options{Users: 3})
	if r := judge(t, run, baseline.Default()); strings.Contains(strings.Join(r.Warnings, "\n"), says) {
		t.Errorf("a run with whole iterations is noted: %q", r.Warnings)
	}
	for i := range run.Turns {
		run.Turns[i].Outcome = sample.Cut
	}
	if r := judge(t, run, baseline.Default()); !strings.Contains(strings.Join(r.Warnings, "\n"), says) {
		t.Errorf("not noted: %q", r.Warnings)
	}
}
