package journey_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/exchange"
	"firedrill/internal/journey"
	"firedrill/internal/journey/convtest"
	"firedrill/internal/plan"
)

func conversation(t testing.TB, text string) []*exchange.Exchange {
	t.Helper()
	c, err := convtest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c.Exchanges()
}

func build(t testing.TB, text string, opts journey.Options) *plan.Plan {
	t.Helper()
	p, err := journey.Build(convtest.Sequence(conversation(t, text)), opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const day = `
user ann a=811 b=812
user bob a=921 b=922

GET /login
< 200 <form action="/login"></form>
& GET /app.css
< 200
+4s POST /login
> {"email":"$login","password":"$password"}
< 200
< Set-Cookie: sid=@sid; HttpOnly
< {"user":{"role":"teacher"}}
+2s GET /api/items?page=1
> Referer: http://app.test/items/$a/edit?x=1
> If-None-Match: "abc"
> traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
> X-App: web
< 304
+3s GET /api/items/$a
> Referer: https://search.test/
< 200 {"id":$a,"name":"x","note":null}
+1s GET /api/items/$a
< 401
+1s GET /api/items/$a
< 200 {"id":$a,"name":"y"}
+1s POST /api/items/$a/copy
> {}
< 302
< Location: http://app.test/items/$b
`

func TestBuild(t *testing.T) {
	p := build(t, day, journey.Options{Recording: plan.Recording{Name: "day.db", Set: "s", Lost: 3}})
	r := p.Recording
	if r.Name != "day.db" || r.Lost != 3 || r.Exchanges != 16 || r.Sessions != 2 || !r.From.Equal(convtest.Epoch.Add(time.Second)) || r.Length < 5*time.Minute {
		t.Errorf("%+v", r)
	}
	if d := cmp.Diff([]plan.Origin{{Name: "app.test", URL: "http://app.test"}}, p.Origins); d != "" {
		t.Error(d)
	}
	left := fmt.Sprint(p.LeftOut)
	if len(p.LeftOut) != 2 || !strings.Contains(left, "static files 2") || !strings.Contains(left, "repeated after a refusal 2") {
		t.Error(left)
	}
	j := p.Journeys[0]
	if len(p.Journeys) != 1 || j.Sessions != 2 || j.Name != "teacher: POST /api/items/{id}/copy" || fmt.Sprint(j.Login) != "[0 1]" {
		t.Errorf("%d journeys: %s, %d sessions, log-in %v", len(p.Journeys), j.Name, j.Sessions, j.Login)
	}
	if d := cmp.Diff(map[string]int{"teacher: POST /api/items/{id}/copy": 2}, p.Profile.Journeys); d != "" {
		t.Error(d)
	}
	if p.Profile.Mix["GET /api/items/{id}"] != 4 || fmt.Sprint(p.Profile.Arrivals) != "[0s 5m0s]" || fmt.Sprint(p.Profile.Concurrency) != "[1 0 0 0 0 1]" {
		t.Errorf("%v %v %v", p.Profile.Mix, p.Profile.Arrivals, p.Profile.Concurrency)
	}
	steps := j.Steps
	if fmt.Sprint(steps[0].After, steps[1].After, steps[2].After, steps[3].After) != "-1 0 1 2" || fmt.Sprint(steps[2].Think) != "{[2s] 2 0}" {
		t.Errorf("%v", steps[2].Think)
	}
	if d := cmp.Diff([]exchange.Field{{Name: "Referer", Value: "http://app.test/"}, {Name: "X-App", Value: "web"}}, steps[2].Request.Header); d != "" {
		t.Error(d)
	}
	if len(steps[3].Request.Header) != 0 {
		t.Errorf("a Referer of another site is kept: %v", steps[3].Request.Header)
	}
	if e := steps[2].Expect; fmt.Sprint(e.Status) != "[200]" {
		t.Errorf("not modified since the recorded browser's cache: %v", e.Status)
	}
	e := steps[3].Expect
	if d := cmp.Diff(plan.Expect{Status: []int{200}, ContentType: "application/json", Shape: []string{"json.id:number", "json.name:string"}, Bytes: e.Bytes}, e); d != "" {
		t.Error(d)
	}
	if e := steps[4].Expect; e.Redirect != "/items/{id}" || fmt.Sprint(e.Status) != "[302]" {
		t.Errorf("%+v", e)
	}
	for _, s := range steps[:2] {
		if s.Category != plan.Auth {
			t.Errorf("%s is %s", s.ID, s.Category)
		}
	}
}

// The same recording gives the same plan, to the byte.
func TestBuildIsDeterministic(t *testing.T) {
	all := synthetic(400)
	var first []byte
	for range 3 {
		p, err := journey.Build(convtest.Sequence(all), journey.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
		} else if string(first) != string(text) {
			t.Fatal(cmp.Diff(string(first), string(text)))
		}
	}
}

func TestBuildErrors(t *testing.T) {
	_, err := journey.Build(convtest.Sequence(nil), journey.Options{})
	var empty *journey.EmptyError
	if !errors.As(err, &empty) || empty.ExitCode() != 2 || !strings.Contains(empty.Hint(), "recorder --target") {
		t.Error(err)
	}
	_, err = journey.Build(convtest.Sequence(conversation(t, "GET /a.js\n< 200\nGET /b.css\n< 200\n")), journey.Options{})
	if !errors.As(err, &empty) || !strings.Contains(empty.Hint(), "2 static files") {
		t.Error(err)
	}
	broken := errors.New("the disk is gone")
	_, err = journey.Build(func(yield func(*exchange.Exchange, error) bool) { yield(nil, broken) }, journey.Options{})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	for _, o := range []plan.Overlay{
		{Links: []plan.LinkOverlay{{Step: "GET /api/items/{id}", At: "path[", From: &plan.Source{Kind: plan.FromJar}}}},
		{Links: []plan.LinkOverlay{{Step: "GET /api/items/{id}", At: "query.none", From: &plan.Source{Kind: plan.FromJar}}}},
		{Links: []plan.LinkOverlay{{Step: "GET /api/items/{id}", At: "path[2]", From: &plan.Source{Kind: plan.FromAnswer, Step: "s01", Part: "json["}}}},
		{Links: []plan.LinkOverlay{{Step: "GET /api/items/{id}", At: "path[2]", From: &plan.Source{Kind: plan.FromJar, Apply: []string{"reverse"}}}}},
	} {
		_, err := journey.Build(convtest.Sequence(conversation(t, day)), journey.Options{Overlay: &o})
		var bad *plan.InvalidError
		if !errors.As(err, &bad) || !strings.Contains(bad.Where, "s04") {
			t.Errorf("%v: %v", o.Links[0], err)
		}
	}
}

func TestOverlayComesBeforePatterns(t *testing.T) {
	p := build(t, day, journey.Options{
		Overlay:    &plan.Overlay{Categories: []plan.CategoryOverlay{{Match: "GET /api/items", Category: plan.AI}}},
		Categories: []plan.CategoryOverlay{{Match: "GET /api/**", Category: plan.Analytics, Class: plan.Costly}},
	})
	for name, want := range map[string]string{"GET /api/items": "ai read", "GET /api/items/{id}": "analytics costly"} {
		e, ok := p.Endpoint(name)
		if got := fmt.Sprint(e.Category, " ", e.Class); !ok || got != want {
			t.Errorf("%s: %s, not %s", name, got, want)
		}
	}
	for _, s := range p.Journeys[0].Steps {
		if s.Endpoint == "GET /api/items/{id}" && (s.Category != plan.Analytics || s.Class != plan.Costly) {
			t.Errorf("step %s: %s %s", s.ID, s.Category, s.Class)
		}
	}
}

func TestSessions(t *testing.T) {
	list, left, err := journey.Sessions(convtest.Sequence(conversation(t, day)), journey.Options{})
	if err != nil || len(list) != 2 || len(left) != 2 {
		t.Fatal(list, left, err)
	}
	s := list[1]
	if s.Persona != "teacher" || s.Account != convtest.Login("bob") || s.Requests != 6 || s.Failed != 0 || len(s.Seqs) != 6 || !slices.IsSorted(s.Seqs) || s.Length <= 10*time.Second {
		t.Errorf("%+v", s)
	}
	if d := cmp.Diff([]string{"GET /login", "POST /login", "GET /api/items", "GET /api/items/{id}", "POST /api/items/{id}/copy"}, s.Endpoints); d != "" {
		t.Error(d)
	}
}

func TestWarnings(t *testing.T) {
	p := build(t, "user ann\n\nGET /api/a\n> Cookie: sid=@sid\n< 200 {\"x\":1}\nPOST /api/b\n> {\"sig\":\"@sig\"}\n< 200\n", journey.Options{})
	var texts []string
	for _, w := range p.Warnings {
		texts = append(texts, w.Step+" "+w.Text)
		if w.Journey != p.Journeys[0].Name {
			t.Errorf("a warning of journey %q", w.Journey)
		}
	}
	all := strings.Join(texts, "\n")
	if len(texts) != 2 || !strings.Contains(all, "no log-in was recorded") || !strings.Contains(all, "s02 json.sig: a secret") {
		t.Error(all)
	}
}

// A body that the recorder did not keep whole is said.
func TestCutBody(t *testing.T) {
	all := conversation(t, "login\nPOST /api/b\n> {\"a\":1}\n< 200\n")
	all[1].Request.Body.Cut = "cap"
	p, err := journey.Build(convtest.Sequence(all), journey.Options{})
	if err != nil || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Text, "not recorded whole") {
		t.Error(p.Warnings, err)
	}
}

// How the recorder's relations between redacted values are used: the values
// themselves cannot be compared any more.
func TestRelations(t *testing.T) {
	all := conversation(t, `
user ann
user bob

POST /login
> {"email":"$login","password":"$password"}
< 200
< Set-Cookie: sid=@sid; HttpOnly
< Set-Cookie: csrf=@encoded
< {"ok":true}
GET /api/x
< 200 {"challenge":"@verifier"}
POST /api/y
> X-CSRF: @decoded
> {"proof":"@hash"}
< 200
`)
	for _, x := range all {
		for _, u := range []string{"ann", "bob"} {
			if x.Client == "c"+u {
				x.Relations = []exchange.Relation{
					{From: convtest.Token(u, "encoded"), To: convtest.Token(u, "decoded"), How: "pct-decode"},
					{From: convtest.Token(u, "verifier"), To: convtest.Token(u, "hash"), How: "sha256-base64url"},
					{From: convtest.Token(u, "verifier"), To: convtest.Token(u, "decoded"), How: "prefix:3"},
				}
			}
		}
	}
	p, err := journey.Build(convtest.Sequence(all), journey.Options{})
	if err != nil {
		t.Fatal(err)
	}
	facts := convtest.Say(p)
	for _, want := range []string{"s03 header.X-Csrf ← jar csrf | pct-decode", "s03 json.proof ← answer s02 json.challenge | sha256-base64url"} {
		if !slices.Contains(facts, want) {
			t.Errorf("not found: %s in\n%s", want, strings.Join(facts, "\n"))
		}
	}
}

func ExampleBuild() {
	c, err := convtest.Parse(`
user ann id=811
user bob id=923

login
GET /api/profile
< 200 {"profile":{"id":$id}}
GET /api/profiles/$id/photos
< 200 {"photos":[]}
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := journey.Build(convtest.Sequence(c.Exchanges()), journey.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	last := p.Journeys[0].Steps[2]
	fmt.Println(last.Endpoint, "·", last.Slots[0].At, "←", convtest.Source(last.Slots[0].From))
	// Output: GET /api/profiles/{id}/photos · path[2] ← answer s02 json.profile.id
}
