package analysis_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"firedrill/internal/runs/runstest"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
)

// soak is an hour in which the median answer grows from 40 ms by a share, noise
// apart, errors from 0 to a share, and queries from 20 by a number.
func soak(length time.Duration, slower, errors, queries float64) *runstest.Run {
	random := rand.New(rand.NewPCG(5, 6))
	mood := 0.0 // what is slow now is slow a while
	r := flow(length, 4, func(_ int, s *sample.Sample) {
		part := float64(s.Intended) / float64(length)
		mood = 0.999*mood + random.NormFloat64()*0.002
		answer(s, time.Duration(40e6*(1+slower*part)*math.Exp(random.NormFloat64()*0.3+mood)))
		s.Queries = int32(20 + queries*part + random.Float64())
		if random.Float64() < errors*part {
			s.Status, s.Flags = 503, sample.Failed
		}
	})
	r.Head.Drift = &scenario.Drift{P95: .1, Errors: .01, Queries: .05}
	return r
}

func TestDrift(t *testing.T) {
	unjudged := soak(time.Hour, 1, .2, 20)
	unjudged.Head.Drift = &scenario.Drift{P95: -1, Errors: -1, Queries: -1}
	unknown := soak(time.Hour, 0, 0, 0)
	for i := range unknown.Requests {
		unknown.Requests[i].Queries = -1
	}
	const p95, errs, queries = "p95 of response_time", "errors", "queries of GET /api/v1/courses"
	for _, c := range []struct {
		why  string
		run  *runstest.Run
		want map[string]verdict.Status
		find string
	}{
		{"nothing grows", soak(time.Hour, 0, 0, 0), map[string]verdict.Status{p95: verdict.Pass, errs: verdict.Pass, queries: verdict.Pass}, ""},
		{"faster is no drift", soak(time.Hour, -.5, 0, -10), map[string]verdict.Status{p95: verdict.Pass, errs: verdict.Pass, queries: verdict.Pass}, ""},
		{"twice as slow in the end", soak(time.Hour, 1, 0, 0), map[string]verdict.Status{p95: verdict.Fail, errs: verdict.Pass, queries: verdict.Pass}, "p95 of response_time grows: from 6"},
		{"errors come", soak(time.Hour, 0, .05, 0), map[string]verdict.Status{p95: verdict.Pass, errs: verdict.Fail, queries: verdict.Pass}, "the share of failed requests grows: from "},
		{"queries grow", soak(time.Hour, 0, 0, 5), map[string]verdict.Status{p95: verdict.Pass, errs: verdict.Pass, queries: verdict.Fail}, "+25 %; the limit is 5 %"},
		{"queries grow by less than the limit", soak(time.Hour, 0, 0, .6), map[string]verdict.Status{p95: verdict.Pass, errs: verdict.Pass, queries: verdict.Pass}, ""},
		{"nobody said what may grow", unjudged, map[string]verdict.Status{p95: verdict.Info, errs: verdict.Info, queries: verdict.Info}, ""},
		{"too short for a trend", soak(7*time.Second, 1, 0, 0), map[string]verdict.Status{p95: verdict.NoData, errs: verdict.NoData, "queries": verdict.NoData}, "a trend takes 8 windows of 1.0 s with enough answers, and there are 0"},
		{"no counts", unknown, map[string]verdict.Status{p95: verdict.Pass, errs: verdict.Pass, "queries": verdict.NoData}, "whether query counts grow is not known"},
	} {
		r := judge(t, c.run, wide(t))
		if len(r.Drift) != len(c.want) {
			t.Errorf("%s: %+v", c.why, r.Drift)
		}
		bad := false
		for _, d := range r.Drift {
			if d.Status != c.want[d.What] {
				t.Errorf("%s: %+v", c.why, d)
			}
			bad = bad || d.Status == verdict.Fail || d.Status == verdict.NoData
			if d.Status == verdict.Fail && (d.Low <= 0 || d.High <= d.SlopeHour || d.End <= d.Start || d.Windows != 60) {
				t.Errorf("%s: %+v", c.why, d)
			}
		}
		if bad != (r.Status == verdict.Fail) || (c.find == "") != (len(r.Findings) == 0) && c.why != "nobody said what may grow" || c.find != "" && find(r, c.find) == nil {
			t.Errorf("%s: %s, %+v", c.why, r.Summary, r.Findings)
		}
	}
}

// TestDriftIsOfHoldPhases: a slow ramp at the end is no drift, nor what is behind
// the end of a run that was cut short.
func TestDriftIsOfHoldPhases(t *testing.T) {
	run := soak(time.Hour, 0, 0, 0)
	run.Head.Names.Phases = []sample.Phase{{Name: "hold", To: 50 * time.Minute, Hold: true}, {Name: "ramp-down", From: 50 * time.Minute, To: time.Hour}}
	for i := range run.Requests {
		if s := &run.Requests[i]; s.Intended >= 50*time.Minute {
			s.Phase = 1
			answer(s, time.Second)
		}
	}
	r := judge(t, run, wide(t))
	if d := r.Drift[0]; d.Status != verdict.Pass || d.Windows != 60 || d.End > 100 {
		t.Errorf("%+v", d)
	}
	cut := soak(time.Hour, 0, 0, 0)
	at := slices.IndexFunc(cut.Requests, func(s sample.Sample) bool { return s.Intended > 30*time.Minute })
	cut.Requests, cut.End.Length = cut.Requests[:at], 30*time.Minute
	if d := judge(t, cut, wide(t)).Drift[1]; d.Status != verdict.Pass || d.Windows != 30 {
		t.Errorf("%+v", d)
	}
}

func TestDriftAdvice(t *testing.T) {
	r := judge(t, soak(time.Hour, 1, 0, 0), wide(t))
	f := find(r, "p95 of response_time grows")
	if f == nil || !strings.Contains(f.What, " over 1:00:00, +") || !strings.HasSuffix(f.What, "; the limit is 10 %") || !strings.Contains(f.Advice, "an hour (95 % interval ") || !strings.HasPrefix(r.Summary, "Failed: p95 of response_time grows") {
		t.Errorf("%+v %s", f, r.Summary)
	}
}

// TestNoiseIsNoDrift: the line grows by more than the limit, but values that jump so
// much say nothing about it.
func TestNoiseIsNoDrift(t *testing.T) {
	levels := []time.Duration{50, 90, 40, 100, 60, 95, 45, 110, 70, 100}
	run := flow(100*time.Second, 10, func(_ int, s *sample.Sample) { answer(s, levels[s.Intended/(10*time.Second)]*time.Millisecond) })
	run.Head.Drift = &scenario.Drift{P95: .1, Errors: -1, Queries: -1}
	d := judge(t, run, wide(t)).Drift[0]
	if d.End < 1.3*d.Start || d.Low >= 0 || d.Status != verdict.Info {
		t.Errorf("%+v", d)
	}
}

// TestAJumpAmongFewWindows: too few windows to see a jump in are no proof that there
// is none.
func TestAJumpAmongFewWindows(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 3))
		const windows = 30
		var levels [windows]time.Duration
		for i := range levels {
			levels[i] = time.Duration(100+75*random.NormFloat64()+800*float64(i/(windows/2))) * time.Millisecond
		}
		run := flow(windows*10*time.Second, 10, func(_ int, s *sample.Sample) {
			answer(s, max(time.Millisecond, levels[min(windows-1, s.Intended/(10*time.Second))]))
		})
		run.Head.Drift = &scenario.Drift{P95: .1, Errors: -1, Queries: -1}
		if d := judge(t, run, wide(t)).Drift[0]; d.Windows != windows || d.Status == verdict.Pass {
			t.Errorf("seed %d: %+v", seed, d)
		}
	}
}
