package app_test

import (
	"fmt"
	"testing"

	"firedrill/examples/school/app"
	"firedrill/examples/school/pgtest"
	"firedrill/examples/school/store"
)

// Client, server and database share the machine: what one request costs from end to end.
func BenchmarkAPI(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { benchmarkAPI(b, "") })
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkAPI(b, pgtest.Start(b)) })
}

func benchmarkAPI(b *testing.B, db string) {
	s := start(b, func(o *app.Options) { o.DB, o.Teachers, o.Students, o.Fresh = db, 50, 500, true })
	c := login(b, s, "teacher1")
	course := firstCourse(c)
	admin, student := login(b, s, "admin1"), login(b, s, "student1")
	for _, v := range []struct {
		who  *client
		path string
	}{
		{c, "/api/v1/me"}, {c, "/api/v1/dashboard"}, {student, "/api/v1/dashboard"}, {c, "/api/v1/courses/" + itoa(course) + "/gradebook"},
		{c, "/api/v1/search?q=graphs"}, {student, "/api/v1/search?q=graphs"}, {admin, "/api/v1/search?q=le"}, {admin, "/api/v1/users"},
		{admin, "/api/v1/analytics/overview"}, {admin, "/api/v1/analytics/courses"}, {admin, "/api/v1/analytics/engagement?by=week"},
	} {
		b.Run("GET "+v.path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if a := v.who.get(v.path); a.status != 200 {
					b.Fatalf("%d %s", a.status, a.body)
				}
			}
		})
	}
	for _, size := range []int{10 << 10, 1 << 20, 10 << 20} {
		b.Run(fmt.Sprintf("POST upload of %d KiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(size))
			body, kind := form(b, "submission", "", "a", make([]byte, size))
			for b.Loop() {
				if a := student.post("/api/v1/uploads", body, "Content-Type", kind); a.status != 201 {
					b.Fatalf("%d %s", a.status, a.body)
				}
			}
		})
	}
	b.Run("POST grade", func(b *testing.B) {
		b.ReportAllocs()
		var todo []store.Entry
		teacher := 0
		for b.Loop() {
			for len(todo) == 0 { // the next teacher's work
				b.StopTimer()
				teacher++
				if teacher > 50 {
					s.Reset(b.Context())
					teacher = 1
				}
				c = login(b, s, fmt.Sprint("teacher", teacher))
				for _, v := range get[items[store.Course]](c.get("/api/v1/courses")).Items {
					todo = append(todo, gradebook(c, v.ID, "?status=submitted").Submissions...)
				}
				b.StartTimer()
			}
			if a := c.post("/api/v1/submissions/"+todo[0].ID+"/grade", map[string]any{"grade": 80, "feedback": "good"}); a.status != 200 {
				b.Fatalf("%d %s", a.status, a.body)
			}
			todo = todo[1:]
		}
	})
	b.Run("POST login", func(b *testing.B) {
		b.ReportAllocs()
		c := visitor(b, s.URL())
		for b.Loop() {
			if a := c.post("/api/v1/auth/login", credentials("teacher1")); a.status != 200 {
				b.Fatalf("%d %s", a.status, a.body)
			}
		}
	})
}
