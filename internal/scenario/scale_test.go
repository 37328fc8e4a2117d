package scenario_test

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firedrill/internal/scenario"
)

// schoolDay is three personas of different executors, 133 users at the peak.
func schoolDay() *scenario.Scenario {
	return &scenario.Scenario{Name: "school-day", Personas: []scenario.Persona{
		{Name: "teachers", Login: scenario.LoginOnce, Journey: scenario.Selector{Persona: "teacher"}, Load: scenario.Load{Executor: scenario.RampingVUs,
			Stages: []scenario.Stage{{Duration: 2 * time.Minute, Target: 30}, {Duration: 5 * time.Minute, Target: 30}, {Duration: 2 * time.Minute, Target: 0}}}},
		{Name: "students", Login: scenario.LoginOnce, Journey: scenario.Selector{Persona: "student"}, Load: scenario.Load{Executor: scenario.RampingVUs,
			Stages: []scenario.Stage{{Duration: 2 * time.Minute, Target: 100}, {Duration: 5 * time.Minute, Target: 100}, {Duration: 2 * time.Minute, Target: 0}}}},
		{Name: "admins", Login: scenario.LoginOnce, Journey: scenario.Selector{Persona: "admin"}, Load: scenario.Load{Executor: scenario.ConstantVUs, VUs: 3, Duration: 9 * time.Minute}},
	}}
}

func peaks(s *scenario.Scenario) []int {
	var all []int
	for _, p := range s.Personas {
		all = append(all, p.Load.Peak())
	}
	return all
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		arg   string
		peaks []int
		said  string
		why   string
	}{
		{"133", []int{30, 100, 3}, "133 users as it stands: teachers 30, students 100, admins 3", "its own number changes nothing"},
		{"20", []int{4, 15, 1}, "", "the admins' 0.45 are lifted to one; of the other 19 the teachers' part is 4.38, the students' 14.62"},
		{"26", []int{6, 19, 1}, "scaled from 133 to 26 users: teachers 30 → 6, students 100 → 19, admins 3 → 1", ""},
		{"3", []int{1, 1, 1}, "", "one each"},
		{"266", []int{60, 200, 6}, "", "twice"},
		{"2x", []int{60, 200, 6}, "scaled from 133 to 266 users: teachers 30 → 60, students 100 → 200, admins 3 → 6", ""},
		{"0.1x", []int{3, 10, 1}, "", "a fraction never leaves a persona without a user"},
	} {
		t.Run(c.arg, func(t *testing.T) {
			s := schoolDay()
			got, said, err := s.Scale(c.arg)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.peaks, peaks(got)); d != "" {
				t.Errorf("%s (-want +got):\n%s", c.why, d)
			}
			if c.said != "" && said != c.said {
				t.Errorf("said %q", said)
			}
			if d := cmp.Diff(schoolDay(), s); d != "" {
				t.Errorf("the original was changed:\n%s", d)
			}
			if err := got.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestScaleOfEachExecutor(t *testing.T) {
	one := func(l scenario.Load) *scenario.Scenario {
		return &scenario.Scenario{Name: "one", Personas: []scenario.Persona{{Name: "p", Login: scenario.LoginOnce, Journey: scenario.Selector{Persona: "p"}, Load: l}}}
	}
	for name, c := range map[string]struct {
		load scenario.Load
		arg  string
		want scenario.Load
	}{
		"shared iterations change with the users": {
			scenario.Load{Executor: scenario.SharedIterations, VUs: 35, Iterations: 70, MaxDuration: time.Minute}, "20",
			scenario.Load{Executor: scenario.SharedIterations, VUs: 20, Iterations: 40, MaxDuration: time.Minute}},
		"shared iterations by a factor": {
			scenario.Load{Executor: scenario.SharedIterations, VUs: 35, Iterations: 35, MaxDuration: time.Minute}, "3x",
			scenario.Load{Executor: scenario.SharedIterations, VUs: 105, Iterations: 105, MaxDuration: time.Minute}},
		"each user's iterations stay": {
			scenario.Load{Executor: scenario.PerVUIterations, VUs: 2, Iterations: 5, MaxDuration: time.Minute}, "6",
			scenario.Load{Executor: scenario.PerVUIterations, VUs: 6, Iterations: 5, MaxDuration: time.Minute}},
		"rates change with the pool": {
			scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 10, Duration: time.Minute, PreAllocatedVUs: 20, MaxVUs: 40, TimeUnit: time.Second}, "20",
			scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 5, Duration: time.Minute, PreAllocatedVUs: 10, MaxVUs: 20, TimeUnit: time.Second}},
		"ramping rates by a factor": {
			scenario.Load{Executor: scenario.RampingArrivalRate, StartRate: 1, Stages: []scenario.Stage{{Duration: time.Minute, Target: 0.5}}, PreAllocatedVUs: 2, MaxVUs: 3, TimeUnit: time.Second}, "3x",
			scenario.Load{Executor: scenario.RampingArrivalRate, StartRate: 3, Stages: []scenario.Stage{{Duration: time.Minute, Target: 1.5}}, PreAllocatedVUs: 6, MaxVUs: 9, TimeUnit: time.Second}},
		"the foot of a ramp stays above zero where it was": {
			scenario.Load{Executor: scenario.RampingVUs, StartVUs: 1, Stages: []scenario.Stage{{Duration: time.Minute, Target: 200}, {Duration: time.Minute, Target: 10}, {Duration: time.Minute}}}, "10",
			scenario.Load{Executor: scenario.RampingVUs, StartVUs: 1, Stages: []scenario.Stage{{Duration: time.Minute, Target: 10}, {Duration: time.Minute, Target: 1}, {Duration: time.Minute}}}},
		"sessions as recorded are copied": {
			scenario.Load{Executor: scenario.AsRecorded}, "2x", scenario.Load{Executor: scenario.AsRecorded, Copies: 2}},
		"sessions as recorded are never fewer than recorded": {
			scenario.Load{Executor: scenario.AsRecorded, Speed: 2}, "0.5x", scenario.Load{Executor: scenario.AsRecorded, Speed: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := one(c.load).Scale(c.arg)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got.Personas[0].Load); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestScaleErrors(t *testing.T) {
	recorded := schoolDay()
	recorded.Personas[2].Load = scenario.Load{Executor: scenario.AsRecorded}
	for arg, want := range map[string]string{
		"":        "not a number of users, nor a factor",
		"twenty":  "not a number of users, nor a factor",
		"-5":      "not a number of users, nor a factor",
		"2":       "fewer users than the 3 personas of school-day",
		"0":       "fewer users than the 3 personas",
		"9999999": "more than 1000000 users",
		"0x":      "not a factor above zero",
		"x":       "not a factor above zero",
		"-1x":     "not a factor above zero",
		"Infx":    "not a factor above zero",
		"1e3x":    "not a factor above zero",
		"90000x":  "persona teachers would have more than 1000000 users or arrivals",
	} {
		_, _, err := schoolDay().Scale(arg)
		var e *scenario.ScaleError
		if !errors.As(err, &e) || !strings.Contains(e.Error(), "--scale "+arg) || !strings.Contains(e.Why, want) || e.ExitCode() != 2 {
			t.Errorf("%q: %v, want %q", arg, err, want)
		}
	}
	if _, _, err := recorded.Scale("20"); err == nil || !strings.Contains(err.Error(), "admins starts its sessions as recorded") {
		t.Error(err)
	}
}

// TestShare: the sum is exact, nobody is left out, who gets more than one is
// within one of the exact proportion of what those with one leave, and whoever
// weighs more never gets less.
func TestShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(1, 1_000_000), 1, 12).Draw(t, "weights")
		n := rapid.IntRange(len(weights), 1_000_000).Draw(t, "n")
		shares := scenario.Share(n, weights)
		sum, total, left := 0, 0, n
		for i, s := range shares {
			sum += s
			if s < 1 {
				t.Fatalf("persona %d gets %d", i, s)
			}
			if s == 1 {
				left--
			} else {
				total += weights[i]
			}
			for j, other := range shares {
				if weights[i] > weights[j] && s < other {
					t.Fatalf("%v for %v: the heavier gets less", shares, weights)
				}
			}
		}
		if sum != n {
			t.Fatalf("%v has the sum %d, want %d", shares, sum, n)
		}
		for i, s := range shares {
			whole := float64(n) * float64(weights[i]) / float64(sumOf(weights))
			rest := float64(left) * float64(weights[i]) / float64(max(total, 1))
			if s > 1 && (float64(s) >= whole+1 || math.Abs(float64(s)-rest) > 2) {
				t.Fatalf("share %d is %d; its proportion %.3f, of the rest %.3f", i, s, whole, rest)
			}
		}
		if !slices.ContainsFunc(weights, func(w int) bool { return float64(n)*float64(w)/float64(sumOf(weights)) < 1 }) {
			for i, s := range shares {
				if exact := float64(n) * float64(weights[i]) / float64(sumOf(weights)); math.Abs(float64(s)-exact) >= 1 {
					t.Fatalf("share %d is %d, its proportion %.3f", i, s, exact)
				}
			}
		}
	})
}

func sumOf(all []int) (sum int) {
	for _, v := range all {
		sum += v
	}
	return sum
}

// TestScaleSums: any number of users is exactly what the personas' peaks add up to.
func TestScaleSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schoolDay()
		s.Personas[0].Load.Stages[0].Target = float64(rapid.IntRange(1, 5000).Draw(t, "teachers"))
		s.Personas[1].Load = scenario.Load{Executor: scenario.SharedIterations, VUs: rapid.IntRange(1, 5000).Draw(t, "students"), Iterations: 10_000, MaxDuration: time.Minute}
		s.Personas[2].Load = scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 3, Duration: time.Minute, TimeUnit: time.Second,
			PreAllocatedVUs: rapid.IntRange(1, 50).Draw(t, "ready"), MaxVUs: rapid.IntRange(50, 500).Draw(t, "most")}
		n := rapid.IntRange(3, 20_000).Draw(t, "n")
		got, _, err := s.Scale(strconv.Itoa(n))
		if err != nil {
			t.Fatal(err)
		}
		if got.PeakUsers() != n {
			t.Fatalf("%d users for --scale %d: %v", got.PeakUsers(), n, peaks(got))
		}
		if err := got.Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestShorten(t *testing.T) {
	s := schoolDay()
	s.Personas[2].Load.StartTime = time.Minute
	s.Personas[2].Load.Duration = 8 * time.Minute
	got, said, err := s.Shorten(27 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if said != "length changed from 9m to 27s" {
		t.Error(said)
	}
	want := []scenario.Stage{{Duration: 6 * time.Second, Target: 30}, {Duration: 15 * time.Second, Target: 30}, {Duration: 6 * time.Second}}
	if d := cmp.Diff(want, got.Personas[0].Load.Stages); d != "" {
		t.Error(d)
	}
	if l := got.Personas[2].Load; l.StartTime != 3*time.Second || l.Duration != 24*time.Second {
		t.Errorf("admins start at %s for %s", l.StartTime, l.Duration)
	}
	if s.Personas[0].Load.Stages[0].Duration != 2*time.Minute || s.Length() != 9*time.Minute {
		t.Error("the original was changed")
	}
	longer, _, err := s.Shorten(time.Hour)
	if err != nil || longer.Length() != time.Hour {
		t.Error(longer.Length(), err)
	}
}

func TestShortenKeepsHolds(t *testing.T) {
	s := schoolDay()
	got, said, err := s.Shorten(1 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if d := got.Personas[0].Load.Stages[1].Duration; d != time.Second {
		t.Errorf("the hold lasts %s", d)
	}
	if !strings.HasSuffix(said, "not 1s: no load is held for less than 1s") {
		t.Error(said)
	}
	jump := schoolDay()
	jump.Personas = jump.Personas[:1]
	jump.Personas[0].Load.Stages = []scenario.Stage{{Target: 100}, {Duration: time.Minute, Target: 100}}
	if got, _, _ := jump.Shorten(5 * time.Second); got.Personas[0].Load.Stages[0].Duration != 0 || got.Length() != 5*time.Second {
		t.Errorf("%+v", got.Personas[0].Load.Stages)
	}
}

func TestShortenErrors(t *testing.T) {
	recorded := schoolDay()
	recorded.Personas = recorded.Personas[2:]
	recorded.Personas[0].Load = scenario.Load{Executor: scenario.AsRecorded}
	for _, c := range []struct {
		s     *scenario.Scenario
		total time.Duration
		want  string
	}{
		{schoolDay(), 500 * time.Millisecond, "--duration 500ms: shorter than 1s"},
		{schoolDay(), 0, "shorter than 1s"},
		{schoolDay(), 10000 * time.Hour, "longer than 720h"},
		{recorded, time.Minute, "school-day lasts as long as its recording"},
	} {
		_, _, err := c.s.Shorten(c.total)
		var e *scenario.LengthError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || e.ExitCode() != 2 {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestShortenTogether: what stands at one moment stays together, though one of
// the personas holds where the others go up; and what is judged keeps its meaning.
func TestShortenTogether(t *testing.T) {
	s := steps()
	s.Personas[2].Load.Stages[0].Target, s.Personas[2].Load.StartVUs = 1, 1 // an admin is there from the beginning
	s.Recovery = &scenario.Recovery{After: "step 2", Within: time.Minute, Window: 10 * time.Second, Keep: 30 * time.Second,
		Thresholds: []scenario.Threshold{{Metric: "http_req_failed", Expr: "rate<0.1 over 30s"}}}
	s.Thresholds = []scenario.Threshold{{Metric: "http_req_failed", Expr: "rate<0.1 over 2m", DelayAbortEval: time.Minute, AbortOnFail: true}, {Metric: "http_req_failed", Expr: "rate<0.1"}}
	got, said, err := s.Shorten(12 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if d := cmp.Diff(durations(got.Personas[2].Load), durations(got.Personas[i].Load)); d != "" {
			t.Errorf("%s and admins (-admins +%[1]s):\n%s", s.Personas[i].Name, d)
		}
	}
	if said != "length changed from 6m45s to 12s" {
		t.Error(said)
	}
	want := scenario.Recovery{After: "step 2", Within: 5 * time.Second, Window: time.Second, Keep: 3 * time.Second, Thresholds: []scenario.Threshold{{Metric: "http_req_failed", Expr: "rate<0.1 over 1s"}}}
	if d := cmp.Diff(want, *got.Recovery); d != "" {
		t.Error(d)
	}
	if s.Recovery.Within != time.Minute || s.Recovery.Thresholds[0].Expr != "rate<0.1 over 30s" || s.Thresholds[0].Expr != "rate<0.1 over 2m" {
		t.Error("the original was changed")
	}
	if th := got.Thresholds[0]; th.Expr != "rate<0.1 over 4s" || th.DelayAbortEval != 1778*time.Millisecond {
		t.Errorf("%q, delayed by %s", th.Expr, th.DelayAbortEval)
	}
	if got.Thresholds[1].Expr != "rate<0.1" {
		t.Error(got.Thresholds[1].Expr)
	}
	longer, _, _ := s.Shorten(810 * time.Second)
	if longer.Recovery.Within != 2*time.Minute || longer.Thresholds[0].Expr != "rate<0.1 over 2m" || longer.Thresholds[0].DelayAbortEval != time.Minute {
		t.Errorf("twice as long: %+v, %q", longer.Recovery, longer.Thresholds[0].Expr)
	}
}

func durations(l scenario.Load) (all []time.Duration) {
	for _, s := range l.Stages {
		all = append(all, s.Duration)
	}
	return all
}

// TestShortenProperty: whatever the stages, the whole is as long as asked unless
// a hold had to be kept, and the result is still valid.
func TestShortenProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stage := rapid.Custom(func(t *rapid.T) scenario.Stage {
			return scenario.Stage{Duration: time.Duration(rapid.IntRange(0, 600_000).Draw(t, "ms")) * time.Millisecond, Target: float64(rapid.IntRange(0, 4).Draw(t, "target"))}
		})
		s := schoolDay()
		s.Personas[0].Load.Stages = append(rapid.SliceOfN(stage, 1, 8).Draw(t, "stages"), scenario.Stage{Duration: time.Minute, Target: 9})
		s.Personas[0].Load.StartTime = time.Duration(rapid.IntRange(0, 60_000).Draw(t, "start")) * time.Millisecond
		total := time.Duration(rapid.IntRange(1000, 4_000_000).Draw(t, "total")) * time.Millisecond
		got, said, err := s.Shorten(total)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Validate(); err != nil {
			t.Fatal(err)
		}
		switch length := got.Length(); {
		case length < total:
			t.Fatalf("%s is shorter than %s", length, total)
		case length > total && !strings.Contains(said, "no load is held"):
			t.Fatalf("%s is longer than %s, and nothing says so: %s", length, total, said)
		case length > total+10*time.Second:
			t.Fatalf("%s is much longer than %s", length, total)
		}
		for i, st := range got.Personas[0].Load.Stages {
			if (st.Duration == 0) != (s.Personas[0].Load.Stages[i].Duration == 0) && st.Duration != 0 {
				t.Fatalf("stage %d was a jump and lasts %s", i, st.Duration)
			}
		}
	})
}

// steps is three personas that go up and down together; a fourth goes its own way.
func steps() *scenario.Scenario {
	ramp := func(start int, targets ...float64) scenario.Load {
		l := scenario.Load{Executor: scenario.RampingVUs, StartVUs: start}
		for i, target := range targets {
			l.Stages = append(l.Stages, scenario.Stage{Duration: time.Duration(15+105*(i%2)) * time.Second, Target: target})
		}
		return l
	}
	s := &scenario.Scenario{Name: "steps", Steps: &scenario.Steps{MustHold: 133}}
	for name, l := range map[string]scenario.Load{
		"a-teachers": ramp(0, 11, 11, 30, 30, 113, 113), "b-students": ramp(0, 38, 38, 100, 100, 376, 376), "c-admins": ramp(0, 1, 1, 3, 3, 11, 11), "d-other": ramp(1, 7, 7),
	} {
		s.Personas = append(s.Personas, scenario.Persona{Name: name, Login: scenario.LoginOnce, Journey: scenario.Selector{Persona: "p"}, Load: l})
	}
	slices.SortFunc(s.Personas, func(a, b scenario.Persona) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// TestScaleOfSteps: each level has its share of the users, exactly, whoever rounds how.
func TestScaleOfSteps(t *testing.T) {
	for arg, want := range map[string][][]int{ // at each level: teachers, students, admins; the fourth has its own
		"507":  {{11, 38, 1}, {30, 100, 3}, {113, 376, 11}, {7}},
		"255":  {{5, 19, 1}, {15, 50, 2}, {57, 189, 6}, {3}},      // 250 of 500 but for rounding: 25, 67 and 252 users
		"1.5x": {{17, 57, 1}, {45, 150, 5}, {170, 564, 17}, {11}}, // 75, 200 and 751 users
	} {
		got, _, err := steps().Scale(arg)
		if err != nil {
			t.Fatal(err)
		}
		for level := range 3 {
			var users []int
			for i := range 3 {
				up, hold := got.Personas[i].Load.Stages[2*level].Target, got.Personas[i].Load.Stages[2*level+1].Target
				if up != hold {
					t.Errorf("%s: level %d of %s goes from %g to %g", arg, level+1, got.Personas[i].Name, up, hold)
				}
				users = append(users, int(hold))
			}
			if d := cmp.Diff(want[level], users); d != "" {
				t.Errorf("--scale %s, level %d (-want +got):\n%s", arg, level+1, d)
			}
		}
		if other := got.Personas[3].Load.Stages[0].Target; int(other) != want[3][0] {
			t.Errorf("--scale %s: the fourth has %g", arg, other)
		}
		if got.Steps.MustHold != 133 || got.Personas[0].Load.StartVUs != 0 {
			t.Errorf("--scale %s: must hold %d, starts with %d", arg, got.Steps.MustHold, got.Personas[0].Load.StartVUs)
		}
	}
}
