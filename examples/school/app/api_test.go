package app_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"firedrill/examples/school/app"
	"firedrill/examples/school/pgtest"
	"firedrill/examples/school/store"
)

// The whole API over real HTTP, and the log-in by tokens, on both databases.
func TestOnSQLite(t *testing.T) { onDatabase(t, "") }

func TestOnPostgreSQL(t *testing.T) { onDatabase(t, pgtest.Start(t)) }

func onDatabase(t *testing.T, db string) {
	t.Run("API", func(t *testing.T) { testAPI(t, db) })
	t.Run("JWT", func(t *testing.T) { testJWT(t, db) })
}

func testAPI(t *testing.T, db string) {
	truth := &ledger{}
	s := start(t, func(o *app.Options) {
		o.DB, o.OnAccess, o.AttemptLimit = db, truth.add, 3
		o.UploadLimit, o.AITime = 100<<10, 50*time.Millisecond
	})
	f := newFixture(t, s)
	t.Run("answers", func(t *testing.T) { f.answers(t, truth) })
	t.Run("grading", f.grading)
	t.Run("quiz", f.quiz)
	t.Run("handing in", f.handingIn)
	t.Run("more answers", func(t *testing.T) { f.moreAnswers(t, truth) })
	t.Run("units", f.units)
	t.Run("office", f.office)
	t.Run("files", f.files)
	t.Run("search", f.search)
	t.Run("analytics", f.analytics)
	t.Run("writing", f.writing)
	t.Run("query counts at once", f.countsAtOnce)
	t.Run("reset", f.reset)
}

// fixture is a school with people in it and things of theirs.
type fixture struct {
	s                        *app.School
	teacher, rival           *client
	student, stranger, admin *client
	course, quizID, work     int64 // of teacher and student
	foreign, foreignQuiz     int64 // of rival
	foreignWork, unit        int64
	waiting                  []store.Entry // of course
	bell, foreignBell        string
	handed                   string // submission of student
}

func newFixture(t *testing.T, s *app.School) *fixture {
	f := &fixture{s: s, teacher: login(t, s, "teacher1"), rival: login(t, s, "teacher2"), admin: login(t, s, "admin1")}
	f.course, f.foreign = firstCourse(f.teacher), firstCourse(f.rival)
	book := gradebook(f.teacher, f.course, "?status=submitted")
	f.waiting = book.Submissions
	// Two students of the course, of whom the first is not in the foreign one.
	outside := map[int64]bool{}
	for _, r := range gradebook(f.rival, f.foreign, "").Students {
		outside[r.ID] = true
	}
	for i := range 40 {
		c := login(t, s, "student"+itoa(int64(i+1)))
		me := get[store.User](c.get("/api/v1/me"))
		in := false
		for _, r := range book.Students {
			in = in || r.ID == me.ID
		}
		switch {
		case in && !outside[me.ID] && f.student == nil:
			f.student = c
		case in && f.stranger == nil:
			f.stranger = c
		}
	}
	if f.student == nil || f.stranger == nil {
		t.Fatal("the seed has no such students; choose another")
	}
	d := get[store.CourseDetail](f.teacher.get("/api/v1/courses/" + itoa(f.course)))
	f.quizID, f.work, f.unit = d.Quizzes[0].ID, d.Assignments[len(d.Assignments)-1].ID, d.UnitPlans[0].ID
	d = get[store.CourseDetail](f.rival.get("/api/v1/courses/" + itoa(f.foreign)))
	f.foreignQuiz, f.foreignWork = d.Quizzes[0].ID, d.Assignments[0].ID
	f.bell = get[items[store.Notification]](f.student.get("/api/v1/notifications")).Items[0].ID
	f.foreignBell = get[items[store.Notification]](f.teacher.get("/api/v1/notifications")).Items[0].ID
	f.handed = get[store.Submission](f.student.post("/api/v1/assignments/"+itoa(f.work)+"/submissions", map[string]string{"content": "first"})).ID
	return f
}

// answers: every status that the API has, its code, and how many queries it takes on either database.
func (f *fixture) answers(t *testing.T, truth *ledger) {
	nobody := visitor(t, f.s.URL())
	good := map[string]any{"grade": 80, "feedback": "good"}
	gradePath := func(i int) string { return "/api/v1/submissions/" + f.waiting[i].ID + "/grade" }
	courses, gradebooks := "/api/v1/courses/", "/api/v1/courses/"+itoa(f.course)+"/gradebook"
	bigFeedback := strings.Repeat("ü", 2001)
	f.check(t, truth, []row{
		{"", f.teacher, "GET", "/api/v1/me", nil, nil, 200, "", 1},
		{"", f.teacher, "GET", "/api/v1/dashboard", nil, nil, 200, "", 4},
		{"", f.student, "GET", "/api/v1/dashboard", nil, nil, 200, "", 6},
		{"", f.admin, "GET", "/api/v1/dashboard", nil, nil, 200, "", 3},
		{"", f.teacher, "GET", "/api/v1/courses", nil, nil, 200, "", 2},
		{"", f.admin, "GET", "/api/v1/courses?page=2&per_page=5", nil, nil, 200, "", 2},
		{"", f.teacher, "GET", courses + itoa(f.course), nil, nil, 200, "", 5},
		{"", f.student, "GET", courses + itoa(f.course), nil, nil, 200, "", 5},
		{"", f.admin, "GET", courses + itoa(f.course), nil, nil, 200, "", 5},
		{"", f.student, "GET", courses + itoa(f.course) + "/assignments", nil, nil, 200, "", 3},
		{"", f.teacher, "GET", gradebooks, nil, nil, 200, "", 5},
		{"a filter changes no count", f.teacher, "GET", gradebooks + "?status=graded", nil, nil, 200, "", 5},
		{"", f.teacher, "GET", "/api/v1/unit_plans", nil, nil, 200, "", 2},
		{"", f.teacher, "GET", "/api/v1/unit_plans?course_id=" + itoa(f.course), nil, nil, 200, "", 2},
		{"", f.teacher, "GET", "/api/v1/unit_plans/" + itoa(f.unit), nil, nil, 200, "", 5},
		{"", f.teacher, "GET", "/api/v1/notifications?unread=true", nil, nil, 200, "", 2},
		{"", f.student, "GET", "/api/v1/quizzes", nil, nil, 200, "", 2},
		{"", f.student, "GET", "/api/v1/quizzes/" + itoa(f.quizID), nil, nil, 200, "", 3},
		{"", f.student, "GET", "/api/v1/assignments/" + itoa(f.work), nil, nil, 200, "", 3},
		{"", f.teacher, "GET", "/api/v1/assignments/" + itoa(f.work), nil, nil, 200, "", 3},
		{"", f.student, "GET", "/api/v1/grades", nil, nil, 200, "", 2},
		{"", f.student, "GET", "/api/v1/submissions/" + f.handed, nil, nil, 200, "", 3},
		{"", f.student, "POST", "/api/v1/notifications/" + f.bell + "/read", nil, nil, 204, "", 3},
		{"HEAD is GET without the body", f.teacher, "HEAD", "/api/v1/me", nil, nil, 200, "", 1},

		{"nobody", nobody, "GET", "/api/v1/me", nil, nil, 401, "unauthenticated", 0},
		{"nobody writes", nobody, "POST", gradePath(0), good, nil, 401, "unauthenticated", 0},
		{"a session that there never was", nobody, "GET", "/api/v1/me", nil, []string{"Cookie", "school_session=x"}, 401, "unauthenticated", 1},
		{"a bearer token where cookies count", nobody, "GET", "/api/v1/me", nil, []string{"Authorization", "Bearer x"}, 401, "unauthenticated", 0},
		{"wrong password", nobody, "POST", "/api/v1/auth/login", map[string]string{"email": "teacher1@test.local", "password": "x"}, nil, 401, "bad_credentials", 1},
		{"unknown e-mail", nobody, "POST", "/api/v1/auth/login", map[string]string{"email": "x@test.local", "password": "x"}, nil, 401, "bad_credentials", 1},
		{"no password", nobody, "POST", "/api/v1/auth/login", map[string]string{"email": "x"}, nil, 422, "validation_failed", 0},
		{"no refresh tokens where cookies count", nobody, "POST", "/api/v1/auth/refresh", map[string]string{"refresh_token": "x"}, nil, 404, "not_found", 0},
		{"no CSRF token", f.teacher, "POST", gradePath(0), good, []string{"X-CSRF-Token", ""}, 403, "csrf", 1},
		{"somebody else's CSRF token", f.teacher, "POST", gradePath(0), good, []string{"X-CSRF-Token", f.rival.csrf}, 403, "csrf", 1},
		{"somebody else's submission", f.rival, "POST", gradePath(0), good, nil, 403, "forbidden", 2},
		{"a student grades", f.student, "POST", gradePath(0), good, nil, 403, "forbidden", 1},
		{"an administrator grades", f.admin, "POST", gradePath(0), good, nil, 403, "forbidden", 1},
		{"somebody else's course", f.teacher, "GET", courses + itoa(f.foreign), nil, nil, 403, "forbidden", 2},
		{"somebody else's gradebook", f.teacher, "GET", courses + itoa(f.foreign) + "/gradebook", nil, nil, 403, "forbidden", 2},
		{"a student's gradebook", f.student, "GET", gradebooks, nil, nil, 403, "forbidden", 1},
		{"not enrolled", f.student, "GET", courses + itoa(f.foreign), nil, nil, 403, "forbidden", 2},
		{"not enrolled", f.student, "GET", "/api/v1/quizzes/" + itoa(f.foreignQuiz), nil, nil, 403, "forbidden", 2},
		{"not enrolled", f.student, "POST", "/api/v1/quizzes/" + itoa(f.foreignQuiz) + "/attempts", nil, nil, 403, "forbidden", 2},
		{"not enrolled", f.student, "POST", "/api/v1/assignments/" + itoa(f.foreignWork) + "/submissions", map[string]string{"content": "x"}, nil, 403, "forbidden", 2},
		{"a fellow student's work", f.stranger, "GET", "/api/v1/submissions/" + f.handed, nil, nil, 403, "forbidden", 2},
		{"somebody else's notification", f.student, "POST", "/api/v1/notifications/" + f.foreignBell + "/read", nil, nil, 403, "forbidden", 2},
		{"somebody else's unit", f.rival, "GET", "/api/v1/unit_plans/" + itoa(f.unit), nil, nil, 403, "forbidden", 2},
		{"a teacher takes a quiz", f.teacher, "POST", "/api/v1/quizzes/" + itoa(f.quizID) + "/attempts", nil, nil, 403, "forbidden", 1},

		{"no such submission", f.teacher, "POST", "/api/v1/submissions/0000000000000000000000/grade", good, nil, 404, "not_found", 2},
		{"no such course", f.teacher, "GET", courses + "1", nil, nil, 404, "not_found", 2},
		{"an id that is none", f.teacher, "GET", courses + "first", nil, nil, 404, "not_found", 1},
		{"an id beyond all", f.teacher, "GET", courses + "99999999999999999999", nil, nil, 404, "not_found", 1},
		{"no such attempt", f.student, "GET", "/api/v1/attempts/x", nil, nil, 404, "not_found", 2},
		{"no such route", f.teacher, "GET", "/api/v1/lunch", nil, nil, 404, "not_found", 0},
		{"a wrong method", f.teacher, "DELETE", courses + itoa(f.course), nil, nil, 405, "method_not_allowed", 0},
		{"too large", f.teacher, "POST", gradePath(0), `{"grade":1,"feedback":"` + strings.Repeat("x", 64<<10) + `"}`, nil, 413, "too_large", 1},
		{"not JSON by its own word", f.teacher, "POST", gradePath(0), "grade=80", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "media_type", 1},
		{"not JSON", f.teacher, "POST", gradePath(0), `{"grade":`, nil, 400, "bad_json", 1},
		{"not an object", f.teacher, "POST", gradePath(0), `[]`, nil, 400, "bad_json", 1},
		{"something follows", f.teacher, "POST", gradePath(0), `{"grade":1,"feedback":"x"} x`, nil, 400, "bad_json", 1},

		{"grade above", f.teacher, "POST", gradePath(0), map[string]any{"grade": 101, "feedback": "x"}, nil, 422, "validation_failed", 1},
		{"grade below", f.teacher, "POST", gradePath(0), map[string]any{"grade": -1, "feedback": "x"}, nil, 422, "validation_failed", 1},
		{"half a grade", f.teacher, "POST", gradePath(0), map[string]any{"grade": 79.5, "feedback": "x"}, nil, 422, "validation_failed", 1},
		{"a grade in words", f.teacher, "POST", gradePath(0), map[string]any{"grade": "80", "feedback": "x"}, nil, 422, "validation_failed", 1},
		{"no grade", f.teacher, "POST", gradePath(0), map[string]any{"feedback": "x"}, nil, 422, "validation_failed", 1},
		{"no words", f.teacher, "POST", gradePath(0), map[string]any{"grade": 80, "feedback": " "}, nil, 422, "validation_failed", 1},
		{"too many words", f.teacher, "POST", gradePath(0), map[string]any{"grade": 80, "feedback": bigFeedback}, nil, 422, "validation_failed", 1},
		{"what PostgreSQL cannot keep", f.teacher, "POST", gradePath(0), map[string]any{"grade": 80, "feedback": "a\x00b"}, nil, 422, "validation_failed", 1},
		{"no work", f.student, "POST", "/api/v1/assignments/" + itoa(f.work) + "/submissions", map[string]string{"content": ""}, nil, 422, "validation_failed", 1},
		{"an enumeration", f.teacher, "GET", gradebooks + "?status=lost", nil, nil, 422, "validation_failed", 1},
		{"an enumeration", f.teacher, "GET", "/api/v1/notifications?unread=yes", nil, nil, 422, "validation_failed", 1},
		{"a range", f.teacher, "GET", "/api/v1/courses?per_page=201", nil, nil, 422, "validation_failed", 1},
		{"a range", f.teacher, "GET", "/api/v1/unit_plans?course_id=x", nil, nil, 422, "validation_failed", 1},
	})
	if n := len(gradebook(f.teacher, f.course, "?status=submitted").Submissions); n != len(f.waiting)+1 {
		t.Errorf("%d submissions wait after refused grades, %d before", n, len(f.waiting)+1)
	}
}

func (f *fixture) grading(t *testing.T) {
	before := gradebook(f.teacher, f.course, "")
	e := f.waiting[0]
	path := "/api/v1/submissions/" + e.ID
	a := f.teacher.post(path+"/grade", map[string]any{"grade": 0, "feedback": strings.Repeat("ü", 2000)})
	v := get[store.Submission](a)
	if a.status != 200 || v.ID != e.ID || v.Status != store.Graded || v.Grade == nil || *v.Grade != 0 || v.GradedAt == 0 || a.queries() != 4 {
		t.Fatalf("%d with %d queries: %s", a.status, a.queries(), a.body)
	}
	if a := f.teacher.post(path+"/grade", map[string]any{"grade": 1, "feedback": "again"}); a.status != 409 || a.code() != "already_graded" {
		t.Errorf("graded twice: %d %s", a.status, a.body)
	}
	after := gradebook(f.teacher, f.course, "")
	if after.Summary.Ungraded != before.Summary.Ungraded-1 || after.Summary.Graded != before.Summary.Graded+1 || *after.Summary.Average >= *before.Summary.Average {
		t.Errorf("summary before %+v, after %+v", before.Summary, after.Summary)
	}
	if first := after.Submissions[0]; first.Status != store.Submitted || first.ID == e.ID {
		t.Errorf("the first of the list is %+v", first)
	}
	sum := 0
	for _, c := range after.Assignments {
		sum += c.Submitted - c.Graded
	}
	waiting := 0
	for _, s := range after.Submissions {
		if s.Status == store.Submitted {
			waiting++
		}
	}
	if sum != after.Summary.Ungraded || waiting != sum {
		t.Errorf("columns say %d wait, the summary %d, the list %d", sum, after.Summary.Ungraded, waiting)
	}
	truth, err := f.s.Truth(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, s := range truth.Submissions {
		if s.Grade != nil {
			found++
			if s.ID != e.ID || *s.Grade != 0 || *s.Grader != "teacher1@test.local" || s.Teacher != *s.Grader {
				t.Errorf("in truth %+v", s)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d grades in truth", found)
	}
}

func (f *fixture) quiz(t *testing.T) {
	path := "/api/v1/quizzes/" + itoa(f.quizID)
	a := f.student.post(path+"/attempts", nil)
	first := get[store.Attempt](a)
	if a.status != 201 || len(first.Questions) != 20 || len(first.Questions[0].Options) != 4 || a.queries() != 7 {
		t.Fatalf("%d with %d queries: %.200s", a.status, a.queries(), a.body)
	}
	if strings.Contains(string(a.body), "correct") {
		t.Error("the right answers are told")
	}
	at := "/api/v1/attempts/" + first.ID
	say := func(c *client, question, option int64) answer {
		return c.post(at+"/answers", map[string]int64{"question_id": question, "option_id": option})
	}
	q := first.Questions
	for i := range q {
		right, wrong := solve(t, q[i])
		choice := right
		if i%3 == 0 { // 7 of 20
			choice = wrong
		}
		a := say(f.student, q[i].ID, choice)
		got := get[struct{ Answered, Of int }](a)
		if a.status != 200 || got.Answered != i+1 || got.Of != 20 || a.queries() != 4 {
			t.Fatalf("answer %d: %d with %d queries: %s", i, a.status, a.queries(), a.body)
		}
	}
	right, _ := solve(t, q[0])
	if a := say(f.student, q[0].ID, right); a.status != 200 || get[struct{ Answered int }](a).Answered != 20 {
		t.Errorf("changing one's mind: %d %s", a.status, a.body)
	}
	for _, c := range []struct {
		why    string
		a      answer
		status int
	}{
		{"an option of another question", say(f.student, q[0].ID, q[1].Options[0].ID), 422},
		{"a question that there is not", say(f.student, 5, q[1].Options[0].ID), 422},
		{"no option", f.student.post(at+"/answers", map[string]int64{"question_id": q[0].ID}), 422},
		{"somebody else's attempt", say(f.stranger, q[0].ID, q[0].Options[0].ID), 403},
		{"somebody else submits it", f.stranger.post(at+"/submit", nil), 403},
		{"somebody else looks", f.stranger.get(at), 403},
	} {
		if c.a.status != c.status {
			t.Errorf("%s: %d %s", c.why, c.a.status, c.a.body)
		}
	}
	if got := get[store.Attempt](f.student.get(at)); got.Answered != 20 || got.Score != nil || len(got.Questions) != 20 {
		t.Errorf("looking at it again: %+v", got)
	}
	a = f.student.post(at+"/submit", nil)
	r := get[store.Result](a)
	if a.status != 200 || r.Questions != 20 || r.Score == nil || *r.Score != 70 || r.Correct != 14 || a.queries() != 4 {
		t.Errorf("submitting: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	for _, a := range []answer{f.student.post(at+"/submit", nil), say(f.student, q[0].ID, q[0].Options[0].ID)} {
		if a.status != 409 || a.code() != "already_submitted" {
			t.Errorf("after the end: %d %s", a.status, a.body)
		}
	}
	second := get[store.Attempt](f.student.post(path+"/attempts", nil))
	if second.ID == first.ID || second.ID == "" {
		t.Errorf("a second attempt has id %q, the first %q", second.ID, first.ID)
	}
	for _, q := range second.Questions {
		right, _ := solve(t, q)
		f.student.post("/api/v1/attempts/"+second.ID+"/answers", map[string]int64{"question_id": q.ID, "option_id": right})
	}
	if r := get[store.Result](f.student.post("/api/v1/attempts/"+second.ID+"/submit", nil)); *r.Score != 100 {
		t.Errorf("all right is %d %%", *r.Score)
	}
	if a := f.student.post(path+"/attempts", nil); a.status != 201 {
		t.Errorf("the third of three attempts: %d", a.status)
	}
	if a := f.student.post(path+"/attempts", nil); a.status != 409 || a.code() != "no_attempt_left" {
		t.Errorf("the fourth of three attempts: %d %s", a.status, a.body)
	}
	if n := len(get[store.QuizDetail](f.student.get(path)).Attempts); n != 3 {
		t.Errorf("%d attempts are shown", n)
	}
}

// solve does the sum that a question asks for.
func solve(t *testing.T, q store.Question) (right, wrong int64) {
	t.Helper()
	var a, b int
	var op string
	if _, err := fmt.Sscanf(q.Prompt, "What is %d %s %d?", &a, &op, &b); err != nil {
		t.Fatalf("%q: %v", q.Prompt, err)
	}
	is := strconv.Itoa(map[string]int{"+": a + b, "−": a - b, "×": a * b}[op])
	n := 0
	for _, o := range q.Options {
		if o.Label == is {
			right = o.ID
			n++
		} else {
			wrong = o.ID
		}
	}
	if n != 1 {
		t.Fatalf("%q has %d right answers: %v", q.Prompt, n, q.Options)
	}
	return right, wrong
}

func (f *fixture) handingIn(t *testing.T) {
	path := "/api/v1/assignments/" + itoa(f.work)
	a := f.student.post(path+"/submissions", map[string]string{"content": "second"})
	v := get[store.Submission](a)
	if a.status != 201 || v.Version != 2 || v.ID == f.handed || v.Status != store.Submitted || a.queries() != 5 {
		t.Fatalf("%d with %d queries: %s", a.status, a.queries(), a.body)
	}
	if got := get[store.AssignmentDetail](f.student.get(path)); got.MySubmission == nil || got.MySubmission.Content != "second" {
		t.Errorf("the assignment shows %+v", got.MySubmission)
	}
	if a := f.teacher.post("/api/v1/submissions/"+f.handed+"/grade", map[string]any{"grade": 50, "feedback": "x"}); a.status != 409 || a.code() != "superseded" {
		t.Errorf("the old version: %d %s", a.status, a.body)
	}
	if a := f.teacher.post("/api/v1/submissions/"+v.ID+"/grade", map[string]any{"grade": 77, "feedback": "better"}); a.status != 200 {
		t.Errorf("the new version: %d %s", a.status, a.body)
	}
	if g := get[items[store.Grade]](f.student.get("/api/v1/grades")).Items[0]; g.SubmissionID != v.ID || g.Grade != 77 || g.Feedback != "better" {
		t.Errorf("the newest grade is %+v", g)
	}
	if n := get[items[store.Notification]](f.student.get("/api/v1/notifications?unread=true")).Items[0]; n.Kind != "grade" {
		t.Errorf("the newest notification is %+v", n)
	}
}

// countsAtOnce: requests that share the pool do not share their counts.
func (f *fixture) countsAtOnce(t *testing.T) {
	want := map[string]int{"/api/v1/me": 1, "/api/v1/dashboard": 4, "/api/v1/courses/" + itoa(f.course) + "/gradebook": 5, "/api/v1/unit_plans": 2}
	var wg sync.WaitGroup
	for path, n := range want {
		for range 4 {
			wg.Go(func() {
				for range 5 {
					a, err := f.teacher.try(http.MethodGet, path, nil)
					if err != nil || a.queries() != n {
						t.Errorf("%s: %d queries, want %d (%v)", path, a.queries(), n, err)
					}
				}
			})
		}
	}
	wg.Wait()
}

func (f *fixture) reset(t *testing.T) {
	c := visitor(t, f.s.URL())
	if a := c.post("/admin/reset", nil, "Origin", "http://evil.example"); a.status != 403 {
		t.Errorf("a browser's page reset the school: %d", a.status)
	}
	if a := c.post("/admin/reset", nil); a.status != 204 || a.queries() != 0 {
		t.Fatalf("reset: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	if a := f.teacher.get("/api/v1/me"); a.status != 401 {
		t.Errorf("a session outlived the reset: %d", a.status)
	}
	if got := get[store.Truth](c.get("/admin/truth")); len(got.Submissions)+len(got.Attempts) != 0 {
		t.Errorf("after reset there are %d submissions and %d attempts", len(got.Submissions), len(got.Attempts))
	}
	if n := len(get[store.Truth](c.get("/admin/truth?all=true")).Submissions); n < 3*store.Ungraded {
		t.Errorf("only %d submissions are seeded", n)
	}
	again := login(t, f.s, "teacher1")
	if firstCourse(again) != f.course || gradebook(again, f.course, "?status=submitted").Submissions[0].ID != f.waiting[0].ID {
		t.Error("the school is not what it was")
	}
}
