package vuser_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/account"
	"firedrill/internal/load/pace"
	"firedrill/internal/load/program"
	"firedrill/internal/load/vuser"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// app answers by target and keeps what it was sent.
type app struct {
	mu      sync.Mutex
	answers map[string][]string // by method and path: status and body, one after the other, the last one again
	fields  map[string][]wire.Field
	sent    []string
	heads   [][]wire.Field
	samples []*sample.Sample
	reasons []string
	takes   time.Duration
	slow    map[string]time.Duration // by method and path, instead of takes
	at      map[string]int           // most requests under way at a time, by path
	now     int
	edit    func(*wire.Response) // changes each answer; may be nil
}

func (a *app) Close() {}

func (a *app) Do(_ context.Context, req *wire.Request, res *wire.Response) error {
	res.Reset()
	res.Timing.Start = time.Now()
	a.mu.Lock()
	a.now++
	path, _, _ := strings.Cut(req.Target, "?")
	key := req.Method + " " + path
	a.at[key] = max(a.at[key], a.now)
	a.sent = append(a.sent, strings.TrimSpace(req.Method+" "+req.Target+" "+string(req.Body)))
	a.heads = append(a.heads, append([]wire.Field(nil), req.Header...))
	a.mu.Unlock()
	takes := a.takes
	if d, ok := a.slow[key]; ok {
		takes = d
	}
	time.Sleep(takes)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now--
	res.Timing.End = time.Now()
	res.Timing.FirstByte = res.Timing.End
	res.Status = 200
	body := "{}"
	if all := a.answers[key]; len(all) > 0 {
		body = all[0]
		if len(all) > 1 {
			a.answers[key] = all[1:]
		}
	}
	if n := 0; len(body) > 3 && body[3] == ' ' {
		_, _ = fmt.Sscan(body[:3], &n)
		res.Status, body = n, body[4:]
	}
	res.Header = append(res.Header, wire.Field{Name: "Content-Type", Value: "application/json"})
	res.Header = append(res.Header, a.fields[key]...)
	res.SetBody([]byte(body))
	if a.edit != nil {
		a.edit(res)
	}
	return nil
}

func (a *app) Sample(x *sample.Sample) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.samples = append(a.samples, x)
}

func newApp() *app {
	return &app{answers: map[string][]string{}, fields: map[string][]wire.Field{}, at: map[string]int{}, takes: 100 * time.Millisecond, reasons: []string{""}}
}

// user walks a journey of one persona in the app.
func (a *app) user(t *testing.T, p *plan.Plan, edit func(*scenario.Persona, *vuser.Run)) *vuser.User {
	t.Helper()
	persona := scenario.Persona{Name: "p", Load: scenario.Load{Executor: scenario.ConstantVUs, VUs: 1, Duration: time.Hour}}
	to, _ := url.Parse("http://127.0.0.1:4000")
	run := &vuser.Run{
		Start: time.Now(), Seed: 1, Origins: p.Origins, Targets: map[string]*url.URL{"api": to}, Secrets: map[string]string{"key": "SECRET"},
		Clock: pace.System{}, Sink: a, NewDoer: func(int) wire.Doer { return a }, Timeout: time.Minute, Closed: true, Seq: new(atomic.Uint64),
		Reason: func(text string) uint16 { a.reasons = append(a.reasons, text); return uint16(len(a.reasons) - 1) },
	}
	if edit != nil {
		edit(&persona, run)
	}
	prog, err := program.Compile(p, &scenario.Scenario{Personas: []scenario.Persona{persona}}, program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run.Group, run.Phases = prog.Groups[0], prog.Names.Phases
	if err := run.Bind(); err != nil {
		t.Fatal(err)
	}
	return vuser.New(run, 1, account.Account{Persona: "teacher", N: 1, Login: "me@x", Password: "pw", Columns: map[string]string{"school": "7"}})
}

func step(id, target string, after int, slots ...plan.Slot) plan.Step {
	method, path, ok := strings.Cut(target, " ")
	if !ok {
		method, path = "GET", target
	}
	endpoint, _, _ := strings.Cut(path, "?")
	return plan.Step{ID: id, Endpoint: method + " " + endpoint, Category: plan.Detail, Class: plan.Read, After: after, Slots: slots, Request: plan.Request{Method: method, Origin: "api", Target: path}}
}

func at(ref string, source plan.Source, others ...plan.Source) plan.Slot {
	return plan.Slot{At: ref, From: source, Others: others}
}

func journey(j plan.Journey) *plan.Plan {
	j.Name, j.Sessions = "j", 1
	return &plan.Plan{Origins: []plan.Origin{{Name: "api", URL: "https://app.school.example"}}, Journeys: []plan.Journey{j}}
}

func check[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

func answer(step, part string) plan.Source {
	return plan.Source{Kind: plan.FromAnswer, Step: step, Part: part}
}

// Every kind of source, in one request.
func TestSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["GET /start"] = []string{`{"token":"T%201","n":42,"user":{"name":"Ada"}}`}
		a.fields["GET /start"] = []wire.Field{{Name: "Set-Cookie", Value: "XSRF-TOKEN=x%3Dy; Path=/"}, {Name: "Location", Value: "/courses/17?tab=2"}, {Name: "X-Next", Value: "n1"}}
		names := []string{"answer", "decoded", "header", "location", "account", "column", "clock", "unix", "generator", "secret", "jar", "literal", "join", "other", "named", "again"}
		var query []string
		for _, n := range names {
			query = append(query, n+"=recorded")
		}
		src := func(n string, from plan.Source, others ...plan.Source) plan.Slot {
			return at("query."+n, from, others...)
		}
		p := journey(plan.Journey{Steps: []plan.Step{
			step("s0", "/start", -1),
			step("s1", "/all?"+strings.Join(query, "&"), 0,
				src("answer", answer("s0", "json.token")),
				src("decoded", plan.Source{Kind: plan.FromAnswer, Step: "s0", Part: "json.token", Apply: []string{"pct-decode", "prefix:<", "suffix:>"}}),
				src("header", answer("s0", "header.X-Next")),
				src("location", answer("s0", "header.Location|url.path[1]")),
				src("account", plan.Source{Kind: plan.FromAccount, Column: "login"}),
				src("column", plan.Source{Kind: plan.FromAccount, Column: "school"}),
				src("clock", plan.Source{Kind: plan.FromClock, Layout: "2006-01-02", Offset: 48 * time.Hour}),
				src("unix", plan.Source{Kind: plan.FromClock, Layout: "unixms"}),
				src("generator", plan.Source{Kind: plan.FromGenerator, Expr: "const(G)"}),
				src("secret", plan.Source{Kind: plan.FromSecret, Name: "key"}),
				src("jar", plan.Source{Kind: plan.FromJar, Name: "XSRF-TOKEN", Apply: []string{"pct-decode"}}),
				src("literal", plan.Source{Kind: plan.FromLiteral, Value: "L"}),
				src("join", plan.Source{Kind: plan.FromJoin, Parts: []plan.Source{{Kind: plan.FromLiteral, Value: "q-"}, answer("s0", "json.n"), {Kind: plan.FromLiteral, Value: "-z"}}, Apply: []string{"upper"}}),
				src("other", answer("s0", "json.nowhere"), answer("s0", "json.no"), answer("s0", "json.user.name")),
				src("named", plan.Source{Kind: plan.FromClient, Name: "device", Pattern: "uuid"}),
				src("again", plan.Source{Kind: plan.FromClient, Pattern: "hex:8"}),
			),
			step("s2", "/again?named=recorded&again=recorded&sent=recorded&whole=recorded", 1,
				src("named", plan.Source{Kind: plan.FromClient, Name: "device", Pattern: "uuid"}),
				src("again", plan.Source{Kind: plan.FromClient, Pattern: "hex:8"}),
				src("sent", plan.Source{Kind: plan.FromSlot, Step: "s1", Part: "query.join"}),
				src("whole", plan.Source{Kind: plan.FromSlot, Step: "s1", Part: "path[0]"}),
			),
		}})
		u := a.user(t, p, nil)
		for range 2 {
			it := u.Iterate(t.Context(), time.Time{})
			check(t, "outcome", sample.Completed, it.Outcome)
		}
		q := func(i int) url.Values {
			u, err := url.Parse(strings.TrimPrefix(a.sent[i], "GET "))
			if err != nil {
				t.Fatal(err)
			}
			return u.Query()
		}
		first, second := q(1), q(2)
		want := map[string]string{"answer": "T%201", "decoded": "<T 1>", "header": "n1", "location": "17", "account": "me@x", "column": "7",
			"clock": "2000-01-03", "unix": "946684800100", "generator": "G", "secret": "SECRET", "jar": "x=y", "literal": "L", "join": "Q-42-Z", "other": "Ada"}
		for k, v := range want {
			check(t, k, v, first.Get(k))
		}
		check(t, "a named client value is kept for the iteration", first.Get("named"), second.Get("named"))
		check(t, "sent before", "Q-42-Z", second.Get("sent"))
		check(t, "sent before, recorded", "all", second.Get("whole"))
		if first.Get("again") == second.Get("again") || first.Get("named") == q(4).Get("named") || len(first.Get("named")) != 36 {
			t.Errorf("client values: %v, %v, then %v", first, second, q(4))
		}
		for _, line := range a.sent {
			if strings.Contains(line, "recorded") {
				t.Errorf("sent what was recorded: %s", line)
			}
		}
	})
}

// Of several answers that give the same thing the latest counts.
func TestNewerAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["GET /login"] = []string{`{"token":"old"}`}
		a.answers["GET /refresh"] = []string{`{"access":"new1"}`, `{"access":"new2"}`}
		token := answer("s0", "json.token")
		token.Newer = []plan.Source{answer("s1", "json.access")}
		p := journey(plan.Journey{Steps: []plan.Step{
			step("s0", "/login", -1), step("s1", "/refresh?t=x", 0, at("query.t", token)), step("s2", "/use?t=x", 1, at("query.t", token)),
		}, Loops: []plan.Loop{{First: 1, Last: 2, Times: []int{2}}}})
		a.user(t, p, nil).Iterate(t.Context(), time.Time{})
		check(t, "sent", []string{"GET /login", "GET /refresh?t=old", "GET /use?t=new1", "GET /refresh?t=new1", "GET /use?t=new2"}, a.sent)
	})
}

const courses = `{"courses":[
 {"id":1,"state":"open","units":[{"id":"1a","done":null},{"id":"1b","done":true}]},
 {"id":2,"state":"shut","units":[]},
 {"id":3,"state":"open","units":[{"id":"3a","done":true},{"id":"3b"},{"id":"3c","done":null}]}]}`

func picked(pick, part string) plan.Source {
	return plan.Source{Kind: plan.FromPick, Pick: pick, Part: part}
}

// Nested picks: everything that is sent belongs to the same elements.
func TestNestedPicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["GET /courses"] = []string{courses}
		p := journey(plan.Journey{
			Steps: []plan.Step{
				step("s0", "/courses", -1),
				step("s1", "/course?id=x", 0, at("query.id", picked("course", "id"))),
				step("s2", "/unit?id=x&course=x", 1, at("query.id", picked("unit", "id")), at("query.course", picked("course", "id"))),
			},
			Picks: []plan.Pick{
				{Name: "course", Step: "s0", List: "json.courses", Order: "next", Where: []plan.Predicate{{Part: "state", Op: "!=", Text: "shut"}}},
				{Name: "unit", Parent: "course", List: "units", Order: "next", Where: []plan.Predicate{{Part: "done", Op: "absent"}}},
			},
			Loops: []plan.Loop{{First: 1, Last: 2, Times: []int{9}}, {First: 2, Last: 2, Times: []int{9}}},
		})
		u := a.user(t, p, nil)
		check(t, "outcome", sample.Completed, u.Iterate(t.Context(), time.Time{}).Outcome)
		check(t, "sent", []string{
			"GET /courses",
			"GET /course?id=1", "GET /unit?id=1a&course=1",
			"GET /course?id=3", "GET /unit?id=3b&course=3", "GET /unit?id=3c&course=3",
		}, a.sent)
	})
}

func TestOrders(t *testing.T) {
	for _, tt := range []struct {
		name string
		pick plan.Pick
		loop bool
		want []string // of two iterations
	}{
		{"index", plan.Pick{Order: "index", Index: 1}, true, []string{"2", "2", "2", "2"}},
		{"next in a loop starts anew", plan.Pick{Order: "next"}, true, []string{"1", "2", "1", "2"}},
		{"next over iterations goes round", plan.Pick{Order: "next", Where: []plan.Predicate{{Part: "id", Op: "!=", Text: "3"}}}, false, []string{"1", "2", "1"}},
		{"next, never the same", plan.Pick{Order: "next", Unused: true}, true, []string{"1", "2", "3"}},
		{"any, never the same", plan.Pick{Order: "any", Unused: true, Where: []plan.Predicate{{Part: "state", Op: "==", Text: "open"}}}, false, []string{"1", "3"}},
		{"present", plan.Pick{Order: "index", Where: []plan.Predicate{{Part: "nothing", Op: "present"}}}, false, nil},
		{"above", plan.Pick{Order: "next", Where: []plan.Predicate{{Part: "id", Op: ">", Text: "1.5"}}}, false, []string{"2", "3", "2"}},
		{"no number is above any", plan.Pick{Order: "next", Where: []plan.Predicate{{Part: "state", Op: ">", Text: "0"}}}, false, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp()
			a.answers["GET /courses"] = []string{courses}
			tt.pick.Name, tt.pick.Step, tt.pick.List = "course", "s0", "json.courses"
			p := journey(plan.Journey{Steps: []plan.Step{step("s0", "/courses", -1), step("s1", "/course?id=x", 0, at("query.id", picked("course", "id")))}, Picks: []plan.Pick{tt.pick}})
			iterations := 3
			if tt.loop {
				p.Journeys[0].Loops = []plan.Loop{{First: 1, Last: 1, Times: []int{2}}}
				iterations = 2
			}
			u := a.user(t, p, nil)
			for range iterations {
				u.Iterate(t.Context(), time.Time{})
			}
			var got []string
			for _, line := range a.sent {
				if id, ok := strings.CutPrefix(line, "GET /course?id="); ok {
					got = append(got, id)
				}
			}
			check(t, tt.name, tt.want, got)
		})
	}
}

func TestExpectations(t *testing.T) {
	for _, tt := range []struct {
		name    string
		expect  plan.Expect
		answer  string
		fields  []wire.Field
		failed  bool
		strange bool
	}{
		{"as recorded", plan.Expect{Status: []int{200}}, "200 {}", nil, false, false},
		{"the same class", plan.Expect{Status: []int{201}}, "204 ", nil, false, false},
		{"another class", plan.Expect{Status: []int{302}}, "200 {}", nil, true, false},
		{"recorded refusal", plan.Expect{Status: []int{401}}, "403 {}", nil, false, false},
		{"recorded refusal, now granted", plan.Expect{Status: []int{401}}, "200 {}", nil, true, false},
		{"one of several", plan.Expect{Status: []int{200, 404}}, "404 {}", nil, false, false},
		{"nothing recorded", plan.Expect{}, "302 ", nil, false, false},
		{"nothing recorded, error", plan.Expect{}, "404 ", nil, true, false},
		{"not modified then", plan.Expect{Status: []int{304}}, "200 {}", nil, false, false},
		{"not modified now", plan.Expect{Status: []int{200}}, "304 ", nil, false, false},
		{"not modified is no redirect", plan.Expect{Status: []int{302}}, "304 ", nil, true, false},
		{"too many", plan.Expect{Status: []int{429}}, "429 {}", nil, true, false},
		{"where it led", plan.Expect{Status: []int{302}, Redirect: "/courses/{id}"}, "302 ", []wire.Field{{Name: "Location", Value: "http://127.0.0.1:4000/courses/9?x=1"}}, false, false},
		{"elsewhere", plan.Expect{Status: []int{302}, Redirect: "/courses/{id}"}, "302 ", []wire.Field{{Name: "Location", Value: "/login"}}, false, true},
		{"nowhere", plan.Expect{Status: []int{302}, Redirect: "/courses/{id}"}, "302 ", nil, false, true},
		{"another media type", plan.Expect{Status: []int{200}, ContentType: "text/html"}, "200 {}", nil, false, true},
		{"the media type", plan.Expect{Status: []int{200}, ContentType: "application/json"}, "200 {}", nil, false, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp()
			a.answers["GET /x"] = []string{tt.answer}
			a.fields["GET /x"] = tt.fields
			st := step("s0", "/x", -1)
			st.Expect = tt.expect
			a.user(t, journey(plan.Journey{Steps: []plan.Step{st}}), nil).Iterate(t.Context(), time.Time{})
			x := a.samples[0]
			if x.Has(sample.Failed) != tt.failed || x.Has(sample.Unexpected) != tt.strange || x.Has(sample.CheckStatus) == tt.failed {
				t.Errorf("%s: failed %v, unexpected %v", tt.name, x.Has(sample.Failed), x.Has(sample.Unexpected))
			}
		})
	}
}

// What the log-in gave lasts as long as the session; everything else an iteration.
func TestWhatTheLogInGave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["POST /login"] = []string{`{"token":"T"}`}
		a.answers["GET /page"] = []string{`{"n":"1"}`, "500 {}"}
		p := journey(plan.Journey{Login: []int{0}, Steps: []plan.Step{
			step("s0", "POST /login", -1),
			step("s9", "/first?n=x", 0, at("query.n", answer("s1", "json.n"), plan.Source{Kind: plan.FromLiteral, Value: "none"})),
			step("s1", "/page?t=x", 1, at("query.t", answer("s0", "json.token"))), step("s2", "/next?n=x", 2, at("query.n", answer("s1", "json.n"))),
		}})
		u := a.user(t, p, nil)
		var got []sample.Outcome
		for range 2 {
			got = append(got, u.Iterate(t.Context(), time.Time{}).Outcome)
		}
		check(t, "sent", []string{"POST /login", "GET /first?n=none", "GET /page?t=T", "GET /next?n=1", "GET /first?n=none", "GET /page?t=T"}, a.sent)
		check(t, "outcomes", []sample.Outcome{sample.Completed, sample.Broken}, got)
	})
}

// Who keeps the session does not log out.
func TestLogOut(t *testing.T) {
	for cadence, want := range map[scenario.Cadence][]string{
		scenario.LoginOnce: {"POST /login", "GET /x", "GET /x"},
		scenario.LoginEach: {"POST /login", "GET /x", "POST /logout", "GET /", "POST /login", "GET /x", "POST /logout", "GET /"},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp()
			p := journey(plan.Journey{Login: []int{0}, Logout: []int{2, 3}, Steps: []plan.Step{step("s0", "POST /login", -1), step("s1", "/x", 0), step("s2", "POST /logout", 1), step("s3", "/", 2)}})
			u := a.user(t, p, func(persona *scenario.Persona, _ *vuser.Run) { persona.Login = cadence })
			for range 2 {
				check(t, "outcome", sample.Completed, u.Iterate(t.Context(), time.Time{}).Outcome)
			}
			check(t, string(cadence), want, a.sent)
		})
	}
}

// What a failed step gave before is not used again.
func TestFailedStepForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["GET /list"] = []string{courses, "500 {}"}
		p := journey(plan.Journey{
			Steps: []plan.Step{step("s0", "/list", -1), step("s1", "/course?id=x", 0, at("query.id", picked("course", "id")))},
			Picks: []plan.Pick{{Name: "course", Step: "s0", List: "json.courses", Order: "index"}},
			Loops: []plan.Loop{{First: 0, Last: 1, Times: []int{3}}},
		})
		it := a.user(t, p, nil).Iterate(t.Context(), time.Time{})
		check(t, "outcome", sample.Broken, it.Outcome)
		check(t, "sent", []string{"GET /list", "GET /course?id=1", "GET /list"}, a.sent)
		check(t, "reason", "the list json.courses is not there: step s0 (GET /list) did not give it", a.reasons[it.Reason])
	})
}
