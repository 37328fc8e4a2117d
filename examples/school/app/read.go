package app

import (
	"fmt"
	"strconv"

	"firedrill/examples/school/store"
)

var readRoutes = []route{
	{alias: "dashboard", pattern: "GET /api/v1/dashboard", handle: dashboard},
	{alias: "courses", pattern: "GET /api/v1/courses", handle: courses},
	{alias: "course", pattern: "GET /api/v1/courses/{id}", handle: courseShow},
	{alias: "assignments", pattern: "GET /api/v1/courses/{id}/assignments", handle: assignments},
	{alias: "gradebook", pattern: "GET /api/v1/courses/{id}/gradebook", roles: gradersOnly, handle: gradebook},
	{alias: "unit-plans", pattern: "GET /api/v1/unit_plans", handle: unitPlans},
	{alias: "unit", pattern: "GET /api/v1/unit_plans/{id}", handle: unitPlan},
	{alias: "notifications", pattern: "GET /api/v1/notifications", handle: notifications},
	{alias: "quizzes", pattern: "GET /api/v1/quizzes", handle: quizzes},
	{alias: "quiz", pattern: "GET /api/v1/quizzes/{id}", handle: quizShow},
	{alias: "attempt", pattern: "GET /api/v1/attempts/{id}", roles: studentOnly, handle: attemptShow},
	{alias: "assignment", pattern: "GET /api/v1/assignments/{id}", handle: assignmentShow},
	{alias: "submission", pattern: "GET /api/v1/submissions/{id}", handle: submissionShow},
	{alias: "grades", pattern: "GET /api/v1/grades", roles: studentOnly, handle: grades},
}

func dashboard(c *call) (reply, error) {
	switch c.user.Role {
	case store.RoleTeacher:
		return ok(c.store.TeacherDashboard(c.r.Context(), c.user))
	case store.RoleStudent:
		return ok(c.store.StudentDashboard(c.r.Context(), c.user))
	default:
		return ok(c.store.AdminDashboard(c.r.Context(), c.user))
	}
}

// number reads an optional number of the query.
func (c *call) number(name string, otherwise, least, most int, wrong map[string]string) int {
	v := c.r.URL.Query()
	if !v.Has(name) {
		return otherwise
	}
	n, err := strconv.Atoi(v.Get(name))
	if err != nil || n < least || n > most {
		wrong[name] = fmt.Sprintf("must be a whole number from %d to %d", least, most)
	}
	return n
}

// list wraps a list: there is room beside it.
type list[T any] struct {
	Items []T `json:"items"`
	Page  int `json:"page,omitempty"`
}

func listed[T any](items []T, err error) (reply, error) { return ok(list[T]{Items: items}, err) }

func courses(c *call) (reply, error) {
	wrong := map[string]string{}
	page := c.number("page", 1, 1, 10000, wrong)
	per := c.number("per_page", 50, 1, 200, wrong)
	if len(wrong) > 0 {
		return reply{}, invalid(wrong)
	}
	get := c.store.Courses
	if c.faults.Naive(c.route.alias) {
		get = c.store.NaiveCourses
	}
	items, err := get(c.r.Context(), c.user, per, (page-1)*per)
	return ok(list[store.Course]{items, page}, err)
}

// courseShow and the following find out from the store whether one may see it.
func courseShow(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	return ok(c.store.Course(c.r.Context(), c.user, id))
}

func assignments(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	return listed(c.store.Assignments(c.r.Context(), c.user, id))
}

func gradebook(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	status := c.r.URL.Query().Get("status")
	if status != "" && status != store.Submitted && status != store.Graded {
		return reply{}, invalid(map[string]string{"status": "must be submitted or graded"})
	}
	return ok(c.store.Gradebook(c.r.Context(), c.user, id, status, c.faults.Naive(c.route.alias)))
}

func unitPlans(c *call) (reply, error) {
	wrong := map[string]string{}
	course := c.number("course_id", 0, 1, 1<<31-1, wrong)
	if len(wrong) > 0 {
		return reply{}, invalid(wrong)
	}
	return listed(c.store.UnitPlans(c.r.Context(), c.user, int64(course)))
}

func unitPlan(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	return ok(c.store.UnitPlan(c.r.Context(), c.user, id))
}

func notifications(c *call) (reply, error) {
	var unread *bool
	if q := c.r.URL.Query(); q.Has("unread") {
		is := q.Get("unread") == "true"
		if !is && q.Get("unread") != "false" {
			return reply{}, invalid(map[string]string{"unread": "must be true or false"})
		}
		unread = &is
	}
	return listed(c.store.Notifications(c.r.Context(), c.user.ID, unread))
}

func quizzes(c *call) (reply, error) { return listed(c.store.Quizzes(c.r.Context(), c.user)) }

func quizShow(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	return ok(c.store.Quiz(c.r.Context(), c.user, id))
}

func attemptShow(c *call) (reply, error) {
	return ok(c.store.Attempt(c.r.Context(), c.user, c.r.PathValue("id")))
}

func assignmentShow(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	return ok(c.store.Assignment(c.r.Context(), c.user, id))
}

func submissionShow(c *call) (reply, error) {
	return ok(c.store.Submission(c.r.Context(), c.user, c.r.PathValue("id")))
}

func grades(c *call) (reply, error) { return listed(c.store.Grades(c.r.Context(), c.user.ID)) }
