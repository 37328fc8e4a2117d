package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"firedrill/examples/school/store"
)

// form is a body of multipart/form-data with its content type; a nil file is left out.
func form(t testing.TB, purpose, unit, name string, file []byte) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for field, v := range map[string]string{"purpose": purpose, "unit_plan_id": unit} {
		if v != "" {
			if err := w.WriteField(field, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if file != nil {
		p, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, name)}, "Content-Type": {"text/plain; charset=utf-8"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func (c *client) upload(purpose, unit, name string, file []byte) answer {
	c.t.Helper()
	body, kind := form(c.t, purpose, unit, name, file)
	return c.post("/api/v1/uploads", body, "Content-Type", kind)
}

// moreAnswers: what is refused, why, and what that costs. What is answered well stands in the tests of each.
func (f *fixture) moreAnswers(t *testing.T, truth *ledger) {
	nobody := visitor(t, f.s.URL())
	type o = map[string]any
	unit := get[store.UnitDetail](f.teacher.get("/api/v1/unit_plans/" + itoa(f.unit)))
	student := get[store.User](f.student.get("/api/v1/me"))
	teacher := get[store.User](f.teacher.get("/api/v1/me"))
	integration := get[items[store.Integration]](f.admin.get("/api/v1/integrations")).Items[0].ID
	units, u := "/api/v1/unit_plans", "/api/v1/unit_plans/"+itoa(f.unit)
	lesson := u + "/lessons/" + itoa(unit.Lessons[0].ID)
	courses := "/api/v1/courses"
	work, enrolments := courses+"/"+itoa(f.course)+"/assignments", courses+"/"+itoa(f.course)+"/enrolments"
	newUnit, newLesson := o{"course_id": f.course, "title": "x", "summary": "", "week": 1}, o{"title": "x", "minutes": 45}
	newWork, newCourse := o{"title": "x", "instructions": "", "due_at": "2030-01-01"}, o{"title": "x", "subject": "Art", "year": 7, "teacher_id": teacher.ID}
	text, long := o{"kind": "quiz", "topic": "rivers"}, strings.Repeat("ü", 121)
	with := func(base o, name string, v any) o {
		out := o{}
		for k, old := range base {
			out[k] = old
		}
		if out[name] = v; v == nil {
			delete(out, name)
		}
		return out
	}
	submit := "/api/v1/assignments/" + itoa(f.work) + "/submissions"
	rows := []row{
		{"", f.student, "GET", u, nil, nil, 200, "", 5},
		{"", f.teacher, "GET", lesson, nil, nil, 200, "", 5},
		{"", f.student, "GET", lesson, nil, nil, 200, "", 5},
		{"somebody else's", f.rival, "GET", lesson, nil, nil, 403, "forbidden", 2},
		{"of another unit", f.teacher, "GET", u + "/lessons/1", nil, nil, 404, "not_found", 3},
		{"an id that is none", f.teacher, "GET", u + "/lessons/first", nil, nil, 404, "not_found", 1},
		{"nobody", nobody, "POST", units, newUnit, nil, 401, "unauthenticated", 0},
		{"no token", f.teacher, "PATCH", u, o{"lock_version": 1}, []string{"X-CSRF-Token", ""}, 403, "csrf", 1},
		{"a student plans", f.student, "POST", units, newUnit, nil, 403, "forbidden", 1},
		{"somebody else's course", f.rival, "POST", units, newUnit, nil, 403, "forbidden", 2},
		{"no such course", f.teacher, "POST", units, with(newUnit, "course_id", 1), nil, 404, "not_found", 2},
		{"no title", f.teacher, "POST", units, with(newUnit, "title", " "), nil, 422, "validation_failed", 1},
		{"a long title", f.teacher, "POST", units, with(newUnit, "title", long), nil, 422, "validation_failed", 1},
		{"no course", f.teacher, "POST", units, with(newUnit, "course_id", nil), nil, 422, "validation_failed", 1},
		{"no such week", f.teacher, "POST", units, with(newUnit, "week", 54), nil, 422, "validation_failed", 1},
		{"no version", f.teacher, "PATCH", u, o{"title": "x"}, nil, 422, "validation_failed", 1},
		{"an old version", f.teacher, "PATCH", u, o{"title": "x", "lock_version": unit.LockVersion + 1}, nil, 409, "stale", 2},
		{"no such state", f.teacher, "PATCH", u, o{"status": "lost", "lock_version": 1}, nil, 422, "validation_failed", 1},
		{"somebody else's", f.rival, "PATCH", u, o{"lock_version": 1}, nil, 403, "forbidden", 2},
		{"no such unit", f.teacher, "PATCH", units + "/1", o{"lock_version": 1}, nil, 404, "not_found", 2},
		{"a method that there is not", f.teacher, "PUT", u, o{"lock_version": 1}, nil, 405, "method_not_allowed", 0},
		{"somebody else's", f.rival, "POST", u + "/lessons", newLesson, nil, 403, "forbidden", 2},
		{"too short", f.teacher, "POST", u + "/lessons", with(newLesson, "minutes", 4), nil, 422, "validation_failed", 1},
		{"an empty aim", f.teacher, "POST", u + "/lessons", with(newLesson, "objectives", []string{""}), nil, 422, "validation_failed", 1},
		{"too many aims", f.teacher, "POST", u + "/lessons", with(newLesson, "objectives", make([]string, 21)), nil, 422, "validation_failed", 1},
		{"a student sets work", f.student, "POST", work, newWork, nil, 403, "forbidden", 1},
		{"somebody else's", f.rival, "POST", work, newWork, nil, 403, "forbidden", 2},
		{"no such day", f.teacher, "POST", work, with(newWork, "due_at", "2030-02-30"), nil, 422, "validation_failed", 1},
		{"no day", f.teacher, "POST", work, with(newWork, "due_at", nil), nil, 422, "validation_failed", 1},

		{"", f.admin, "GET", "/api/v1/users", nil, nil, 200, "", 3},
		{"", f.admin, "GET", "/api/v1/users?role=student&page=2&q=a", nil, nil, 200, "", 3},
		{"", f.admin, "GET", "/api/v1/users/" + itoa(student.ID), nil, nil, 200, "", 3},
		{"no such person", f.admin, "GET", "/api/v1/users/1", nil, nil, 404, "not_found", 2},
		{"no such role", f.admin, "GET", "/api/v1/users?role=cook", nil, nil, 422, "validation_failed", 1},
		{"no such page", f.admin, "GET", "/api/v1/users?page=0", nil, nil, 422, "validation_failed", 1},
		{"a teacher's look", f.teacher, "GET", "/api/v1/users", nil, nil, 403, "forbidden", 1},
		{"a student's look", f.student, "GET", "/api/v1/users/" + itoa(student.ID), nil, nil, 403, "forbidden", 1},
		{"nobody's look", nobody, "GET", "/api/v1/users", nil, nil, 401, "unauthenticated", 0},
		{"a teacher's course", f.teacher, "POST", courses, newCourse, nil, 403, "forbidden", 1},
		{"of nobody", f.admin, "POST", courses, with(newCourse, "teacher_id", nil), nil, 422, "validation_failed", 1},
		{"of a student", f.admin, "POST", courses, with(newCourse, "teacher_id", student.ID), nil, 422, "validation_failed", 2},
		{"no such year", f.admin, "POST", courses, with(newCourse, "year", 14), nil, 422, "validation_failed", 1},
		{"a year in words", f.admin, "POST", courses, with(newCourse, "year", "seven"), nil, 422, "validation_failed", 1},
		{"nobody", f.admin, "POST", enrolments, o{"student_ids": []int64{}}, nil, 422, "validation_failed", 1},
		{"twice", f.admin, "POST", enrolments, o{"student_ids": []int64{student.ID, student.ID}}, nil, 422, "validation_failed", 1},
		{"a teacher", f.admin, "POST", enrolments, o{"student_ids": []int64{student.ID, teacher.ID}}, nil, 422, "validation_failed", 3},
		{"too many", f.admin, "POST", enrolments, o{"student_ids": make([]int64, 201)}, nil, 422, "validation_failed", 1},
		{"nowhere", f.admin, "POST", courses + "/1/enrolments", o{"student_ids": []int64{student.ID}}, nil, 404, "not_found", 2},
		{"a teacher enrols", f.teacher, "POST", enrolments, o{"student_ids": []int64{student.ID}}, nil, 403, "forbidden", 1},
		{"was not in it", f.admin, "DELETE", courses + "/" + itoa(f.foreign) + "/enrolments/" + itoa(student.ID), nil, nil, 404, "not_found", 2},
		{"a student leaves", f.student, "DELETE", enrolments + "/" + itoa(student.ID), nil, nil, 403, "forbidden", 1},
		{"", f.admin, "GET", "/api/v1/integrations", nil, nil, 200, "", 2},
		{"", f.admin, "GET", "/api/v1/integrations/" + integration, nil, nil, 200, "", 3},
		{"no such", f.admin, "GET", "/api/v1/integrations/int_x", nil, nil, 404, "not_found", 2},
		{"no such", f.admin, "POST", "/api/v1/integrations/int_x/sync", nil, nil, 404, "not_found", 2},
		{"a teacher", f.teacher, "POST", "/api/v1/integrations/" + integration + "/sync", nil, nil, 403, "forbidden", 1},

		{"", f.teacher, "GET", "/api/v1/search?q=lesson", nil, nil, 200, "", 3},
		{"", f.student, "GET", "/api/v1/search?q=lesson&type=unit_plan&page=2", nil, nil, 200, "", 3},
		{"", f.admin, "GET", "/api/v1/search?q=nothing-of-this-kind", nil, nil, 200, "", 3},
		{"one letter", f.teacher, "GET", "/api/v1/search?q=l", nil, nil, 422, "validation_failed", 1},
		{"no words", f.teacher, "GET", "/api/v1/search", nil, nil, 422, "validation_failed", 1},
		{"no such kind", f.teacher, "GET", "/api/v1/search?q=lesson&type=lunch", nil, nil, 422, "validation_failed", 1},
		{"", f.admin, "GET", "/api/v1/analytics/overview", nil, nil, 200, "", 7},
		{"", f.admin, "GET", "/api/v1/analytics/courses", nil, nil, 200, "", 2},
		{"", f.admin, "GET", "/api/v1/analytics/engagement", nil, nil, 200, "", 3},
		{"", f.admin, "GET", "/api/v1/analytics/engagement?from=2025-10-01&to=2025-10-31&by=week", nil, nil, 200, "", 3},
		{"a teacher's look", f.teacher, "GET", "/api/v1/analytics/overview", nil, nil, 403, "forbidden", 1},
		{"a student's look", f.student, "GET", "/api/v1/analytics/courses", nil, nil, 403, "forbidden", 1},
		{"no such day", f.admin, "GET", "/api/v1/analytics/engagement?from=2025-02-30&to=2025-03-01", nil, nil, 422, "validation_failed", 1},
		{"half a time", f.admin, "GET", "/api/v1/analytics/engagement?from=2025-02-01", nil, nil, 422, "validation_failed", 1},
		{"backwards", f.admin, "GET", "/api/v1/analytics/engagement?from=2025-02-02&to=2025-02-01", nil, nil, 422, "validation_failed", 1},
		{"too long", f.admin, "GET", "/api/v1/analytics/engagement?from=2024-01-01&to=2025-12-31", nil, nil, 422, "validation_failed", 1},
		{"by the hour", f.admin, "GET", "/api/v1/analytics/engagement?by=hour", nil, nil, 422, "validation_failed", 1},

		{"a student generates", f.student, "POST", "/api/v1/ai/generate", text, nil, 403, "forbidden", 1},
		{"nobody generates", nobody, "POST", "/api/v1/ai/generate", text, nil, 401, "unauthenticated", 0},
		{"no such kind", f.teacher, "POST", "/api/v1/ai/generate", with(text, "kind", "poem"), nil, 422, "validation_failed", 1},
		{"no topic", f.teacher, "POST", "/api/v1/ai/generate", with(text, "topic", nil), nil, 422, "validation_failed", 1},
		{"too short", f.teacher, "POST", "/api/v1/ai/generate", with(text, "minutes", 1), nil, 422, "validation_failed", 1},
		{"no id", f.teacher, "POST", "/api/v1/ai/generate", with(text, "unit_plan_id", 0), nil, 422, "validation_failed", 1},
		{"somebody else's unit", f.rival, "POST", "/api/v1/ai/generate", with(text, "unit_plan_id", f.unit), nil, 403, "forbidden", 2},
		{"no such unit", f.teacher, "POST", "/api/v1/ai/generate", with(text, "unit_plan_id", 1), nil, 404, "not_found", 2},
		{"not JSON", f.teacher, "POST", "/api/v1/ai/generate", "kind=quiz", []string{"Content-Type", "text/plain"}, 415, "media_type", 1},
		{"no such text", f.teacher, "GET", "/api/v1/ai/generations/gen_x", nil, nil, 404, "not_found", 2},
		{"no such text", f.teacher, "POST", "/api/v1/ai/generations/gen_x/save", o{"unit_plan_id": f.unit}, nil, 404, "not_found", 2},
		{"no unit", f.teacher, "POST", "/api/v1/ai/generations/gen_x/save", o{}, nil, 422, "validation_failed", 1},

		{"a file that there is not", f.student, "POST", submit, o{"content": "x", "attachments": []string{"upl_x"}}, nil, 422, "validation_failed", 6},
		{"eleven files", f.student, "POST", submit, o{"content": "x", "attachments": make([]string, 11)}, nil, 422, "validation_failed", 1},
		{"no such file", f.student, "GET", "/api/v1/uploads/upl_x", nil, nil, 404, "not_found", 2},
		{"no form", f.student, "POST", "/api/v1/uploads", o{}, nil, 415, "media_type", 1},
	}
	upload := func(why string, who *client, purpose, unit, name string, file []byte, status int, code string, queries int) {
		body, kind := form(t, purpose, unit, name, file)
		rows = append(rows, row{why, who, "POST", "/api/v1/uploads", body, []string{"Content-Type", kind}, status, code, queries})
	}
	file := []byte("hello")
	upload("nobody", nobody, "submission", "", "a", file, 401, "unauthenticated", 0)
	upload("no purpose", f.student, "", "", "a", file, 422, "validation_failed", 1)
	upload("no file", f.student, "submission", "", "", nil, 422, "validation_failed", 1)
	upload("an empty file", f.student, "submission", "", "a", []byte{}, 422, "validation_failed", 1)
	upload("no name", f.student, "submission", "", "", file, 422, "validation_failed", 1)
	upload("a long name", f.student, "submission", "", strings.Repeat("n", 201), file, 422, "validation_failed", 1)
	upload("a teacher hands in", f.teacher, "submission", "", "a", file, 403, "forbidden", 1)
	upload("a student's plan", f.student, "unit_plan", "", "a", file, 403, "forbidden", 1)
	upload("work for a unit", f.student, "submission", itoa(f.unit), "a", file, 422, "validation_failed", 1)
	upload("somebody else's unit", f.rival, "unit_plan", itoa(f.unit), "a", file, 403, "forbidden", 2)
	upload("no such unit", f.teacher, "unit_plan", "1", "a", file, 404, "not_found", 2)
	upload("a byte too many", f.student, "submission", "", "a", make([]byte, 100<<10+1), 413, "too_large", 1)
	upload("far too many", f.student, "submission", "", "a", make([]byte, 1<<20), 413, "too_large", 1)
	rows = append(rows, row{"half a form", f.student, "POST", "/api/v1/uploads", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhal",
		[]string{"Content-Type", "multipart/form-data; boundary=b"}, 400, "bad_form", 1})
	f.check(t, truth, rows)
}

func (f *fixture) units(t *testing.T) {
	a := f.teacher.post("/api/v1/unit_plans", map[string]any{"course_id": f.course, "title": "Zanzibar by sea", "summary": "Winds and trade.", "week": 40})
	u := get[store.UnitDetail](a)
	if a.status != 201 || u.ID < 1_000_000_000 || u.Status != store.Draft || u.LockVersion != 1 || a.queries() != 4 {
		t.Fatalf("creating: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	path := "/api/v1/unit_plans/" + itoa(u.ID)
	if a := f.student.get(path); a.status != 403 {
		t.Errorf("a student sees a draft: %d", a.status)
	}
	for i := range 2 {
		a := f.teacher.post(path+"/lessons", map[string]any{"title": fmt.Sprint("Monsoon ", i), "minutes": 45, "objectives": []string{"one", "two"}})
		l := get[store.Lesson](a)
		if a.status != 201 || l.Position != i+1 || a.queries() != 4 {
			t.Fatalf("lesson: %d with %d queries: %s", a.status, a.queries(), a.body)
		}
		if got := get[store.Lesson](f.teacher.get(path + "/lessons/" + itoa(l.ID))); got.Title != l.Title || len(got.Objectives) != 2 || got.Unit != u.Title {
			t.Errorf("the lesson is %+v", got)
		}
	}
	a = f.teacher.do("PATCH", path, map[string]any{"title": "Zanzibar and back", "status": "published", "lock_version": 1})
	got := get[store.UnitDetail](a)
	if a.status != 200 || got.Title != "Zanzibar and back" || got.Summary != "Winds and trade." || got.LockVersion != 2 || len(got.Lessons) != 2 || a.queries() != 7 {
		t.Errorf("changing: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	if a := f.teacher.do("PATCH", path, map[string]any{"title": "x", "lock_version": 1}); a.status != 409 {
		t.Errorf("changing an old version: %d", a.status)
	}
	if seen := get[store.UnitDetail](f.student.get(path)); seen.Title != got.Title || seen.LockVersion != 2 {
		t.Errorf("a student sees %+v", seen)
	}
	for words, n := range map[string]int{"zanzibar back": 1, "zanzibar sea": 0, "monsoon": 1, "monso trade": 1} { // the index follows
		if hits := get[store.Hits](f.student.get("/api/v1/search?q=" + strings.ReplaceAll(words, " ", "+"))); hits.Total != n || len(hits.Results) != n {
			t.Errorf("%q finds %+v", words, hits)
		}
	}
	a = f.teacher.post("/api/v1/courses/"+itoa(f.course)+"/assignments", map[string]any{"title": "Draw a dhow", "instructions": "With sails.", "due_at": "2030-01-01T08:30"})
	w := get[store.Assignment](a)
	if a.status != 201 || a.queries() != 4 || w.DueAt.Time().Format("2006-01-02 15:04") != "2030-01-01 08:30" {
		t.Fatalf("setting work: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	if a := f.student.post("/api/v1/assignments/"+itoa(w.ID)+"/submissions", map[string]string{"content": "a dhow"}); a.status != 201 {
		t.Errorf("handing it in: %d %s", a.status, a.body)
	}
}

func (f *fixture) office(t *testing.T) {
	teacher, student := get[store.User](f.rival.get("/api/v1/me")), get[store.User](f.student.get("/api/v1/me"))
	a := f.admin.post("/api/v1/courses", map[string]any{"title": "Astronomy 9z", "subject": "Physics", "year": 9, "teacher_id": teacher.ID})
	c := get[store.Course](a)
	if a.status != 201 || c.Teacher != teacher.Name || a.queries() != 4 {
		t.Fatalf("creating: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	path := "/api/v1/courses/" + itoa(c.ID)
	type enrolled struct{ Enrolled, Already int }
	page := get[store.People](f.admin.get("/api/v1/users?role=student"))
	if page.Total != 40 || page.Pages != 2 || len(page.Items) != store.PeoplePage {
		t.Errorf("the first page of students: %d of %d, %d pages", len(page.Items), page.Total, page.Pages)
	}
	ids := []int64{}
	for _, v := range page.Items {
		ids = append(ids, v.ID)
	}
	for i, want := range []enrolled{{25, 0}, {0, 25}} {
		a := f.admin.post(path+"/enrolments", map[string]any{"student_ids": ids})
		if got := get[enrolled](a); a.status != 201 || got != want || a.queries() != 4 {
			t.Errorf("enrolling, time %d: %d with %d queries: %s", i+1, a.status, a.queries(), a.body)
		}
	}
	if f.admin.post(path+"/enrolments", map[string]any{"student_ids": []int64{student.ID}}); f.student.get(path).status != 200 {
		t.Error("an enrolled student does not see the course")
	}
	if a := f.admin.do("DELETE", path+"/enrolments/"+itoa(student.ID), nil); a.status != 204 || a.queries() != 2 {
		t.Errorf("taking out: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	if a := f.student.get(path); a.status != 403 {
		t.Errorf("who was taken out sees the course: %d", a.status)
	}
	d := get[store.AccountDetail](f.admin.get("/api/v1/users/" + itoa(teacher.ID)))
	found := false
	for _, v := range d.Courses {
		found = found || v.ID == c.ID && v.Title == "Astronomy 9z"
	}
	if !found || d.Email != teacher.Email {
		t.Errorf("the teacher is %+v", d)
	}
	last := get[store.People](f.admin.get("/api/v1/users?page=3"))
	if last.Total != store.Admins+43 || len(last.Items) != store.Admins+43-50 {
		t.Errorf("the last page of all: %d of %d", len(last.Items), last.Total)
	}
	if p := get[store.People](f.admin.get("/api/v1/users?q=TEACHER2@")); p.Total != 1 || p.Items[0].ID != teacher.ID || p.Items[0].Courses != len(d.Courses) {
		t.Errorf("looking for one: %+v", p)
	}
	if p := get[store.People](f.admin.get("/api/v1/users?q=%25")); p.Total != 0 {
		t.Errorf("a sign that the database knows finds %d", p.Total)
	}
	for _, v := range get[items[store.Integration]](f.admin.get("/api/v1/integrations")).Items {
		a := f.admin.post("/api/v1/integrations/"+v.ID+"/sync", nil)
		if v.Status == store.IntegrationOff {
			if a.status != 409 || a.code() != "integration_off" {
				t.Errorf("%s is off, and gave %d %s", v.Name, a.status, a.body)
			}
			continue
		}
		job := get[struct{ ID, Status, Job string }](a)
		d := get[store.IntegrationDetail](f.admin.get("/api/v1/integrations/" + v.ID))
		if a.status != 202 || a.queries() != 4 || job.ID != v.ID || d.Syncs[0].ID != job.Job || d.Status != store.IntegrationConnected || d.LastSync <= v.LastSync {
			t.Errorf("%s: %d %s, afterwards %+v", v.Name, a.status, a.body, d)
		}
	}
}

func (f *fixture) files(t *testing.T) {
	content := bytes.Repeat([]byte("row of beans\x00\xff\n"), 100<<10/15) // as large as may be, and no text
	content = append(content, make([]byte, 100<<10-len(content))...)
	a := f.student.upload("submission", "", "Böhnen \"one\".txt", content)
	v := get[store.Upload](a)
	sum := sha256.Sum256(content)
	if a.status != 201 || v.Size != 100<<10 || v.SHA256 != hex.EncodeToString(sum[:]) || v.Type != "text/plain" || a.queries() != 3 || a.header.Get("Location") != v.URL {
		t.Fatalf("uploading: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	back := f.student.get(v.URL)
	if back.status != 200 || !bytes.Equal(back.body, content) || back.queries() != 3 || back.header.Get("Content-Type") != "text/plain" ||
		!strings.HasPrefix(back.header.Get("Content-Disposition"), "attachment; filename") {
		t.Errorf("getting it back: %d, %d bytes, %v", back.status, len(back.body), back.header)
	}
	if a := f.student.get(v.URL, "If-None-Match", back.header.Get("ETag")); a.status != 304 || len(a.body) != 0 {
		t.Errorf("getting it again: %d with %d bytes", a.status, len(a.body))
	}
	if a := f.teacher.get(v.URL); a.status != 403 {
		t.Errorf("the teacher sees what is not handed in: %d", a.status)
	}
	path := "/api/v1/assignments/" + itoa(f.work) + "/submissions"
	with := map[string]any{"content": "see the file", "attachments": []string{v.ID}}
	if a := f.stranger.post(path, with); a.status != 422 {
		t.Errorf("handing in somebody else's file: %d %s", a.status, a.body)
	}
	a = f.student.post(path, with)
	s := get[store.Submission](a)
	if a.status != 201 || a.queries() != 7 || len(s.Attachments) != 1 || s.Attachments[0] != v {
		t.Fatalf("handing in: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	if a := f.student.post(path, with); a.status != 422 {
		t.Errorf("handing one file in twice: %d", a.status)
	}
	if got := get[store.Submission](f.teacher.get("/api/v1/submissions/" + s.ID)); len(got.Attachments) != 1 || got.Attachments[0] != v {
		t.Errorf("the teacher finds %+v", got.Attachments)
	}
	for why, c := range map[string]struct {
		who    *client
		status int
	}{"the teacher": {f.teacher, 200}, "the office": {f.admin, 200}, "another teacher": {f.rival, 403}, "a fellow student": {f.stranger, 403}} {
		if a := c.who.get(v.URL); a.status != c.status {
			t.Errorf("%s gets %d", why, a.status)
		}
	}
	a = f.teacher.upload("unit_plan", itoa(f.unit), "map.txt", []byte("here"))
	m := get[store.Upload](a)
	if a.status != 201 || a.queries() != 4 {
		t.Errorf("a map for the unit: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	found := false
	for _, v := range get[store.UnitDetail](f.teacher.get("/api/v1/unit_plans/" + itoa(f.unit))).Materials {
		found = found || v.URL == m.URL && v.Kind == "file" && v.Title == "map.txt"
	}
	if !found {
		t.Error("the unit does not have its map")
	}
}

// search: what one may see is found, nothing else is, and each result leads to a page that there is.
func (f *fixture) search(t *testing.T) {
	see := func(c *client, words string) (all []store.Hit) {
		for page := 1; ; page++ {
			h := get[store.Hits](c.get(fmt.Sprintf("/api/v1/search?q=%s&page=%d", words, page)))
			if all = append(all, h.Results...); page >= h.Pages {
				if len(all) != h.Total {
					t.Errorf("%q: %d results on %d pages, total %d", words, len(all), h.Pages, h.Total)
				}
				return all
			}
			if len(h.Results) != store.HitsPerPage {
				t.Errorf("%q: page %d has %d results", words, page, len(h.Results))
			}
		}
	}
	mine := map[int64]bool{}
	for _, c := range get[items[store.Course]](f.student.get("/api/v1/courses")).Items {
		mine[c.ID] = true
	}
	for who, c := range map[string]*client{"student": f.student, "teacher": f.teacher, "admin": f.admin} {
		pages := map[string]bool{}
		for _, h := range see(c, "the") {
			pages[h.Type] = true
			if a := c.get(h.URL); a.status != 200 {
				t.Errorf("%s: %s leads to %d", who, h.URL, a.status)
			}
		}
		if !pages[store.KindAssignment] || !pages[store.KindUnit] {
			t.Errorf("%s finds only %v", who, pages)
		}
	}
	for _, h := range see(f.student, "test") { // part of every address
		if h.Type == store.KindPerson && !strings.HasPrefix(h.Snippet, "teacher, ") && !strings.HasPrefix(h.Snippet, "admin, ") {
			t.Errorf("a student finds %+v", h)
		}
	}
	if n := len(see(f.admin, "local")); n != store.Admins+43 {
		t.Errorf("the office finds %d people", n)
	}
	for _, h := range see(f.student, "taught") {
		if h.Type == store.KindCourse && !mine[h.ID] {
			t.Errorf("a student finds a course of others: %+v", h)
		}
	}
}

func (f *fixture) writing(t *testing.T) {
	a := f.teacher.post("/api/v1/ai/generate", map[string]any{"kind": "lesson_plan", "topic": "tides", "unit_plan_id": f.unit, "minutes": 90}, "Accept", "text/event-stream")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "text/event-stream" || a.queries() != 3 {
		t.Fatalf("%d with %d queries, %v", a.status, a.queries(), a.header)
	}
	s := parse(t, a.body)
	if s.id == "" || s.deltas < 40 || s.deltas > 90 || s.tokens != s.deltas || s.finish != "stop" {
		t.Errorf("the stream is %+v", s)
	}
	g := get[store.Generation](f.teacher.get("/api/v1/ai/generations/" + s.id))
	if g.Text != s.text || g.Status != store.GenerationDone || g.Topic != "tides" || *g.UnitPlanID != f.unit || !strings.Contains(g.Text, "90 minutes") {
		t.Errorf("kept is %+v", g)
	}
	if a := f.rival.get("/api/v1/ai/generations/" + s.id); a.status != 403 {
		t.Errorf("somebody else reads it: %d", a.status)
	}
	if a := f.teacher.post("/api/v1/ai/generations/"+s.id+"/save", map[string]int64{"unit_plan_id": f.foreign}); a.status != 404 {
		t.Errorf("saving into what is no unit: %d", a.status)
	}
	a = f.teacher.post("/api/v1/ai/generations/"+s.id+"/save", map[string]int64{"unit_plan_id": f.unit})
	id := get[struct {
		Lesson int64 `json:"lesson_id"`
	}](a).Lesson
	if a.status != 201 || a.queries() != 5 {
		t.Fatalf("saving: %d with %d queries: %s", a.status, a.queries(), a.body)
	}
	if l := get[store.Lesson](f.teacher.get("/api/v1/unit_plans/" + itoa(f.unit) + "/lessons/" + itoa(id))); l.Notes != g.Text || l.Title != "Generated: tides" || l.Minutes != 90 {
		t.Errorf("the lesson is %+v", l)
	}
}
