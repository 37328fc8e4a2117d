package store

import (
	"context"
	"database/sql"
	"strings"
)

// UnitPlan is a plan of some weeks of lessons.
type UnitPlan struct {
	ID       int64  `json:"id"`
	CourseID int64  `json:"course_id"`
	Course   string `json:"course"`
	Title    string `json:"title"`
	Summary  string `json:"summary,omitempty"`
	Week     int    `json:"week"`
	Status   string `json:"status"`
}

// UnitPlans are those of a user's courses, by week; course 0 means all of them. Students see the published ones. One query.
func (s *Store) UnitPlans(ctx context.Context, u User, course int64) ([]UnitPlan, error) {
	return s.reader(ctx).unitPlans(u, course)
}

func (q *querier) unitPlans(u User, course int64) ([]UnitPlan, error) {
	where, args := ` WHERE 1 = 1`, []any{}
	switch u.Role {
	case RoleTeacher:
		where, args = ` WHERE c.teacher_id = ?`, append(args, u.ID)
	case RoleStudent:
		where, args = ` JOIN enrolments e ON e.course_id = c.id WHERE e.student_id = ? AND p.status = 'published'`, append(args, u.ID)
	}
	if course != 0 {
		where, args = where+` AND p.course_id = ?`, append(args, course)
	}
	return collect(q, func(r *sql.Rows, p *UnitPlan) error {
		return r.Scan(&p.ID, &p.CourseID, &p.Course, &p.Title, &p.Week, &p.Status)
	}, `SELECT p.id, p.course_id, c.title, p.title, p.week, p.status FROM unit_plans p JOIN courses c ON c.id = p.course_id`+
		where+` ORDER BY p.week, p.id LIMIT 200`, args...)
}

// The states of a unit plan. Students see the published ones.
const (
	Draft     = "draft"
	Published = "published"
)

// LessonLine is a lesson as its unit lists it.
type LessonLine struct {
	ID       int64  `json:"id"`
	Position int    `json:"position"`
	Title    string `json:"title"`
	Minutes  int    `json:"minutes"`
}

// Standard is what the curriculum asks for.
type Standard struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Material is something to read, see or use.
type Material struct {
	Kind  string `json:"kind"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

// UnitDetail is a unit plan in depth. LockVersion grows with each change, and a change must name it.
type UnitDetail struct {
	UnitPlan
	LockVersion int          `json:"lock_version"`
	Lessons     []LessonLine `json:"lessons"`
	Standards   []Standard   `json:"standards"`
	Materials   []Material   `json:"materials"`
}

// unit is one plan without what is in it, if the user may see it. One query.
func (q *querier) unit(u User, id int64) (d UnitDetail, err error) {
	var teacher int64
	var enrolled int
	err = q.row(`SELECT p.id, p.course_id, c.title, p.title, p.summary, p.week, p.status, p.lock_version, c.teacher_id,
		(SELECT COUNT(*) FROM enrolments e WHERE e.course_id = c.id AND e.student_id = ?)
		FROM unit_plans p JOIN courses c ON c.id = p.course_id WHERE p.id = ?`, u.ID, id).
		Scan(&d.ID, &d.CourseID, &d.Course, &d.Title, &d.Summary, &d.Week, &d.Status, &d.LockVersion, &teacher, &enrolled)
	if err != nil {
		return d, notFound(err)
	}
	if u.Role == RoleStudent && d.Status != Published {
		return d, ErrForbidden
	}
	return d, allowed(u, teacher, enrolled)
}

// UnitPlan is one plan with its lessons, standards and materials. Four queries, one if it may not be seen.
func (s *Store) UnitPlan(ctx context.Context, u User, id int64) (d UnitDetail, err error) {
	q := s.reader(ctx)
	if d, err = q.unit(u, id); err != nil {
		return d, err
	}
	return d, q.fillUnit(&d)
}

// fillUnit adds what is in a unit. Three queries.
func (q *querier) fillUnit(d *UnitDetail) (err error) {
	if d.Lessons, err = collect(q, func(r *sql.Rows, v *LessonLine) error { return r.Scan(&v.ID, &v.Position, &v.Title, &v.Minutes) },
		`SELECT id, position, title, minutes FROM lessons WHERE unit_id = ? ORDER BY position, id`, d.ID); err != nil {
		return err
	}
	if d.Standards, err = collect(q, func(r *sql.Rows, v *Standard) error { return r.Scan(&v.Code, &v.Text) },
		`SELECT code, text FROM standards WHERE unit_id = ? ORDER BY position`, d.ID); err != nil {
		return err
	}
	d.Materials, err = q.materials(d.ID, 0)
	return err
}

// materials of a lesson, or with lesson 0 of the whole unit, where uploads count too. One query.
func (q *querier) materials(unit, lesson int64) ([]Material, error) {
	return collect(q, func(r *sql.Rows, v *Material) error { return r.Scan(&v.Kind, &v.Title, &v.URL) },
		`SELECT kind, title, url FROM materials WHERE unit_id = ? AND lesson_id = ?
		UNION ALL SELECT 'file', name, '/api/v1/uploads/' || id FROM uploads WHERE unit_id = ? AND 0 = ? ORDER BY 1, 2, 3`, unit, lesson, unit, lesson)
}

// ownUnit is a plan that its teacher is about to change. One query.
func (q *querier) ownUnit(u User, id int64, lock string) (d UnitDetail, err error) {
	var teacher int64
	err = q.row(`SELECT p.id, p.course_id, c.title, p.title, p.summary, p.week, p.status, p.lock_version, c.teacher_id
		FROM unit_plans p JOIN courses c ON c.id = p.course_id WHERE p.id = ?`+lock, id).
		Scan(&d.ID, &d.CourseID, &d.Course, &d.Title, &d.Summary, &d.Week, &d.Status, &d.LockVersion, &teacher)
	if err != nil {
		return d, notFound(err)
	}
	if teacher != u.ID {
		return d, ErrForbidden
	}
	return d, nil
}

// CreateUnit adds a draft to a teacher's own course. Three queries.
func (s *Store) CreateUnit(ctx context.Context, u User, course int64, title, summary string, week int) (d UnitDetail, err error) {
	err = s.tx(ctx, func(q *querier) error {
		c, err := q.ownCourse(u, course)
		if err != nil {
			return err
		}
		d = UnitDetail{
			UnitPlan:    UnitPlan{ID: laterID(), CourseID: course, Course: c.Title, Title: title, Summary: summary, Week: week, Status: Draft},
			LockVersion: 1, Lessons: []LessonLine{}, Standards: []Standard{}, Materials: []Material{},
		}
		if _, err = q.exec(`INSERT INTO unit_plans VALUES (?, ?, ?, ?, ?, ?, ?)`, d.ID, course, title, summary, week, d.Status, d.LockVersion); err != nil {
			return err
		}
		return q.addDocument(document{kind: KindUnit, ref: d.ID, course: course, draft: true, title: title, body: summary})
	})
	return d, err
}

// UnitChange is what a change of a unit sets; nil stays as it is.
type UnitChange struct {
	Title, Summary, Status *string
	LockVersion            int // that the change was made of
}

// ChangeUnit changes a teacher's own plan: ErrStale when somebody was faster. Six queries.
func (s *Store) ChangeUnit(ctx context.Context, u User, id int64, c UnitChange) (d UnitDetail, err error) {
	err = s.tx(ctx, func(q *querier) error {
		if d, err = q.ownUnit(u, id, s.lockOf("p")); err != nil {
			return err
		}
		if d.LockVersion != c.LockVersion {
			return ErrStale
		}
		for to, from := range map[*string]*string{&d.Title: c.Title, &d.Summary: c.Summary, &d.Status: c.Status} {
			if from != nil {
				*to = *from
			}
		}
		d.LockVersion++
		if _, err := q.exec(`UPDATE unit_plans SET title = ?, summary = ?, status = ?, lock_version = ? WHERE id = ?`, d.Title, d.Summary, d.Status, d.LockVersion, id); err != nil {
			return err
		}
		if err := q.fillUnit(&d); err != nil {
			return err
		}
		return q.changeDocument(d.document())
	})
	return d, err
}

// Activity is a part of a lesson.
type Activity struct {
	Position int    `json:"position"`
	Minutes  int    `json:"minutes"`
	Title    string `json:"title"`
	Text     string `json:"text"`
}

// Lesson is a lesson in depth.
type Lesson struct {
	LessonLine
	UnitPlanID int64      `json:"unit_plan_id"`
	Unit       string     `json:"unit"`
	Objectives []string   `json:"objectives"`
	Notes      string     `json:"notes"`
	Activities []Activity `json:"activities"`
	Materials  []Material `json:"materials"`
}

// Lesson is one lesson of a unit that the user may see. Four queries.
func (s *Store) Lesson(ctx context.Context, u User, unit, id int64) (v Lesson, err error) {
	q := s.reader(ctx)
	d, err := q.unit(u, unit)
	if err != nil {
		return v, err
	}
	var objectives string
	if err = q.row(`SELECT id, position, title, minutes, objectives, notes FROM lessons WHERE unit_id = ? AND id = ?`, unit, id).
		Scan(&v.ID, &v.Position, &v.Title, &v.Minutes, &objectives, &v.Notes); err != nil {
		return v, notFound(err)
	}
	v.UnitPlanID, v.Unit, v.Objectives = unit, d.Title, linesOf(objectives)
	if v.Activities, err = collect(q, func(r *sql.Rows, a *Activity) error { return r.Scan(&a.Position, &a.Minutes, &a.Title, &a.Text) },
		`SELECT position, minutes, title, text FROM activities WHERE lesson_id = ? ORDER BY position`, id); err != nil {
		return v, err
	}
	v.Materials, err = q.materials(unit, id)
	return v, err
}

func linesOf(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, "\n")
}

// AddLesson adds a lesson at the end of a teacher's own unit. Three queries.
func (s *Store) AddLesson(ctx context.Context, u User, unit int64, title string, minutes int, objectives []string) (v Lesson, err error) {
	err = s.tx(ctx, func(q *querier) error {
		v, err = q.addLesson(u, unit, title, minutes, objectives, "")
		return err
	})
	return v, err
}

// addLesson in a transaction. Three queries.
func (q *querier) addLesson(u User, unit int64, title string, minutes int, objectives []string, notes string) (v Lesson, err error) {
	d, err := q.ownUnit(u, unit, q.s.lockOf("p"))
	if err != nil {
		return v, err
	}
	v = Lesson{
		LessonLine: LessonLine{ID: laterID(), Title: title, Minutes: minutes}, UnitPlanID: unit, Unit: d.Title,
		Objectives: objectives, Notes: notes, Activities: []Activity{}, Materials: []Material{},
	}
	err = q.row(`INSERT INTO lessons VALUES (?, ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM lessons WHERE unit_id = ?), ?, ?, ?, ?) RETURNING position`,
		v.ID, unit, unit, title, minutes, strings.Join(objectives, "\n"), notes).Scan(&v.Position)
	if err != nil {
		return v, err
	}
	return v, q.extendDocument(KindUnit, unit, v.document())
}
