package endpoint_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/endpoint"
	"firedrill/internal/plan"
)

func TestTemplate(t *testing.T) {
	for _, c := range []struct{ path, want, why string }{
		{"/", "/", ""},
		{"/api/v1/submissions/17/grade", "/api/v1/submissions/{id}/grade", "v1 is a word"},
		{"/courses/17/students/23", "/courses/{course_id}/students/{id}", "several are named after what they identify"},
		{"/quizzes/17/people/23/classes/5", "/quizzes/{quiz_id}/people/{person_id}/classes/{id}", ""},
		{"/a/1/2", "/a/{a_id}/{id}", ""},
		{"/attempts/3bca33ba-865a-4f34-865d-f8e30b376ef7/answers", "/attempts/{id}/answers", "UUID"},
		{"/x/507f1f77bcf86cd799439011", "/x/{id}", "24 hex digits"},
		{"/x/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/x/{id}", "ULID"},
		{"/x/V1StGXR8_Z5jdHi6B-myT", "/x/{id}", "nanoid"},
		{"/x/fd~WankD7Y0IYxbFrh8N6__lQ/y", "/x/{id}/y", "redacted"},
		{"/reports/2026-11-23", "/reports/{date}", ""},
		{"/reports/2026-11-23/rows/5", "/reports/{date}/rows/{id}", "a date is named so wherever it stands"},
		{"/files/17.json", "/files/{id}.json", "the extension stays"},
		{"/quiz/quiz-17-q3", "/quiz/{id}", "composed"},
		{"/x/course-17", "/x/{id}", "a word and a number"},
		{"/years/2024-25", "/years/{id}", ""},
		{"/titles/Algebra%201", "/titles/{id}", "text"},
		{"/unit_plans/new", "/unit_plans/new", ""},
		{"/step-2", "/step-2", "one digit is a word's"},
		{"/oauth2/token", "/oauth2/token", ""},
		{"/me", "/me", ""},
		{"/@me/guilds", "/@me/guilds", ""},
		{"/search", "/search", ""},
		{"/two-factor-authentication", "/two-factor-authentication", ""},
		{"/page;jsessionid=fd~WankD7Y0IYxbFrh8N6__lQ", "/page;jsessionid=fd~WankD7Y0IYxbFrh8N6__lQ", "path parameters are no segment"},
		{"/base64url/sha256/iso8601", "/base64url/sha256/iso8601", "words with digits"},
	} {
		if got := endpoint.Template(c.path); got != c.want {
			t.Errorf("Template(%q) = %q, not %q (%s)", c.path, got, c.want, c.why)
		}
	}
}

func path(t *rapid.T) string {
	segment := rapid.OneOf(
		rapid.StringMatching(`[a-z_]{1,12}`),
		rapid.StringMatching(`[0-9]{1,12}`),
		rapid.StringMatching(`[A-Za-z0-9_-]{0,30}`),
		rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		rapid.StringMatching(`[a-z0-9]{1,10}\.[a-z]{1,5}`),
		rapid.String(),
	)
	return "/" + strings.Join(rapid.SliceOfN(segment, 0, 6).Draw(t, "segments"), "/")
}

func TestTemplateIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := path(t)
		once := endpoint.Template(p)
		if twice := endpoint.Template(once); twice != once {
			t.Fatalf("%q → %q → %q", p, once, twice)
		}
		if strings.Count(once, "/") != strings.Count(p, "/") {
			t.Fatalf("%q → %q: segments were lost", p, once)
		}
	})
}

// More traffic does not change the templates of what was seen before.
func TestTableIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.SliceOfN(rapid.Custom(path), 1, 8).Draw(t, "few")
		more := rapid.SliceOfN(rapid.Custom(path), 0, 8).Draw(t, "more")
		names := func(paths []string) map[string]bool {
			table := endpoint.NewTable()
			for _, p := range paths {
				table.Add(get(p))
			}
			all := map[string]bool{}
			for _, e := range table.Endpoints(nil) {
				all[e.Name] = true
			}
			return all
		}
		later := names(append(append([]string(nil), few...), more...))
		for n := range names(few) {
			if !later[n] {
				t.Fatalf("%q is gone after more traffic: %v", n, later)
			}
		}
	})
}

func get(target string) *exchange.Exchange {
	return &exchange.Exchange{Request: exchange.Request{Method: "GET", Scheme: "http", Host: "app.test", Target: target}, Response: &exchange.Response{Status: 200}}
}

func with(method, target, contentType, body string, status int, answerType, answer string, header ...exchange.Field) *exchange.Exchange {
	x := &exchange.Exchange{Request: exchange.Request{Method: method, Scheme: "http", Host: "app.test", Target: target, Header: header, Body: exchange.Body{Data: []byte(body)}}}
	if contentType != "" {
		x.Request.Header = append(x.Request.Header, exchange.Field{Name: "Content-Type", Value: contentType})
	}
	x.Response = &exchange.Response{Status: status, Body: exchange.Body{Data: []byte(answer), Decoded: int64(len(answer))}}
	if answerType != "" {
		x.Response.Header = []exchange.Field{{Name: "Content-Type", Value: answerType}}
	}
	return x
}

func TestCategories(t *testing.T) {
	const js = "application/json"
	for _, c := range []struct {
		x        *exchange.Exchange
		category plan.Category
		class    plan.Class
	}{
		{with("POST", "/api/login", js, `{"email":"a","password":"b"}`, 200, js, `{}`), plan.Auth, plan.Write},
		{with("POST", "/api/enter", js, `{"email":"a","password":"b"}`, 200, js, `{}`), plan.Auth, plan.Write},
		{with("GET", "/api/v1/me", "", "", 200, js, `{"id":1}`), plan.Auth, plan.Read},
		{with("DELETE", "/api/session", "", "", 204, "", ""), plan.Auth, plan.Write},
		{with("GET", "/api/courses", "", "", 200, js, `{"items":[{"id":1}],"total":1}`), plan.List, plan.Read},
		{with("GET", "/api/courses", "", "", 200, js, `{"courses":[{"id":1}]}`), plan.List, plan.Read},
		{with("GET", "/api/courses", "", "", 200, js, `[{"id":1}]`), plan.List, plan.Read},
		{with("GET", "/api/courses", "", "", 200, js, `[]`), plan.List, plan.Read},
		{with("GET", "/api/courses/17", "", "", 200, js, `{"id":1,"items":[{"id":2}]}`), plan.Detail, plan.Read},
		{with("GET", "/api/dashboard", "", "", 200, js, `{"courses":[{"id":1}],"news":[{"id":1}]}`), plan.Detail, plan.Read},
		{with("GET", "/courses/17", "", "", 200, "text/html", `<h1>x</h1>`), plan.Detail, plan.Read},
		{with("GET", "/teacher", "", "", 200, "text/html", `<h1>x</h1>`), plan.Other, plan.Read},
		{with("GET", "/api/people?q=ann", "", "", 200, js, `[]`), plan.Search, plan.Read},
		{with("GET", "/api/search?text=ann", "", "", 200, js, `[]`), plan.Search, plan.Read},
		{with("POST", "/api/files", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.pdf\"\r\n\r\nx\r\n--b--\r\n", 201, js, `{}`), plan.Upload, plan.Write},
		{with("PUT", "/api/blobs/17", "application/octet-stream", "xx", 200, "", ""), plan.Upload, plan.Write},
		{with("POST", "/api/courses", js, `{"t":1}`, 201, js, `{"id":1}`), plan.Update, plan.Write},
		{with("DELETE", "/api/courses/17", "", "", 204, "", ""), plan.Update, plan.Destructive},
		{with("POST", "/admin/reset", js, `{}`, 200, js, `{}`), plan.Update, plan.Destructive},
		{with("POST", "/api/ai/generate", js, `{"prompt":"x"}`, 200, "text/event-stream", "data: x\n\n"), plan.Stream, plan.Costly},
		{with("GET", "/api/news/stream", "", "", 200, "text/event-stream", "data: x\n\n"), plan.Stream, plan.Read},
		{with("POST", "/v1/chat/completions", js, `{}`, 200, js, `{}`), plan.Update, plan.Costly},
		{with("POST", "/v1/ai/generations/17/save", js, `{}`, 201, js, `{}`), plan.Update, plan.Write},
		{with("POST", "/v1/ai/generations/17/again", js, `{}`, 201, js, `{}`), plan.Update, plan.Costly},
	} {
		table := endpoint.NewTable()
		table.Add(c.x)
		e := table.Endpoints(nil)[0]
		if e.Category != c.category || e.Class != c.class || e.Why == "" {
			t.Errorf("%s: %s, %s (%s); not %s, %s", e.Name, e.Category, e.Class, e.Why, c.category, c.class)
		}
	}
}

func TestPatternsDecide(t *testing.T) {
	table := endpoint.NewTable()
	table.Add(get("/api/courses/17/gradebook"))
	e := table.Endpoints([]plan.CategoryOverlay{{Match: "GET /api/x", Category: plan.AI}, {Match: "GET /api/courses/*/gradebook", Category: plan.Gradebook, Class: plan.Costly}})[0]
	if e.Category != plan.Gradebook || e.Class != plan.Costly || !strings.Contains(e.Why, "pattern") {
		t.Errorf("%+v", e)
	}
}

func TestLeaveOut(t *testing.T) {
	frame := get("/ws")
	frame.Response.Status = 101
	failed := get("/x")
	failed.Response = nil
	image := get("/avatar/17")
	image.Response.Header = []exchange.Field{{Name: "Content-Type", Value: "image/png"}}
	script := get("/bundle")
	script.Request.Header = []exchange.Field{{Name: "Sec-Fetch-Dest", Value: "script"}}
	ping := with("POST", "/p", "text/ping", "PING", 204, "", "", exchange.Field{Name: "Ping-To", Value: "http://x"})
	preflight := with("OPTIONS", "/api/x", "", "", 204, "", "", exchange.Field{Name: "Access-Control-Request-Method", Value: "PUT"})
	health := get("/healthz")
	mine := get("/api/health")
	mine.Request.Header = []exchange.Field{{Name: "Cookie", Value: "sid=x"}}
	for _, c := range []struct {
		x    *exchange.Exchange
		want string // "" = kept
	}{
		{get("/app.3f9a1c.js"), "static files"}, {get("/favicon.ico"), "static files"}, {get("/fonts/a.woff2"), "static files"}, {image, "static files"}, {script, "static files"},
		{frame, "upgraded connections"}, {failed, "requests without an answer"}, {ping, "beacons"}, {with("POST", "/rum", "text/plain", "x", 204, "", ""), "beacons"},
		{preflight, "CORS preflights"}, {health, "health checks"}, {mine, ""},
		{get("/api/courses"), ""}, {get("/reports/17.json"), ""}, {with("POST", "/api/track", "application/json", "{}", 200, "application/json", strings.Repeat("x", 200)), ""},
		{with("OPTIONS", "/api/x", "", "", 200, "", ""), ""},
	} {
		cause, out := endpoint.LeaveOut(c.x)
		if out != (c.want != "") || out && (cause.What != c.want || cause.Why == "") {
			t.Errorf("%s %s: %v %q, not %q", c.x.Request.Method, c.x.Request.Target, out, cause.What, c.want)
		}
	}
}

func TestOrigins(t *testing.T) {
	table := endpoint.NewTable()
	for _, o := range []struct{ target, host, path string }{{"api", "api.test", "/x"}, {"", "www.test", "/x"}, {"api", "other.test", "/y"}} {
		x := get(o.path)
		x.Target, x.Request.Host = o.target, o.host
		table.Add(x)
	}
	if got := fmt.Sprint(table.Origins()); got != "[{api http://api.test} {www.test http://www.test} {other.test http://other.test}]" {
		t.Error(got)
	}
	names := ""
	for _, e := range endpoint.Sorted(table.Endpoints(nil)) {
		names += e.Name + "; "
	}
	if names != "GET /y; api:GET /x; www.test:GET /x; " {
		t.Error(names)
	}
}

func TestSingular(t *testing.T) {
	for plural, want := range map[string]string{"courses": "course", "quizzes": "quiz", "classes": "class", "categories": "category", "statuses": "status", "houses": "house",
		"boxes": "box", "analyses": "analysis", "people": "person", "children": "child", "unit_plans": "unit_plan", "status": "status", "news": "new", "class": "class", "bus": "bus", "me": "me", "dogs": "dog"} {
		if got := endpoint.Singular(plural); got != want {
			t.Errorf("%s: %s, not %s", plural, got, want)
		}
	}
}

func ExampleTemplate() {
	fmt.Println(endpoint.Template("/api/v1/submissions/3bca33ba-865a-4f34-865d-f8e30b376ef7/grade"))
	fmt.Println(endpoint.Template("/courses/17/students/23"))
	// Output:
	// /api/v1/submissions/{id}/grade
	// /courses/{course_id}/students/{id}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"/a/17", "/{id}.json/17.json", "/%zz/%41", "//", "/2026-11-23/fd~", "/{a}{b}/x;y=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p string) {
		once := endpoint.Template(p)
		if twice := endpoint.Template(once); twice != once {
			t.Fatalf("%q → %q → %q", p, once, twice)
		}
	})
}
