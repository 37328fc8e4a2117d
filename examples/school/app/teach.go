package app

import (
	"fmt"
	"time"

	"firedrill/examples/school/store"
)

var teachRoutes = []route{
	{alias: "unit-create", pattern: "POST /api/v1/unit_plans", roles: teacherOnly, handle: unitCreate},
	{alias: "unit-update", pattern: "PATCH /api/v1/unit_plans/{id}", roles: teacherOnly, handle: unitUpdate},
	{alias: "lesson", pattern: "GET /api/v1/unit_plans/{id}/lessons/{lesson_id}", handle: lessonShow},
	{alias: "lesson-create", pattern: "POST /api/v1/unit_plans/{id}/lessons", roles: teacherOnly, handle: lessonCreate},
	{alias: "assignment-create", pattern: "POST /api/v1/courses/{id}/assignments", roles: teacherOnly, handle: assignmentCreate},
}

// fields says what is wrong with which field; nothing when it is empty.
type fields map[string]string

// text wants a string of so many characters.
func (f fields) text(name string, s *string, least, most int) {
	if why := text(s, least, most); why != "" {
		f[name] = why
	}
}

// optional wants a string of so many characters, or none.
func (f fields) optional(name string, s *string, least, most int) {
	if s != nil {
		f.text(name, s, least, most)
	}
}

// number wants a whole number.
func (f fields) number(name string, n *int, least, most int) {
	switch {
	case n == nil:
		f[name] = "is required"
	case *n < least || *n > most:
		f[name] = fmt.Sprintf("must be a whole number from %d to %d", least, most)
	}
}

// id wants the number of something.
func (f fields) id(name string, n *int64) {
	switch {
	case n == nil:
		f[name] = "is required"
	case *n < 1 || *n >= 1<<31:
		f[name] = "is not an id"
	}
}

func (f fields) err() error {
	if len(f) == 0 {
		return nil
	}
	return invalid(f)
}

// unitCreate: {"course_id": 1, "title": "1 to 120 characters", "summary": "at most 4000", "week": 1..53}.
func unitCreate(c *call) (reply, error) {
	var in struct {
		Course         *int64 `json:"course_id"`
		Title, Summary *string
		Week           *int
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	wrong := fields{}
	wrong.id("course_id", in.Course)
	wrong.text("title", in.Title, 1, 120)
	wrong.text("summary", in.Summary, 0, 4000)
	wrong.number("week", in.Week, 1, 53)
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	return created(c.store.CreateUnit(c.r.Context(), c.user, *in.Course, *in.Title, *in.Summary, *in.Week))
}

// unitUpdate: {"lock_version": 3} and what changes: title, summary, status ("draft" or "published").
func unitUpdate(c *call) (reply, error) {
	id, err := c.id()
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Title, Summary, Status *string
		LockVersion            *int `json:"lock_version"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	wrong := fields{}
	wrong.optional("title", in.Title, 1, 120)
	wrong.optional("summary", in.Summary, 0, 4000)
	if in.Status != nil && *in.Status != store.Draft && *in.Status != store.Published {
		wrong["status"] = "must be draft or published"
	}
	wrong.number("lock_version", in.LockVersion, 1, 1<<31-2)
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	change := store.UnitChange{Title: in.Title, Summary: in.Summary, Status: in.Status, LockVersion: *in.LockVersion}
	return ok(c.store.ChangeUnit(c.r.Context(), c.user, id, change))
}

func lessonShow(c *call) (reply, error) {
	unit, err := c.id()
	if err != nil {
		return reply{}, err
	}
	id, err := c.number64("lesson_id")
	if err != nil {
		return reply{}, err
	}
	return ok(c.store.Lesson(c.r.Context(), c.user, unit, id))
}

// lessonCreate: {"title": "1 to 120 characters", "minutes": 5..240, "objectives": ["…"]}.
func lessonCreate(c *call) (reply, error) {
	unit, err := c.id()
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Title      *string
		Minutes    *int
		Objectives []string
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	wrong := fields{}
	wrong.text("title", in.Title, 1, 120)
	wrong.number("minutes", in.Minutes, 5, 240)
	if len(in.Objectives) > 20 {
		wrong["objectives"] = "must be at most 20"
	}
	for i := range in.Objectives {
		wrong.text("objectives", &in.Objectives[i], 1, 300)
	}
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	if in.Objectives == nil {
		in.Objectives = []string{}
	}
	return created(c.store.AddLesson(c.r.Context(), c.user, unit, *in.Title, *in.Minutes, in.Objectives))
}

// assignmentCreate: {"title": "1 to 120 characters", "instructions": "at most 4000", "due_at": "2025-11-14T08:00:00Z"};
// a date alone, or without a zone as browsers' forms have it, counts as UTC.
func assignmentCreate(c *call) (reply, error) {
	course, err := c.id()
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Title, Instructions *string
		DueAt               *string `json:"due_at"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	wrong := fields{}
	wrong.text("title", in.Title, 1, 120)
	wrong.text("instructions", in.Instructions, 0, 4000)
	wrong.text("due_at", in.DueAt, 1, 40)
	var due time.Time
	if wrong["due_at"] == "" {
		if due, err = moment(*in.DueAt); err != nil {
			wrong["due_at"] = "must be like 2025-11-14T08:00:00Z"
		}
	}
	if err := wrong.err(); err != nil {
		return reply{}, err
	}
	return created(c.store.CreateAssignment(c.r.Context(), c.user, course, *in.Title, *in.Instructions, store.Instant(due.UnixMilli())))
}

// moment reads an instant as programs and as browsers' forms write it.
func moment(s string) (t time.Time, err error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err = time.Parse(layout, s); err == nil && t.Year() >= 2000 && t.Year() < 2100 {
			return t, nil
		}
	}
	return t, fmt.Errorf("no instant of this century: %q", s)
}
