package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// ownCourse is a course that its teacher is about to add to. One query.
func (q *querier) ownCourse(u User, id int64) (c Course, err error) {
	var teacher int64
	err = q.row(`SELECT `+courseColumns+`, c.teacher_id`+courseTables+` WHERE c.id = ?`, id).Scan(c.fields(&teacher)...)
	if err != nil {
		return c, notFound(err)
	}
	if teacher != u.ID {
		return c, ErrForbidden
	}
	return c, nil
}

// CreateCourse adds an empty course; ErrTeacher when nobody of that id teaches. Three queries.
func (s *Store) CreateCourse(ctx context.Context, title, subject string, year int, teacher int64) (c Course, err error) {
	err = s.tx(ctx, func(q *querier) error {
		c = Course{ID: laterID(), Title: title, Subject: subject, Year: year}
		err := q.row(`SELECT name FROM users WHERE id = ? AND role = 'teacher'`, teacher).Scan(&c.Teacher)
		if notFound(err) == ErrNotFound {
			return ErrTeacher
		}
		if err != nil {
			return err
		}
		if _, err = q.exec(`INSERT INTO courses VALUES (?, ?, ?, ?, ?)`, c.ID, teacher, title, subject, year); err != nil {
			return err
		}
		return q.addDocument(c.document())
	})
	return c, err
}

// Enrol puts students into a course and says how many were not in it yet; ErrStudent when one of the ids is no
// student's. Three queries for any number of them.
func (s *Store) Enrol(ctx context.Context, course int64, students []int64) (enrolled int, err error) {
	ids := make([]any, len(students))
	for i, id := range students {
		ids[i] = id
	}
	err = s.tx(ctx, func(q *querier) error {
		var found int64
		if err := q.row(`SELECT id FROM courses WHERE id = ?`+s.lock(), course).Scan(&found); err != nil {
			return notFound(err)
		}
		var known int
		if err := q.row(`SELECT COUNT(*) FROM users WHERE role = 'student' AND id IN (`+marks(len(ids))+`)`, ids...).Scan(&known); err != nil {
			return err
		}
		if known != len(students) {
			return fmt.Errorf("%d of %d: %w", len(students)-known, len(students), ErrStudent)
		}
		rows, args := strings.Repeat(`(?, ?),`, len(students)), make([]any, 0, 2*len(students))
		for _, id := range students {
			args = append(args, course, id)
		}
		res, err := q.exec(`INSERT INTO enrolments VALUES `+strings.TrimSuffix(rows, `,`)+` ON CONFLICT DO NOTHING`, args...)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		enrolled = int(n)
		return err
	})
	return enrolled, err
}

// Unenrol takes a student out of a course; ErrNotFound when they were not in it. One query.
func (s *Store) Unenrol(ctx context.Context, course, student int64) error {
	res, err := s.writer(ctx).exec(`DELETE FROM enrolments WHERE course_id = ? AND student_id = ?`, course, student)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return notFound(sql.ErrNoRows)
	}
	return nil
}

// CreateAssignment adds work to a teacher's own course. Three queries.
func (s *Store) CreateAssignment(ctx context.Context, u User, course int64, title, instructions string, due Instant) (a Assignment, err error) {
	err = s.tx(ctx, func(q *querier) error {
		c, err := q.ownCourse(u, course)
		if err != nil {
			return err
		}
		a = Assignment{ID: laterID(), CourseID: course, Course: c.Title, Title: title, Instructions: instructions, DueAt: due}
		if _, err = q.exec(`INSERT INTO assignments VALUES (?, ?, ?, ?, ?)`, a.ID, course, title, instructions, int64(due)); err != nil {
			return err
		}
		return q.addDocument(document{kind: KindAssignment, ref: a.ID, course: course, title: title, body: instructions})
	})
	return a, err
}

// PeoplePage is how many people a page of Users has.
const PeoplePage = 25

// Account is somebody as the office sees them; Courses counts those that they teach or are enrolled in.
type Account struct {
	User
	Courses int `json:"courses"`
}

const (
	accountSelect = `SELECT u.id, u.name, u.email, u.role`
	coursesOf     = `(SELECT COUNT(*) FROM courses c WHERE c.teacher_id = u.id) + (SELECT COUNT(*) FROM enrolments e WHERE e.student_id = u.id)`
)

// People is a page of accounts.
type People struct {
	Items []Account `json:"items"`
	Page  int       `json:"page"`
	Pages int       `json:"pages"`
	Total int       `json:"total"`
}

// Users are a page of the accounts of a role ("": all) whose name or e-mail address contains text, by role and name.
// Two queries; naive asks once more for each of them.
func (s *Store) Users(ctx context.Context, role, text string, page int, naive bool) (p People, err error) {
	q := s.reader(ctx)
	where, args := ` WHERE 1 = 1`, []any{}
	if role != "" {
		where, args = where+` AND u.role = ?`, append(args, role)
	}
	if text != "" {
		like := "%" + likeEscape.Replace(strings.ToLower(text)) + "%"
		where, args = where+` AND (LOWER(u.name) LIKE ? ESCAPE '!' OR LOWER(u.email) LIKE ? ESCAPE '!')`, append(args, like, like)
	}
	p.Page = page
	if err = q.row(`SELECT COUNT(*) FROM users u`+where, args...).Scan(&p.Total); err != nil {
		return p, err
	}
	p.Pages = max(1, (p.Total+PeoplePage-1)/PeoplePage)
	count := coursesOf
	if naive {
		count = `0`
	}
	p.Items, err = collect(q, func(r *sql.Rows, v *Account) error { return r.Scan(&v.ID, &v.Name, &v.Email, &v.Role, &v.Courses) },
		accountSelect+`, `+count+` FROM users u`+where+` ORDER BY u.role, u.name, u.id LIMIT ? OFFSET ?`, append(args, PeoplePage, (page-1)*PeoplePage)...)
	if err != nil || !naive {
		return p, err
	}
	for i := range p.Items {
		if err := q.row(`SELECT `+coursesOf+` FROM users u WHERE u.id = ?`, p.Items[i].ID).Scan(&p.Items[i].Courses); err != nil {
			return p, err
		}
	}
	return p, nil
}

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// AccountDetail is an account with its courses.
type AccountDetail struct {
	User
	Courses []Course `json:"courses"`
}

// User is one account. Two queries.
func (s *Store) User(ctx context.Context, id int64) (d AccountDetail, err error) {
	q := s.reader(ctx)
	if err = q.row(accountSelect+` FROM users u WHERE u.id = ?`, id).Scan(&d.ID, &d.Name, &d.Email, &d.Role); err != nil {
		return d, notFound(err)
	}
	d.Courses, err = collect(q, func(r *sql.Rows, c *Course) error { return r.Scan(c.fields()...) },
		`SELECT `+courseColumns+courseTables+` WHERE c.teacher_id = ? OR c.id IN (SELECT e.course_id FROM enrolments e WHERE e.student_id = ?) ORDER BY c.title, c.id`, id, id)
	return d, err
}
