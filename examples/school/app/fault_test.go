package app_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"firedrill/examples/school/app"
	"firedrill/examples/school/fault"
	"firedrill/examples/school/store"
)

// Each fault is seen by a client, and in the school's own record.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults fault.Config
		see    func(*testing.T, *app.School, *ledger)
	}{
		{"n plus one", fault.Config{NPlusOne: []string{"gradebook", "courses", "users", "search", "analytics-courses"}}, seeNPlusOne},
		{"slow", fault.Config{Slow: map[string]time.Duration{"me": 150 * time.Millisecond}}, seeSlow},
		{"errors", fault.Config{ErrorRate: map[string]float64{"me": 0.3}}, seeErrors},
		{"stalls", fault.Config{StallEvery: 300 * time.Millisecond, StallFor: 150 * time.Millisecond}, seeStalls},
		{"capacity", fault.Config{Capacity: 2, Slow: map[string]time.Duration{"me": 100 * time.Millisecond}}, seeCapacity},
	} {
		t.Run(c.name, func(t *testing.T) {
			truth := &ledger{}
			c.see(t, start(t, func(o *app.Options) { o.Faults, o.OnAccess = c.faults, truth.add }), truth)
		})
	}
}

func seeNPlusOne(t *testing.T, s *app.School, truth *ledger) {
	c := visitor(t, s.URL())
	c.post("/api/v1/auth/login", credentials("teacher1"))
	course := firstCourse(c)
	if got, want := truth.last().Queries, 2+len(get[items[store.Course]](c.get("/api/v1/courses")).Items); got != want {
		t.Errorf("courses took %d queries, want %d", got, want)
	}
	for _, query := range []string{"", "?status=graded"} {
		a := c.get("/api/v1/courses/" + itoa(course) + "/gradebook" + query)
		rows := len(get[store.Gradebook](a).Submissions)
		if a.queries() != 5+rows || rows < 10 || truth.last().Queries != 5+rows {
			t.Errorf("%s: %d queries for %d rows", query, a.queries(), rows)
		}
	}
	healthy := start(t, nil)
	h := login(t, healthy, "teacher1")
	if string(h.get("/api/v1/courses/"+itoa(course)+"/gradebook").body) != string(c.get("/api/v1/courses/"+itoa(course)+"/gradebook").body) {
		t.Error("made badly, it says something else")
	}
	bad, good := login(t, s, "admin1"), login(t, healthy, "admin1")
	for path, rows := range map[string]func(answer) int{
		"/api/v1/users?page=2":                        func(a answer) int { return len(get[store.People](a).Items) },
		"/api/v1/users?role=admin":                    func(a answer) int { return len(get[store.People](a).Items) },
		"/api/v1/search?q=lesson":                     func(a answer) int { return len(get[store.Hits](a).Results) },
		"/api/v1/search?q=teacher&type=person":        func(a answer) int { return len(get[store.Hits](a).Results) },
		"/api/v1/analytics/courses":                   func(a answer) int { return len(get[items[store.CourseFigures]](a).Items) },
		"/api/v1/analytics/courses?subject=Chemistry": func(a answer) int { return len(get[items[store.CourseFigures]](a).Items) },
	} {
		a, h := bad.get(path), good.get(path)
		if n := rows(a); n == 0 || a.queries() != h.queries()+n || truth.last().Queries != a.queries() {
			t.Errorf("%s: %d queries for %d rows, %d when made well", path, a.queries(), n, h.queries())
		}
		if string(a.body) != string(h.body) {
			t.Errorf("%s: made badly, it says something else:\n%s\n%s", path, a.body, h.body)
		}
	}
}

func seeSlow(t *testing.T, s *app.School, truth *ledger) {
	c := login(t, s, "teacher1")
	if d := truth.last().Duration; d < 150*time.Millisecond {
		t.Errorf("me took %v", d)
	}
	quickest := time.Hour // a busy machine may delay one, not all
	for range 10 {
		c.get("/api/v1/courses")
		quickest = min(quickest, truth.last().Duration)
	}
	if quickest >= 150*time.Millisecond {
		t.Errorf("courses is not to be slow, but took %v", quickest)
	}
}

func seeErrors(t *testing.T, s *app.School, truth *ledger) {
	c := visitor(t, s.URL())
	c.post("/api/v1/auth/login", credentials("teacher1"))
	failed := 0
	for range 200 {
		a := c.get("/api/v1/me")
		if a.status == 500 && a.code() == "injected" && truth.last().Code == "injected" && a.queries() == 0 {
			failed++
		} else if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if failed < 30 || failed > 90 { // 60 ± 4.6 σ
		t.Errorf("%d of 200 failed at 30 %%", failed)
	}
	if a := c.get("/api/v1/courses"); a.status != 200 {
		t.Errorf("courses does not fail, but gave %d", a.status)
	}
}

func seeStalls(t *testing.T, s *app.School, truth *ledger) {
	c := visitor(t, s.URL())
	for begin := time.Now(); time.Since(begin) < 20*time.Second; {
		c.get("/login")
		if truth.last().Duration > 100*time.Millisecond {
			return
		}
	}
	t.Error("in twenty seconds nothing stood still")
}

func seeCapacity(t *testing.T, s *app.School, _ *ledger) {
	c := login(t, s, "teacher1")
	begin := time.Now()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if a, err := c.try("GET", "/api/v1/me", nil); err != nil || a.status != 200 {
				t.Errorf("%d %v", a.status, err)
			}
		})
	}
	wg.Wait()
	if d := time.Since(begin); d < 300*time.Millisecond {
		t.Errorf("six requests of 100 ms at two workers took %v", d)
	}
}

// Who leaves while waiting in line is recorded as gone, and gives the place back.
func TestClientsThatLeave(t *testing.T) {
	gone := make(chan app.Access, 10)
	s := start(t, func(o *app.Options) {
		o.Faults = fault.Config{Capacity: 1, Slow: map[string]time.Duration{"login-page": 300 * time.Millisecond}}
		o.OnAccess = func(a app.Access) {
			if a.Status == 499 {
				gone <- a
			}
		}
	})
	c := visitor(t, s.URL())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 2 { // one at work, one in line
		wg.Go(func() {
			req, err := newRequest(ctx, s.URL()+"/login")
			if err != nil {
				t.Error(err)
				return
			}
			if res, err := c.http.Do(req); err == nil {
				res.Body.Close()
				t.Error("it should have been too slow")
			}
		})
	}
	wg.Wait()
	for range 2 {
		select {
		case a := <-gone:
			if a.Code != "client_gone" {
				t.Errorf("%+v", a)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("those who left are not recorded")
		}
	}
	if a := c.get("/static/school.css"); a.status != 200 {
		t.Errorf("the place was not given back: %d", a.status)
	}
}

func TestOptionsThatCannotBeUsed(t *testing.T) {
	for _, c := range []struct {
		why string
		o   app.Options
		is  func(error) bool
	}{
		{"no address", app.Options{Listen: "4000"}, wraps(app.ErrOptions)},
		{"no origin", app.Options{Web: "127.0.0.1:0", AllowOrigins: []string{"example.org"}}, wraps(app.ErrOptions)},
		{"an origin has no path", app.Options{Web: "127.0.0.1:0", PublicAPI: "http://x/api"}, wraps(app.ErrOptions)},
		{"origins for one origin", app.Options{PublicAPI: "http://x"}, wraps(app.ErrOptions)},
		{"no such log-in", app.Options{Auth: "basic"}, wraps(app.ErrOptions)},
		{"too short a life", app.Options{AccessTTL: time.Millisecond}, wraps(app.ErrOptions)},
		{"fewer than none", app.Options{AttemptLimit: -1}, wraps(app.ErrOptions)},
		{"nothing is small enough", app.Options{UploadLimit: -1}, wraps(app.ErrOptions)},
		{"no time to write", app.Options{AITime: time.Nanosecond}, wraps(app.ErrOptions)},
		{"nobody writes", app.Options{AIPerMinute: -1}, wraps(app.ErrOptions)},
		{"nobody writes at once", app.Options{AIConcurrent: -1}, wraps(app.ErrOptions)},
		{"nobody", app.Options{Teachers: -1}, wraps(store.ErrSeed)},
		{"half a fault", app.Options{Faults: fault.Config{StallFor: 1}}, wraps(fault.ErrInvalid)},
		{"no such route", app.Options{Faults: fault.Config{Slow: map[string]time.Duration{"grades-book": 1}}}, func(err error) bool {
			var u *fault.UnknownRouteError
			return errors.As(err, &u) && slices.Contains(u.Known, "gradebook")
		}},
	} {
		s, err := app.Start(t.Context(), c.o)
		if !c.is(err) {
			t.Errorf("%s: %v", c.why, err)
		}
		if err == nil {
			s.Close()
		}
	}
	for _, want := range []string{"login", "me", "dashboard", "courses", "course", "gradebook", "grade", "quiz", "attempt", "answer", "submit-attempt", "submit", "notifications", "unit-plans", "assignment",
		"search", "upload", "file", "analytics", "analytics-courses", "analytics-engagement", "users", "user", "integrations", "integration", "integration-sync",
		"course-create", "enrol", "unenrol", "unit-create", "unit-update", "unit", "lesson", "lesson-create", "assignment-create", "notification-read",
		"ai", "generation", "generation-save"} {
		if !slices.Contains(app.Routes(), want) {
			t.Errorf("no route is called %s: %v", want, app.Routes())
		}
	}
}

func wraps(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}
