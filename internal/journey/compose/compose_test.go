package compose_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/compose"
	"firedrill/internal/journey/session"
	"firedrill/internal/plan"
)

var epoch = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// walk is a session of requests to single-letter endpoints, a second apart.
func walk(persona, letters string) *session.Session {
	s := &session.Session{Persona: persona, Login: -1}
	for i, l := range letters {
		s.Events = append(s.Events, event(byte(l), epoch.Add(time.Duration(i)*time.Second), 100*time.Millisecond))
	}
	return s
}

func event(letter byte, start time.Time, took time.Duration) *session.Event {
	return &session.Event{Endpoint: int(letter - 'a'), X: &exchange.Exchange{
		Start: start, Timing: exchange.Timing{End: took},
		Request:  exchange.Request{Method: "GET", Scheme: "http", Host: "app.test", Target: "/" + string(letter)},
		Response: &exchange.Response{Status: 200},
	}}
}

var names = func() (list []string) {
	for l := 'a'; l <= 'z'; l++ {
		list = append(list, "GET /"+string(l))
	}
	return list
}()

// say writes a group down: its steps and loops.
func say(g *compose.Group) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s×%d ", g.Persona, len(g.Sessions))
	for _, list := range g.Steps {
		b.WriteString(list[0].Event.X.Request.Target[1:])
	}
	for _, l := range g.Loops {
		fmt.Fprintf(&b, " %d-%d%v", l.First, l.Last, l.Times)
	}
	return b.String()
}

func TestGroups(t *testing.T) {
	for _, c := range []struct {
		sessions []string // "persona letters"
		want     string
		why      string
	}{
		{[]string{"t abc"}, "t×1 abc", ""},
		{[]string{"t abc", "t abc", "s abc"}, "t×2 abc|s×1 abc", "by persona"},
		{[]string{"t abc", "t acb"}, "t×1 abc|t×1 acb", "another order is another way"},
		{[]string{"t abbbc", "t abbc"}, "t×2 abc 1-1[2 3]", "a repeated step"},
		{[]string{"t abcbcbcd", "t abcbcd"}, "t×2 abcd 1-2[2 3]", "a repeated block"},
		{[]string{"t abcbcd", "t abcd"}, "t×2 abcd 1-2[1 2]", "once is a loop too where others did it more often"},
		{[]string{"t abccbcccd"}, "t×1 abcd 1-2[2] 2-2[2 3]", "a loop in a loop"},
		{[]string{"t abcbccd"}, "t×1 abcd 1-2[2] 2-2[1 2]", "a loop in a loop with one turn"},
		{[]string{"t aab"}, "t×1 ab 0-0[2]", "at the beginning"},
		{[]string{"t abab"}, "t×1 ab 0-1[2]", "all of it"},
	} {
		var sessions []*session.Session
		for _, s := range c.sessions {
			persona, letters, _ := strings.Cut(s, " ")
			sessions = append(sessions, walk(persona, letters))
		}
		var got []string
		for _, g := range compose.Groups(sessions, names) {
			got = append(got, say(g))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%v: %s, not %s (%s)", c.sessions, strings.Join(got, "|"), c.want, c.why)
		}
	}
}

// Folding keeps every event once, in its step, with turns that count up.
func TestFoldingKeepsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sessions []*session.Session
		total := 0
		for range rapid.IntRange(1, 4).Draw(t, "sessions") {
			letters := rapid.StringMatching(`[abc]{1,30}`).Draw(t, "letters")
			total += len(letters)
			sessions = append(sessions, walk("t", letters))
		}
		seen := map[*session.Event]bool{}
		for _, g := range compose.Groups(sessions, names) {
			for step, list := range g.Steps {
				for _, o := range list {
					if seen[o.Event] {
						t.Fatal("an event is in two places")
					}
					seen[o.Event] = true
					if o.Event.Endpoint != list[0].Event.Endpoint {
						t.Fatalf("step %d holds %s and %s", step, o.Event.X.Request.Target, list[0].Event.X.Request.Target)
					}
					depth := 0
					for _, l := range g.Loops {
						if l.First <= step && step <= l.Last {
							if o.Turns[depth] >= l.Times[len(l.Times)-1] {
								t.Fatalf("turn %v of %v", o.Turns, l)
							}
							depth++
						}
					}
					if depth != len(o.Turns) {
						t.Fatalf("%d loops hold step %d, its turns are %v", depth, step, o.Turns)
					}
				}
			}
			for _, l := range g.Loops {
				if l.First > l.Last || l.Last >= len(g.Steps) || !slices.IsSorted(l.Times) || l.Times[len(l.Times)-1] < 2 {
					t.Fatalf("loop %v of %d steps", l, len(g.Steps))
				}
			}
			unfold(t, g)
		}
		if len(seen) != total {
			t.Fatalf("%d of %d events", len(seen), total)
		}
	})
}

// unfold checks that each session's events in order are in its steps.
func unfold(t *rapid.T, g *compose.Group) {
	for s, ses := range g.Sessions {
		at := map[int]string{}
		for _, list := range g.Steps {
			for _, o := range list {
				if o.Session == s {
					at[o.Order] = o.Event.X.Request.Target[1:]
				}
			}
		}
		for i, e := range ses.Events {
			if at[i] != e.X.Request.Target[1:] {
				t.Fatalf("event %d of session %d is %s, not %s", i, s, at[i], e.X.Request.Target)
			}
		}
	}
}

// What a page asks at once is put into one order, whichever answer came first.
func TestRacesHaveOneOrder(t *testing.T) {
	session1, session2 := &session.Session{Persona: "t", Login: -1}, &session.Session{Persona: "t", Login: -1}
	page := func(at time.Time) *session.Event {
		e := event('p', at, 50*time.Millisecond)
		e.X.Response.Header = []exchange.Field{{Name: "Content-Type", Value: "text/html"}}
		return e
	}
	add := func(s *session.Session, letters string, gap, took time.Duration) {
		s.Events = append(s.Events, page(epoch))
		for i, l := range letters {
			s.Events = append(s.Events, event(byte(l), epoch.Add(60*time.Millisecond+time.Duration(i)*gap), took))
		}
		s.Events = append(s.Events, event('z', epoch.Add(5*time.Second), took))
	}
	add(session1, "bac", time.Millisecond, 20*time.Millisecond) // overlapping
	add(session2, "cab", 30*time.Millisecond, time.Millisecond) // each after the other's end
	groups := compose.Groups([]*session.Session{session1, session2}, names)
	if len(groups) != 1 || say(groups[0]) != "t×2 pabcz" {
		t.Fatalf("%d groups, %s", len(groups), say(groups[0]))
	}
	for step := 1; step <= 3; step++ {
		for _, o := range groups[0].Steps[step] {
			if o.Awaited != 0 || o.Parallel != (step > 1) {
				t.Errorf("step %d of session %d waits for %d, parallel %v", step, o.Session, o.Awaited, o.Parallel)
			}
		}
	}
	for _, o := range groups[0].Steps[4] {
		if o.AwaitedX == nil || o.Parallel {
			t.Errorf("the click waits for %d, parallel %v", o.Awaited, o.Parallel)
		}
	}
}

// A request that needs the answer before it keeps its place.
func TestDependentRequestsKeepTheirOrder(t *testing.T) {
	s := &session.Session{Persona: "t", Login: -1}
	page := event('p', epoch, 50*time.Millisecond)
	page.X.Response.Header = []exchange.Field{{Name: "Content-Type", Value: "text/html"}}
	list := event('z', epoch.Add(60*time.Millisecond), time.Millisecond)
	list.X.Response.Body.Data = []byte(`{"id":"3bca33ba-865a-4f34-865d-f8e30b376ef7"}`)
	one := event('a', epoch.Add(70*time.Millisecond), time.Millisecond)
	one.X.Request.Target = "/a/3bca33ba-865a-4f34-865d-f8e30b376ef7"
	s.Events = []*session.Event{page, list, one}
	g := compose.Groups([]*session.Session{s}, names)[0]
	if g.Steps[1][0].Event != list || g.Steps[2][0].Event != one || g.Steps[2][0].Awaited != 1 {
		t.Error(say(g))
	}
}

func TestNames(t *testing.T) {
	groups := compose.Groups([]*session.Session{walk("t", "abc"), walk("t", "abd"), walk("t", "ab"), walk("s", "ab"), walk("t", "abcc"), walk("t", "ba")}, names)
	endpoints := make([]plan.Endpoint, 26)
	for i, n := range names {
		endpoints[i] = plan.Endpoint{Name: n, Template: n[4:], Class: plan.Read}
	}
	endpoints[2].Class, endpoints[0].Category = plan.Write, plan.Auth
	got := compose.Names(groups, endpoints)
	seen := map[string]bool{}
	for i, n := range got {
		if seen[n] {
			t.Errorf("two are called %q", n)
		}
		seen[n] = true
		if !strings.HasPrefix(n, groups[i].Persona+": ") {
			t.Errorf("%q is no name for a %s", n, groups[i].Persona)
		}
	}
	for _, want := range []string{"t: GET /c", "t: GET /d", "t: GET /b", "s: GET /b"} {
		if !seen[want] {
			t.Errorf("none is called %q: %v", want, got)
		}
	}
}

func TestLoginAndLogout(t *testing.T) {
	s := walk("t", "abcd")
	s.Login = 1
	s.Events[3].X.Request.Target = "/logout"
	g := compose.Groups([]*session.Session{s}, names)[0]
	if fmt.Sprint(g.Login, g.Logout) != "[0 1] [3]" {
		t.Error(g.Login, g.Logout)
	}
}

func BenchmarkGroups(b *testing.B) {
	var sessions []*session.Session
	for i := range 20 {
		sessions = append(sessions, walk("t", "ab"+strings.Repeat("cde", 50+i)+"fgh"+strings.Repeat("ij", 40)))
	}
	b.ReportAllocs()
	for b.Loop() {
		compose.Groups(sessions, names)
	}
}

func ExampleGroups() {
	g := compose.Groups([]*session.Session{walk("teacher", "abcbcbcd"), walk("teacher", "abcbcd")}, names)[0]
	fmt.Println(len(g.Sessions), "sessions,", len(g.Steps), "steps, loops", g.Loops)
	// Output: 2 sessions, 4 steps, loops [{1 2 [2 3]}]
}
