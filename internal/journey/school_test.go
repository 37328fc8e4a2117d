package journey_test

import (
	"bytes"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firedrill/examples/people"
	"firedrill/examples/school/app"
	"firedrill/internal/exchange"
	"firedrill/internal/journey"
	"firedrill/internal/journey/convtest"
	"firedrill/internal/message"
	"firedrill/internal/plan"
	"firedrill/internal/redact"
)

// tape is a proxy that keeps what passes, redacted as a recorder does.
type tape struct {
	t        *testing.T
	to       string
	redactor *redact.Redactor
	mu       sync.Mutex
	kept     []*exchange.Exchange
	conns    map[string]uint64
	server   *httptest.Server
}

func newTape(t *testing.T, to string) *tape {
	p := &tape{t: t, to: to, redactor: redact.New([]byte("0123456789abcdef0123456789abcdef"), redact.Default()), conns: map[string]uint64{}}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	return p
}

func (p *tape) URL() string { return p.server.URL }

func (p *tape) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Error(err)
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, p.to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return
	}
	out.Header = r.Header.Clone()
	for _, name := range []string{"Origin", "Referer"} {
		if v := out.Header.Get(name); v != "" {
			out.Header.Set(name, strings.Replace(v, p.server.URL, p.to, 1))
		}
	}
	out.Header.Set("Accept-Encoding", "identity")
	answer, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		p.t.Error(err)
		return
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[r.RemoteAddr] == 0 {
		p.conns[r.RemoteAddr] = uint64(len(p.conns) + 1)
	}
	x := &exchange.Exchange{
		Seq: uint64(len(p.kept) + 1), Start: start, Client: "c0", Conn: p.conns[r.RemoteAddr],
		Request:  exchange.Request{Method: r.Method, Scheme: "http", Host: strings.TrimPrefix(p.to, "http://"), Target: r.URL.RequestURI(), Proto: "HTTP/1.1", Header: fields(out.Header), Body: exchange.Body{Data: body, Size: int64(len(body)), Decoded: int64(len(body))}},
		Response: &exchange.Response{Status: answer.StatusCode, Proto: "HTTP/1.1", Header: fields(answer.Header), Body: exchange.Body{Data: text, Size: int64(len(text)), Decoded: int64(len(text))}},
		Timing:   exchange.Timing{End: time.Since(start)},
	}
	p.redactor.Exchange(x)
	p.kept = append(p.kept, x)
	for k, v := range answer.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(text)
}

func fields(h http.Header) []exchange.Field {
	var list []exchange.Field
	for k, vs := range h {
		for _, v := range vs {
			list = append(list, exchange.Field{Name: k, Value: v})
		}
	}
	return list
}

func (p *tape) exchanges() iter.Seq2[*exchange.Exchange, error] {
	return func(yield func(*exchange.Exchange, error) bool) {
		for _, x := range p.kept {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// record lets people use a school through a tape.
func record(t *testing.T, auth string, ttl time.Duration) (*app.School, *tape) {
	t.Helper()
	school, err := app.Start(t.Context(), app.Options{Teachers: 6, Students: 60, Auth: auth, AccessTTL: ttl})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { school.Close() })
	rec := newTape(t, school.URL())
	ctx := t.Context()
	for i, do := range []struct {
		who string
		f   func(p *people.Person) error
	}{
		{"teacher1", func(p *people.Person) error { return p.Browse(ctx) }},
		{"teacher2", func(p *people.Person) error { return p.Browse(ctx) }},
		{"teacher3", func(p *people.Person) error { return p.Grade(ctx, 3) }},
		{"teacher4", func(p *people.Person) error { return p.Grade(ctx, 5) }},
		{"student1", func(p *people.Person) error { return p.TakeQuiz(ctx) }},
		{"student2", func(p *people.Person) error { return p.TakeQuiz(ctx) }},
		{"student3", func(p *people.Person) error { return p.HandIn(ctx) }},
	} {
		p := people.New(rec.URL(), do.who+"@test.local", uint64(i))
		if err := p.LogIn(ctx); err != nil {
			t.Fatal(err)
		}
		if err := do.f(p); err != nil {
			t.Fatal(err)
		}
		p.Close()
	}
	return school, rec
}

var identifier = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9]{5,}\b|fd~[A-Za-z0-9_-]{22}|[A-Za-z0-9_-]{20,}`)

// Sessions at the school, planned without any rule, are walked at the school with
// other accounts: every answer is as expected, and no identifier, secret or
// address of those who were recorded is sent.
func TestSchool(t *testing.T) {
	for _, auth := range []string{app.AuthSession, app.AuthJWT} {
		t.Run(auth, func(t *testing.T) {
			school, rec := record(t, auth, 0)
			p, err := journey.Build(rec.exchanges(), journey.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Journeys) != 4 || p.Recording.Sessions != 7 {
				t.Errorf("%d journeys of %d sessions, not 4 of 7", len(p.Journeys), p.Recording.Sessions)
			}
			if len(p.Warnings) > 0 {
				t.Errorf("warnings: %v", p.Warnings)
			}
			theirs := rec.particulars()
			for i := range p.Journeys {
				j := &p.Journeys[i]
				t.Run(j.Name, func(t *testing.T) {
					w := &walker{plan: p, journey: j, login: j.Persona + "6@test.local", passwd: "password"}
					w.turns = func(l plan.Loop) int { return min(20, l.Times[len(l.Times)-1]+2) }
					sent, given := 0, "" // what the school told this user
					w.send = func(i, turn int, m message.Message) (message.Message, error) {
						sent++
						for _, v := range identifier.FindAllString(m.Target+" "+string(m.Body)+" "+fieldText(m.Header), -1) {
							if theirs[v] && !strings.Contains(given, v) {
								t.Errorf("step %d sends %q, which was recorded: %s %s", i+1, v, m.Method, m.Target)
							}
						}
						answer, err := deliver(t, school.URL(), m)
						given += string(answer.Body) + fieldText(answer.Header)
						return answer, err
					}
					if err := w.walk(); err != nil {
						t.Error(err)
					}
					if sent < len(j.Steps) {
						t.Errorf("%d requests of %d steps", sent, len(j.Steps))
					}
				})
			}
		})
	}
}

// particulars are the identifiers that only the recorded people's messages hold.
func (p *tape) particulars() map[string]bool {
	all := map[string]bool{}
	for _, x := range p.kept {
		for _, text := range []string{x.Request.Target, string(x.Request.Body.Data), fieldText(x.Request.Header)} {
			for _, v := range identifier.FindAllString(text, -1) {
				all[v] = true
			}
		}
	}
	return all
}

func fieldText(fields []exchange.Field) string {
	var b strings.Builder
	for _, f := range fields {
		if f.Name == "User-Agent" || f.Name == "Accept" || f.Name == "Origin" || f.Name == "Referer" {
			continue
		}
		b.WriteString(f.Value)
		b.WriteByte('\n')
	}
	return b.String()
}

// deliver sends a message for real.
func deliver(t *testing.T, to string, m message.Message) (message.Message, error) {
	r, err := http.NewRequestWithContext(t.Context(), m.Method, to+m.Target, bytes.NewReader(m.Body))
	if err != nil {
		return message.Message{}, err
	}
	for _, f := range m.Header {
		r.Header.Add(f.Name, f.Value)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return message.Message{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return message.Message{Status: answer.StatusCode, Header: fields(answer.Header), Body: text}, err
}

func TestSchoolLinks(t *testing.T) {
	want := map[string][]string{
		app.AuthSession: {
			"s05 path[3] ← pick submission .id", "s05 header.X-Csrf-Token ← answer s02 json.csrf_token",
			"s04 path[3] ← pick course .id", "loop s05-s05 3 5", "pick submission from s04 json.submissions next where .status == submitted unused",
			"pick question from s05 json.questions next", "pick option from question .options any", "loop s06-s06 20 20",
			"s06 json.question_id ← pick question .id", "s06 json.option_id ← pick option .id", "s06 path[3] ← answer s05 json.id",
		},
		app.AuthJWT: {"s05 header.Authorization|auth ← answer s01 json.access_token", "s05 path[3] ← pick submission .id", "s06 path[3] ← answer s05 json.id"},
	}
	for auth, facts := range want {
		_, rec := record(t, auth, 0)
		p, err := journey.Build(rec.exchanges(), journey.Options{})
		if err != nil {
			t.Fatal(err)
		}
		found := convtest.Say(p)
		for _, f := range facts {
			if !slices.ContainsFunc(found, func(g string) bool { return g == f || strings.HasSuffix(g, ": "+f) }) {
				t.Errorf("%s: not found: %s", auth, f)
			}
		}
		if t.Failed() {
			t.Log(strings.Join(found, "\n"))
		}
	}
}
