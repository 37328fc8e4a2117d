package app_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firedrill/examples/school/app"
	"firedrill/examples/school/pgtest"
	"firedrill/examples/school/store"
)

// BenchmarkCrowd: 222 people at once, clients and school on one machine. 200 are students who log in with a new browser,
// look at their first page, a course and their notifications, and hand in work every fourth time; 20 are teachers who
// look at courses, a gradebook and units, search, and grade one submission; 2 are administrators who look at the overview
// and at people. An operation is one visit of each of them. req/s counts all requests; p95-ms and login-p95-ms are
// latencies in this crowd. Without pauses it shows what the school carries at most; with a pause of 1 to 5 s before each
// request it shows an opening day, in which all arrive within five seconds.
func BenchmarkCrowd(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) string{
		"SQLite":     func(b *testing.B) string { return "file:" + b.TempDir() + "/school.db" },
		"PostgreSQL": func(b *testing.B) string { return pgtest.Start(b) },
	} {
		b.Run(name, func(b *testing.B) {
			c := &crowd{s: start(b, func(o *app.Options) { o.DB, o.Teachers, o.Students, o.Fresh = open(b), 50, 500, true })}
			b.Run("without pauses", func(b *testing.B) { c.run(b, false) })
			b.Run("opening day", func(b *testing.B) { c.run(b, true) })
		})
	}
}

// crowd is a lot of people at one school.
type crowd struct {
	b      *testing.B
	s      *app.School
	pauses bool
	mu     sync.Mutex

	all, logins []time.Duration
}

func (c *crowd) run(b *testing.B, pauses bool) {
	c.b, c.pauses, c.all, c.logins = b, pauses, nil, nil
	visits := make([]func(), 222)
	for n := range visits {
		m := &member{crowd: c, r: rand.New(rand.NewPCG(1, uint64(n)))}
		switch {
		case n < 2:
			m.name, visits[n] = fmt.Sprint("admin", n+1), m.admin
		case n < 22:
			m.name, visits[n] = fmt.Sprint("teacher", n-1), m.teacher
		default:
			m.name, visits[n] = fmt.Sprint("student", n-21), m.student
		}
	}
	start := time.Now()
	for b.Loop() {
		var wg sync.WaitGroup
		for _, visit := range visits {
			wg.Go(visit)
		}
		wg.Wait()
	}
	b.ReportMetric(float64(len(c.all))/time.Since(start).Seconds(), "req/s")
	b.ReportMetric(p95(c.all), "p95-ms")
	b.ReportMetric(p95(c.logins), "login-p95-ms")
}

func p95(d []time.Duration) float64 {
	if len(d) == 0 {
		return math.NaN()
	}
	slices.Sort(d)
	return float64(d[len(d)*95/100].Microseconds()) / 1000
}

// member is one of the crowd.
type member struct {
	*crowd
	name string
	r    *rand.Rand
	c    *client
	n    int
}

func (m *member) ask(method, path string, body any) answer {
	if m.pauses {
		select {
		case <-time.After(time.Second + time.Duration(m.r.Int64N(4e9))):
		case <-m.b.Context().Done():
			return answer{t: m.b}
		}
	}
	begin := time.Now()
	a, err := m.c.try(method, path, body)
	took := time.Since(begin)
	if err != nil || a.status >= 400 && a.status != http.StatusConflict {
		m.b.Errorf("%s: %s %s: %d %v %.200s", m.name, method, path, a.status, err, a.body)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all = append(m.all, took); strings.HasSuffix(path, "/login") {
		m.logins = append(m.logins, took)
	}
	return a
}

func (m *member) arrive() {
	if m.c != nil {
		m.c.http.CloseIdleConnections()
	}
	m.c = visitor(m.b, m.s.URL())
	m.ask("POST", "/api/v1/auth/login", credentials(m.name))
	m.c.csrf = get[struct {
		CSRFToken string `json:"csrf_token"`
	}](m.ask("GET", "/api/v1/me", nil)).CSRFToken
	m.n++
}

func (m *member) student() {
	m.arrive()
	d := get[store.StudentDashboard](m.ask("GET", "/api/v1/dashboard", nil))
	m.ask("GET", "/api/v1/courses/"+itoa(d.Courses[m.r.IntN(len(d.Courses))].ID), nil)
	m.ask("GET", "/api/v1/notifications?unread=true", nil)
	if m.n%4 == 0 {
		w := d.Upcoming[m.r.IntN(len(d.Upcoming))].ID
		m.ask("GET", "/api/v1/assignments/"+itoa(w), nil)
		m.ask("POST", "/api/v1/assignments/"+itoa(w)+"/submissions", map[string]string{"content": "My work."})
	}
}

func (m *member) teacher() {
	if m.c == nil {
		m.arrive()
	}
	list := get[items[store.Course]](m.ask("GET", "/api/v1/courses", nil)).Items
	g := get[store.Gradebook](m.ask("GET", "/api/v1/courses/"+itoa(list[m.r.IntN(len(list))].ID)+"/gradebook", nil))
	m.ask("GET", "/api/v1/unit_plans", nil)
	m.ask("GET", "/api/v1/search?q=graphs", nil)
	if len(g.Submissions) > 0 && g.Submissions[0].Status == store.Submitted {
		m.ask("POST", "/api/v1/submissions/"+g.Submissions[0].ID+"/grade", map[string]any{"grade": 80, "feedback": "good"})
	}
}

func (m *member) admin() {
	if m.c == nil {
		m.arrive()
	}
	m.ask("GET", "/api/v1/analytics/overview", nil)
	m.ask("GET", fmt.Sprintf("/api/v1/users?page=%d", 1+m.r.IntN(20)), nil)
}

// BenchmarkReset is what a drill pays before it begins.
func BenchmarkReset(b *testing.B) {
	s := start(b, func(o *app.Options) { o.Teachers, o.Students = 50, 500 })
	for b.Loop() {
		if err := s.Reset(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
