package program_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/load/program"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

func critical(endpoints ...string) *scenario.Scenario {
	sc := one(scenario.Persona{Name: "all", Critical: true, Line: 7, Load: scenario.Load{Executor: scenario.PerVUIterations, VUs: 1, Iterations: 1, MaxDuration: time.Minute}})
	sc.Critical = endpoints
	return sc
}

// Each endpoint is called once, in the journey with the most sessions that has
// it, after the log-in and what it depends on.
func TestCritical(t *testing.T) {
	sc := critical("GET /me", "POST …/grade", "GET /courses", "GET /me")
	prog, err := program.Compile(day(), sc, program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	type group struct {
		Name, Journey, Pool string
		Index               uint16
		Users               int
		Only, Steps         []string
	}
	var got []group
	for _, g := range prog.Groups {
		got = append(got, group{g.Persona.Name, g.Journey.Name, g.Pool, g.Index, g.Users, g.Persona.Only, names(g.Journey)})
	}
	want := []group{
		{"all (teacher: looks)", "teacher: looks", "", 0, 1, []string{"GET /me"}, []string{"s00"}},
		{"all (teacher: grades)", "teacher: grades", "teacher", 1, 1, []string{"POST …/grade", "GET /courses"}, []string{"s00", "s02", "s01", "s05", "s03"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"all (teacher: looks)", "all (teacher: grades)"}, prog.Names.Personas); d != "" {
		t.Error(d)
	}
	prog, err = program.Compile(day(), critical("GET /courses"), program.Options{})
	if err != nil || len(prog.Groups) != 1 || prog.Groups[0].Persona.Name != "all" {
		t.Errorf("one journey keeps the persona's name: %v", err)
	}
}

func TestCriticalErrors(t *testing.T) {
	_, err := program.Compile(day(), critical("GET /me", "GET /nowhere"), program.Options{})
	var missing *program.CriticalError
	if !errors.As(err, &missing) || missing.ExitCode() != 2 || !strings.HasPrefix(err.Error(), `scenarios/test.yaml:7: persona "all": the critical endpoint "GET /nowhere" is in no journey`) {
		t.Fatalf("%v", err)
	}
	if h := missing.Hint(); strings.Count(h, "GET /me\n") != 1 || !strings.Contains(h, "  DELETE /session") {
		t.Errorf("it lists what there is: %s", h)
	}
	var refused *program.NotAllowedError
	if _, err := program.Compile(day(), critical("DELETE /session"), program.Options{}); !errors.As(err, &refused) {
		t.Errorf("a destructive endpoint is to be allowed: %v", err)
	}
	if _, err := program.Compile(day(), critical("DELETE /session"), program.Options{Allow: []plan.Class{plan.Destructive}}); err != nil {
		t.Error(err)
	}
	var idle *program.ExecutorError
	if _, err := program.Compile(day(), critical(), program.Options{}); !errors.As(err, &idle) {
		t.Errorf("nothing to do: %v", err)
	}
	sc := critical()
	sc.Personas = append(sc.Personas, scenario.Persona{Name: "p", Load: scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: time.Minute}})
	prog, err := program.Compile(day(), sc, program.Options{Allow: []plan.Class{plan.Destructive}})
	if err != nil || len(prog.Groups) != 1 || len(prog.Notes) == 0 || !strings.Contains(prog.Notes[0], "no endpoint is critical") {
		t.Errorf("others still run: %v", err)
	}
}

func TestRendezvousSteps(t *testing.T) {
	p := scenario.Persona{Journey: scenario.Selector{Name: "teacher: grades"}, Gather: []scenario.Gather{{Step: "POST …/grade", Within: s}, {Step: "GET /courses"}}}
	g := compile(t, day(), p)
	if d := cmp.Diff([]program.Gather{{Step: 5, Within: s}, {Step: 3, Within: program.DefaultWithin}}, g.Gathers); d != "" {
		t.Error(d)
	}
	p.Only = []string{"GET /courses", "POST …/grade"}
	if g = compile(t, day(), p); g.Journey.Steps[g.Gathers[0].Step].ID != "s05" {
		t.Errorf("steps are counted in what is walked: %v", g.Gathers)
	}
	p.Gather[1].Step = "GET /elsewhere"
	_, err := program.Compile(day(), one(p), program.Options{})
	var e *program.NoStepError
	if !errors.As(err, &e) || e.Key != "rendezvous" || e.ExitCode() != 2 {
		t.Errorf("%v", err)
	}
}

func TestCopiesNeedUsers(t *testing.T) {
	p := day()
	p.Profile.Arrivals = []time.Duration{0, s}
	g := compile(t, p, scenario.Persona{Journey: scenario.Selector{Name: "student"}, Load: scenario.Load{Executor: scenario.AsRecorded, Copies: 3}})
	if g.Users != 6 {
		t.Errorf("%d users", g.Users)
	}
}
