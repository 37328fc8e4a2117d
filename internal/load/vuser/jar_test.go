package vuser

import (
	"testing"
	"time"
)

func TestJar(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	local := place{host: "localhost", recorded: "app.school.example", path: "/api/v1/me", secure: true}
	plain := place{host: "10.0.0.7", recorded: "app.school.example", path: "/a", secure: false}
	for _, tt := range []struct {
		name string
		set  []string
		from place
		to   place
		want string
	}{
		{"simple", []string{"a=1; HttpOnly"}, local, local, "a=1"},
		{"the value keeps what it holds", []string{"a=x=y%20z"}, local, local, "a=x=y%20z"},
		{"renewed", []string{"a=1", "a=2"}, local, local, "a=2"},
		{"two", []string{"a=1", "b=2"}, local, local, "a=1; b=2"},
		{"longer paths first", []string{"a=1; Path=/", "b=2; Path=/api/v1", "c=3; Path=/api"}, local, local, "b=2; c=3; a=1"},
		{"another path", []string{"a=1; Path=/admin"}, local, local, ""},
		{"a path is no prefix of a word", []string{"a=1; Path=/api/v"}, local, local, ""},
		{"the default path", []string{"a=1"}, local, place{host: "localhost", path: "/other"}, ""},
		{"the default path and below", []string{"a=1"}, local, place{host: "localhost", path: "/api/v1/x/y"}, "a=1"},
		{"deleted by age", []string{"a=1; Path=/", "a=; Path=/; Max-Age=0"}, local, local, ""},
		{"deleted by date", []string{"a=1; Path=/", "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, local, local, ""},
		{"an old date's form", []string{"a=1; Path=/", "a=; Path=/; Expires=Thu, 01-Jan-1970 00:00:00 GMT"}, local, local, ""},
		{"age beats date", []string{"a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, local, local, "a=1"},
		{"another host", []string{"a=1; Path=/"}, local, place{host: "example.org", path: "/api"}, ""},
		{"another port is the same host", []string{"a=1; Path=/"}, local, place{host: "localhost", path: "/x"}, "a=1"},
		{"the recorded host's domain", []string{"a=1; Path=/; Domain=school.example"}, local, place{host: "127.0.0.1", recorded: "api.school.example", path: "/"}, "a=1"},
		{"the recorded host itself", []string{"a=1; Domain=.app.school.example"}, local, local, "a=1"},
		{"a foreign domain", []string{"a=1; Domain=evil.example"}, local, local, ""},
		{"a domain that only ends so", []string{"a=1; Domain=ool.example"}, local, local, ""},
		{"a suffix of one label is no domain", []string{"a=1; Domain=example"}, local, place{host: "localhost", recorded: "other.example", path: "/api/v1/"}, "a=1"},
		{"localhost as a domain", []string{"a=1; Domain=localhost"}, local, local, "a=1"},
		{"secure on loopback", []string{"a=1; Secure"}, local, local, "a=1"},
		{"secure without TLS", []string{"a=1; Secure"}, plain, plain, ""},
		{"secure is not sent without TLS", []string{"a=1; Secure; Path=/"}, place{host: "h.example", path: "/", secure: true}, place{host: "h.example", path: "/"}, ""},
		{"an address as a domain", []string{"a=1; Domain=10.0.0.7"}, plain, plain, "a=1"},
		{"secure is not taken without TLS", []string{"a=1; Secure; Path=/"}, place{host: "h.example", path: "/"}, place{host: "h.example", path: "/", secure: true}, ""},
		{"a foreign domain's own host", []string{"a=1; Domain=evil.example; Path=/"}, local, place{host: "evil.example", path: "/"}, ""},
		{"no name", []string{"=1", "nothing", ""}, local, local, ""},
	} {
		var j jar
		for _, line := range tt.set {
			j.set(line, tt.from, now)
		}
		if got := string(j.header(nil, tt.to, now)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	var j jar
	j.set("a=1; Max-Age=10; Path=/", local, now)
	if v, ok := j.get("a"); !ok || v != "1" {
		t.Error(v, ok)
	}
	if got := j.header(nil, local, now.Add(11*time.Second)); len(got) != 0 {
		t.Errorf("sent after its age: %s", got)
	}
	if _, ok := j.get("b"); ok {
		t.Error("b")
	}
}

// FuzzJar: any Set-Cookie lines give no panic, and each cookie is there once.
func FuzzJar(f *testing.F) {
	f.Add("a=1; Path=/; Domain=.school.example; Max-Age=5", "a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "/x/y")
	f.Add("=;=;;", "a", "")
	f.Fuzz(func(t *testing.T, a, b, path string) {
		at := place{host: "localhost", recorded: "app.school.example", path: path, secure: true}
		now := time.Unix(1_700_000_000, 0)
		var j jar
		j.set(a, at, now)
		j.set(b, at, now)
		j.set(a, at, now)
		if len(j.all) > 2 {
			t.Fatalf("%d cookies of two lines", len(j.all))
		}
		seen := map[string]bool{}
		for _, c := range j.all {
			key := c.name + "\x00" + c.domain + "\x00" + c.path
			if c.name == "" || seen[key] {
				t.Fatalf("%+v", j.all)
			}
			seen[key] = true
		}
		j.header(nil, at, now)
	})
}
