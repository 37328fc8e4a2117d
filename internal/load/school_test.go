package load_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"firedrill/internal/account"
	"firedrill/internal/load"
	"firedrill/internal/load/pace"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

const s = time.Second

// school is a small application in memory: log-in by cookie, a CSRF token, lists
// of submissions of each teacher's own. It checks what it is sent.
type school struct {
	t        *testing.T
	latency  func(req *wire.Request) time.Duration
	answer   func(req *wire.Request, res *wire.Response) (handled bool, err error) // before everything else; nil = none
	numbered bool                                                                  // the log begins each line with the number in X-Firedrill
	list     int                                                                   // submissions of each teacher

	mu     sync.Mutex
	log    map[int][]string // by user: "POST /api/v1/… {body}"
	grades map[string]string
	users  map[string]int // session → user
	wrong  []string
	opened int
}

func newSchool(t *testing.T) *school {
	return &school{t: t, list: 10, log: map[int][]string{}, grades: map[string]string{}, users: map[string]int{},
		latency: func(*wire.Request) time.Duration { return 100 * time.Millisecond }}
}

// browser is the Doer of one user.
type browser struct {
	app     *school
	user    int
	session int // number of this browser
}

func (a *school) doer(user int) wire.Doer {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.opened++
	return &browser{a, user, a.opened}
}

func (b *browser) Close() {}

func (b *browser) Do(ctx context.Context, req *wire.Request, res *wire.Response) error {
	res.Reset()
	res.Timing.Start = time.Now()
	defer func() { res.Timing.End = time.Now() }()
	b.app.mu.Lock()
	line := strings.TrimSpace(req.Method + " " + req.Target + " " + string(req.Body))
	if b.app.numbered {
		marker := get(req, "X-Firedrill")
		line = "#" + marker[strings.LastIndexByte(marker, '/')+1:] + " " + line
	}
	b.app.log[b.user] = append(b.app.log[b.user], line)
	b.app.mu.Unlock()
	select {
	case <-time.After(b.app.latency(req)):
	case <-ctx.Done():
		return &wire.Error{Kind: sample.Canceled, Sent: true, Err: ctx.Err()}
	}
	res.Timing.Sent, res.Timing.FirstByte = res.Timing.Start, time.Now()
	b.app.mu.Lock()
	defer b.app.mu.Unlock()
	if b.app.answer != nil {
		if handled, err := b.app.answer(req, res); handled {
			return err
		}
	}
	b.app.serve(b, req, res)
	return nil
}

func get(req *wire.Request, name string) string {
	for _, f := range req.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func reply(res *wire.Response, status int, body string, fields ...string) {
	res.Status = status
	res.Header = append(res.Header, wire.Field{Name: "Content-Type", Value: "application/json"})
	for i := 0; i < len(fields); i += 2 {
		res.Header = append(res.Header, wire.Field{Name: fields[i], Value: fields[i+1]})
	}
	res.SetBody([]byte(body))
}

func (a *school) serve(b *browser, req *wire.Request, res *wire.Response) {
	me := fmt.Sprintf("t%d@x", b.user)
	if req.Target == "/api/v1/auth/login" {
		if want := fmt.Sprintf(`{"email":"%s","password":"pw%d"}`, me, b.user); string(req.Body) != want {
			a.wrong = append(a.wrong, "log-in "+string(req.Body))
			reply(res, 401, `{}`)
			return
		}
		session := fmt.Sprintf("sess-%d-%d", b.user, b.session)
		a.users[session] = b.user
		reply(res, 200, `{"ok":true}`, "Set-Cookie", "sid="+session+"; Path=/; HttpOnly")
		return
	}
	session := strings.TrimPrefix(get(req, "Cookie"), "sid=")
	if a.users[session] != b.user || session != fmt.Sprintf("sess-%d-%d", b.user, b.session) {
		a.wrong = append(a.wrong, fmt.Sprintf("user %d sent cookie %q to %s", b.user, get(req, "Cookie"), req.Target))
		reply(res, 401, `{}`)
		return
	}
	path := strings.Split(strings.TrimPrefix(req.Target, "/api/v1/"), "/")
	switch {
	case path[0] == "me":
		reply(res, 200, fmt.Sprintf(`{"email":"%s","role":"teacher","csrf_token":"csrf-%s"}`, me, session), "Server-Timing", `db;dur=2;desc="3 queries"`)
	case req.Target == "/api/v1/submissions":
		var items []string
		for i := range a.list {
			id, status := fmt.Sprintf("%d-%d", b.user, i), "submitted"
			if a.grades[id] != "" || i%5 == 4 {
				status = "graded"
			}
			items = append(items, fmt.Sprintf(`{"id":"%s","status":"%s","student":{"id":%d}}`, id, status, 900+i))
		}
		reply(res, 200, `{"submissions":[`+strings.Join(items, ",")+`]}`)
	case len(path) == 3 && path[2] == "grade":
		if get(req, "X-CSRF-Token") != "csrf-"+session {
			a.wrong = append(a.wrong, "csrf "+get(req, "X-CSRF-Token"))
			reply(res, 403, `{}`)
			return
		}
		if !strings.HasPrefix(path[1], fmt.Sprintf("%d-", b.user)) || a.grades[path[1]] != "" {
			a.wrong = append(a.wrong, "grade of "+path[1])
			reply(res, 403, `{}`)
			return
		}
		a.grades[path[1]] = string(req.Body)
		reply(res, 200, `{"ok":true}`)
	case len(path) >= 2 && path[0] == "submissions":
		if !strings.HasPrefix(path[1], fmt.Sprintf("%d-", b.user)) {
			a.wrong = append(a.wrong, "sees "+path[1])
		}
		reply(res, 200, `{"id":"`+path[1]+`"}`)
	default:
		reply(res, 404, `{}`)
	}
}

func (a *school) checkNothingWrong() {
	a.t.Helper()
	for _, w := range a.wrong {
		a.t.Errorf("the school was sent something wrong: %s", w)
	}
}

// Steps of the plan.

func think(d ...time.Duration) plan.Think { return plan.Think{Quantiles: d, N: len(d)} }

func fields(r plan.Request, kv ...string) plan.Request {
	for i := 0; i < len(kv); i += 2 {
		r.Header = append(r.Header, struct{ Name, Value string }{kv[i], kv[i+1]})
	}
	return r
}

func slot(at string, from plan.Source) plan.Slot { return plan.Slot{At: at, From: from, Confidence: 1} }

func step(id, endpoint, target string, after int, t plan.Think, slots ...plan.Slot) plan.Step {
	method, _, _ := strings.Cut(endpoint, " ")
	return plan.Step{ID: id, Endpoint: endpoint, Category: plan.Detail, Class: plan.Read, After: after, Think: t, Slots: slots,
		Request: fields(plan.Request{Method: method, Origin: "api", Target: target}, "Accept", "application/json", "Referer", "https://school.example/teacher", "Origin", "https://school.example"),
		Expect:  plan.Expect{Status: []int{200}, ContentType: "application/json"}}
}

const grade = "POST /api/v1/submissions/{id}/grade"

// gradingPlan is a teacher who logs in, looks at the list and grades twice.
func gradingPlan() *plan.Plan {
	picked := plan.Source{Kind: plan.FromPick, Pick: "submission", Part: "id"}
	login := step("s00", "POST /api/v1/auth/login", "/api/v1/auth/login", -1, think(),
		slot("json.email", plan.Source{Kind: plan.FromAccount, Column: "login"}),
		slot("json.password", plan.Source{Kind: plan.FromAccount, Column: "password"}))
	login.Request = fields(login.Request, "Content-Type", "application/json")
	login.Request.Body = []byte(`{"email":"recorded@x","password":"tok:1"}`)
	login.Category = plan.Auth
	grading := step("s05", grade, "/api/v1/submissions/4711/grade", 3, think(2*s),
		slot("path[3]", picked), slot("header.X-CSRF-Token", plan.Source{Kind: plan.FromAnswer, Step: "s01", Part: "json.csrf_token"}))
	grading.Request = fields(grading.Request, "Content-Type", "application/json", "X-CSRF-Token", "recorded-csrf")
	grading.Request.Body = []byte(`{"grade":88,"feedback":"recorded words"}`)
	grading.Class, grading.Category = plan.Write, plan.Update
	history := step("s04", "GET /api/v1/submissions/{id}/history", "/api/v1/submissions/4711/history", 2, think(s), slot("path[3]", picked))
	history.Parallel = true
	p := &plan.Plan{
		Version:   plan.Version,
		Recording: plan.Recording{Name: "day.db"},
		Origins:   []plan.Origin{{Name: "api", URL: "https://school.example"}},
		Journeys: []plan.Journey{{
			Name: "teacher: " + grade, Persona: "teacher", Sessions: 3, Login: []int{0},
			Steps: []plan.Step{
				login,
				step("s01", "GET /api/v1/me", "/api/v1/me", 0, think(500*time.Millisecond)),
				step("s02", "GET /api/v1/submissions", "/api/v1/submissions", 1, think(s)),
				step("s03", "GET /api/v1/submissions/{id}", "/api/v1/submissions/4711", 2, think(s), slot("path[3]", picked)),
				history, grading,
			},
			Picks: []plan.Pick{{Name: "submission", Step: "s02", List: "json.submissions", Where: []plan.Predicate{{Part: "status", Op: "==", Text: "submitted"}}, Order: "any", Unused: true}},
			Loops: []plan.Loop{{First: 3, Last: 5, Times: []int{2}}},
		}},
		Profile: plan.Profile{Journeys: map[string]int{"teacher: " + grade: 3}, Arrivals: []time.Duration{5 * s, 6 * s, 8 * s}},
	}
	for i := range p.Journeys[0].Steps {
		st := &p.Journeys[0].Steps[i]
		p.Endpoints = append(p.Endpoints, plan.Endpoint{Name: st.Endpoint, Category: st.Category, Class: st.Class})
	}
	return p
}

// rush is the scenario: n teachers, each one iteration.
func rush(n int) *scenario.Scenario {
	return &scenario.Scenario{Name: "rush", Personas: []scenario.Persona{{
		Name: "grader", Journey: scenario.Selector{Persona: "teacher", Has: []string{grade}}, Login: scenario.LoginEach,
		Load: scenario.Load{Executor: scenario.PerVUIterations, VUs: n, Iterations: 1, MaxDuration: 10 * time.Minute, GracefulStop: 30 * s},
	}}}
}

func teachers(n int) map[string][]account.Account {
	all, err := account.FromPattern("teacher", "t{n}@x", "pw{n}", n)
	if err != nil {
		panic(err)
	}
	return map[string][]account.Account{"teacher": all}
}

// sink keeps everything.
type sink struct {
	mu      sync.Mutex
	samples []*sample.Sample
	iters   []sample.Iteration
	drops   []sample.Drop
	most    int
}

func (k *sink) Sample(x *sample.Sample) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.samples = append(k.samples, x)
}

func (k *sink) Iteration(it sample.Iteration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.iters = append(k.iters, it)
}

func (k *sink) Drop(d sample.Drop) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drops = append(k.drops, d)
}

func (k *sink) Users(_ time.Duration, _ uint16, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.most = max(k.most, n)
}

func (k *sink) outcomes() map[sample.Outcome]int {
	m := map[sample.Outcome]int{}
	for _, it := range k.iters {
		m[it.Outcome]++
	}
	return m
}

func compile(t *testing.T, p *plan.Plan, sc *scenario.Scenario, o load.Options) *load.Program {
	t.Helper()
	prog, err := load.Compile(p, sc, o)
	if err != nil {
		t.Fatal(err)
	}
	return prog
}

// replay runs the scenario against the school.
func replay(t *testing.T, a *school, p *plan.Plan, sc *scenario.Scenario, edit func(*load.Config)) (load.Outcome, *sink) {
	t.Helper()
	prog := compile(t, p, sc, load.Options{})
	return run(t, a, prog, t.Context(), t.Context(), edit)
}

func run(t *testing.T, a *school, prog *load.Program, soft, hard context.Context, edit func(*load.Config)) (load.Outcome, *sink) {
	t.Helper()
	users := 0
	for _, g := range prog.Groups {
		users += g.Users
	}
	target, _ := url.Parse("http://localhost:4000")
	k := &sink{}
	c := load.Config{Seed: 1, RunID: "r1", Targets: map[string]*url.URL{"api": target}, Accounts: teachers(users), NewDoer: a.doer, Sink: k, Clock: pace.System{}}
	if edit != nil {
		edit(&c)
	}
	out, err := load.Run(soft, hard, prog, c)
	if err != nil {
		t.Fatal(err)
	}
	return out, k
}
