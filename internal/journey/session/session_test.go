package session_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/convtest"
	"firedrill/internal/journey/session"
)

// events are conversations, merged by start. Fixture users are "NAME@CLIENT/CONN".
func events(t testing.TB, talks ...talk) []*session.Event {
	t.Helper()
	var all []*session.Event
	for _, k := range talks {
		c, err := convtest.Parse(k.text)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range c.Session(convtest.User{Name: k.user, Vars: map[string]string{}}, convtest.Epoch.Add(k.at), k.conn) {
			x.Client = k.client
			all = append(all, &session.Event{X: x})
		}
	}
	slices.SortStableFunc(all, func(a, b *session.Event) int { return a.Start().Compare(b.Start()) })
	for i, e := range all {
		e.X.Seq = uint64(i + 1)
	}
	return all
}

type talk struct {
	user, client string
	conn         uint64
	at           time.Duration
	text         string
}

const cookieVisit = `
GET /login
< 200 <form action="/login"></form>
+2s POST /login
> {"email":"$login","password":"$password"}
< 200
< Set-Cookie: sid=@sid; HttpOnly
< {"user":{"role":"teacher"}}
+2s GET /api/a
< 200 {"x":1}
+2s GET /api/b
< 200 {"x":1}
`

const bearerVisit = `
POST /auth/login
> {"login":"$login","password":"$password"}
< 200 {"access_token":"@access","refresh_token":"@refresh"}
+2s GET /api/a
> Authorization: Bearer @access
< 200 {"x":1}
+2s POST /auth/refresh
> {"refresh_token":"@refresh"}
< 200 {"access_token":"@access2","refresh_token":"@refresh2"}
+2s GET /api/b
> Authorization: Bearer @access2
< 200 {"x":1}
`

// say writes sessions down: the account and the paths.
func say(sessions []*session.Session) string {
	who := map[string]string{"": "-"}
	for _, u := range []string{"ann", "bob", "cyn"} {
		who[convtest.Login(u)] = u
	}
	var out []string
	for _, s := range sessions {
		line := who[s.Account] + ":"
		for _, e := range s.Events {
			line += " " + e.X.Request.Target
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestGroup(t *testing.T) {
	rotating := strings.Replace(cookieVisit, "+2s GET /api/b\n< 200 {", "+2s GET /api/b\n< 200\n< Set-Cookie: sid=@sid2; HttpOnly\n< {", 1) + "+2s GET /api/c\n< 200 {\"x\":1}\n"
	renamed := strings.Replace(cookieVisit, "< 200 <form", "< 200\n< Set-Cookie: pre=@pre\n< <form", 1)
	keyed := strings.ReplaceAll(bearerVisit, "> Authorization: Bearer @access\n", "> Authorization: Bearer @access\n> X-Client-Token: @@key\n")
	keyed = strings.ReplaceAll(keyed, "> Authorization: Bearer @access2\n", "> Authorization: Bearer @access2\n> X-Client-Token: @@key\n") +
		strings.Repeat("+1s GET /api/c\n> Authorization: Bearer @access2\n> X-Client-Token: @@key\n< 200 {\"x\":1}\n", 4)
	device := strings.Replace(renamed, "@pre", "@@pre", 1)
	leaving := cookieVisit + "+2s POST /logout\n< 302\n< Location: /login\n+100ms GET /login\n< 200 <form></form>\n"
	for _, c := range []struct {
		name  string
		talks []talk
		want  string
	}{
		{"two people behind one address at once", []talk{{"ann", "nat", 1, 0, cookieVisit}, {"bob", "nat", 2, time.Second, cookieVisit}},
			"ann: /login /login /api/a /api/b\nbob: /login /login /api/a /api/b"},
		{"two people over one connection of a gateway", []talk{{"ann", "gw", 7, 0, bearerVisit}, {"bob", "gw", 7, time.Second, bearerVisit}},
			"ann: /auth/login /api/a /auth/refresh /api/b\nbob: /auth/login /api/a /auth/refresh /api/b"},
		{"the cookie is renewed", []talk{{"ann", "c", 1, 0, rotating}, {"bob", "c", 2, time.Second, rotating}},
			"ann: /login /login /api/a /api/b /api/c\nbob: /login /login /api/a /api/b /api/c"},
		{"the cookie is renamed at the log-in", []talk{{"ann", "c", 0, 0, renamed}, {"bob", "c", 0, time.Second, renamed}},
			"ann: /login /login /api/a /api/b\nbob: /login /login /api/a /api/b"},
		{"a key that all clients have says nothing", []talk{{"ann", "a", 1, 0, keyed}, {"bob", "b", 2, 500 * time.Millisecond, keyed}},
			"ann: /auth/login /api/a /auth/refresh /api/b /api/c /api/c /api/c /api/c\nbob: /auth/login /api/a /auth/refresh /api/b /api/c /api/c /api/c /api/c"},
		{"one browser, two people, one after the other", []talk{{"ann", "c", 1, 0, leaving}, {"bob", "c", 1, time.Minute, leaving}},
			"ann: /login /login /api/a /api/b /logout /login\nbob: /login /login /api/a /api/b /logout /login"},
		{"somebody else logs in without a log-out", []talk{{"ann", "c", 1, 0, device}, {"bob", "c", 1, time.Minute, device}},
			"ann: /login /login /api/a /api/b\nbob: /login /login /api/a /api/b"},
		{"silence", []talk{{"ann", "c", 1, 0, cookieVisit + "+31m GET /api/late\n< 200 {\"x\":1}\n"}},
			"ann: /login /login /api/a /api/b\n-: /api/late"},
		{"the page before the log-in came over another connection", []talk{{"ann", "a", 0, 0, cookieVisit}, {"bob", "b", 0, time.Second, cookieVisit}},
			"ann: /login /login /api/a /api/b\nbob: /login /login /api/a /api/b"},
		{"a slow redirect after the log-out", []talk{{"ann", "c", 1, 0, strings.Replace(leaving, "+100ms", "+5s", 1)}},
			"ann: /login /login /api/a /api/b /logout /login"},
		{"somebody looks on after the log-out", []talk{{"ann", "c", 1, 0, leaving + "+5s GET /public\n< 200\n"}},
			"ann: /login /login /api/a /api/b /logout /login\n-: /public"},
		{"nobody logs in", []talk{{"ann", "a", 1, 0, "GET /x\n< 200\nGET /y\n< 200\n"}, {"bob", "b", 2, 0, "GET /z\n< 200\n"}},
			"-: /x /y\n-: /z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := say(session.Group(events(t, c.talks...), session.Options{})); got != c.want {
				t.Errorf("got\n%s\nnot\n%s", got, c.want)
			}
		})
	}
}

// Whatever happens at once, every event is in exactly one session, and in order.
func TestGroupKeepsEverything(t *testing.T) {
	texts := []string{cookieVisit, bearerVisit, "GET /x\n< 200\n", cookieVisit + "POST /logout\n< 204\n"}
	rapid.Check(t, func(rt *rapid.T) {
		var talks []talk
		for i := range rapid.IntRange(1, 6).Draw(rt, "people") {
			talks = append(talks, talk{
				user: fmt.Sprint("user", rapid.IntRange(0, 4).Draw(rt, "user")), client: fmt.Sprint("c", rapid.IntRange(0, 2).Draw(rt, "client")),
				conn: uint64(rapid.IntRange(0, 3).Draw(rt, "conn")), at: time.Duration(rapid.IntRange(0, 90).Draw(rt, "at")) * time.Minute / 2,
				text: texts[(i+rapid.IntRange(0, 3).Draw(rt, "text"))%len(texts)],
			})
		}
		all := events(t, talks...)
		want := say(session.Group(all, session.Options{}))
		seen := map[*session.Event]int{}
		shuffled := slices.Clone(all)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		sessions := session.Group(shuffled, session.Options{})
		for _, s := range sessions {
			for i, e := range s.Events {
				seen[e]++
				if i > 0 && e.Start().Before(s.Events[i-1].Start()) {
					rt.Fatal("a session is out of order")
				}
			}
			if s.Login >= 0 && s.Account == "" {
				rt.Fatal("a log-in without an account")
			}
		}
		for _, e := range all {
			if seen[e] != 1 {
				rt.Fatalf("%s is in %d sessions", e.X.Request.Target, seen[e])
			}
		}
		if got := say(sessions); got != want {
			rt.Fatalf("the order of events matters:\n%s\nand\n%s", got, want)
		}
	})
}

func TestLoginOf(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   bool
		why  string
	}{
		{"POST /login\n> {\"email\":\"$login\",\"password\":\"$password\"}\n< 200\n< Set-Cookie: sid=@s\n", true, "a cookie"},
		{"POST /login\n> {\"email\":\"$login\",\"password\":\"$password\"}\n< 200 {\"token\":\"@t\"}\n", true, "a token"},
		{"POST /login\n> email=$login&password=$password\n< 302\n< Location: /home\n", true, "sent on"},
		{"POST /login\n> email=$login&password=$password\n< 302\n< Location: /login\n", false, "sent back"},
		{"POST /login\n> email=$login&password=$password\n< 200\n< Set-Cookie: flash=@f\n< <input type=\"password\" name=\"password\">\n", false, "asked again"},
		{"POST /login\n> {\"email\":\"$login\",\"password\":\"$password\"}\n< 401\n< Set-Cookie: sid=@s\n", false, "refused"},
		{"POST /login\n> {\"email\":\"$login\",\"password\":\"$password\"}\n< 200\n< Set-Cookie: sid=; Max-Age=0\n", false, "the cookie is deleted"},
		{"POST /signup\n> {\"email\":\"$login\",\"password\":\"$password\",\"password_confirmation\":\"$password\"}\n< 200 {\"token\":\"@t\"}\n", true, "the confirmation has another name"},
		{"POST /change\n> {\"old\":{\"password\":\"$password\"},\"new\":{\"password\":\"@p\"}}\n< 200 {\"token\":\"@t\"}\n", false, "two passwords"},
		{"GET /login?password=x\n< 200 {\"token\":\"@t\"}\n", false, "a GET"},
	} {
		l, ok := session.LoginOf(events(t, talk{"ann", "c", 1, 0, c.text})[0])
		if ok != c.ok {
			t.Errorf("%q: %v (%s)", c.text, ok, c.why)
		}
		if ok && (l.LoginText != convtest.Login("ann") || l.Password != convtest.Token("ann", "password")) {
			t.Errorf("%q: %+v", c.text, l)
		}
	}
}

func TestPersona(t *testing.T) {
	for _, c := range []struct{ text, persona, why string }{
		{"login\n", "teacher", "role: teacher in POST /login"},
		{"POST /login\n> {\"email\":\"$login\",\"password\":\"$password\"}\n< 200 {\"token\":\"@t\",\"token_type\":\"bearer\"}\nGET /api/me\n> Authorization: Bearer @t\n< 200 {\"user\":{\"roles\":[\"student\"],\"type\":\"User\"}}\n", "student", "roles: student in GET /api/me"},
		{"POST /login\n> {\"email\":\"$login\",\"password\":\"$password\"}\n< 200 {\"token\":\"@t\",\"items\":[{\"type\":\"quiz\"}]}\n", "user", "logged in; no answer says a role"},
		{"POST /login\n> {\"username\":\"teacher7\",\"password\":\"$password\"}\n< 200 {\"token\":\"@t\"}\n", "teacher", "the log-in's name begins with it"},
		{"POST /login\n> {\"email\":\"$login\",\"password\":\"$password\"}\n< 200 {\"token\":\"@t\"}\nGET /admin/things\n< 200\n", "admin", "requests GET /admin/things"},
		{"POST /login\n> {\"email\":\"$login\",\"password\":\"$password\"}\n< 200 {\"token\":\"@t\"}\nGET /me\n< 200 <body data-role=\"parent\"><input type=\"text\"><button role=\"tab\">x</button></body>\n", "parent", "data-role: parent in GET /me"},
		{"GET /x\n< 200 {\"role\":\"guest\"}\n", "anonymous", "never logged in"},
		{"POST /login\n> {\"email\":\"$login\",\"password\":\"$password\"}\n< 403 {\"role\":\"teacher\"}\n", "anonymous", "never logged in"},
	} {
		s := session.Group(events(t, talk{"ann", "c", 1, 0, c.text}), session.Options{})[0]
		if s.Persona != c.persona || s.PersonaWhy != c.why {
			t.Errorf("%q: %s (%s), not %s (%s)", c.text, s.Persona, s.PersonaWhy, c.persona, c.why)
		}
	}
}

func TestIsLogout(t *testing.T) {
	for _, c := range []struct {
		method, target string
		status         int
		want           bool
	}{
		{"POST", "/logout", 302, true}, {"GET", "/api/auth/sign_out?x=1", 200, true}, {"DELETE", "/api/session", 204, true}, {"DELETE", "/api/sessions/17", 204, false},
		{"POST", "/api/session", 201, false}, {"POST", "/logout", 403, false}, {"GET", "/logouts", 200, false},
	} {
		e := &session.Event{X: &exchange.Exchange{Request: exchange.Request{Method: c.method, Target: c.target}, Response: &exchange.Response{Status: c.status}}}
		if got := session.IsLogout(e); got != c.want {
			t.Errorf("%s %s %d: %v", c.method, c.target, c.status, got)
		}
	}
}

func TestLabels(t *testing.T) {
	all := events(t, talk{"ann", "c", 1, 0, cookieVisit})
	all[1].X.Labels = []string{"a"}
	all[2].X.Labels = []string{"a", "b"}
	s := session.Group(all, session.Options{})[0]
	if got := fmt.Sprint(s.Labels()); got != "[a b]" {
		t.Error(got)
	}
	if s.End().Sub(s.Start()) != 6*time.Second+4*convtest.Took {
		t.Error(s.End().Sub(s.Start()))
	}
}
