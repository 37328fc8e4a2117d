package truth_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"firedrill/internal/load"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// entry is one request in the target's own log.
type entry struct {
	id       string // X-Request-Id
	path     string
	got      time.Time
	answered time.Time // just before the answer's first byte, or the connection's end, was sent
	dropped  bool
}

// target answers after times of its own choice, one after the other; every drop-th
// request gets no answer, and in a stall nobody gets one until it is over. Then the
// queue is worked off, one each millisecond.
type target struct {
	takes []time.Duration
	drop  int

	from, to time.Time  // of the stall
	queue    sync.Mutex // in the stall and after it: one at a time

	mu  sync.Mutex
	log []entry
	n   int
}

func (g *target) stall(at time.Time, length time.Duration) { g.from, g.to = at, at.Add(length) }

// hold waits as long as the stall has those wait who came during it.
func (g *target) hold(got time.Time) {
	if got.Before(g.from) || !got.Before(g.to) {
		return
	}
	time.Sleep(time.Until(g.to))
	g.queue.Lock()
	defer g.queue.Unlock()
	time.Sleep(ms)
}

func (g *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := entry{id: r.Header.Get("X-Request-Id"), path: r.URL.Path, got: time.Now()}
	g.mu.Lock()
	g.n++
	takes := g.takes[g.n%len(g.takes)]
	e.dropped = g.drop > 0 && g.n%g.drop == 0
	g.mu.Unlock()
	time.Sleep(takes)
	g.hold(e.got)
	if e.dropped {
		conn, _, err := http.NewResponseController(w).Hijack()
		e.answered = time.Now()
		g.note(e)
		if err == nil {
			_ = conn.Close()
		}
		return
	}
	w.Header().Set("Content-Length", "2")
	w.Header().Set("Content-Type", "application/json")
	e.answered = time.Now()
	g.note(e)
	_, _ = w.Write([]byte("{}"))
	_ = http.NewResponseController(w).Flush()
}

func (g *target) note(e entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = append(g.log, e)
}

// byID is the log by request: attempts of one request in their order.
func (g *target) byID() map[string][]entry {
	out := map[string][]entry{}
	for _, e := range g.log {
		out[e.id] = append(out[e.id], e)
	}
	return out
}

// measured is a sample with the request that it belongs to.
type measured struct {
	*sample.Sample
	id string
}

// book keeps the samples of a run, and who sent which request when.
type book struct {
	mu      sync.Mutex
	samples []*sample.Sample
	iters   []sample.Iteration
	drops   int
	sent    []sending
}

// sending is a request as the user's connection saw it.
type sending struct {
	user int
	at   time.Time
	id   string
}

func (b *book) Sample(s *sample.Sample) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.samples = append(b.samples, s)
}

func (b *book) Iteration(it sample.Iteration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.iters = append(b.iters, it)
}

func (b *book) Drop(d sample.Drop) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drops += int(d.Count)
}

func (b *book) Users(time.Duration, uint16, int) {}

// sender is a user's connections; it notes the id of each request.
type sender struct {
	wire.Doer
	user int
	book *book
}

func (s *sender) Do(ctx context.Context, req *wire.Request, res *wire.Response) error {
	err := s.Doer.Do(ctx, req, res)
	for _, f := range req.Header {
		if f.Name == "X-Request-Id" {
			s.book.mu.Lock()
			s.book.sent = append(s.book.sent, sending{s.user, res.Timing.Start, f.Value})
			s.book.mu.Unlock()
		}
	}
	return err
}

// paired are the samples with their requests' ids.
func (b *book) paired(t *testing.T, start time.Time) (out []measured) {
	t.Helper()
	type key struct {
		user int
		at   time.Duration
	}
	ids := map[key]string{}
	for _, x := range b.sent {
		ids[key{x.user, x.at.Sub(start)}] = x.id
	}
	for _, s := range b.samples {
		id, ok := ids[key{int(s.VU), s.Start}]
		if !ok {
			t.Fatalf("a sample that nobody sent: %+v", s)
		}
		out = append(out, measured{s, id})
	}
	return out
}

// drive runs a load of one persona against the target. stall is when, from the
// run's start on, and how long the target stalls.
func drive(t *testing.T, g *target, p plan.Plan, l scenario.Load, opt wire.Options, stallAt, stall time.Duration) (load.Outcome, *book) {
	t.Helper()
	server := httptest.NewUnstartedServer(g)
	if opt.TLS != nil {
		server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			g.hold(time.Now())
			return nil, nil
		}}
		server.StartTLS()
	} else {
		server.Start()
	}
	defer server.Close()
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.Origins = []plan.Origin{{Name: "api", URL: "http://school.example"}}
	prog, err := load.Compile(&p, &scenario.Scenario{Name: "truth", Personas: []scenario.Persona{{Name: "p", Login: scenario.LoginOnce, Load: l}}}, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &book{}
	g.stall(time.Now().Add(stallAt), stall)
	out, err := load.Run(t.Context(), t.Context(), prog, load.Config{
		Seed: 1, RunID: "r", Targets: map[string]*url.URL{"api": to}, Sink: b,
		NewDoer: func(user int) wire.Doer { return &sender{wire.New(&opt), user, b} },
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.End != load.EndCompleted {
		t.Fatalf("the run ended: %s %s", out.End, out.Detail)
	}
	return out, b
}

// get is a step that is sent when the answer of step after has come and a pause is over.
func get(path string, after int, pause time.Duration) plan.Step {
	return plan.Step{ID: path, Endpoint: "GET " + path, Category: plan.List, Class: plan.Read, After: after,
		Think: plan.Think{Quantiles: []time.Duration{pause}, N: 1}, Request: plan.Request{Method: "GET", Origin: "api", Target: path}}
}
