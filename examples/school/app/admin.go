package app

import (
	"net/http"
	"slices"

	"firedrill/examples/school/store"
)

var adminRoutes = []route{
	{alias: "users", pattern: "GET /api/v1/users", roles: adminOnly, handle: users},
	{alias: "user", pattern: "GET /api/v1/users/{id}", roles: adminOnly, handle: userShow},
	{alias: "course-create", pattern: "POST /api/v1/courses", roles: adminOnly, handle: courseCreate},
	{alias: "enrol", pattern: "POST /api/v1/courses/{id}/enrolments", roles: adminOnly, handle: enrol},
	{alias: "unenrol", pattern: "DELETE /api/v1/courses/{id}/enrolments/{student_id}", roles: adminOnly, handle: unenrol},
	{alias: "integrations", pattern: "GET /api/v1/integrations", roles: adminOnly, handle: integrations},
	{alias: "integration", pattern: "GET /api/v1/integrations/{id}", roles: adminOnly, handle: integrationShow},
	{alias: "integration-sync", pattern: "POST /api/v1/integrations/{id}/sync", roles: adminOnly, handle: integrationSync},
}

// mostEnrolled is how many students one request can enrol.
const mostEnrolled = 200

func users(c *call) (reply, error) {
	q, wrong := c.r.URL.Query(), fields{}
	page := c.number("page", 1, 1, 10000, wrong)
	role, words := q.Get("role"), q.Get("q")
	if role != "" && !slices.Contains([]string{store.RoleTeacher, store.RoleStudent, store.RoleAdmin}, role) {
		wrong["role"] = "must be teacher, student or admin"
	}
	wrong.text("q", &words, 0, 100)
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	return ok(c.store.Users(c.r.Context(), role, words, page, c.faults.Naive(c.route.alias)))
}

func userShow(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	return ok(c.store.User(c.r.Context(), id))
}

// courseCreate: {"title": "1 to 120 characters", "subject": "1 to 40", "year": 1..13, "teacher_id": 1}.
func courseCreate(c *call) (reply, error) {
	var in struct {
		Title, Subject *string
		Year           *int
		Teacher        *int64 `json:"teacher_id"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	wrong := fields{}
	wrong.text("title", in.Title, 1, 120)
	wrong.text("subject", in.Subject, 1, 40)
	wrong.number("year", in.Year, 1, 13)
	wrong.id("teacher_id", in.Teacher)
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	return created(c.store.CreateCourse(c.r.Context(), *in.Title, *in.Subject, *in.Year, *in.Teacher))
}

// enrol: {"student_ids": [1, 2, 3]}, at most 200 and none twice.
func enrol(c *call) (reply, error) {
	course, err := c.id()
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Students []int64 `json:"student_ids"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	wrong := fields{}
	if len(in.Students) == 0 || len(in.Students) > mostEnrolled {
		wrong["student_ids"] = "must be 1 to 200 ids"
	}
	for i, id := range in.Students {
		wrong.id("student_ids", &id)
		if slices.Contains(in.Students[:i], id) {
			wrong["student_ids"] = "must not name anybody twice"
		}
	}
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	n, err := c.store.Enrol(c.r.Context(), course, in.Students)
	return created(struct {
		Course   int64 `json:"course_id"`
		Enrolled int   `json:"enrolled"`
		Already  int   `json:"already"`
	}{course, n, len(in.Students) - n}, err)
}

func unenrol(c *call) (reply, error) {
	course, err := c.id()
	if err != nil {
		return reply{}, err
	}
	student, err := c.number64("student_id")
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, c.store.Unenrol(c.r.Context(), course, student)
}

func integrations(c *call) (reply, error) { return listed(c.store.Integrations(c.r.Context())) }

func integrationShow(c *call) (reply, error) {
	return ok(c.store.Integration(c.r.Context(), c.r.PathValue("id")))
}

// integrationSync has no body.
func integrationSync(c *call) (reply, error) {
	v, job, err := c.store.StartSync(c.r.Context(), c.user, c.r.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return asJSON(http.StatusAccepted, struct {
		ID     string `json:"id"`
		Status string `json:"status"`
		Job    string `json:"job"`
	}{v.ID, v.Status, job})
}
