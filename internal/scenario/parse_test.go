package scenario_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/scenario"
)

const small = `name: exam
personas:
  student:
    journey: {persona: student}
    load: {executor: constant-vus, vus: 2, duration: 10s}
thresholds:
  http_req_failed: ["rate<0.01"]
  "http_req_duration{status:200}":
    - {threshold: 'p(95)<500', abort_on_fail: true, delay_abort_eval: 5s}
`

func TestParseKeepsPlaceAndSource(t *testing.T) {
	src := []byte(small)
	s, err := scenario.Parse("dir/exam.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	src[0] = 'X' // the caller's bytes are the caller's
	if s.File != "dir/exam.yaml" || string(s.Source) != small || s.Personas[0].Line != 3 {
		t.Errorf("%q %q %d", s.File, s.Source, s.Personas[0].Line)
	}
	want := []scenario.Threshold{
		{Metric: "http_req_failed", Expr: "rate<0.01", Line: 7, Column: 22},
		{Metric: "http_req_duration{status:200}", Expr: "p(95)<500", AbortOnFail: true, DelayAbortEval: 5 * time.Second, Line: 9, Column: 20},
	}
	if d := cmp.Diff(want, s.Thresholds); d != "" {
		t.Error(d)
	}
}

// TestDefaults: what a load leaves out is k6's default, and only what its executor has.
func TestDefaults(t *testing.T) {
	for text, want := range map[string]scenario.Load{
		"{executor: constant-vus, vus: 2, duration: 10s}":                                             {Executor: scenario.ConstantVUs, VUs: 2, Duration: 10 * time.Second},
		"{executor: ramping-vus, stages: [{duration: 1s, target: 2}]}":                                {Executor: scenario.RampingVUs, StartVUs: 1, Stages: []scenario.Stage{{Duration: time.Second, Target: 2}}, GracefulRampDown: 30 * time.Second},
		"{executor: shared-iterations, vus: 2, iterations: 3}":                                        {Executor: scenario.SharedIterations, VUs: 2, Iterations: 3, MaxDuration: 10 * time.Minute},
		"{executor: per-vu-iterations, vus: 2, iterations: 1}":                                        {Executor: scenario.PerVUIterations, VUs: 2, Iterations: 1, MaxDuration: 10 * time.Minute},
		"{executor: constant-arrival-rate, rate: 2.5, duration: 1s, pre_allocated_vus: 4}":            {Executor: scenario.ConstantArrivalRate, Rate: 2.5, Duration: time.Second, PreAllocatedVUs: 4, MaxVUs: 4, TimeUnit: time.Second},
		"{executor: ramping-arrival-rate, stages: [{duration: 1s, target: 2}], pre_allocated_vus: 4}": {Executor: scenario.RampingArrivalRate, PreAllocatedVUs: 4, MaxVUs: 4, TimeUnit: time.Second, Stages: []scenario.Stage{{Duration: time.Second, Target: 2}}},
		"{executor: as-recorded}": {Executor: scenario.AsRecorded},
	} {
		src := strings.Replace(small, "{executor: constant-vus, vus: 2, duration: 10s}", text, 1)
		s, err := scenario.Parse("exam.yaml", []byte(src))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want.GracefulStop = 30 * time.Second
		if d := cmp.Diff(want, s.Personas[0].Load); d != "" {
			t.Errorf("%s:\n%s", text, d)
		}
		if p := s.Personas[0]; p.Login != scenario.LoginOnce || p.Think != nil || p.Account != "" {
			t.Errorf("%+v", p)
		}
	}
}

// TestCheckerHint: an error that knows what to do keeps saying it.
func TestCheckerHint(t *testing.T) {
	_, err := scenario.Parse("exam.yaml", []byte(small), func(metric, expr string) error {
		if metric == "http_req_failed" {
			return fmt.Errorf("%w", &scenario.NotFoundError{Name: metric, Known: []string{"http_req_failing"}})
		}
		return nil
	})
	var e *scenario.ParseError
	if !errors.As(err, &e) || e.Line != 7 || e.Column != 22 || !strings.Contains(e.Fix, "http_req_failing") {
		t.Errorf("%v %+v", err, e)
	}
}

// TestValidate: what Parse refuses is refused in a scenario made in memory, too.
func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scenario.Scenario)
		want   string
	}{
		"fine":           {func(*scenario.Scenario) {}, ""},
		"no name":        {func(s *scenario.Scenario) { s.Name = "" }, "name: the name is empty"},
		"no personas":    {func(s *scenario.Scenario) { s.Personas = nil }, "no personas"},
		"two of a name":  {func(s *scenario.Scenario) { s.Personas = append(s.Personas, s.Personas[0]) }, `persona "student" stands here twice`},
		"a strange name": {func(s *scenario.Scenario) { s.Personas[0].Name = "a b" }, `"a b" is not a name`},
		"no cadence":     {func(s *scenario.Scenario) { s.Personas[0].Login = "" }, `login cannot be ""`},
		"no executor":    {func(s *scenario.Scenario) { s.Personas[0].Load.Executor = "x" }, `executor cannot be "x"`},
		"no evidence":    {func(s *scenario.Scenario) { s.Personas[0].Journey = scenario.Selector{} }, "says nothing about the journey"},
		"no users":       {func(s *scenario.Scenario) { s.Personas[0].Load.VUs = 0 }, "exam.yaml:3:1: personas.student.load.vus is 0 and must be from 1 to 1000000"},
		"no iterations": {func(s *scenario.Scenario) {
			s.Personas[0].Load = scenario.Load{Executor: scenario.PerVUIterations, VUs: 1, MaxDuration: time.Minute}
		}, "iterations must be at least 1"},
		"no pool": {func(s *scenario.Scenario) {
			s.Personas[0].Load = scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 1, Duration: time.Minute, TimeUnit: 1}
		}, "pre_allocated_vus must be at least 1"},
		"no unit": {func(s *scenario.Scenario) {
			s.Personas[0].Load = scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: 1, Duration: time.Minute, PreAllocatedVUs: 1, MaxVUs: 1}
		}, "time_unit must be above zero"},
		"too many stages": {func(s *scenario.Scenario) {
			s.Personas[0].Load = scenario.Load{Executor: scenario.RampingVUs, Stages: make([]scenario.Stage, 1001)}
		}, "are 1001, more than 1000"},
		"stages of a year": {func(s *scenario.Scenario) {
			s.Personas[0].Load = scenario.Load{Executor: scenario.RampingVUs, Stages: []scenario.Stage{{Duration: 9000 * time.Hour, Target: 1}}}
		}, "last longer than 720h"},
		"a short recording": {func(s *scenario.Scenario) {
			s.Personas[0].Load = scenario.Load{Executor: scenario.AsRecorded, Duration: time.Millisecond}
		}, "duration is 1ms"},
		"an unknown repeat": {func(s *scenario.Scenario) { s.Personas[0].Repeat = []scenario.Repeat{{Step: "a"}, {Step: "a"}} }, `repeat names "a" twice`},
		"its own alias":     {func(s *scenario.Scenario) { s.Aliases = []string{"exam"} }, "own name"},
		"a short stretch":   {func(s *scenario.Scenario) { s.Personas[0].Load.Duration = time.Millisecond }, "must be at least 1s"},
		"iterations for all": {func(s *scenario.Scenario) {
			s.Personas[0].Load = scenario.Load{Executor: scenario.SharedIterations, VUs: 3, Iterations: 2, MaxDuration: time.Minute}
		}, "fewer than the 3 users"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := scenario.Parse("exam.yaml", []byte(small))
			if err != nil {
				t.Fatal(err)
			}
			c.change(s)
			switch err := s.Validate(); {
			case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func ExampleParse() {
	s, err := scenario.Parse("exam.yaml", []byte(`
name: exam
personas:
  student:
    journey: {persona: student, has: "POST …/answers"}
    set: {answer: "oneof(a, b, c)"}
    load: {executor: constant-vus, vus: 35, duration: 5m}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	half, said, _ := s.Scale("18")
	fmt.Println(said)
	fmt.Println(half.Personas[0].Load.VUs, half.Personas[0].Set[0].Expr)
	// Output:
	// scaled from 35 to 18 users: student 35 → 18
	// 18 oneof(a, b, c)
}

func ExampleParse_error() {
	_, err := scenario.Parse("exam.yaml", []byte("name: exam\npersonas:\n  student:\n    thinks: 3s\n"))
	fmt.Println(err)
	var e *scenario.ParseError
	if errors.As(err, &e) {
		fmt.Println(e.Hint())
	}
	// Output:
	// exam.yaml:4:5: unknown key "thinks" in personas.student
	// did you mean "think"?
}
