package journey_test

import (
	"errors"
	"testing"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/journey"
	"firedrill/internal/journey/convtest"
	"firedrill/internal/plan"
)

// Whatever was recorded becomes a plan that holds together: each part that it
// fills is in the recorded request, each reference leads somewhere.
func FuzzBuild(f *testing.F) {
	f.Add("/a/17?x=fd~WankD7Y0IYxbFrh8N6__lQ", `{"id":17}`, `[{"id":17,"v":null},{"id":18}]`, "application/json", "application/json", "X-Token: abc")
	f.Add("/x/quiz-17-q3", "a=1&a=2&b[c]=3", `<form action="/x"><input name="a" value="1"></form>`, "application/x-www-form-urlencoded", "text/html", "Cookie: a=b; a=c")
	f.Add("/y", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n", "data: {\"id\":1}\n\ndata: x\n\n", "multipart/form-data; boundary=b", "text/event-stream", "Referer: http://app.test/x/17")
	f.Add("http://[", "\"", "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MTd9.x", "", "", "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MTd9.x")
	f.Fuzz(func(t *testing.T, target, sent, answer, sentType, answerType, field string) {
		var all []*exchange.Exchange
		for i := range 6 {
			x := &exchange.Exchange{
				Seq: uint64(i + 1), Start: convtest.Epoch.Add(time.Duration(i) * time.Second), Client: []string{"a", "b"}[i/3], Conn: uint64(i/3 + 1), Timing: exchange.Timing{End: 100 * time.Millisecond},
				Request:  exchange.Request{Method: []string{"GET", "POST", "PUT"}[i%3], Scheme: "http", Host: "app.test", Target: target},
				Response: &exchange.Response{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: answerType}}, Body: exchange.Body{Data: []byte(answer)}},
			}
			x.Request.Header = []exchange.Field{{Name: "Content-Type", Value: sentType}, {Name: "X-Field", Value: field}}
			if i%3 > 0 {
				x.Request.Body.Data = []byte(sent)
			}
			all = append(all, x)
		}
		p, err := journey.Build(convtest.Sequence(all), journey.Options{})
		var empty *journey.EmptyError
		if errors.As(err, &empty) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := plan.Validate(p); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, j := range p.Journeys {
			n += j.Sessions
		}
		if n != p.Recording.Sessions {
			t.Fatalf("%d of %d sessions are in journeys", n, p.Recording.Sessions)
		}
	})
}
