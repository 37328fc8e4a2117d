package program_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/load/program"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

const s = time.Second

func think(d ...time.Duration) plan.Think { return plan.Think{Quantiles: d, N: len(d)} }

func slot(at string, from plan.Source, others ...plan.Source) plan.Slot {
	return plan.Slot{At: at, From: from, Others: others}
}

func step(id, endpoint string, after int, t plan.Think, slots ...plan.Slot) plan.Step {
	method, path, _ := strings.Cut(endpoint, " ")
	return plan.Step{ID: id, Endpoint: endpoint, Category: plan.Detail, Class: plan.Read, After: after, Think: t, Slots: slots,
		Request: plan.Request{Method: method, Origin: "api", Target: strings.NewReplacer("{id}", "4711").Replace(path)}}
}

func from(step, part string) plan.Source {
	return plan.Source{Kind: plan.FromAnswer, Step: step, Part: part}
}

func pick(name, part string) plan.Source {
	return plan.Source{Kind: plan.FromPick, Pick: name, Part: part}
}

// day is a plan of two journeys.
func day() *plan.Plan {
	login := step("s00", "POST /login", -1, think(), slot("json.user", plan.Source{Kind: plan.FromAccount, Column: "login"}))
	login.Request.Body = []byte(`{"user":"x"}`)
	grade := step("s05", "POST /submissions/{id}/grade", 4, think(4*s), slot("path[1]", pick("submission", "id")), slot("json.token", from("s01", "json.csrf")))
	grade.Request.Body = []byte(`{"grade":88,"feedback":"ok","token":"x","tags":[{"name":"a"},{"name":"b"}]}`)
	grade.Class = plan.Write
	after := step("s06", "GET /submissions", 5, think(10*time.Millisecond))
	after.Request.Target = "/submissions?state=open&page=2"
	logout := step("s07", "DELETE /session", 6, think(s))
	logout.Class = plan.Destructive
	return &plan.Plan{
		Origins: []plan.Origin{{Name: "api", URL: "https://x.example"}},
		Journeys: []plan.Journey{
			{Name: "teacher: grades", Persona: "teacher", Sessions: 2, Marks: []string{"period 3"}, Login: []int{0},
				Steps: []plan.Step{
					login, step("s01", "GET /me", 0, think(50*time.Millisecond)), step("s02", "GET /submissions", 1, think(3*s)),
					step("s03", "GET /courses", 2, think(2*s)),
					step("s04", "GET /submissions/{id}", 3, think(s), slot("path[1]", pick("submission", "id"))), grade, after,
				},
				Picks: []plan.Pick{
					{Name: "submission", Step: "s02", List: "json.items", Order: "any", Where: []plan.Predicate{{Part: "state", Op: "==", Text: "open"}}},
					{Name: "course", Step: "s03", List: "json.courses", Order: "next"},
				}},
			{Name: "teacher: looks", Persona: "teacher", Sessions: 9, Steps: []plan.Step{step("s00", "GET /me", -1, think()), logout}},
			{Name: "student", Persona: "student", Sessions: 1, Steps: []plan.Step{step("s00", "GET /me", -1, think())}},
		},
	}
}

func one(p scenario.Persona) *scenario.Scenario {
	if p.Name == "" {
		p.Name = "p"
	}
	if p.Load.Executor == "" {
		p.Load = scenario.Load{Executor: scenario.ConstantVUs, VUs: 3, Duration: time.Minute}
	}
	return &scenario.Scenario{Name: "test", File: "scenarios/test.yaml", Personas: []scenario.Persona{p}}
}

func compile(t *testing.T, p *plan.Plan, persona scenario.Persona, allow ...plan.Class) *program.Group {
	t.Helper()
	prog, err := program.Compile(p, one(persona), program.Options{Allow: allow})
	if err != nil {
		t.Fatal(err)
	}
	return prog.Groups[0]
}

func names(j *program.Journey) (out []string) {
	for i := range j.Steps {
		out = append(out, j.Steps[i].ID)
	}
	return out
}

func TestChoosingAJourney(t *testing.T) {
	for _, tt := range []struct {
		name   string
		sel    scenario.Selector
		want   string
		others int
	}{
		{"by persona, the most sessions", scenario.Selector{Persona: "teacher"}, "teacher: looks", 1},
		{"by what it lacks", scenario.Selector{Persona: "teacher", Lacks: []string{"POST …/grade"}}, "teacher: looks", 0},
		{"by an endpoint", scenario.Selector{Persona: "teacher", Has: []string{"POST /submissions/{submission_id}/grade"}}, "teacher: grades", 0},
		{"by any beginning", scenario.Selector{Has: []string{"POST …/grade", "GET /courses"}}, "teacher: grades", 0},
		{"by a query", scenario.Selector{Has: []string{"GET /submissions?page=2"}}, "teacher: grades", 0},
		{"by name", scenario.Selector{Name: "student"}, "student", 0},
		{"by a mark", scenario.Selector{Mark: "period 3"}, "teacher: grades", 0},
		{"by nothing", scenario.Selector{}, "teacher: looks", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := compile(t, day(), scenario.Persona{Journey: tt.sel}, plan.Destructive)
			if g.Journey.Name != tt.want || len(g.Others) != tt.others {
				t.Errorf("%q, others %q", g.Journey.Name, g.Others)
			}
		})
	}
}

func TestNoJourney(t *testing.T) {
	for _, sel := range []scenario.Selector{
		{Persona: "admin"}, {Persona: "student", Has: []string{"POST …/grade"}}, {Has: []string{"GET /submissions?page=3"}}, {Mark: "x"}, {Name: "teacher"},
	} {
		sc := one(scenario.Persona{Name: "grader", Journey: sel, Line: 7})
		_, err := program.Compile(day(), sc, program.Options{})
		var e *program.NoJourneyError
		if !errors.As(err, &e) || e.ExitCode() != 2 {
			t.Fatalf("%+v: %v", sel, err)
		}
		for _, want := range []string{`scenarios/test.yaml:7: persona "grader" needs a journey with `} {
			if !strings.HasPrefix(err.Error(), want) {
				t.Error(err)
			}
		}
		for _, want := range []string{"teacher: grades (persona teacher, 2 sessions, marks period 3)", "teacher: looks (persona teacher, 9 sessions)", "\n      POST /submissions/{id}/grade\n"} {
			if !strings.Contains(e.Hint(), want) {
				t.Errorf("hint lacks %q:\n%s", want, e.Hint())
			}
		}
		if n := strings.Count(e.Hint(), "      GET /submissions\n"); n != 1 {
			t.Errorf("an endpoint is listed %d times", n)
		}
	}
	_, err := program.Compile(&plan.Plan{}, one(scenario.Persona{}), program.Options{})
	var e *program.NoJourneyError
	if !errors.As(err, &e) || !strings.Contains(e.Hint(), "no journey at all") {
		t.Error(err)
	}
}

func TestNotAllowed(t *testing.T) {
	sc := one(scenario.Persona{Journey: scenario.Selector{Name: "teacher: looks"}})
	_, err := program.Compile(day(), sc, program.Options{Allow: []plan.Class{plan.Costly}})
	var e *program.NotAllowedError
	if !errors.As(err, &e) || e.ExitCode() != 2 || !strings.Contains(err.Error(), "destructive: DELETE /session") || !strings.Contains(e.Hint(), "--allow destructive") {
		t.Fatal(err)
	}
	sc.Allow = []string{"destructive"}
	if _, err := program.Compile(day(), sc, program.Options{}); !errors.As(err, &e) || !strings.Contains(e.Hint(), "the scenario needs them") {
		t.Error("a scenario cannot allow itself: ", err)
	}
	// what only: leaves out needs no permission
	compile(t, day(), scenario.Persona{Journey: scenario.Selector{Name: "teacher: looks"}, Only: []string{"GET /me"}})
}

func TestOnly(t *testing.T) {
	sel := scenario.Selector{Name: "teacher: grades"}
	for _, tt := range []struct {
		only []string
		want []string
	}{
		{[]string{"GET /courses", "GET /me"}, []string{"s00", "s03", "s01"}},
		{[]string{"POST …/grade"}, []string{"s00", "s02", "s01", "s05"}},
		{[]string{"GET /submissions/{id}", "POST …/grade", "GET /submissions"}, []string{"s00", "s02", "s04", "s01", "s05"}},
		{[]string{"GET /submissions?page=2"}, []string{"s00", "s06"}},
	} {
		g := compile(t, day(), scenario.Persona{Journey: sel, Only: tt.only})
		if d := cmp.Diff(tt.want, names(g.Journey)); d != "" {
			t.Errorf("%v: %s", tt.only, d)
		}
		for i, st := range g.Journey.Steps {
			if st.After != i-1 || st.Parallel || st.Login != (i == 0) {
				t.Errorf("step %d: %+v", i, st)
			}
		}
	}
	_, err := program.Compile(day(), one(scenario.Persona{Journey: sel, Only: []string{"GET /nothing"}}), program.Options{})
	var e *program.NoStepError
	if !errors.As(err, &e) || e.ExitCode() != 2 || !strings.Contains(e.Hint(), "GET /courses") || !strings.Contains(err.Error(), `only: "GET /nothing" is no step`) {
		t.Error(err)
	}
}

func TestRepeat(t *testing.T) {
	sel := scenario.Selector{Name: "teacher: grades"}
	repeat := []scenario.Repeat{{Step: "POST …/grade", Times: 10}}
	g := compile(t, day(), scenario.Persona{Journey: sel, Repeat: repeat})
	// not recorded in a loop: what the pick holds together, and what the client sent right after
	if d := cmp.Diff([]program.Loop{{First: 4, Last: 6, Times: []int{10}, Fixed: true}}, g.Journey.Loops); d != "" {
		t.Error(d)
	}
	if l := g.Journey.Picks[0].Loop; l != 0 {
		t.Errorf("the submission is drawn anew in each turn of loop %d", l)
	}
	p := day()
	p.Journeys[0].Loops = []plan.Loop{{First: 2, Last: 6, Times: []int{1, 2}}, {First: 4, Last: 5, Times: []int{3, 4}}}
	g = compile(t, p, scenario.Persona{Journey: sel, Repeat: repeat})
	if d := cmp.Diff([]program.Loop{{First: 2, Last: 6, Times: []int{1, 2}}, {First: 4, Last: 5, Times: []int{10}, Fixed: true}}, g.Journey.Loops); d != "" {
		t.Errorf("the innermost loop that was recorded: %s", d)
	}
	if len(p.Journeys[0].Loops[1].Times) != 2 {
		t.Error("the plan was changed")
	}
	for _, bad := range []string{"POST /nothing", "POST /login"} {
		var e *program.NoStepError
		if _, err := program.Compile(day(), one(scenario.Persona{Journey: sel, Repeat: []scenario.Repeat{{Step: bad, Times: 2}}}), program.Options{}); !errors.As(err, &e) || e.Key != "repeat" {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestSet(t *testing.T) {
	sel := scenario.Selector{Name: "teacher: grades"}
	set := func(field string) []scenario.Assignment {
		return []scenario.Assignment{{Field: field, Expr: scenario.Expr{Kind: "const", Of: []string{"SET"}}}}
	}
	for field, want := range map[string][]string{
		"grade":             {"s05 json.grade"},
		"token":             {"s05 json.token"}, // overrides what the plan found
		"name":              {"s05 json.tags[0].name", "s05 json.tags[1].name"},
		"json.tags[1].name": {"s05 json.tags[1].name"},
		"state":             {"s06 query.state"},
	} {
		g := compile(t, day(), scenario.Persona{Journey: sel, Set: set(field)})
		var got []string
		for _, st := range g.Journey.Steps {
			for _, sl := range st.Slots {
				if sl.Sources[0].Kind == plan.FromGenerator {
					if len(sl.Sources) != 1 {
						t.Errorf("%s has other sources", sl.At)
					}
					got = append(got, st.ID+" "+sl.At)
				}
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", field, d)
		}
	}
	for _, field := range []string{"user", "Accept", "4711", "nothing"} { // log-ins, fields of the head and paths are not meant
		var e *program.NoStepError
		_, err := program.Compile(day(), one(scenario.Persona{Journey: sel, Set: set(field)}), program.Options{})
		if !errors.As(err, &e) || e.Key != "set" || !slices.Contains(e.Have, "grade") || !strings.Contains(err.Error(), "is no field of") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestThinkGoesWherePeoplePaused(t *testing.T) {
	dist := &scenario.Dist{Kind: "constant", A: 5 * s}
	paused := func(p *plan.Plan, persona scenario.Persona) (out []string) {
		persona.Journey, persona.Think = scenario.Selector{Name: "teacher: grades"}, dist
		for _, st := range compile(t, p, persona).Journey.Steps {
			if st.Override != nil {
				out = append(out, st.ID)
			}
		}
		return out
	}
	// s01 came 50 ms after the log-in and s06 10 ms after the grade: the client's own doing
	if d := cmp.Diff([]string{"s00", "s02", "s03", "s04", "s05"}, paused(day(), scenario.Persona{})); d != "" {
		t.Error(d)
	}
	fast := day()
	for i := range fast.Journeys[0].Steps {
		fast.Journeys[0].Steps[i].Think = think(time.Millisecond)
	}
	fast.Journeys[0].Steps[4].Parallel = true
	if d := cmp.Diff([]string{"s00", "s01", "s02", "s03", "s05", "s06"}, paused(fast, scenario.Persona{})); d != "" {
		t.Errorf("a recording without pauses: %s", d)
	}
	loop := day()
	loop.Journeys[0].Steps[4].Think, loop.Journeys[0].Steps[5].Think = think(), think()
	loop.Journeys[0].Loops = []plan.Loop{{First: 4, Last: 5, Times: []int{2}}}
	if d := cmp.Diff([]string{"s00", "s02", "s03", "s04"}, paused(loop, scenario.Persona{})); d != "" {
		t.Errorf("each turn has a pause: %s", d)
	}
	beside := day() // long after the page, and still beside what came before it
	beside.Journeys[0].Steps[3].Parallel = true
	if d := cmp.Diff([]string{"s00", "s02", "s04", "s05"}, paused(beside, scenario.Persona{})); d != "" {
		t.Errorf("a parallel request is the client's: %s", d)
	}
	redirect := day()
	redirect.Journeys[0].Steps[2].Expect.Redirect = "/courses"
	redirect.Journeys[0].Steps[3].Think = think(5 * time.Millisecond)
	if d := cmp.Diff([]string{"s00", "s02", "s04", "s05"}, paused(redirect, scenario.Persona{})); d != "" {
		t.Errorf("a redirect is followed at once: %s", d)
	}
}

func TestWhatAnswersAreReadFor(t *testing.T) {
	p := day()
	j := &p.Journeys[0]
	j.Picks[1].List = "json.courses"
	j.Picks = append(j.Picks, plan.Pick{Name: "lesson", Parent: "course", List: "lessons", Order: "any"})
	j.Steps[6].Slots = []plan.Slot{slot("query.page", pick("lesson", "id")), slot("query.state", plan.Source{Kind: plan.FromSlot, Step: "s05", Part: "json.token"})}
	j.Steps[5].Slots[1].From.Newer = []plan.Source{from("s04", "json.csrf")}
	g := compile(t, p, scenario.Persona{Journey: scenario.Selector{Name: "teacher: grades"}})
	type reads struct{ Answers, Lists, Remember int }
	var got []reads
	for _, st := range g.Journey.Steps {
		got = append(got, reads{len(st.Answers), len(st.Lists), len(st.Remember)})
	}
	if d := cmp.Diff([]reads{{}, {1, 0, 0}, {0, 1, 0}, {0, 1, 0}, {1, 0, 0}, {0, 0, 1}, {}}, got); d != "" {
		t.Error(d)
	}
	if r := g.Journey.Steps[5].Remember[0]; r.Slot != 1 {
		t.Errorf("the sent token is slot %d's value", r.Slot)
	}
	if picks := g.Journey.Picks; picks[1].Kids[0] != 2 || picks[2].Parent != 1 || len(picks[0].Props) != 2 || len(picks[0].Used) != 1 {
		t.Errorf("%+v", picks)
	}
	if g.Pool != "teacher" || g.Users != 3 {
		t.Errorf("pool %q for %d users", g.Pool, g.Users)
	}
	if g := compile(t, day(), scenario.Persona{Journey: scenario.Selector{Name: "student"}}); g.Pool != "" {
		t.Errorf("a journey without a log-in needs no accounts: %q", g.Pool)
	}
	if g := compile(t, day(), scenario.Persona{Journey: scenario.Selector{Name: "teacher: grades"}, Account: "staff"}); g.Pool != "staff" {
		t.Errorf("pool %q", g.Pool)
	}
}

func TestScopes(t *testing.T) {
	p := day()
	j := &p.Journeys[0]
	j.Loops = []plan.Loop{{First: 4, Last: 5, Times: []int{2}}, {First: 2, Last: 6, Times: []int{2}}} // inner first: the order does not matter
	j.Picks = append(j.Picks, plan.Pick{Name: "part", Parent: "course", List: "parts", Order: "any"})
	j.Steps[5].Slots = append(j.Steps[5].Slots, slot("json.feedback", pick("part", "name")))
	j.Steps[6].Slots = []plan.Slot{slot("query.page", pick("course", "id"))}
	g := compile(t, p, scenario.Persona{Journey: scenario.Selector{Name: "teacher: grades"}})
	var got []int
	for _, k := range g.Journey.Picks {
		got = append(got, k.Loop)
	}
	// submission and part are used in the inner loop alone; course by part and after it
	if d := cmp.Diff([]int{1, 0, 1}, got); d != "" {
		t.Error(d)
	}
}

func TestAPauseStandsBeforeEachOfOnly(t *testing.T) {
	wait := &scenario.Dist{Kind: "constant", A: time.Second}
	g := compile(t, day(), scenario.Persona{
		Journey: scenario.Selector{Name: "teacher: grades"}, Only: []string{"GET /me", "GET /courses"}, Think: wait,
	})
	for _, st := range g.Journey.Steps { // GET /me came 50 ms after the log-in in the recording
		if st.Override == nil {
			t.Errorf("no pause before %s", st.ID)
		}
	}
}
