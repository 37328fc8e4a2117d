package web_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"firedrill/examples/school/store"
	"firedrill/examples/school/web"
)

func pages(t *testing.T) *web.Pages {
	t.Helper()
	p, err := web.New()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRenderEscapes(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	v := web.View{
		Title: evil, User: store.User{ID: 1, Name: evil, Role: store.RoleTeacher}, Home: "/teacher", CSRF: evil, API: evil,
		Data: []store.Course{{ID: 5, Title: evil, Subject: evil}},
	}
	var b bytes.Buffer
	if err := pages(t).Render(&b, "teacher", v); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<script>alert") || !strings.Contains(b.String(), `href="/teacher/courses/5/gradebook"`) {
		t.Errorf("%s", b.String())
	}
}

func TestRenderRefuses(t *testing.T) {
	if err := pages(t).Render(io.Discard, "lunch", web.View{}); err == nil {
		t.Error("a page that there is not was rendered")
	}
	if err := pages(t).Render(io.Discard, "quiz", web.View{Data: 1}); err == nil || !strings.Contains(err.Error(), "page quiz") {
		t.Errorf("a page of the wrong data: %v", err)
	}
}

// The pages bring all that they need: nothing is fetched from elsewhere, and the content policy forbids inline code.
func TestNothingFromElsewhere(t *testing.T) {
	p := pages(t)
	away := regexp.MustCompile(`(?i)(https?:)?//[a-z0-9-]+\.[a-z]`)
	inline := regexp.MustCompile(`(?i)\s(style|on[a-z]+)\s*=|<style|<script>`)
	for _, name := range []string{"school.css", "school.js", "office.js", "teacher.js"} {
		body, _, ok := p.Static(name)
		if !ok || away.Match(body) {
			t.Errorf("%s: found %v, points elsewhere: %q", name, ok, away.Find(body))
		}
	}
	names := web.Names()
	if len(names) < 20 {
		t.Errorf("only %d pages: %v", len(names), names)
	}
	for _, name := range names {
		src, err := web.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		if away.Match(src) || inline.Match(src) {
			t.Errorf("%s: %q %q", name, away.Find(src), inline.Find(src))
		}
	}
	for _, name := range []string{"../web.go", "x.css", "", "templates/login.html"} {
		if _, _, ok := p.Static(name); ok {
			t.Errorf("%q is served", name)
		}
	}
}
