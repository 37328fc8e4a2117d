package pace_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firedrill/internal/load/pace"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

const s = time.Second

func stage(d time.Duration, target float64) scenario.Stage {
	return scenario.Stage{Duration: d, Target: target}
}

func ramp(start int, stages ...scenario.Stage) scenario.Load {
	return scenario.Load{Executor: scenario.RampingVUs, StartVUs: start, Stages: stages}
}

func TestUserSteps(t *testing.T) {
	for _, tt := range []struct {
		name string
		load scenario.Load
		want []pace.Step
	}{
		{"constant", scenario.Load{Executor: scenario.ConstantVUs, VUs: 7}, []pace.Step{{0, 7}}},
		{"up: the last comes at the stage's end", ramp(0, stage(4*s, 4)), []pace.Step{{0, 0}, {1 * s, 1}, {2 * s, 2}, {3 * s, 3}, {4 * s, 4}}},
		{"down: the first goes after its share", ramp(4, stage(8*s, 0)), []pace.Step{{0, 4}, {2 * s, 3}, {4 * s, 2}, {6 * s, 1}, {8 * s, 0}}},
		{"hold between", ramp(1, stage(2*s, 2), stage(10*s, 2), stage(1*s, 1)), []pace.Step{{0, 1}, {2 * s, 2}, {13 * s, 1}}},
		{"jump", ramp(1, stage(5*s, 1), stage(0, 9), stage(5*s, 9)), []pace.Step{{0, 1}, {5 * s, 9}}},
		{"jump at the start", ramp(1, stage(0, 5)), []pace.Step{{0, 5}}},
	} {
		if d := cmp.Diff(tt.want, pace.UserSteps(tt.load)); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

func TestUsersAt(t *testing.T) {
	steps := pace.UserSteps(ramp(2, stage(4*s, 4)))
	for at, want := range map[time.Duration]int{-1: 0, 0: 2, 1 * s: 2, 2*s - 1: 2, 2 * s: 3, 4 * s: 4, time.Hour: 4} {
		if got := pace.UsersAt(steps, at); got != want {
			t.Errorf("at %v: %d users, want %d", at, got, want)
		}
	}
}

func TestConstantArrivals(t *testing.T) {
	got := slices.Collect(pace.Arrivals(scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 30, TimeUnit: time.Minute, Duration: 10 * s}, nil))
	if d := cmp.Diff([]time.Duration{0, 2 * s, 4 * s, 6 * s, 8 * s}, got); d != "" {
		t.Error(d)
	}
	n, last := 0, time.Duration(0)
	for at := range pace.Arrivals(scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 300, Duration: time.Hour}, nil) {
		if ideal := time.Duration(math.Round(float64(n) * 1e9 / 300)); at != ideal {
			t.Fatalf("arrival %d at %v, want %v: no drift", n, at, ideal)
		}
		n, last = n+1, at
	}
	if n != 300*3600 || last >= time.Hour {
		t.Errorf("%d arrivals, the last at %v", n, last)
	}
}

// With a rate from 0 to 10 over 10 s the i-th arrival is where t²/2 = i.
func TestRampingArrivals(t *testing.T) {
	load := scenario.Load{Executor: scenario.RampingArrivalRate, Stages: []scenario.Stage{stage(10*s, 10), stage(5*s, 10), stage(10*s, 0), stage(5*s, 0), stage(0, 2), stage(2*s, 2)}}
	got := slices.Collect(pace.Arrivals(load, nil))
	if len(got) != 50+50+50+4 {
		t.Fatalf("%d arrivals", len(got))
	}
	for i, want := range map[int]float64{0: math.Sqrt(2), 7: 4, 17: 6, 49: 10, 50: 10.1, 99: 15, 100: 25 - math.Sqrt(98), 149: 25, 150: 30.5, 153: 32} {
		if d := math.Abs(got[i].Seconds() - want); d > 1e-6 {
			t.Errorf("arrival %d at %v, want %.6f s", i+1, got[i], want)
		}
	}
	if !slices.IsSorted(got) {
		t.Error("not ascending")
	}
}

func TestArrivalsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		load := scenario.Load{Executor: scenario.RampingArrivalRate, StartRate: rapid.Float64Range(0, 200).Draw(t, "start")}
		area, from := 0.0, load.StartRate
		for range rapid.IntRange(1, 5).Draw(t, "stages") {
			st := scenario.Stage{Duration: time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond, Target: rapid.Float64Range(0, 200).Draw(t, "target")}
			area += st.Duration.Seconds() * (from + st.Target) / 2
			from = st.Target
			load.Stages = append(load.Stages, st)
		}
		got := slices.Collect(pace.Arrivals(load, nil))
		if d := area - float64(len(got)); d < -1e-6 || d >= 1+1e-6 {
			t.Fatalf("%d arrivals in an area of %f", len(got), area)
		}
		if !slices.IsSorted(got) || len(got) > 0 && (got[0] < 0 || got[len(got)-1] > load.Length()) {
			t.Fatal("out of order, or outside the load")
		}
	})
}

func TestArrivalsStop(t *testing.T) {
	for _, l := range []scenario.Load{
		{Executor: scenario.ConstantArrivalRate, Rate: 10, Duration: time.Hour},
		{Executor: scenario.RampingArrivalRate, StartRate: 10, Stages: []scenario.Stage{stage(time.Hour, 10)}},
		{Executor: scenario.RampingArrivalRate, Stages: []scenario.Stage{stage(time.Hour, 10)}},
	} {
		n := 0
		for range pace.Arrivals(l, nil) {
			if n++; n == 3 {
				break
			}
		}
		if n != 3 {
			t.Errorf("%d arrivals", n)
		}
	}
	for range pace.Arrivals(scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: s}, nil) {
		t.Error("users do not arrive")
	}
}

func TestRecorded(t *testing.T) {
	got := slices.Collect(pace.Recorded([]time.Duration{10 * s, 12 * s, 20 * s}, 2, 1))
	if d := cmp.Diff([]time.Duration{0, 1 * s, 5 * s}, got); d != "" {
		t.Error(d)
	}
}

func TestDraw(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	if d := pace.Draw(plan.Think{}, r); d != 0 {
		t.Errorf("no think time: %v", d)
	}
	if d := pace.Draw(plan.Think{Quantiles: []time.Duration{3 * s}}, r); d != 3*s {
		t.Errorf("constant: %v", d)
	}
	think := plan.Think{Quantiles: []time.Duration{1 * s, 2 * s, 10 * s}}
	const n = 100_000
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = pace.Draw(think, r)
	}
	slices.Sort(all)
	for q, want := range map[float64]time.Duration{0: 1 * s, 0.25: 1500 * time.Millisecond, 0.5: 2 * s, 0.75: 6 * s, 0.9999: 10 * s} {
		if got := all[int(q*n)]; got < want-100*time.Millisecond || got > want+100*time.Millisecond {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	// one number for each draw, whatever the think time
	a, b := rand.New(rand.NewPCG(7, 7)), rand.New(rand.NewPCG(7, 7))
	pace.Draw(plan.Think{}, a)
	pace.Draw(think, b)
	if a.Uint64() != b.Uint64() {
		t.Error("the stream depends on the think time")
	}
	if m := pace.Median(think); m != 2*s {
		t.Errorf("median %v", m)
	}
	if m := pace.Median(plan.Think{Quantiles: []time.Duration{1 * s, 2 * s}}); m != 1500*time.Millisecond {
		t.Errorf("median of two %v", m)
	}
}

func TestPhases(t *testing.T) {
	m := time.Minute
	wind := func(at time.Duration) sample.Phase { return sample.Phase{Name: "wind-down", From: at} }
	for _, tt := range []struct {
		name  string
		loads []scenario.Load
		want  []sample.Phase
	}{
		{"constant", []scenario.Load{{Executor: scenario.ConstantVUs, VUs: 20, Duration: 10 * m}}, []sample.Phase{{Name: "hold", To: 10 * m, Hold: true, Users: 20}, wind(10 * m)}},
		{"a school day", []scenario.Load{
			ramp(0, stage(2*m, 30), stage(5*m, 30), stage(2*m, 0)),
			ramp(0, stage(2*m, 100), stage(5*m, 100), stage(2*m, 0)),
			{Executor: scenario.ConstantVUs, VUs: 3, Duration: 9 * m},
		}, []sample.Phase{{Name: "ramp-up", To: 2 * m}, {Name: "hold", From: 2 * m, To: 7 * m, Hold: true, Users: 133}, {Name: "ramp-down", From: 7 * m, To: 9 * m}, wind(9 * m)}},
		{"opening day: two rises are one", []scenario.Load{
			{Executor: scenario.ConstantVUs, VUs: 2, Duration: 5 * m},
			ramp(0, stage(3*m, 20), stage(2*m, 20)),
			ramp(0, stage(1*m, 50), stage(2*m, 200), stage(2*m, 200)),
		}, []sample.Phase{{Name: "ramp-up", To: 3 * m}, {Name: "hold", From: 3 * m, To: 5 * m, Hold: true, Users: 222}, wind(5 * m)}},
		{"levels", []scenario.Load{ramp(50, stage(2*m, 50), stage(0, 100), stage(2*m, 100), stage(m, 133), stage(2*m, 133))}, []sample.Phase{
			{Name: "step 1: 50 users", To: 2 * m, Hold: true, Users: 50}, {Name: "step 2: 100 users", From: 2 * m, To: 4 * m, Hold: true, Users: 100},
			{Name: "ramp-up", From: 4 * m, To: 5 * m}, {Name: "step 3: 133 users", From: 5 * m, To: 7 * m, Hold: true, Users: 133}, wind(7 * m)}},
		{"rates", []scenario.Load{{Executor: scenario.RampingArrivalRate, StartRate: 60, TimeUnit: m, Stages: []scenario.Stage{stage(m, 60), stage(m, 120), stage(m, 120)}}}, []sample.Phase{
			{Name: "step 1: 1 starts/s", To: m, Hold: true}, {Name: "ramp-up", From: m, To: 2 * m}, {Name: "step 2: 2 starts/s", From: 2 * m, To: 3 * m, Hold: true}, wind(3 * m)}},
		{"a second rise has its own name", []scenario.Load{ramp(0, stage(m, 5), stage(m, 0), stage(m, 5))}, []sample.Phase{
			{Name: "ramp-up", To: m}, {Name: "ramp-down", From: m, To: 2 * m}, {Name: "ramp-up 2", From: 2 * m, To: 3 * m}, wind(3 * m)}},
		{"a later start", []scenario.Load{{Executor: scenario.SharedIterations, VUs: 35, Iterations: 35, MaxDuration: 5 * m, StartTime: m}}, []sample.Phase{{Name: "hold", From: m, To: 6 * m, Hold: true, Users: 35}, wind(6 * m)}},
	} {
		if d := cmp.Diff(tt.want, pace.Phases(tt.loads)); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
	phases := []sample.Phase{{Name: "a", To: m}, {Name: "b", From: m, To: 2 * m}, {Name: "wind-down", From: 2 * m}}
	for at, want := range map[time.Duration]int{-1: 0, 0: 0, m - 1: 0, m: 1, 2 * m: 2, time.Hour: 2} {
		if got := pace.PhaseAt(phases, at); got != want {
			t.Errorf("at %v: phase %d, want %d", at, got, want)
		}
	}
}

func TestSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c pace.System
		start := c.Now()
		if err := c.SleepUntil(t.Context(), start.Add(3*s)); err != nil || c.Now().Sub(start) != 3*s {
			t.Errorf("woke after %v: %v", c.Now().Sub(start), err)
		}
		if err := c.SleepUntil(t.Context(), start); err != nil || c.Now().Sub(start) != 3*s {
			t.Errorf("a time that has passed: %v, %v", c.Now().Sub(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), s)
		defer cancel()
		if err := c.SleepUntil(ctx, start.Add(time.Hour)); err == nil || c.Now().Sub(start) != 4*s {
			t.Errorf("not ended with its context: %v, %v", c.Now().Sub(start), err)
		}
		if err := c.SleepUntil(ctx, start); err == nil {
			t.Error("an ended context is an error even for a time that has passed")
		}
	})
}
