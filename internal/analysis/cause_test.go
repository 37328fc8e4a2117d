package analysis_test

import (
	"strings"
	"testing"
	"time"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
)

// budgets are the built-in baselines, with query budgets.
func budgets(t *testing.T, text string) baseline.Baselines {
	t.Helper()
	b, err := baseline.Parse("b.yaml", []byte("queries:\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTheCulpritGoesFirst: in a queue all are slow; the one who makes them wait is
// named before those who wait, though more is asked of them.
func TestTheCulpritGoesFirst(t *testing.T) {
	slower := func(which int, times float64, from time.Duration) func(int, time.Duration) float64 {
		return func(endpoint int, at time.Duration) float64 {
			if endpoint == which && at >= from {
				return times
			}
			return 1
		}
	}
	p95 := scenario.Threshold{Metric: "http_req_duration", Expr: "p(95)<500"}
	minute := []level{{40, 2 * time.Minute}}
	for _, c := range []struct {
		why    string
		target target
		where  string   // of the first finding
		says   []string // in its advice
		others bool     // others broke, too
	}{
		{"one is slow from a moment on, and nobody waits for it", target{servers: 50, levels: minute, slow: slower(gradebook, 80, 50*time.Second)}, "gradebook",
			[]string{"GET /api/v1/courses/{id}/gradebook: p95 3,", " when nothing waits), 33 database queries a request in 3.3 ms; the others are as fast as ever"}, false},
		{"one is slow from the beginning", target{servers: 50, levels: minute, slow: slower(4, 200, 0)}, "write",
			[]string{"POST /api/v1/submissions/{id}/grade: p95 1,", "(half of its kind should take less than 200 ms)", "the others are as fast as ever"}, false},
		{"one grows slow, and all wait for it in one queue", target{servers: 3, levels: minute, slow: slower(gradebook, 30, 50*time.Second)}, "gradebook",
			[]string{"GET /api/v1/courses/{id}/gradebook: p95 ", "the others wait for it"}, true},
		{"nobody changes, but there are too many of them", target{servers: 1, levels: []level{{40, time.Minute}, {250, time.Minute}}}, "gradebook",
			[]string{"GET /api/v1/courses/{id}/gradebook: p95 ", "it keeps the target busy for most of the time, and all wait in one queue"}, true},
	} {
		r := judge(t, c.target.run(p95), baseline.Default())
		if r.Status != verdict.Fail || r.Findings[0].Where != c.where {
			t.Errorf("%s: %+v", c.why, r.Findings)
			continue
		}
		f := find(r, "http_req_duration: p(95)<500 broke")
		if f == nil || !strings.HasSuffix(f.Advice, ", as said above") {
			t.Errorf("%s: %+v", c.why, r.Findings)
		}
		for _, s := range c.says {
			if !strings.Contains(r.Findings[0].Advice, s) {
				t.Errorf("%s: %s", c.why, r.Findings[0].Advice)
			}
		}
		if others := find(r, "detail requests broke") != nil; others != c.others {
			t.Errorf("%s: others broke: %v", c.why, others)
		}
		if !strings.Contains(r.Summary, c.where) {
			t.Errorf("%s: %s", c.why, r.Summary)
		}
	}
}

// TestNobodyIsAccusedWithoutReason: answers that lie as they always do.
func TestNobodyIsAccusedWithoutReason(t *testing.T) {
	r := judge(t, target{servers: 50, levels: []level{{20, time.Minute}}}.run(scenario.Threshold{Metric: "http_req_duration", Expr: "p(95)<5"}), wide(t))
	if f := find(r, "p(95)<5 broke"); f == nil || !strings.HasPrefix(f.Advice, "slowest for its kind: GET /api/v1/courses/{id}/gradebook, p95 ") || strings.Contains(r.Summary, "Look first") {
		t.Errorf("%+v, %s", f, r.Summary)
	}
}

// TestAVictimDoesNotGoFirst: the detail endpoint breaks its target seconds before
// the gradebook does, for which it waits.
func TestAVictimDoesNotGoFirst(t *testing.T) {
	run := target{servers: 3, levels: []level{{40, 4 * time.Minute}}, slow: func(endpoint int, at time.Duration) float64 {
		if endpoint == gradebook && at >= 2*time.Minute {
			return 30
		}
		return 1
	}}.run()
	r := judge(t, run, budgets(t, "  \"GET /api/v1/courses/{id}/gradebook\": 3\n"))
	if f := r.Findings[0]; !strings.Contains(f.What, "its budget is 3") {
		t.Errorf("what it does too much stands not before what follows: %+v", r.Findings)
	}
	culprit, victim := find(r, "gradebook requests broke"), find(r, "detail requests broke")
	if culprit == nil || victim == nil || victim.When >= culprit.When {
		t.Fatalf("the case is not the case: %+v %+v", culprit, victim)
	}
	for _, f := range r.Findings {
		if f.Where == "detail" {
			t.Errorf("the victim goes first: %+v", r.Findings)
		}
		if f.Where == "gradebook" {
			break
		}
	}
	if !strings.Contains(victim.Advice, "it may only wait for GET /api/v1/courses/{id}/gradebook") {
		t.Errorf("%+v", victim)
	}
}

// TestAStallExplainsOnlyWhatItBroke: what is slow anyway is not put down to it.
func TestAStallExplainsOnlyWhatItBroke(t *testing.T) {
	p99 := scenario.Threshold{Metric: "http_req_duration{category:detail}", Expr: "max<2000"}
	slow := scenario.Threshold{Metric: "http_req_duration{category:gradebook}", Expr: "p(95)<20"}
	run := target{servers: 40, levels: []level{{40, 3 * time.Minute}}, stall: stretch{time.Minute, 64 * time.Second}}.run(p99, slow)
	r := judge(t, run, wide(t))
	first := r.Findings[0]
	if !strings.HasPrefix(first.What, "the target stalled at 1:00") || !strings.Contains(first.What, "which broke http_req_duration{category:detail} max<2000 (") || strings.Contains(first.What, "p(95)<20") || first.Status != verdict.Fail {
		t.Errorf("%+v", r.Findings)
	}
	if f := find(r, "max<2000 broke"); f == nil || !strings.HasPrefix(f.Advice, "the stall explains it: without the requests that waited in it, it is ") {
		t.Errorf("%+v", f)
	}
	if f := find(r, "p(95)<20 broke"); f == nil || strings.Contains(f.Advice, "stall") {
		t.Errorf("%+v", f)
	}
	if !strings.HasPrefix(r.Summary, "Failed: the target stalled at 1:00") {
		t.Error(r.Summary)
	}
}

// TestAStallExplainsByWhatCounts: fast answers of a ramp do not make it the cause of
// a median that is slow in the hold phase.
func TestAStallExplainsByWhatCounts(t *testing.T) {
	run := flow(2*time.Minute, 10, func(_ int, s *sample.Sample) {
		if s.Intended < 70*time.Second {
			return
		}
		s.Phase = 1
		answer(s, 700*time.Millisecond)
		if over := 95 * time.Second; s.Intended >= 90*time.Second && s.Intended < over {
			answer(s, over+700*time.Millisecond-s.Intended)
		}
	})
	run.Head.Names.Phases = []sample.Phase{{Name: "ramp-up", To: 70 * time.Second}, {Name: "hold", From: 70 * time.Second, To: 2 * time.Minute, Hold: true}}
	r := judge(t, run, baseline.Default())
	if f := find(r, "the target stalled"); f == nil || !strings.HasSuffix(f.What, ", which broke the p99 of list (700 ms without it)") {
		t.Errorf("%+v", r.Findings)
	}
	if f := find(r, "list requests broke their baseline: p50"); f == nil || strings.Contains(f.Advice, "stall") {
		t.Errorf("%+v", r.Findings)
	}
}

func TestTheSameThresholdIsListedOnce(t *testing.T) {
	twice := scenario.Threshold{Metric: "http_req_duration{ category:detail }", Expr: "p(95) < 1"}
	once := scenario.Threshold{Metric: "http_req_duration{category:detail}", Expr: "p(95)<1"}
	window := scenario.Threshold{Metric: "http_req_duration{category:detail}", Expr: "p(95)<1 over 30s"}
	few := window
	few.MinSamples = 5000
	r := judge(t, target{levels: []level{{20, time.Minute}}}.run(once, twice, window, few), wide(t))
	if len(r.Thresholds) != 3 || len(r.Findings) != 3 {
		t.Fatalf("%+v %+v", r.Thresholds, r.Findings)
	}
	if th := r.Thresholds[1]; th.Window != 30*time.Second || th.Status != verdict.Fail || th.BrokeAt != 30*time.Second {
		t.Errorf("%+v", th)
	}
	if f := find(r, "over 30s had no data"); f == nil || !strings.Contains(f.Advice, "fewer than 5,000 observations were seen (min_samples)") {
		t.Errorf("%+v", r.Findings)
	}
}

func TestQueryNotices(t *testing.T) {
	run := target{servers: 40, levels: []level{{20, time.Minute}}}.run()
	for i := range run.Requests {
		if s := &run.Requests[i]; s.Endpoint == gradebook {
			rows := int64(i % 25)
			s.Queries, s.BytesIn = int32(3+rows), 400+120*rows
		}
	}
	r := judge(t, run, baseline.Default())
	f := find(r, "GET /api/v1/courses/{id}/gradebook may query in a loop: 3 to 27 queries, the more the larger the answer")
	if f == nil || f.Status != verdict.Info || r.Status != verdict.Pass || len(r.Findings) != 1 {
		t.Errorf("%+v", r.Findings)
	}
	r = judge(t, run, budgets(t, "  \"GET /api/v1/courses/{id}/gradebook\": 30\n  \"GET /a\": 1\n  \"GET /b\": 1\n  \"GET /c\": 1\n  \"GET /d\": 1\n  \"GET /e\": 1\n"))
	if r.Status != verdict.Pass || len(r.Findings) != 0 {
		t.Errorf("a budget judges it, and those of other scenarios are no news: %+v", r.Findings)
	}
}

// TestSlowOutsideTheHold: what was asked only while users left breaks a threshold
// all the same, and is named for it.
func TestSlowOutsideTheHold(t *testing.T) {
	run := flow(10*time.Second, 10, func(int, *sample.Sample) {})
	at := 11 * time.Second
	for i := range 20 {
		late := sample.Sample{VU: 1, Endpoint: 3, Phase: 1, Status: 200, Intended: at, Start: at, Sent: at, FirstByte: at + 3*time.Second, End: at + 3*time.Second + time.Duration(i), Queries: -1, QueryTime: -1}
		run.Requests = append(run.Requests, late)
	}
	run.Head.Thresholds = []scenario.Threshold{{Metric: "http_req_duration", Expr: "p(95)<1000"}}
	r := judge(t, run, wide(t))
	name := run.Head.Names.Endpoints[3].Name
	if f := find(r, "p(95)<1000 broke"); f == nil || !strings.HasPrefix(f.Advice, "slowest for its kind: "+name+", up to 3,000 ms") {
		t.Errorf("%+v", f)
	}
}
