package analysis_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/runs"
	"firedrill/internal/runs/runstest"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
)

// gateway is a run of teachers who generate, six a minute for ten minutes: each
// stream has eleven events, of which every tenth stream stalls before the last. It
// only ramps, as the AI scenario does.
func gateway() *runstest.Run {
	n := 0
	r := flow(10*time.Minute, 1, func(i int, s *sample.Sample) {
		s.Phase = uint16(i / 300)
		if i%10 != 0 {
			return // something else
		}
		n++
		s.Endpoint, s.Persona, s.Flags, s.Events, s.FirstEvent = 5, 1, sample.Stream, 11, s.Intended+time.Second
		gap := uint32(200_000)
		for range 10 {
			s.Gaps = append(s.Gaps, gap)
		}
		if n%10 == 0 {
			s.Gaps[9] = 3_000_000
		}
		length := time.Duration(0)
		for _, g := range s.Gaps {
			length += time.Duration(g) * time.Microsecond
		}
		s.MaxGap, s.BytesIn = time.Duration(s.Gaps[9])*time.Microsecond, 2000
		answer(s, time.Second+length)
		switch {
		case n%15 == 0:
			s.Flags |= sample.Truncated | sample.Failed
		case n%20 == 1:
			s.Flags, s.Status, s.Events, s.FirstEvent, s.Gaps, s.MaxGap, s.RetryAfter = sample.Failed|sample.RateLimited, 429, 0, 0, nil, 0, 7*time.Second
			answer(s, time.Millisecond)
		}
	})
	r.Head.Scenario.Name = "ai-gateway"
	r.Head.Names.Personas = []string{"other", "teacher"}
	r.Head.Names.Endpoints[5] = sample.Endpoint{Name: "POST /api/v1/ai/generate", Category: "ai"}
	r.Head.Names.Phases = []sample.Phase{{Name: "ramp-up", To: 5 * time.Minute}, {Name: "ramp-down", From: 5 * time.Minute, To: 10 * time.Minute}, {Name: "wind-down", From: 10 * time.Minute}}
	r.Curve = []sample.Users{{Persona: 0, Count: 50}, {Persona: 1, Count: 2}, {At: 5 * time.Minute, Persona: 1, Count: 4}, {At: 8 * time.Minute, Persona: 1, Count: 0}}
	r.Head.Thresholds = []scenario.Threshold{{Metric: "generations_per_user", Expr: "value>=1"}}
	return r
}

func TestStreams(t *testing.T) {
	r := judge(t, gateway(), wide(t))
	want := []verdict.Stream{{Endpoint: "POST /api/v1/ai/generate", Streams: 53, Truncated: 4, FirstP50MS: 1000, FirstP95MS: 1000, GapP95MS: 200, GapP99MS: 1068, GapMaxMS: 3000, Stalls: 6,
		EventsPerSecond: 5, BytesPerSecond: 1000, PerMinute: 5.3, PerUserMinute: 53.0 / (2*5 + 4*3), RateLimited: 3, RetryAfterP50: 7}}
	if diff := cmp.Diff(want, r.Streams, cmpopts.EquateApprox(0.001, 1e-9)); diff != "" {
		t.Error(diff)
	}
	if th := r.Thresholds[0]; th.Status != verdict.Pass || math.Abs(*th.Measured-r.Streams[0].PerUserMinute) > 1e-9 {
		t.Errorf("the threshold says %v, the stream %v", *th.Measured, r.Streams[0].PerUserMinute)
	}
	// The users are never steady: then all of it is judged.
	if c := category(t, r, "ai"); c.Requests != c.All || c.Requests == 0 || !strings.Contains(strings.Join(r.Warnings, "\n"), "steady in no phase") {
		t.Errorf("%+v %q", c, r.Warnings)
	}
	few := gateway()
	few.Head.Thresholds[0].Expr = "value>=3"
	if f := find(judge(t, few, wide(t)), "generations_per_user: value>=3 broke"); f == nil || !strings.Contains(f.Advice, "answered 429 3 times: its limit is what holds them back") {
		t.Errorf("%+v", f)
	}
	if r := judge(t, runstest.Grading(runstest.Options{}), wide(t)); len(r.Streams) != 0 {
		t.Errorf("no streams: %+v", r.Streams)
	}
}

// TestStreamsOfHoldPhases: the first events while users ramp are not among them.
func TestStreamsOfHoldPhases(t *testing.T) {
	run := gateway()
	run.Head.Names.Phases[1].Hold = true
	for i := range run.Requests {
		if s := &run.Requests[i]; s.Phase == 0 && s.Has(sample.Stream) {
			s.FirstEvent += time.Second
		}
	}
	if s := judge(t, run, wide(t)).Streams[0]; s.FirstP95MS != 1000 || s.Streams != 53 {
		t.Errorf("%+v", s)
	}
}

func TestGenerator(t *testing.T) {
	made := func(g runs.Generator) *runstest.Run {
		r := runstest.Grading(runstest.Options{Users: 3})
		r.End.Generator = g
		return r
	}
	late := func(g runs.Generator) *runstest.Run {
		r := made(g)
		for i := range r.Requests {
			r.Requests[i].Start += 300 * time.Millisecond
		}
		return r
	}
	for _, c := range []struct {
		why  string
		run  *runstest.Run
		says string // "" = valid
	}{
		{"it kept up", made(runs.Generator{CPU: .4, MachineCPU: .99, Sockets: 10, SocketLimit: 1024, ClockStep: 50 * time.Millisecond, GCPauseMax: time.Second}), ""},
		{"busy, but in time", made(runs.Generator{CPU: .95}), ""},
		{"busy and late", late(runs.Generator{CPU: .95}), "the load generator was overloaded (it used 95 % of all CPUs): use a faster machine"},
		{"busy by its own account", made(runs.Generator{CPU: .95, Overloaded: true, Why: "no time"}), "(it used 95 % of all CPUs)"},
		{"others were busy", late(runs.Generator{CPU: .2, MachineCPU: .97}), "after they should have): others used its machine (97 % of all CPUs were busy, 20 % by firedrill)"},
		{"pauses", late(runs.Generator{GCPauseMax: 400 * time.Millisecond}), "it paused for up to 400 ms to free memory"},
		{"late as somebody allowed it", late(runs.Generator{LateLimit: time.Second}), ""},
		{"no more sockets", made(runs.Generator{Sockets: 1024, SocketLimit: 1024}), "(it had 1,024 sockets open at once and may have no more): raise the limit (ulimit -n)"},
		{"the clock was set", made(runs.Generator{ClockStep: -2 * time.Second}), "the wall clock was set by 2.0 s during the run"},
		{"it says why itself", made(runs.Generator{Overloaded: true, Why: "it stood still"}), "overloaded (it stood still): use a faster machine or fewer users"},
	} {
		r := judge(t, c.run, wide(t))
		if (r.Status == verdict.Invalid) != (c.says != "") || r.Generator.Kept != (c.says == "") || !strings.Contains(strings.Join(r.Invalid, "\n"), c.says) || len(r.Invalid) > 1 {
			t.Errorf("%s: %s %q", c.why, r.Status, r.Invalid)
		}
	}
	g := judge(t, late(runs.Generator{Sockets: 7, SocketLimit: 9, ClockStep: time.Millisecond, GCPauseMax: 3 * time.Millisecond}), wide(t)).Generator
	if g.CPU != -1 || g.MachineCPU != -1 || math.Abs(g.LateP95MS-300) > 1 || g.LateMaxMS < g.LateP99MS || g.Sockets != 7 || g.SocketLimit != 9 || g.ClockStepMS != 1 || g.GCPauseMS != 3 {
		t.Errorf("%+v", g)
	}
}

// TestWindowsBreakWhenTheyDo: the moment is that of the exact windows.
func TestWindowsBreakWhenTheyDo(t *testing.T) {
	run := flow(3*time.Minute, 10, func(i int, s *sample.Sample) {
		if at := s.Intended; at >= time.Minute && at < 70*time.Second {
			answer(s, 800*time.Millisecond)
		}
	})
	run.Head.Thresholds = []scenario.Threshold{{Metric: "response_time", Expr: "p(90)<500 over 20s"}, {Metric: "response_time", Expr: "p(90)<500"}, {Metric: "response_time", Expr: "p(90)<500 over 4m"}}
	r := judge(t, run, wide(t))
	if th := r.Thresholds[0]; th.Status != verdict.Fail || *th.Measured != 800 || th.BrokeAt != 63*time.Second || th.Window != 20*time.Second {
		t.Errorf("%+v", th)
	}
	if th := r.Thresholds[1]; th.Status != verdict.Pass || th.BrokeAt != -1 {
		t.Errorf("%+v", th)
	}
	if f := find(r, "over 4m had no data"); f == nil || !strings.Contains(f.Advice, "the run was shorter than its window of 4:00") {
		t.Errorf("%+v", r.Findings)
	}
}

func TestACriticalEndpointThatNeverAnswers(t *testing.T) {
	run := runstest.Grading(runstest.Options{})
	run.Head.Critical = []string{"GET /api/v1/me"}
	for i := range run.Requests {
		if s := &run.Requests[i]; s.Endpoint == 1 {
			s.Status, s.Error, s.Flags = 0, sample.TimedOut, sample.Failed
		}
	}
	r := judge(t, run, baseline.Default())
	if find(r, "the critical endpoint GET /api/v1/me was called and never answered") == nil {
		t.Errorf("%+v", r.Findings)
	}
	for _, e := range r.Endpoints {
		if e.Critical != (e.Name == "GET /api/v1/me") {
			t.Errorf("%+v", e)
		}
	}
}
