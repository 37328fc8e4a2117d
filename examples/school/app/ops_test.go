package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"firedrill/examples/school/app"
	"firedrill/examples/school/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	truth := &ledger{}
	s := start(t, func(o *app.Options) { o.AccessLog, o.OnAccess = &log, truth.add })
	c := login(t, s, "teacher1")
	c.get("/api/v1/notifications?unread=true", "X-Request-Id", "abc", "Traceparent", "00-a-b-01", "Origin", "http://o")
	c.post("/api/v1/submissions/nothing/grade", map[string]any{"grade": 1, "feedback": "x"}, "X-Request-Id", "not fit")
	if err := s.Close(); err != nil { // the log is written by nobody any more
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 4 || len(truth.list) != 4 {
		t.Fatalf("%d lines and %d records for 4 requests:\n%s", len(lines), len(truth.list), log.String())
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[2]), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"request_id": "abc", "traceparent": "00-a-b-01", "origin": "http://o", "method": "GET", "path": "/api/v1/notifications", "query": "unread=true",
		"route": "GET /api/v1/notifications", "alias": "notifications", "status": 200.0, "bytes_in": 0.0, "user": "teacher1@test.local", "persona": "teacher", "queries": 2.0,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(got["time"])); err != nil || time.Since(at) > time.Minute {
		t.Errorf("time %v", got["time"])
	}
	if ms, ok := got["duration_ms"].(float64); !ok || ms <= 0 || ms < got["db_ms"].(float64) {
		t.Errorf("duration %v, database %v", got["duration_ms"], got["db_ms"])
	}
	last := truth.list[3]
	if last.Route != "POST /api/v1/submissions/{id}/grade" || last.Status != 404 || last.Code != "not_found" || last.BytesIn != 26 || last.BytesOut == 0 {
		t.Errorf("%+v", last)
	}
	if last.RequestID == "not fit" || len(last.RequestID) != 32 {
		t.Errorf("request id %q", last.RequestID)
	}
	for _, secret := range []string{"password", c.csrf, "school_session"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
	if truth.list[0].User != "teacher1@test.local" || truth.list[0].Alias != "login" {
		t.Errorf("the log-in is recorded as %+v", truth.list[0])
	}
}

func TestQueryHeaders(t *testing.T) {
	a := visitor(t, start(t, nil).URL()).post("/api/v1/auth/login", credentials("teacher1"))
	var ms float64
	if _, err := fmt.Sscanf(a.header.Get("Server-Timing"), `db;dur=%f;desc="2 queries"`, &ms); err != nil || ms <= 0 || a.queries() != 2 {
		t.Errorf("Server-Timing %q, %d queries: %v", a.header.Get("Server-Timing"), a.queries(), err)
	}
	truth := &ledger{}
	s := start(t, func(o *app.Options) { o.NoQueryHeaders, o.OnAccess = true, truth.add })
	a = visitor(t, s.URL()).post("/api/v1/auth/login", credentials("teacher1"))
	if a.header.Get("Server-Timing") != "" || a.header.Get("X-DB-Query-Count") != "" || truth.last().Queries != 2 {
		t.Errorf("kept to oneself: %v, recorded %d", a.header, truth.last().Queries)
	}
}

// A client that has read its answer finds it recorded, however large the answer.
func TestRecordsComeBeforeAnswers(t *testing.T) {
	truth := &ledger{}
	s := start(t, func(o *app.Options) { o.OnAccess = truth.add })
	c := login(t, s, "teacher1")
	path := "/api/v1/courses/" + itoa(firstCourse(c)) + "/gradebook"
	for i := range 50 {
		id := fmt.Sprint("n", i)
		if c.get(path, "X-Request-Id", id); truth.last().RequestID != id {
			t.Fatalf("request %s was answered before it was recorded", id)
		}
	}
}

func TestGracefulEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun := make(chan struct{})
	s, err := app.Start(ctx, app.Options{
		Teachers: 1, Students: 1, Faults: fault.Config{Slow: map[string]time.Duration{"login-page": 300 * time.Millisecond}},
		Wrap: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(begun)
				h.ServeHTTP(w, r)
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := visitor(t, s.URL())
	got := make(chan answer, 1)
	go func() {
		a, err := c.try(http.MethodGet, "/login", nil)
		if err != nil {
			t.Error(err)
		}
		got <- a
	}()
	<-begun
	cancel()
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
	if a := <-got; a.status != http.StatusOK {
		t.Errorf("a request under way got %d", a.status)
	}
	if _, err := net.DialTimeout("tcp", strings.TrimPrefix(s.URL(), "http://"), time.Second); err == nil {
		t.Error("closed, and it listens")
	}
	if err := s.Close(); err != nil { // again is fine
		t.Error(err)
	}
}

func TestPortTaken(t *testing.T) {
	s := start(t, nil)
	if _, err := app.Start(t.Context(), app.Options{Listen: strings.TrimPrefix(s.URL(), "http://")}); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("two schools on one port: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	s := start(t, func(o *app.Options) {
		o.Web, o.Faults = "127.0.0.1:0", fault.Config{ErrorRate: map[string]float64{"grade": 0.05}, Capacity: 8}
	})
	text := s.Describe()
	for _, want := range []string{s.URL(), s.WebURL(), "teacher1", "teacher3", "student40", `"password"`, "grade fails in 5% of the requests", "at most 8 requests", "SQLite", "session"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}
