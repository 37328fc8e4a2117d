package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/plan"
	"firedrill/internal/scenario"
	"firedrill/internal/yamldoc"
)

// grading is a small plan: log in, look at the list, open one, grade it, log out.
func grading() *plan.Plan {
	step := func(id, endpoint string, class plan.Class, after int, slots ...plan.Slot) plan.Step {
		method, target, _ := strings.Cut(endpoint, " ")
		return plan.Step{ID: id, Endpoint: endpoint, Category: plan.Other, Class: class, After: after, Slots: slots, Request: plan.Request{Method: method, Origin: "api", Target: target}}
	}
	work := plan.Slot{At: "path[1]", From: plan.Source{Kind: plan.FromPick, Pick: "work", Part: ".id"}, Confidence: 0.9}
	token := plan.Slot{At: "header.X-Csrf-Token", From: plan.Source{Kind: plan.FromAnswer, Step: "s02", Part: "json.csrf", Newer: []plan.Source{{Kind: plan.FromAnswer, Step: "s03", Part: "json.csrf"}}},
		Others: []plan.Source{{Kind: plan.FromJar, Name: "csrf"}}}
	p := &plan.Plan{Version: plan.Version, Origins: []plan.Origin{{Name: "api", URL: "http://api.test"}}}
	j := plan.Journey{Name: "teacher: grades", Persona: "teacher", Sessions: 3, Login: []int{0}, Logout: []int{5},
		Steps: []plan.Step{
			step("s01", "POST /login", plan.Write, -1), step("s02", "GET /me", plan.Read, 0), step("s03", "GET /works", plan.Read, 1),
			step("s04", "GET /works/{id}", plan.Read, 2, work), step("s05", "POST /works/{id}/grade", plan.Write, 3, work, token), step("s06", "POST /logout", plan.Write, 4),
		},
		Picks: []plan.Pick{{Name: "work", Step: "s03", List: "json.works", Order: "next"}},
	}
	for _, s := range j.Steps {
		p.Endpoints = append(p.Endpoints, plan.Endpoint{Name: s.Endpoint, Origin: "api", Method: s.Request.Method, Template: s.Request.Target, Category: plan.Other, Class: s.Class, Count: 3})
	}
	other := plan.Journey{Name: "student: reads", Persona: "student", Sessions: 1, Steps: []plan.Step{step("s01", "GET /works", plan.Read, -1)}}
	p.Journeys = []plan.Journey{j, other}
	return p
}

func TestMatchEndpoint(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"POST /a/{id}/grade", "POST /a/{submission_id}/grade", true},
		{"POST /a/{id}/grade", "POST /a/new/grade", false},
		{"POST /a/*/grade", "POST /a/new/grade", true},
		{"post /a", "POST /a", true},
		{"GET /a", "POST /a", false},
		{"/a", "POST /a", true},
		{"* /a", "POST /a", true},
		{"GET /admin/**", "GET /admin", true},
		{"GET /admin/**", "GET /admin/x/{id}/y", true},
		{"GET /**/y", "GET /admin/x/{id}/y", true},
		{"GET /admin/**", "GET /administrator", false},
		{"POST …/grade", "POST /api/v1/submissions/{id}/grade", true},
		{"POST .../grade", "POST /grade", true},
		{"POST …/grade", "POST /api/upgrade", false},
		{"POST …/{id}/grade", "POST /a/{id}/grade", true},
		{"api:GET /me", "api:GET /me", true},
		{"web:GET /me", "api:GET /me", false},
		{"GET /me", "127.0.0.1:4000:GET /me", true},
		{"127.0.0.1:4000:GET /me", "127.0.0.1:4000:GET /me", true},
		{"GET /a", "GET /a/b", false},
		{"GET /a/b", "GET /a", false},
		{"GET /", "GET /", true},
	} {
		if got := plan.MatchEndpoint(c.pattern, c.name); got != c.want {
			t.Errorf("%q fits %q: %v", c.pattern, c.name, got)
		}
	}
}

func TestLoopFor(t *testing.T) {
	p := grading()
	j := &p.Journeys[0]
	for _, c := range []struct {
		step int
		want string
	}{
		{0, "{0 0 []} false"}, {2, "{2 2 [1]} true"}, {3, "{3 3 [1]} true"}, {4, "{3 4 [1]} true"}, {9, "{0 0 []} false"}, {-1, "{0 0 []} false"},
	} {
		l, ok := j.LoopFor(c.step)
		if got := fmt.Sprint(l, ok); got != c.want {
			t.Errorf("step %d: %s, not %s", c.step, got, c.want)
		}
	}
	j.Loops = []plan.Loop{{First: 2, Last: 4, Times: []int{2}}, {First: 4, Last: 4, Times: []int{3}}}
	if l, _ := j.LoopFor(4); l.First != 4 {
		t.Errorf("the innermost loop is %v", l)
	}
	if l, _ := j.LoopFor(3); l.First != 2 {
		t.Errorf("the loop of the step before is %v", l)
	}
	// of two picks the one that was taken last is what is worked on
	j.Loops = nil
	j.Picks = append(j.Picks, plan.Pick{Name: "course", Step: "s02", List: "json.courses", Order: "any"})
	for i := range []int{2, 3, 4} {
		s := &j.Steps[i+2]
		s.Slots = append(slices.Clone(s.Slots), plan.Slot{At: "query.course", From: plan.Source{Kind: plan.FromJoin, Parts: []plan.Source{{Kind: plan.FromPick, Pick: "course", Part: ".id"}}}})
	}
	if l, _ := j.LoopFor(4); l.First != 3 {
		t.Errorf("with two picks: %v", l)
	}
	// what went out together stays together
	j.Steps[4].Parallel, j.Steps[4].Slots = true, j.Steps[4].Slots[:1]
	if l, _ := j.LoopFor(4); l.First != 3 {
		t.Errorf("with a parallel step: %v", l)
	}
}

func parse(t *testing.T, text string) *plan.Overlay {
	t.Helper()
	o, err := plan.ParseOverlay("x.overlay.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestApply(t *testing.T) {
	p, err := plan.Apply(grading(), parse(t, `
version: 1
journeys:
  "teacher: grades": {rename: graders, persona: staff, weight: 9}
  "student: reads": {leave_out: true}
endpoints:
  GET /me: {leave_out: true}
  GET /works: {category: list, think: "uniform(3s, 8s)"}
categories:
  - {match: "POST …/grade", category: gradebook, class: costly}
links:
  - {step: "POST /works/{id}/grade", at: "header.X-Csrf-Token", forbid: true}
  - {journey: "teacher: grades", step: s05, at: json.key, from: {kind: secret, name: api_key}}
`))
	if err != nil {
		t.Fatal(err)
	}
	j := p.Journeys[0]
	if len(p.Journeys) != 1 || j.Name != "graders" || j.Persona != "staff" || j.Sessions != 9 {
		t.Errorf("journey %q of %s, %d sessions", j.Name, j.Persona, j.Sessions)
	}
	var got []string
	for _, s := range j.Steps {
		got = append(got, fmt.Sprint(s.ID, " ", s.Endpoint, " ", s.Category, " ", s.Class, " ", s.After))
	}
	want := []string{"s01 POST /login other write -1", "s03 GET /works list read 0", "s04 GET /works/{id} other read 1", "s05 POST /works/{id}/grade gradebook costly 2", "s06 POST /logout other write 3"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if fmt.Sprint(j.Login, j.Logout) != "[0] [4]" {
		t.Error(j.Login, j.Logout)
	}
	if th := j.Steps[1].Think.Quantiles; len(th) != 21 || th[0] != 3*time.Second || th[20] != 8*time.Second {
		t.Error(th)
	}
	slots := j.Steps[3].Slots
	if len(slots) != 3 || slots[1].From.Kind != plan.FromJar || slots[2].From.Name != "api_key" || slots[2].Confidence != 1 {
		t.Errorf("%+v", slots)
	}
	if len(p.LeftOut) != 1 || p.LeftOut[0].What != "GET /me" {
		t.Error(p.LeftOut)
	}
}

// Applying changes nothing of what it was given, and nothing when there is nothing to change.
func TestApplyCopies(t *testing.T) {
	p := grading()
	same, err := plan.Apply(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, same); d != "" {
		t.Error(d)
	}
	if _, err := plan.Apply(p, parse(t, "version: 1\nendpoints: {GET /me: {leave_out: true}}\nlinks: [{step: \"GET /works/{id}\", at: \"path[1]\", forbid: true}]\n")); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(grading(), p); d != "" {
		t.Errorf("the plan was changed:\n%s", d)
	}
}

func TestApplyRefuses(t *testing.T) {
	for _, c := range []struct{ overlay, why, fix string }{
		{"journeys: {nobody: {leave_out: true}}", `journey "nobody" is not in the plan`, "teacher: grades; student: reads"},
		{"endpoints: {GET /nothing: {class: read}}", `endpoint "GET /nothing" is not in the plan`, "GET /works"},
		{"categories: [{match: GET /nothing, category: ai}]", `"GET /nothing" is not in the plan`, "POST /login"},
		{"links: [{step: s05, at: \"path[1]\", forbid: true}]", `link path[1] of step "s05"`, "with journey: beside it"},
		{"links: [{step: GET /works, at: query.x, forbid: true}]", `fits nothing`, ""},
		{"endpoints: {GET /works: {leave_out: true}}", `chooses its work from it`, "links:"},
	} {
		_, err := plan.Apply(grading(), parse(t, "version: 1\n"+c.overlay+"\n"))
		var bad *plan.OverlayError
		if !errors.As(err, &bad) || !strings.Contains(bad.Error(), c.why) || !strings.Contains(bad.Hint(), c.fix) || bad.ExitCode() != 2 {
			t.Errorf("%s: %v", c.overlay, err)
		}
	}
	p := grading()
	p.Journeys[0].Steps[4].Slots[1].Others = nil
	_, err := plan.Apply(p, parse(t, "version: 1\nendpoints: {GET /me: {leave_out: true}}\n"))
	if err == nil || !strings.Contains(err.Error(), "takes header.X-Csrf-Token from it") {
		t.Error(err)
	}
}

func TestParseOverlayRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"version: 2", "x:1:10: version 2 is not known"},
		{"journeys: {}", "x:1:1: "},
		{"version: 1\njourneis: {}", "x:2:1: "},
		{"version: 1\nlinks: [{step: a, at: b}]", "x:2:9: a link either has from: or says forbid: true"},
		{"version: 1\nlinks: [{step: a, at: b, forbid: true, from: {kind: jar, name: c}}]", "a link either"},
		{"version: 1\nlinks: [{step: a, at: b, from: {kind: magic}}]", "x:2:39: "},
		{"version: 1\nlinks: [{step: a, at: b, from: {kind: clock, offset: soon}}]", "is no duration"},
		{"version: 1\nendpoints: {a: {think: often}}", "x:2:"},
		{"version: 1\nendpoints: {a: {class: rude}}", "x:2:24: "},
		{"version: 1\ncategories: [{match: a}]", "x:2:"},
	} {
		_, err := plan.ParseOverlay("x", []byte(c.text))
		var bad *yamldoc.Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, not %s", c.text, err, c.want)
		}
	}
}

func TestParseOverlay(t *testing.T) {
	o := parse(t, `
version: 1
links:
  - journey: a
    step: s01
    at: json.key
    found: by hand
    from: {kind: join, parts: [{kind: literal, value: quiz-}, {kind: pick, pick: quiz, part: .id, apply: [upper]}]}
  - {step: GET /x, at: query.t, from: {kind: clock, layout: unixms, offset: 168h}}
  - {step: GET /x, at: query.n, from: {kind: generator, expr: "int(1, 5)"}}
  - {step: GET /x, at: header.A, from: {kind: answer, step: s01, part: json.t, newer: [{kind: answer, step: s02, part: json.t}]}}
`)
	want := []plan.LinkOverlay{
		{Journey: "a", Step: "s01", At: "json.key", Found: "by hand", From: &plan.Source{Kind: plan.FromJoin, Parts: []plan.Source{{Kind: plan.FromLiteral, Value: "quiz-"}, {Kind: plan.FromPick, Pick: "quiz", Part: ".id", Apply: []string{"upper"}}}}},
		{Step: "GET /x", At: "query.t", From: &plan.Source{Kind: plan.FromClock, Layout: "unixms", Offset: 168 * time.Hour}},
		{Step: "GET /x", At: "query.n", From: &plan.Source{Kind: plan.FromGenerator, Expr: "int(1, 5)"}},
		{Step: "GET /x", At: "header.A", From: &plan.Source{Kind: plan.FromAnswer, Step: "s01", Part: "json.t", Newer: []plan.Source{{Kind: plan.FromAnswer, Step: "s02", Part: "json.t"}}}},
	}
	if d := cmp.Diff(want, o.Links); d != "" {
		t.Error(d)
	}
}

func TestValidate(t *testing.T) {
	if err := plan.Validate(grading()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(p *plan.Plan, j *plan.Journey){
		"two origins":        func(p *plan.Plan, _ *plan.Journey) { p.Origins = append(p.Origins, p.Origins[0]) },
		"two endpoints":      func(p *plan.Plan, _ *plan.Journey) { p.Endpoints = append(p.Endpoints, p.Endpoints[0]) },
		"two journeys":       func(p *plan.Plan, _ *plan.Journey) { p.Journeys[1].Name = p.Journeys[0].Name },
		"two steps":          func(_ *plan.Plan, j *plan.Journey) { j.Steps[1].ID = "s01" },
		"unknown endpoint":   func(_ *plan.Plan, j *plan.Journey) { j.Steps[1].Endpoint = "GET /none" },
		"unknown origin":     func(_ *plan.Plan, j *plan.Journey) { j.Steps[1].Request.Origin = "web" },
		"waits for itself":   func(_ *plan.Plan, j *plan.Journey) { j.Steps[1].After = 1 },
		"waits for nothing":  func(_ *plan.Plan, j *plan.Journey) { j.Steps[1].After = -2 },
		"log-in outside":     func(_ *plan.Plan, j *plan.Journey) { j.Login = []int{6} },
		"log-in unordered":   func(_ *plan.Plan, j *plan.Journey) { j.Login = []int{1, 0} },
		"log-out outside":    func(_ *plan.Plan, j *plan.Journey) { j.Logout = []int{-1} },
		"loop outside":       func(_ *plan.Plan, j *plan.Journey) { j.Loops = []plan.Loop{{First: 2, Last: 6, Times: []int{1}}} },
		"loop backwards":     func(_ *plan.Plan, j *plan.Journey) { j.Loops = []plan.Loop{{First: 2, Last: 1, Times: []int{1}}} },
		"loop without turns": func(_ *plan.Plan, j *plan.Journey) { j.Loops = []plan.Loop{{First: 2, Last: 2}} },
		"two picks":          func(_ *plan.Plan, j *plan.Journey) { j.Picks = append(j.Picks, j.Picks[0]) },
		"pick from nowhere":  func(_ *plan.Plan, j *plan.Journey) { j.Picks[0].Step = "" },
		"pick from no step":  func(_ *plan.Plan, j *plan.Journey) { j.Picks[0].Step = "s99" },
		"pick without list":  func(_ *plan.Plan, j *plan.Journey) { j.Picks[0].List = "" },
		"pick's parent":      func(_ *plan.Plan, j *plan.Journey) { j.Picks[0].Step, j.Picks[0].Parent = "", "x" },
		"pick's order":       func(_ *plan.Plan, j *plan.Journey) { j.Picks[0].Order = "best" },
		"pick's index":       func(_ *plan.Plan, j *plan.Journey) { j.Picks[0].Index = -1 },
		"filled twice":       func(_ *plan.Plan, j *plan.Journey) { j.Steps[3].Slots = append(j.Steps[3].Slots, j.Steps[3].Slots[0]) },
		"from no step":       func(_ *plan.Plan, j *plan.Journey) { j.Steps[4].Slots[1].From.Step = "s99" },
		"newer from no step": func(_ *plan.Plan, j *plan.Journey) { j.Steps[4].Slots[1].From.Newer[0].Step = "s99" },
		"from no pick":       func(_ *plan.Plan, j *plan.Journey) { j.Steps[3].Slots[0].From.Pick = "none" },
		"runner-up":          func(_ *plan.Plan, j *plan.Journey) { j.Steps[4].Slots[1].Others[0].Kind = "magic" },
	} {
		p := grading()
		spoil(p, &p.Journeys[0])
		var bad *plan.InvalidError
		if err := plan.Validate(p); !errors.As(err, &bad) || bad.Where == "" || bad.ExitCode() != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQuantiles(t *testing.T) {
	s := time.Second
	for _, c := range []struct {
		d           scenario.Dist
		first, half time.Duration
		last        time.Duration
	}{
		{scenario.Dist{Kind: "constant", A: 3 * s}, 3 * s, 3 * s, 3 * s},
		{scenario.Dist{Kind: "uniform", A: 2 * s, B: 6 * s}, 2 * s, 4 * s, 6 * s},
		{scenario.Dist{Kind: "exponential", A: 10 * s}, 0, 6931 * time.Millisecond, 46052 * time.Millisecond},
		{scenario.Dist{Kind: "lognormal", A: 4 * s, B: 9 * s}, 1270 * time.Millisecond, 4 * s, 12596 * time.Millisecond},
	} {
		q := plan.Quantiles(c.d).Quantiles
		for i, want := range map[int]time.Duration{0: c.first, len(q) / 2: c.half, len(q) - 1: c.last} {
			if d := (q[i] - want).Abs(); d > 5*time.Millisecond {
				t.Errorf("%s: quantile %d is %v, not %v", c.d.Kind, i, q[i], want)
			}
		}
		if !slices.IsSorted(q) {
			t.Errorf("%s: %v", c.d.Kind, q)
		}
	}
	if q := plan.Quantiles(scenario.Dist{Kind: "lognormal", A: 4 * s, B: 9 * s}).Quantiles; (q[19] - 9*s).Abs() > 10*time.Millisecond {
		t.Errorf("the 95th percentile is %v, not 9s", q[19])
	}
}

// Whatever is read can be applied or is refused with a reason; nothing panics.
func FuzzOverlay(f *testing.F) {
	for _, s := range []string{
		"version: 1\n", "version: 1\njourneys: {\"teacher: grades\": {leave_out: true}}\n", "version: 1\nendpoints: {GET /me: {leave_out: true, think: \"uniform(1s, 2s)\"}}\n",
		"version: 1\nlinks: [{step: \"GET /works/{id}\", at: \"path[1]\", from: {kind: join, parts: [{kind: jar, name: x}]}}]\n", "version: 1\ncategories: [{match: \"**\", category: ai}]\n",
		"version: 1\njourneys: {\"teacher: grades\": {rename: \"student: reads\"}}\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := plan.ParseOverlay("x", []byte(text))
		if err != nil {
			var bad *yamldoc.Error
			if !errors.As(err, &bad) || bad.Line < 1 || bad.Column < 1 || bad.Why == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		p, err := plan.Apply(grading(), o)
		if err == nil {
			err = plan.Validate(p)
		}
		var misfit *plan.OverlayError
		var invalid *plan.InvalidError
		if err != nil && !errors.As(err, &misfit) && !errors.As(err, &invalid) {
			t.Fatalf("%#v", err)
		}
	})
}

func ExampleMatchEndpoint() {
	fmt.Println(plan.MatchEndpoint("POST …/grade", "POST /api/v1/submissions/{id}/grade"))
	// Output: true
}
