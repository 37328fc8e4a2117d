package journey_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"firedrill/internal/exchange"
	"firedrill/internal/journey"
	"firedrill/internal/journey/convtest"
	"firedrill/internal/message"
	"firedrill/internal/plan"
)

var particular = regexp.MustCompile(`fd~[A-Za-z0-9_-]{22}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|u[0-9a-f]{10}@example\.test`)

// A plan made of some users' sessions and walked with another's answers sends
// nothing of theirs: every secret, identifier and address in a request is the
// walking user's own.
func TestNothingRecordedIsSent(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conv")
	if err != nil {
		t.Fatal(err)
	}
	walked := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := convtest.Parse(string(src))
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Users) < 2 || strings.Contains(string(src), "literal") || strings.Contains(string(src), "aaaaaaaaaa@example") {
			continue
		}
		walked++
		t.Run(strings.TrimSuffix(filepath.Base(file), ".conv"), func(t *testing.T) {
			last := c.Users[len(c.Users)-1]
			c.Users = c.Users[:len(c.Users)-1]
			theirs := c.Exchanges()
			p, err := journey.Build(convtest.Sequence(theirs), journey.Options{})
			if err != nil {
				t.Fatal(err)
			}
			recorded := map[string]bool{}
			for _, x := range theirs {
				for _, text := range texts(x) {
					for _, v := range particular.FindAllString(text, -1) {
						recorded[v] = true
					}
				}
			}
			walk(t, p, c, last, recorded)
		})
	}
	if walked < 25 {
		t.Errorf("only %d conversations were walked", walked)
	}
}

func texts(x *exchange.Exchange) []string {
	all := []string{x.Request.Target, string(x.Request.Body.Data), string(x.Response.Body.Data)}
	for _, f := range append(append([]exchange.Field(nil), x.Request.Header...), x.Response.Header...) {
		all = append(all, f.Value)
	}
	return all
}

// walk walks the first journey with one user's recorded answers.
func walk(t *testing.T, p *plan.Plan, c *convtest.Conversation, u convtest.User, recorded map[string]bool) {
	t.Helper()
	live := c.Session(u, convtest.Epoch, 99)
	for _, x := range live {
		for _, text := range texts(x) {
			for _, v := range particular.FindAllString(text, -1) {
				delete(recorded, v) // shared by all
			}
		}
	}
	for i := range p.Journeys {
		j := &p.Journeys[i]
		given := map[string]int{} // endpoint and query → answers used
		w := &walker{plan: p, journey: j, login: convtest.Login(u.Name), passwd: convtest.Token(u.Name, "password")}
		w.turns = func(l plan.Loop) int { return min(l.Times[0], 3) }
		w.send = func(i, _ int, m message.Message) (message.Message, error) {
			for _, v := range particular.FindAllString(m.Target+"\n"+string(m.Body)+fmt.Sprint(m.Header), -1) {
				if recorded[v] {
					t.Errorf("step %d sends %s, which is somebody else's: %s %s", i+1, v, m.Method, m.Target)
				}
			}
			if strings.Contains(fmt.Sprint(m.Header), "If-None-Match") {
				t.Errorf("step %d asks with somebody's cache", i+1)
			}
			return answerFor(live, p, j.Steps[i], given)
		}
		if err := w.walk(); err != nil {
			t.Errorf("journey %s: %v", j.Name, err)
		}
	}
}

// answerFor is the user's next recorded answer for a step.
func answerFor(live []*exchange.Exchange, p *plan.Plan, s plan.Step, given map[string]int) (message.Message, error) {
	n := 0
	var last *exchange.Exchange
	for _, x := range live {
		at := strings.IndexByte(s.Endpoint, ' ')
		path, query, _ := strings.Cut(x.Request.Target, "?")
		_, want, _ := strings.Cut(s.Request.Target, "?")
		if x.Request.Method != s.Endpoint[:at] || !plan.MatchEndpoint(pattern(s.Endpoint[at+1:]), path) || (query == "") != (want == "") {
			continue
		}
		last = x
		if n == given[s.ID] {
			break
		}
		n++
	}
	if last == nil {
		return message.Message{}, fmt.Errorf("no answer is recorded for %s", s.Endpoint)
	}
	given[s.ID]++
	return message.OfResponse(last.Response), nil
}

var parameter = regexp.MustCompile(`\{[^}]*\}(\.[a-z]+)?`)

func pattern(template string) string { return parameter.ReplaceAllString(template, "*") }
