package app_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"firedrill/examples/school/app"
	"firedrill/examples/school/fault"
	"firedrill/examples/school/store"
	"firedrill/examples/school/writer"
)

var aText = map[string]string{"kind": writer.Quiz, "topic": "tides"}

// listener reads a stream as it comes.
type listener struct {
	t     *testing.T
	res   *http.Response
	lines *bufio.Scanner
	leave context.CancelFunc
}

// listen asks for a text and returns when the header of the answer is here.
func (c *client) listen(t *testing.T) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v1/ai/generate", strings.NewReader(`{"kind":"quiz","topic":"tides"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", c.csrf)
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		t.Fatalf("no stream: %d", res.StatusCode)
	}
	return &listener{t, res, bufio.NewScanner(res.Body), cancel}
}

// next event; "" at the end of the stream.
func (l *listener) next() string {
	var b strings.Builder
	for l.lines.Scan() {
		if l.lines.Text() == "" {
			return b.String()
		}
		b.WriteString(l.lines.Text() + "\n")
	}
	return ""
}

// school starts one whose records of generated texts arrive in a channel.
func aiSchool(t *testing.T, change func(*app.Options)) (*app.School, chan app.Access) {
	ended := make(chan app.Access, 100)
	return start(t, func(o *app.Options) {
		o.OnAccess = func(a app.Access) {
			if a.Alias == "ai" {
				ended <- a
			}
		}
		change(o)
	}), ended
}

// TestEachEventArrives: a stream stands still in its middle for an hour, and all that was sent before is here. Nothing
// else waits for it: no lock is held, no worker, no connection to the database.
func TestEachEventArrives(t *testing.T) {
	s, ended := aiSchool(t, func(o *app.Options) {
		o.AITime, o.AIConcurrent, o.Faults = 20*time.Millisecond, 1, fault.Config{GapFor: time.Hour, GapEvery: 1, Capacity: 1}
	})
	teacher, rival := login(t, s, "teacher1"), login(t, s, "teacher2")
	script, _ := writer.New(7, 20*time.Millisecond).Write(writer.Quiz, "tides", 45)
	l := teacher.listen(t)
	first := l.next()
	if !strings.HasPrefix(first, "event: start\ndata: {") {
		t.Fatalf("the first event is %q", first)
	}
	id := strings.Split(first, `"`)[3]
	half, text := len(script.Pieces)/2, ""
	for i := range half {
		e := l.next()
		if !strings.HasPrefix(e, "event: delta\ndata: {") {
			t.Fatalf("event %d is %q", i, e)
		}
		text += script.Pieces[i].Text
	}
	select {
	case a := <-ended:
		t.Fatalf("the stream has ended: %+v", a)
	default:
	}
	if g := get[store.Generation](teacher.get("/api/v1/ai/generations/" + id)); g.Status != store.GenerationRunning || g.Text != "" {
		t.Errorf("meanwhile it is %+v", g)
	}
	if a := teacher.post("/api/v1/ai/generations/"+id+"/save", map[string]int64{"unit_plan_id": 1}); a.status != 409 || a.code() != "unfinished" {
		t.Errorf("saving half a text: %d %s", a.status, a.body)
	}
	a := rival.post("/api/v1/ai/generate", aText)
	wait, err := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != 429 || a.code() != "rate_limited_concurrent" || err != nil || wait < 3000 || wait > 3601 || a.queries() != 1 {
		t.Errorf("a second text: %d %s, Retry-After %q", a.status, a.body, a.header.Get("Retry-After"))
	}
	<-ended
	l.leave()
	if a := <-ended; a.Status != 200 || a.Code != "client_gone" || a.BytesOut < 1000 || a.Queries != 3 {
		t.Errorf("who left is recorded as %+v", a)
	}
	rival.listen(t).leave() // the place was given back
	<-ended
	if g := get[store.Generation](teacher.get("/api/v1/ai/generations/" + id)); g.Status != store.GenerationBroken || g.Text != text {
		t.Errorf("kept is %+v, sent was %q", g, text)
	}
}

func TestTextsPerMinute(t *testing.T) {
	s, _ := aiSchool(t, func(o *app.Options) { o.AITime, o.AIPerMinute = time.Millisecond, 2 })
	c, rival := login(t, s, "teacher1"), login(t, s, "teacher2")
	for range 2 {
		if a := c.post("/api/v1/ai/generate", aText); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	a := c.post("/api/v1/ai/generate", aText)
	wait, err := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != 429 || a.code() != "rate_limited_per_minute" || err != nil || wait < 1 || wait > 60 || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("the third: %d %s, Retry-After %q", a.status, a.body, a.header.Get("Retry-After"))
	}
	if a := rival.post("/api/v1/ai/generate", aText); a.status != 200 {
		t.Errorf("somebody else: %d %s", a.status, a.body)
	}
}

func TestStreamsThatPause(t *testing.T) {
	s, ended := aiSchool(t, func(o *app.Options) {
		o.AITime, o.AIPerMinute, o.Faults = time.Millisecond, 100, fault.Config{GapFor: 200 * time.Millisecond, GapEvery: 2}
	})
	c := login(t, s, "teacher1")
	quickest := time.Hour // a busy machine may delay one, not all
	for i := range 10 {
		if got := parse(t, c.post("/api/v1/ai/generate", aText).body); got.finish != "stop" {
			t.Errorf("text %d: %+v", i+1, got)
		}
		a := <-ended
		if i%2 == 0 {
			quickest = min(quickest, a.Duration)
		} else if a.Duration < 200*time.Millisecond {
			t.Errorf("text %d took %v", i+1, a.Duration)
		}
	}
	if quickest >= 200*time.Millisecond {
		t.Errorf("all pause, also those that should not: %v", quickest)
	}
}

func TestStreamsThatBreakOff(t *testing.T) {
	s, ended := aiSchool(t, func(o *app.Options) {
		o.AITime, o.AIPerMinute, o.Faults = time.Millisecond, 1000, fault.Config{Cut: 0.3}
	})
	c := login(t, s, "teacher1")
	broken := 0
	for range 100 {
		l := c.listen(t)
		var last string
		for e := l.next(); e != ""; e = l.next() {
			last = e
		}
		a := <-ended
		_, err := io.Copy(io.Discard, l.res.Body)
		switch {
		case errors.Is(l.lines.Err(), io.ErrUnexpectedEOF) && a.Code == "injected" && strings.HasPrefix(last, "event: delta"):
			broken++
		case l.lines.Err() == nil && err == nil && a.Code == "" && strings.HasPrefix(last, "event: done"):
		default:
			t.Fatalf("a stream ended with %q, %v, recorded as %+v", last, l.lines.Err(), a)
		}
	}
	if broken < 10 || broken > 50 { // 30 ± 4.4 σ
		t.Errorf("%d of 100 broke off at 30 %%", broken)
	}
}

// TestWritingMadeWorse: the faults that all routes have.
func TestWritingMadeWorse(t *testing.T) {
	s, ended := aiSchool(t, func(o *app.Options) {
		o.AITime = time.Millisecond
		o.Faults = fault.Config{Slow: map[string]time.Duration{"ai": 150 * time.Millisecond}, ErrorRate: map[string]float64{"upload": 1}}
	})
	c := login(t, s, "teacher1")
	if a := c.post("/api/v1/ai/generate", aText); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := <-ended; a.Duration < 150*time.Millisecond || a.BytesOut < 1000 || a.Route != "POST /api/v1/ai/generate" {
		t.Errorf("%+v", a)
	}
	if a := c.upload("unit_plan", "", "a", []byte("x")); a.status != 500 || a.code() != "injected" {
		t.Errorf("an upload that is to fail: %d %s", a.status, a.body)
	}
}
