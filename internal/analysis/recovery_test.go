package analysis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"firedrill/internal/runs/runstest"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
)

// spike is a run of three steps, the second a flood from 1:00 to 2:00, whose
// answers take as long as the function says of the moment they are asked at.
func spike(length time.Duration, took func(at time.Duration) time.Duration) *runstest.Run {
	r := flow(length, 10, func(_ int, s *sample.Sample) {
		answer(s, took(s.Intended))
		s.Phase = uint16(min(2, s.Intended/time.Minute))
	})
	r.Head.Scenario.Name = "spike"
	r.Head.Names.Phases = []sample.Phase{{Name: "step 1: 133 users", To: time.Minute, Hold: true}, {Name: "step 2: 532 users", From: time.Minute, To: 2 * time.Minute, Hold: true},
		{Name: "step 3: 133 users", From: 2 * time.Minute, To: length, Hold: true}, {Name: "wind-down", From: length}}
	r.Head.Recovery = &scenario.Recovery{After: "step 2", Within: time.Minute, Window: 10 * time.Second, Keep: 30 * time.Second,
		Thresholds: []scenario.Threshold{{Metric: "http_req_duration", Expr: "p(95)<1000"}, {Metric: "http_req_failed", Expr: "rate<0.05"}}}
	return r
}

// wellFrom is slow from the flood on until a moment.
func wellFrom(until time.Duration) func(time.Duration) time.Duration {
	return func(at time.Duration) time.Duration {
		if at >= time.Minute && at < until {
			return 1500 * time.Millisecond
		}
		return 20 * time.Millisecond
	}
}

func TestRecovery(t *testing.T) {
	const seconds = time.Second
	again := func(at time.Duration) time.Duration { // well for 20 s, and then ill again for 10
		if at >= 160*seconds && at < 170*seconds {
			return 1500 * time.Millisecond
		}
		return wellFrom(140 * seconds)(at)
	}
	silent := spike(7*time.Minute, wellFrom(0))
	for i := range silent.Requests {
		if s := &silent.Requests[i]; s.Intended > 119*seconds {
			silent.Requests = silent.Requests[:i] // nothing at all comes back
			break
		}
	}
	misspelt := spike(7*time.Minute, wellFrom(0))
	misspelt.Head.Recovery.After = "step 7"
	winding := spike(170*seconds, wellFrom(140*seconds)) // nothing begins any more, which is not the target's fault
	winding.End.Length = 230 * seconds
	for _, c := range []struct {
		why    string
		run    *runstest.Run
		status verdict.Status
		took   time.Duration // −1: never
		says   string        // in the finding, or in the summary where it passes
	}{
		{"at once", spike(7*time.Minute, wellFrom(2*time.Minute-2*seconds)), verdict.Pass, 0, "Passed: was well as soon as step 2 (532 users) ended."},
		// Slow answers that were asked for before 2:20 come until 2:21.4; of a window that begins at 2:21 they are less than a twentieth.
		{"after 21 s", spike(7*time.Minute, wellFrom(140*seconds)), verdict.Pass, 21 * seconds, "Passed: recovered 21.0 s after step 2 (532 users) ended (it had 1:00)."},
		{"what lasts 20 s is no recovery", spike(7*time.Minute, again), verdict.Pass, 51 * seconds, "recovered 51.0 s after"},
		{"too late", spike(7*time.Minute, wellFrom(200*seconds)), verdict.Fail, 81 * seconds, "the target recovered only 1:21 after step 2 (532 users) ended; it had 1:00 (http_req_duration p(95)<1000: 1,500 ms at 3:00)"},
		{"never", spike(7*time.Minute, wellFrom(time.Hour)), verdict.Fail, -1, "the target did not recover within 1:00 after step 2 (532 users) ended: http_req_duration p(95)<1000: 1,500 ms at 3:00"},
		{"nothing is answered any more", silent, verdict.Fail, -1, "nothing was answered at 3:00"},
		{"the run ended while it was ill", spike(150*seconds, wellFrom(time.Hour)), verdict.NoData, -1, "too soon to see whether it recovers"},
		{"the run ended before it was sure", spike(170*seconds, wellFrom(140*seconds)), verdict.NoData, -1, "the run ended 20.0 s after it was well again: too soon"},
		{"the load ended before it was sure", winding, verdict.NoData, -1, "the run ended 20.0 s after it was well again: too soon"},
		{"there is no such phase", misspelt, verdict.NoData, -1, `the run has no phase "step 7"`},
	} {
		r := judge(t, c.run, wide(t))
		rec := r.Recovery
		took := time.Duration(-1)
		if rec.Took != nil {
			took = *rec.Took
		}
		if rec.Status != c.status || took != c.took {
			t.Errorf("%s: %s after %s, %q", c.why, rec.Status, took, rec.Broke)
		}
		text := r.Summary
		if c.status != verdict.Pass {
			text = ""
			for _, f := range r.Findings {
				if f.Status == c.status {
					text += f.What + "\n"
				}
			}
		}
		if !strings.Contains(text, c.says) || (c.status == verdict.Pass) != (r.Status == verdict.Pass) {
			t.Errorf("%s: %s %s", c.why, r.Status, text)
		}
	}
}

// TestRecoveryOfWhatOnlySomeAreAsked: it need not be seen in each window, but nobody
// answering, or nothing of it seen at all, is no recovery.
func TestRecoveryOfWhatOnlySomeAreAsked(t *testing.T) {
	const seconds = time.Second
	only := func(of func(s *sample.Sample) bool) *runstest.Run { // what is kept from the end of the flood on
		r := spike(7*time.Minute, wellFrom(0))
		r.Requests = slices.DeleteFunc(r.Requests, func(s sample.Sample) bool { return s.Intended >= 2*time.Minute && !of(&s) })
		r.Head.Recovery.Thresholds = []scenario.Threshold{{Metric: "http_req_duration{category:list}", Expr: "p(95)<1000"}, {Metric: "http_req_failed{persona:grader}", Expr: "rate<0.05"}}
		return r
	}
	rare := only(func(*sample.Sample) bool { return true })
	for i := range rare.Requests {
		if s := &rare.Requests[i]; s.Intended/(20*seconds) != (s.Intended-time.Second)/(20*seconds) {
			s.Endpoint = 2
		} else {
			s.Endpoint = 3
		}
	}
	rare.Head.Names.Endpoints = atHome
	rare.Head.Recovery.Thresholds[0].Metric = "http_req_duration{category:detail}"
	mute := only(func(*sample.Sample) bool { return true })
	for i := range mute.Requests {
		if s := &mute.Requests[i]; s.Intended >= 2*time.Minute {
			s.Status, s.Error = 0, sample.TimedOut
		}
	}
	mute.Head.Recovery.Thresholds = mute.Head.Recovery.Thresholds[:1]
	never := spike(7*time.Minute, wellFrom(0))
	never.Head.Recovery.Thresholds = append(never.Head.Recovery.Thresholds, scenario.Threshold{Metric: "http_req_duration{category:nothing}", Expr: "p(95)<1000"})
	for _, c := range []struct {
		why    string
		run    *runstest.Run
		status verdict.Status
		took   time.Duration // −1: never
		says   string
	}{
		{"it is seen now and then", rare, verdict.Pass, 0, ""},
		{"nobody is answered any more", only(func(*sample.Sample) bool { return false }), verdict.Fail, -1, "nothing was answered at 3:00"},
		{"nobody is for two minutes", only(func(s *sample.Sample) bool { return s.Intended >= 4*time.Minute }), verdict.Fail, 111 * seconds, "nothing was answered at 3:00"},
		{"nobody is, and says so", mute, verdict.Fail, -1, "nothing was answered at 3:00"},
		{"one of them is not seen at all", never, verdict.NoData, -1, "http_req_duration{category:nothing} p(95)<1000 had no data in the 30.0 s in which the rest was well again"},
	} {
		rec := judge(t, c.run, wide(t)).Recovery
		took := time.Duration(-1)
		if rec.Took != nil {
			took = *rec.Took
		}
		if rec.Status != c.status || took != c.took || !strings.Contains(strings.Join(rec.Broke, "; "), c.says) {
			t.Errorf("%s: %s after %s, %q", c.why, rec.Status, took, rec.Broke)
		}
	}
}

// TestTheFloodIsNotJudgedByBaselines: nor the time that the target has to recover.
func TestTheFloodIsNotJudgedByBaselines(t *testing.T) {
	run := spike(7*time.Minute, wellFrom(170*time.Second))
	r := judge(t, run, wide(t))
	if c := category(t, r, "list"); c.Requests != 600+4*600 || c.All != len(run.Requests) || c.MaxMS > 100 {
		t.Errorf("%+v", c)
	}
	if !strings.Contains(strings.Join(r.Warnings, "\n"), "Baselines are not judged by step 2 (532 users) nor by the 1:00 after it") {
		t.Errorf("%q", r.Warnings)
	}
	run.Head.Recovery = nil
	if c := category(t, judge(t, run, wide(t)), "list"); c.Requests != len(run.Requests) || c.MaxMS < 1000 {
		t.Errorf("%+v", c)
	}
}
