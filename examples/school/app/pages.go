package app

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"net/http"
	"net/url"

	"firedrill/examples/school/store"
	"firedrill/examples/school/web"
)

var pageRoutes = []route{
	{alias: "home-page", pattern: "GET /{$}", side: pageSide, handle: homePage},
	{alias: "login-page", pattern: "GET /login", side: pageSide, open: true, handle: loginPage},
	{alias: "login-form", pattern: "POST /login", side: pageSide, open: true, handle: loginForm},
	{alias: "logout-form", pattern: "POST /logout", side: pageSide, handle: logoutForm},
	{alias: "session-token", pattern: "GET /session/token", side: tokenSide, handle: sessionToken},
	{alias: "static", pattern: "GET /static/{name}", side: pageSide, open: true, handle: static},
	{alias: "teacher-page", pattern: "GET /teacher", side: pageSide, roles: teacherOnly, handle: teacherPage},
	{alias: "gradebook-page", pattern: "GET /teacher/courses/{id}/gradebook", side: pageSide, roles: teacherOnly, handle: gradebookPage},
	{alias: "units-page", pattern: "GET /teacher/units", side: pageSide, roles: teacherOnly, handle: shell("units", "Unit plans")},
	{alias: "unit-page", pattern: "GET /teacher/units/{id}", side: pageSide, roles: teacherOnly, handle: unitPage},
	{alias: "student-page", pattern: "GET /student", side: pageSide, roles: studentOnly, handle: studentPage},
	{alias: "course-page", pattern: "GET /student/courses/{id}", side: pageSide, roles: studentOnly, handle: coursePage},
	{alias: "assignment-page", pattern: "GET /student/assignments/{id}", side: pageSide, roles: studentOnly, handle: assignmentPage},
	{alias: "assignment-form", pattern: "POST /student/assignments/{id}", side: pageSide, roles: studentOnly, handle: assignmentForm},
	{alias: "quiz-page", pattern: "GET /student/quizzes/{id}", side: pageSide, roles: studentOnly, handle: quizPage},
	{alias: "grades-page", pattern: "GET /student/grades", side: pageSide, roles: studentOnly, handle: shell("grades", "My grades")},
	{alias: "unit-new-page", pattern: "GET /teacher/units/new", side: pageSide, roles: teacherOnly, handle: shell("unit-new", "New unit")},
	{alias: "lesson-page", pattern: "GET /teacher/units/{id}/lessons/{lesson}", side: pageSide, roles: teacherOnly, handle: lessonPage},
	{alias: "assignment-new-page", pattern: "GET /teacher/courses/{id}/assignments/new", side: pageSide, roles: teacherOnly, handle: assignmentNewPage},
	{alias: "ai-page", pattern: "GET /teacher/ai", side: pageSide, roles: teacherOnly, handle: shell("ai", "Lesson helper")},
	{alias: "search-page", pattern: "GET /search", side: pageSide, handle: shell("search", "Search")},
	{alias: "admin-page", pattern: "GET /admin", side: pageSide, roles: adminOnly, handle: shell("admin", "Overview")},
	{alias: "users-page", pattern: "GET /admin/users", side: pageSide, roles: adminOnly, handle: shell("users", "People")},
	{alias: "user-page", pattern: "GET /admin/users/{id}", side: pageSide, roles: adminOnly, handle: userPage},
	{alias: "integrations-page", pattern: "GET /admin/integrations", side: pageSide, roles: adminOnly, handle: shell("integrations", "Integrations")},
	{alias: "course-new-page", pattern: "GET /admin/courses/new", side: pageSide, roles: adminOnly, handle: shell("course-new", "New course")},
}

// home is where somebody's pages begin.
func home(role string) string {
	switch role {
	case store.RoleTeacher, store.RoleStudent:
		return "/" + role
	}
	return "/admin"
}

// page renders a page of the user who is logged in, if anybody is.
func (c *call) page(status int, name, title string, data any) (reply, error) {
	var b bytes.Buffer
	v := web.View{Title: title, User: c.user, Home: home(c.user.Role), CSRF: c.csrf, API: c.api, Bearer: c.o.Auth == AuthJWT, Data: data}
	if err := c.pages.Render(&b, name, v); err != nil {
		return reply{}, err
	}
	connect := "'self'"
	if c.api != "" {
		connect += " " + c.api
	}
	c.header.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; connect-src "+connect)
	c.header.Set("Referrer-Policy", "same-origin")
	return reply{status: status, kind: "text/html; charset=utf-8", body: b.Bytes()}, nil
}

// refusePage is how people see a problem: who is not logged in gets the log-in page.
func (c *call) refusePage(p *problem) reply {
	if p.status == http.StatusUnauthorized {
		c.header.Set("Location", "/login")
		return reply{status: http.StatusSeeOther}
	}
	rep, err := c.page(p.status, "error", http.StatusText(p.status), p.message)
	if err != nil {
		return reply{status: http.StatusInternalServerError}
	}
	return rep
}

// shell is a page whose content is all brought by its script.
func shell(name, title string) func(*call) (reply, error) {
	return func(c *call) (reply, error) { return c.page(http.StatusOK, name, title, nil) }
}

func homePage(c *call) (reply, error) { return c.redirect(home(c.user.Role)) }

func static(c *call) (reply, error) {
	body, kind, found := c.pages.Static(c.r.PathValue("name"))
	if !found {
		return reply{}, store.ErrNotFound
	}
	c.header.Set("Cache-Control", "max-age=3600")
	return reply{status: http.StatusOK, kind: kind, body: body}, nil
}

type loginData struct{ Token, Email, Why string }

func loginPage(c *call) (reply, error) { return c.loginForm(http.StatusOK, "", "") }

// loginForm gives the form with a token that belongs to a cookie of this browser.
func (c *call) loginForm(status int, email, why string) (reply, error) {
	secret := store.NewToken()
	c.setCookie(formCookie, secret, 3600)
	return c.page(status, "login", "Log in", loginData{c.formToken(secret), email, why})
}

func loginForm(c *call) (reply, error) {
	form, err := c.form()
	if err != nil {
		return reply{}, err
	}
	cookie, err := c.r.Cookie(formCookie)
	if err != nil || !hmac.Equal([]byte(form.Get("csrf_token")), []byte(c.formToken(cookie.Value))) {
		return reply{}, errCSRF
	}
	u, err := c.logIn(form.Get("email"), form.Get("password"))
	if errors.Is(err, errBadLogIn) {
		c.access.Code = errBadLogIn.code
		return c.loginForm(http.StatusUnauthorized, form.Get("email"), errBadLogIn.message)
	}
	if err != nil {
		return reply{}, err
	}
	if err := c.startSession(u); err != nil {
		return reply{}, err
	}
	c.setCookie(formCookie, "", -1)
	return c.redirect(home(u.Role))
}

func logoutForm(c *call) (reply, error) {
	if err := c.store.EndSession(c.r.Context(), c.session); err != nil {
		return reply{}, err
	}
	c.setCookie(sessionCookie, "", -1)
	return c.redirect("/login")
}

// sessionToken gives a page's script the bearer token of the session that the page was made for.
func sessionToken(c *call) (reply, error) {
	if c.o.Auth != AuthJWT {
		return reply{}, store.ErrNotFound
	}
	return ok(c.issue(c.user, ""))
}

func teacherPage(c *call) (reply, error) {
	list, err := c.store.Courses(c.r.Context(), c.user, 100, 0)
	if err != nil {
		return reply{}, err
	}
	return c.page(http.StatusOK, "teacher", "My courses", list)
}

func gradebookPage(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	d, err := c.store.Course(c.r.Context(), c.user, id)
	if err != nil {
		return reply{}, err
	}
	return c.page(http.StatusOK, "gradebook", d.Title, d)
}

func unitPage(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	p, err := c.store.UnitPlan(c.r.Context(), c.user, id)
	if err != nil {
		return reply{}, err
	}
	return c.page(http.StatusOK, "unit", p.Title, p)
}

// lessonPage names the unit; what the lesson holds is brought by the script.
func lessonPage(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	p, err := c.store.UnitPlan(c.r.Context(), c.user, id)
	if err != nil {
		return reply{}, err
	}
	return c.page(http.StatusOK, "lesson", p.Title, map[string]any{"Unit": p, "Lesson": c.r.PathValue("lesson")})
}

func assignmentNewPage(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	d, err := c.store.Course(c.r.Context(), c.user, id)
	if err != nil {
		return reply{}, err
	}
	return c.page(http.StatusOK, "assignment-new", "New assignment", d)
}

func userPage(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	return c.page(http.StatusOK, "user", "Person", id)
}

func studentPage(c *call) (reply, error) {
	list, err := c.store.Courses(c.r.Context(), c.user, 100, 0)
	if err != nil {
		return reply{}, err
	}
	return c.page(http.StatusOK, "student", "My courses", list)
}

func coursePage(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	d, err := c.store.Course(c.r.Context(), c.user, id)
	if err != nil {
		return reply{}, err
	}
	return c.page(http.StatusOK, "course", d.Title, d)
}

type assignmentData struct {
	store.AssignmentDetail
	Draft, Why string
}

func assignmentPage(c *call) (reply, error) { return c.assignment(http.StatusOK, "", "") }

func (c *call) assignment(status int, draft, why string) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	d, err := c.store.Assignment(c.r.Context(), c.user, id)
	if err != nil {
		return reply{}, err
	}
	return c.page(status, "assignment", d.Title, assignmentData{d, draft, why})
}

// assignmentForm hands in work without a script.
func assignmentForm(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	form, err := c.form()
	if err != nil {
		return reply{}, err
	}
	content := form.Get("content")
	if why := text(&content, 1, maxContent); why != "" {
		c.access.Code = "validation_failed"
		return c.assignment(http.StatusUnprocessableEntity, content, "Your work "+why+".")
	}
	if _, err := c.store.Submit(c.r.Context(), c.user, id, content); err != nil {
		return reply{}, err
	}
	return c.redirect("/student/assignments/" + url.PathEscape(c.r.PathValue("id")))
}

func quizPage(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	d, err := c.store.Quiz(c.r.Context(), c.user, id)
	if err != nil {
		return reply{}, err
	}
	return c.page(http.StatusOK, "quiz", d.Title, d)
}
