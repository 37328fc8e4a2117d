package store

import (
	"context"
	"database/sql"
)

// Course is a course as lists show it. Ungraded is only counted for who may grade.
type Course struct {
	ID       int64  `json:"id"`
	Title    string `json:"title"`
	Subject  string `json:"subject"`
	Year     int    `json:"year"`
	Teacher  string `json:"teacher"`
	Students int    `json:"students"`
	Ungraded *int   `json:"ungraded,omitempty"`
}

const (
	courseColumns = `c.id, c.title, c.subject, c.year, t.name, (SELECT COUNT(*) FROM enrolments n WHERE n.course_id = c.id)`
	courseTables  = ` FROM courses c JOIN users t ON t.id = c.teacher_id`
	ungradedOf    = `(SELECT COUNT(*) FROM submissions s WHERE s.course_id = c.id AND s.latest = 1 AND s.status = 'submitted')`
)

func (c *Course) fields(more ...any) []any {
	return append([]any{&c.ID, &c.Title, &c.Subject, &c.Year, &c.Teacher, &c.Students}, more...)
}

// Courses are those that a user teaches or is enrolled in, by title; an administrator's are all, limit of them after
// skipping offset. One query.
func (s *Store) Courses(ctx context.Context, u User, limit, offset int) ([]Course, error) {
	return s.reader(ctx).courses(u, limit, offset)
}

func (q *querier) courses(u User, limit, offset int) ([]Course, error) {
	const order = ` ORDER BY c.title, c.id LIMIT ? OFFSET ?`
	switch u.Role {
	case RoleStudent:
		return collect(q, func(r *sql.Rows, c *Course) error { return r.Scan(c.fields()...) },
			`SELECT `+courseColumns+courseTables+` JOIN enrolments e ON e.course_id = c.id WHERE e.student_id = ?`+order, u.ID, limit, offset)
	case RoleTeacher:
		return collect(q, func(r *sql.Rows, c *Course) error { return r.Scan(c.fields(&c.Ungraded)...) },
			`SELECT `+courseColumns+`, `+ungradedOf+courseTables+` WHERE c.teacher_id = ?`+order, u.ID, limit, offset)
	default:
		return collect(q, func(r *sql.Rows, c *Course) error { return r.Scan(c.fields(&c.Ungraded)...) },
			`SELECT `+courseColumns+`, `+ungradedOf+courseTables+order, limit, offset)
	}
}

// NaiveCourses is Courses made badly: one query for the list, and one more per course.
func (s *Store) NaiveCourses(ctx context.Context, u User, limit, offset int) ([]Course, error) {
	q := s.reader(ctx)
	list, err := q.courses(u, limit, offset)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := q.row(`SELECT COUNT(*) FROM enrolments WHERE course_id = ?`, list[i].ID).Scan(&list[i].Students); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// enter gives a course if the user may see it: its teacher, its students, administrators. One query.
func (q *querier) enter(u User, id int64) (c Course, err error) {
	var teacher int64
	var enrolled int
	err = q.row(`SELECT `+courseColumns+`, c.teacher_id, (SELECT COUNT(*) FROM enrolments e WHERE e.course_id = c.id AND e.student_id = ?)`+
		courseTables+` WHERE c.id = ?`, u.ID, id).Scan(c.fields(&teacher, &enrolled)...)
	if err != nil {
		return c, notFound(err)
	}
	return c, allowed(u, teacher, enrolled)
}

// allowed is the rule of who may see what belongs to a course.
func allowed(u User, teacher int64, enrolled int) error {
	if u.Role == RoleAdmin || u.Role == RoleTeacher && teacher == u.ID || u.Role == RoleStudent && enrolled > 0 {
		return nil
	}
	return ErrForbidden
}

// Assignment is work to be done. MyStatus is the state of the student's own latest submission: "", "submitted" or
// "graded"; Waiting counts the ungraded ones for who may grade.
type Assignment struct {
	ID           int64   `json:"id"`
	CourseID     int64   `json:"course_id"`
	Course       string  `json:"course,omitempty"`
	Title        string  `json:"title"`
	Instructions string  `json:"instructions,omitempty"`
	DueAt        Instant `json:"due_at"`
	MyStatus     *string `json:"my_status,omitempty"`
	Waiting      *int    `json:"waiting,omitempty"`
}

// CourseDetail is a course with what is in it.
type CourseDetail struct {
	Course
	Assignments []Assignment `json:"assignments"`
	Quizzes     []Quiz       `json:"quizzes"`
	UnitPlans   []UnitPlan   `json:"unit_plans"`
}

// Course is one course. Four queries, one if it may not be seen.
func (s *Store) Course(ctx context.Context, u User, id int64) (CourseDetail, error) {
	q := s.reader(ctx)
	c, err := q.enter(u, id)
	if err != nil {
		return CourseDetail{}, err
	}
	d := CourseDetail{Course: c}
	if d.Assignments, err = q.assignments(u, id); err != nil {
		return d, err
	}
	if d.Quizzes, err = q.quizzes(` WHERE z.course_id = ?`, id); err != nil {
		return d, err
	}
	d.UnitPlans, err = q.unitPlans(u, id)
	return d, err
}

// Assignments of a course, by due date. Two queries.
func (s *Store) Assignments(ctx context.Context, u User, course int64) ([]Assignment, error) {
	q := s.reader(ctx)
	if _, err := q.enter(u, course); err != nil {
		return nil, err
	}
	return q.assignments(u, course)
}

func (q *querier) assignments(u User, course int64) ([]Assignment, error) {
	if u.Role == RoleStudent {
		return collect(q, func(r *sql.Rows, a *Assignment) error {
			return r.Scan(&a.ID, &a.CourseID, &a.Title, &a.DueAt, &a.MyStatus)
		}, `SELECT a.id, a.course_id, a.title, a.due_at, COALESCE(s.status, '') FROM assignments a
			LEFT JOIN submissions s ON s.assignment_id = a.id AND s.student_id = ? AND s.latest = 1
			WHERE a.course_id = ? ORDER BY a.due_at, a.id`, u.ID, course)
	}
	return collect(q, func(r *sql.Rows, a *Assignment) error {
		return r.Scan(&a.ID, &a.CourseID, &a.Title, &a.DueAt, &a.Waiting)
	}, `SELECT a.id, a.course_id, a.title, a.due_at,
			(SELECT COUNT(*) FROM submissions s WHERE s.course_id = a.course_id AND s.latest = 1 AND s.status = 'submitted' AND s.assignment_id = a.id)
			FROM assignments a WHERE a.course_id = ? ORDER BY a.due_at, a.id`, course)
}
