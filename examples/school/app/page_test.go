package app_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"firedrill/examples/school/app"
	"firedrill/examples/school/store"
)

func newRequest(ctx context.Context, u string) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
}

var (
	hidden = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)
	meta   = regexp.MustCompile(`<meta name="([a-z-]+)" content="([^"]*)">`)
	link   = regexp.MustCompile(`href="(/(?:teacher|student)/[a-z]+/\d+[^"]*)"`)
)

// submitForm posts a form as a browser does.
func (c *client) submitForm(path string, fields ...string) answer {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return c.post(path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "X-CSRF-Token", "")
}

func field(t *testing.T, a answer) string {
	t.Helper()
	m := hidden.FindSubmatch(a.body)
	if m == nil {
		t.Fatalf("no hidden csrf_token in %d %.300s", a.status, a.body)
	}
	return string(m[1])
}

func metas(a answer) map[string]string {
	out := map[string]string{}
	for _, m := range meta.FindAllSubmatch(a.body, -1) {
		out[string(m[1])] = string(m[2])
	}
	return out
}

// enter logs in through the form and gives the first page.
func enter(t *testing.T, base, name string) (*client, answer) {
	t.Helper()
	c := visitor(t, base)
	token := field(t, c.get("/login"))
	a := c.submitForm("/login", "csrf_token", token, "email", name+"@test.local", "password", store.Password)
	if a.status != http.StatusSeeOther {
		t.Fatalf("log-in form: %d %.300s", a.status, a.body)
	}
	a = c.get(a.header.Get("Location"))
	if a.status != http.StatusOK {
		t.Fatalf("first page: %d", a.status)
	}
	return c, a
}

func TestLogInForm(t *testing.T) {
	s := start(t, nil)
	c := visitor(t, s.URL())
	if a := c.get("/teacher"); a.status != http.StatusSeeOther || a.header.Get("Location") != "/login" {
		t.Errorf("a page without log-in: %d", a.status)
	}
	token := field(t, c.get("/login"))
	for _, x := range []struct {
		why    string
		status int
		fields []string
	}{
		{"no token", 403, []string{"email", "teacher1@test.local", "password", store.Password}},
		{"a token of another browser", 403, []string{"csrf_token", field(t, visitor(t, s.URL()).get("/login")), "email", "teacher1@test.local", "password", store.Password}},
		{"wrong password", 401, []string{"csrf_token", token, "email", "teacher1@test.local", "password", "<x>"}},
	} {
		if a := c.submitForm("/login", x.fields...); a.status != x.status {
			t.Errorf("%s: %d", x.why, a.status)
		}
	}
	a := c.submitForm("/login", "csrf_token", field(t, c.get("/login")), "email", `"><script>`, "password", "x")
	if strings.Contains(string(a.body), `"><script>`) || !strings.Contains(string(a.body), "E-mail or password is wrong") {
		t.Errorf("the form comes back as %s", a.body)
	}
	for name, path := range map[string]string{"teacher1": "/teacher", "student1": "/student", "admin1": "/admin"} {
		c, a := enter(t, s.URL(), name)
		csrf := metas(a)["csrf-token"]
		if csrf == "" || csrf != field(t, a) || metas(a)["api-origin"] != "" || metas(a)["api-auth"] != "cookie" {
			t.Errorf("%s gets the meta tags %v", name, metas(a))
		}
		if me := get[struct {
			CSRFToken string `json:"csrf_token"`
		}](c.get("/api/v1/me")); me.CSRFToken != csrf {
			t.Errorf("/me and the page of %s tell different tokens", name)
		}
		if a := c.get("/"); a.header.Get("Location") != path {
			t.Errorf("%s begins at %q, want %q", name, a.header.Get("Location"), path)
		}
		if a := c.submitForm("/logout"); a.status != http.StatusForbidden {
			t.Errorf("logging out without a token: %d", a.status)
		}
		if a := c.submitForm("/logout", "csrf_token", csrf); a.status != http.StatusSeeOther || c.get(path).status != http.StatusSeeOther {
			t.Errorf("logging out: %d", a.status)
		}
	}
}

// Every page renders for who may see it, and only for them.
func TestPages(t *testing.T) {
	s := start(t, nil)
	teacher, first := enter(t, s.URL(), "teacher1")
	courses := link.FindAllSubmatch(first.body, -1)
	if len(courses) < 3 {
		t.Fatalf("the teacher's page has %d links: %s", len(courses), first.body)
	}
	gradebookPath := string(courses[0][1])
	unit := get[items[store.UnitPlan]](teacher.get("/api/v1/unit_plans")).Items[0]

	student, first := enter(t, s.URL(), "student1")
	course := string(link.FindSubmatch(first.body)[1])
	detail := get[store.CourseDetail](student.get("/api/v1" + strings.TrimPrefix(course, "/student")))
	work, quiz := "/student/assignments/"+itoa(detail.Assignments[0].ID), "/student/quizzes/"+itoa(detail.Quizzes[0].ID)
	office, _ := enter(t, s.URL(), "admin1")
	for _, c := range []struct {
		who    *client
		path   string
		status int
		shows  string
	}{
		{teacher, gradebookPath, 200, `id="to-grade"`},
		{teacher, "/teacher/units", 200, `id="units"`},
		{teacher, "/teacher/units/" + itoa(unit.ID), 200, unit.Title},
		{teacher, "/teacher/courses/1/gradebook", 404, "There is nothing here"},
		{teacher, "/student", 403, "not for your role"},
		{teacher, "/teacher/lunch", 404, "There is nothing here"},
		{student, course, 200, "Assignments"},
		{student, work, 200, `name="content"`},
		{student, quiz, 200, `id="start"`},
		{student, "/student/grades", 200, `id="grades"`},
		{student, gradebookPath, 403, "not for your role"},
		{student, "/search?q=war", 200, `id="results"`},
		{student, "/admin", 403, "not for your role"},
		{student, "/teacher/ai", 403, "not for your role"},
		{teacher, "/teacher/units/new", 200, `id="unit-form"`},
		{teacher, "/teacher/units/" + itoa(unit.ID) + "/lessons/1", 200, unit.Title},
		{teacher, "/teacher/units/1/lessons/1", 404, "There is nothing here"},
		{teacher, strings.Replace(gradebookPath, "gradebook", "assignments/new", 1), 200, `id="assignment-form"`},
		{teacher, "/teacher/courses/1/assignments/new", 404, "There is nothing here"},
		{teacher, "/teacher/ai", 200, `id="ai-form"`},
		{teacher, "/search", 200, `id="results"`},
		{teacher, "/admin/users", 403, "not for your role"},
		{office, "/admin", 200, `id="overview"`},
		{office, "/admin/users", 200, `id="users"`},
		{office, "/admin/users/7", 200, `data-user="7"`},
		{office, "/admin/users/seven", 404, "There is nothing here"},
		{office, "/admin/integrations", 200, `id="integrations"`},
		{office, "/admin/courses/new", 200, `id="course-form"`},
		{office, "/search?q=war", 200, `id="results"`},
		{office, "/teacher/units", 403, "not for your role"},
	} {
		a := c.who.get(c.path)
		if a.status != c.status || !strings.Contains(string(a.body), c.shows) || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d without %q", c.path, a.status, c.shows)
		}
		if strings.Contains(string(a.body), "ZgotmplZ") || strings.Contains(string(a.body), "&lt;nil&gt;") {
			t.Errorf("%s has a hole: %s", c.path, a.body)
		}
	}
	if a := teacher.get("/api/lunch"); !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Error("what is lost under /api gets JSON")
	}
	handInByForm(t, student, work)
	for name, kind := range map[string]string{"school.css": "text/css", "school.js": "text/javascript", "icon.svg": "image/svg+xml"} {
		a := student.get("/static/" + name)
		if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), kind) || a.header.Get("Cache-Control") != "max-age=3600" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
	}
	if a := student.get("/static/doc.go"); a.status != 404 {
		t.Errorf("a file that is not there: %d", a.status)
	}
}

// handInByForm: the page works without its script.
func handInByForm(t *testing.T, c *client, path string) {
	token := field(t, c.get(path))
	if a := c.submitForm(path, "csrf_token", token, "content", " "); a.status != 422 || !strings.Contains(string(a.body), "must have 1 to 20000 characters") {
		t.Errorf("handing in nothing: %d", a.status)
	}
	if a := c.submitForm(path, "csrf_token", token, "content", `<b>"mine" & more`); a.status != 303 || a.header.Get("Location") != path {
		t.Errorf("handing in: %d %v", a.status, a.header)
	}
	if body := string(c.get(path).body); !strings.Contains(body, `&lt;b&gt;&#34;mine&#34; &amp; more`) {
		t.Errorf("the page does not show it, or not as text: %s", body)
	}
}

func TestPagesUnderJWT(t *testing.T) {
	s := start(t, func(o *app.Options) { o.Auth = app.AuthJWT })
	c, a := enter(t, s.URL(), "teacher1")
	if metas(a)["api-auth"] != "bearer" {
		t.Errorf("meta tags %v", metas(a))
	}
	if a := c.get("/api/v1/me"); a.status != http.StatusUnauthorized {
		t.Errorf("the API takes the pages' cookie: %d", a.status)
	}
	c.bearer = get[tokens](c.get("/session/token")).Access
	if a := c.get("/api/v1/me"); a.status != http.StatusOK {
		t.Errorf("the page's token is refused: %d", a.status)
	}
	if a := visitor(t, s.URL()).get("/session/token"); a.status != http.StatusUnauthorized || a.code() != "unauthenticated" {
		t.Errorf("a token for nobody: %d", a.status)
	}
	cookies := start(t, nil)
	if a := login(t, cookies, "teacher1").get("/session/token"); a.status != http.StatusNotFound {
		t.Errorf("tokens where cookies count: %d", a.status)
	}
}

// The pages on an origin of their own.
func TestTwoOrigins(t *testing.T) {
	s := start(t, func(o *app.Options) { o.Web, o.AllowOrigins = "127.0.0.1:0", []string{"http://proxy.test:8080"} })
	if s.URL() == s.WebURL() {
		t.Fatal("one origin")
	}
	c, a := enter(t, s.WebURL(), "teacher1")
	if metas(a)["api-origin"] != s.URL() || !strings.Contains(a.header.Get("Content-Security-Policy"), "connect-src 'self' "+s.URL()) {
		t.Errorf("the page looks for the API at %q", metas(a)["api-origin"])
	}
	if a := c.get("/api/v1/me"); a.status != http.StatusNotFound {
		t.Errorf("the pages' origin has an API: %d", a.status)
	}
	csrf := metas(a)["csrf-token"]
	c.base = s.URL() // cookies do not know ports
	if a := c.get("/teacher"); a.status != http.StatusNotFound || a.code() != "not_found" {
		t.Errorf("the API's origin has pages: %d", a.status)
	}
	entry := gradebook(c, firstCourse(c), "?status=submitted").Submissions
	for i, x := range []struct {
		origin string
		status int
		allow  bool
	}{
		{s.WebURL(), 200, true},
		{strings.Replace(s.WebURL(), "127.0.0.1", "localhost", 1), 200, true},
		{"http://proxy.test:8080", 200, true},
		{s.URL(), 200, true},
		{"", 200, false}, // no browser
		{"http://evil.example", 403, false},
		{"null", 403, false},
	} {
		path := "/api/v1/submissions/" + entry[i].ID + "/grade"
		pre := c.do(http.MethodOptions, path, nil, "Origin", x.origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "x-csrf-token,content-type")
		if allowed := pre.header.Get("Access-Control-Allow-Origin"); (allowed == x.origin && allowed != "") != x.allow || x.allow && pre.status != 204 {
			t.Errorf("preflight of %q: %d %v", x.origin, pre.status, pre.header)
		}
		if x.allow && !strings.Contains(pre.header.Get("Access-Control-Allow-Headers"), "X-CSRF-Token") {
			t.Errorf("preflight of %q allows %v", x.origin, pre.header)
		}
		a := c.post(path, map[string]any{"grade": 90, "feedback": "x"}, "Origin", x.origin, "X-CSRF-Token", csrf)
		if a.status != x.status || x.status == 403 && a.code() != "origin" {
			t.Errorf("a write of %q: %d %s", x.origin, a.status, a.body)
		}
		if x.allow && (!strings.Contains(pre.header.Get("Access-Control-Allow-Methods"), "PATCH") || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "Retry-After")) {
			t.Errorf("the pages cannot change a unit or wait as they are told: %v, %v", pre.header, a.header)
		}
		if x.allow && (a.header.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(a.header.Get("Vary"), "Origin")) {
			t.Errorf("the page of %q cannot read the answer: %v", x.origin, a.header)
		}
	}
	if a := visitor(t, s.WebURL()).post("/login", "", "Origin", "http://evil.example"); a.status != http.StatusForbidden {
		t.Errorf("a log-in form of elsewhere: %d", a.status)
	}
}

func TestOneOriginAsksNoOrigin(t *testing.T) {
	s := start(t, nil)
	c := visitor(t, s.URL())
	if a := c.post("/api/v1/auth/login", credentials("teacher1"), "Origin", "http://127.0.0.1:8080"); a.status != http.StatusOK || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("behind a proxy of another port: %d", a.status)
	}
}
