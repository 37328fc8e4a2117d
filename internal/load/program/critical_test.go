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

// Each endpoint is called once, in as few journeys as have them all, after the
// log-in and what it depends on.
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
	groups := func() (got []group) {
		for _, g := range prog.Groups {
			got = append(got, group{g.Persona.Name, g.Journey.Name, g.Pool, g.Index, g.Users, g.Persona.Only, names(g.Journey)})
		}
		return got
	}
	want := []group{{"all", "teacher: grades", "teacher", 0, 1, []string{"GET /me", "POST …/grade", "GET /courses"}, []string{"s00", "s01", "s02", "s05", "s03"}}}
	if d := cmp.Diff(want, groups()); d != "" {
		t.Error(d)
	}
	sc.Critical = append(sc.Critical, "DELETE /session")
	if prog, err = program.Compile(day(), sc, program.Options{Allow: []plan.Class{plan.Destructive}}); err != nil {
		t.Fatal(err)
	}
	want = []group{
		{"all (teacher: grades)", "teacher: grades", "teacher", 0, 1, []string{"GET /me", "POST …/grade", "GET /courses"}, []string{"s00", "s01", "s02", "s05", "s03"}},
		{"all (teacher: looks)", "teacher: looks", "", 1, 1, []string{"DELETE /session"}, []string{"s07"}},
	}
	if d := cmp.Diff(want, groups()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"all (teacher: grades)", "all (teacher: looks)"}, prog.Names.Personas); d != "" {
		t.Error(d)
	}
}

// Of journeys that would do equally well the one that somebody walks anyway is
// taken, since their account is needed anyway; else the one recorded most.
func TestCriticalWalksWithOthers(t *testing.T) {
	only := func(with ...scenario.Persona) string {
		sc := critical("GET /me")
		sc.Personas = append(sc.Personas, with...)
		prog, err := program.Compile(day(), sc, program.Options{Allow: []plan.Class{plan.Destructive}})
		if err != nil {
			t.Fatal(err)
		}
		return prog.Groups[0].Journey.Name
	}
	pupil := scenario.Persona{Name: "pupil", Journey: scenario.Selector{Persona: "student"}, Load: scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: time.Minute}}
	if got := only(); got != "teacher: looks" {
		t.Errorf("alone: %s", got)
	}
	if got := only(pupil); got != "student" {
		t.Errorf("beside a pupil: %s", got)
	}
}

// The fewest journeys are found where taking the fullest one first does not find them.
func TestCriticalFewest(t *testing.T) {
	p := &plan.Plan{Origins: []plan.Origin{{Name: "api", URL: "https://x.example"}}}
	for name, has := range map[string]string{"most": "bcde", "left": "abc", "right": "def"} {
		j := plan.Journey{Name: name, Persona: "anonymous", Sessions: 1}
		for i, e := range strings.Split(has, "") {
			j.Steps = append(j.Steps, step("s0"+strings.Repeat("x", i), "GET /"+e, i-1, think()))
		}
		p.Journeys = append(p.Journeys, j)
	}
	prog, err := program.Compile(p, critical("GET /a", "GET /b", "GET /c", "GET /d", "GET /e", "GET /f"), program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"all (left)", "all (right)"}, prog.Names.Personas); d != "" {
		t.Error(d)
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
