package store

import (
	"context"
	"database/sql"
)

// everything is the limit of lists that are short by nature.
const everything = 500

// TeacherDashboard is a teacher's first page.
type TeacherDashboard struct {
	Courses             []Course   `json:"courses"`
	ToGrade             int        `json:"to_grade"`
	UnreadNotifications int        `json:"unread_notifications"`
	UnitPlans           []UnitPlan `json:"unit_plans"`
}

// TeacherDashboard of a teacher. Three queries.
func (s *Store) TeacherDashboard(ctx context.Context, u User) (d TeacherDashboard, err error) {
	q := s.reader(ctx)
	if d.Courses, err = q.courses(u, everything, 0); err != nil {
		return d, err
	}
	for _, c := range d.Courses {
		d.ToGrade += *c.Ungraded
	}
	if d.UnreadNotifications, err = q.unreadCount(u.ID); err != nil {
		return d, err
	}
	if d.UnitPlans, err = q.unitPlans(u, 0); err != nil {
		return d, err
	}
	d.UnitPlans = d.UnitPlans[:min(5, len(d.UnitPlans))]
	return d, nil
}

// StudentDashboard is a student's first page.
type StudentDashboard struct {
	Courses             []Course     `json:"courses"`
	Upcoming            []Assignment `json:"upcoming"`
	Quizzes             []Quiz       `json:"quizzes"`
	RecentGrades        []Grade      `json:"recent_grades"`
	UnreadNotifications int          `json:"unread_notifications"`
}

// StudentDashboard of a student. Five queries.
func (s *Store) StudentDashboard(ctx context.Context, u User) (d StudentDashboard, err error) {
	q := s.reader(ctx)
	if d.Courses, err = q.courses(u, everything, 0); err != nil {
		return d, err
	}
	d.Upcoming, err = collect(q, func(r *sql.Rows, a *Assignment) error {
		return r.Scan(&a.ID, &a.CourseID, &a.Course, &a.Title, &a.DueAt, &a.MyStatus)
	}, `SELECT a.id, a.course_id, c.title, a.title, a.due_at, COALESCE(s.status, '') FROM enrolments e JOIN courses c ON c.id = e.course_id
		JOIN assignments a ON a.course_id = c.id LEFT JOIN submissions s ON s.assignment_id = a.id AND s.student_id = e.student_id AND s.latest = 1
		WHERE e.student_id = ? AND a.due_at > ? ORDER BY a.due_at, a.id LIMIT 10`, u.ID, Epoch.UnixMilli())
	if err != nil {
		return d, err
	}
	if d.Quizzes, err = q.quizzes(` JOIN enrolments e ON e.course_id = z.course_id WHERE e.student_id = ?`, u.ID); err != nil {
		return d, err
	}
	if d.RecentGrades, err = q.grades(u.ID, 5); err != nil {
		return d, err
	}
	d.UnreadNotifications, err = q.unreadCount(u.ID)
	return d, err
}

// AdminDashboard is the office's first page.
type AdminDashboard struct {
	Teachers            int `json:"teachers"`
	Students            int `json:"students"`
	Courses             int `json:"courses"`
	Submissions         int `json:"submissions"`
	Ungraded            int `json:"ungraded"`
	Attempts            int `json:"attempts"`
	UnreadNotifications int `json:"unread_notifications"`
}

// AdminDashboard of an administrator. Two queries.
func (s *Store) AdminDashboard(ctx context.Context, u User) (d AdminDashboard, err error) {
	q := s.reader(ctx)
	err = q.row(`SELECT (SELECT COUNT(*) FROM users WHERE role = 'teacher'), (SELECT COUNT(*) FROM users WHERE role = 'student'),
		(SELECT COUNT(*) FROM courses), (SELECT COUNT(*) FROM submissions WHERE latest = 1),
		(SELECT COUNT(*) FROM submissions WHERE latest = 1 AND status = 'submitted'), (SELECT COUNT(*) FROM attempts)`).
		Scan(&d.Teachers, &d.Students, &d.Courses, &d.Submissions, &d.Ungraded, &d.Attempts)
	if err != nil {
		return d, err
	}
	d.UnreadNotifications, err = q.unreadCount(u.ID)
	return d, err
}
