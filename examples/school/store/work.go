package store

import (
	"context"
	crand "crypto/rand"
	"database/sql"
)

// Submission is what a student handed in.
type Submission struct {
	ID           string  `json:"id"`
	AssignmentID int64   `json:"assignment_id"`
	Assignment   string  `json:"assignment"`
	CourseID     int64   `json:"course_id"`
	Student      Person  `json:"student"`
	Version      int     `json:"version"`
	Latest       bool    `json:"latest"`
	Status       string  `json:"status"`
	Content      string  `json:"content"`
	SubmittedAt  Instant `json:"submitted_at"`
	Grade        *int    `json:"grade"`
	Feedback     *string `json:"feedback"`
	GradedBy     *int64  `json:"graded_by"`
	GradedAt     Instant `json:"graded_at"`

	Attachments []Upload `json:"attachments,omitempty"`

	teacher int64
}

const submissionSelect = `SELECT s.id, s.assignment_id, a.title, s.course_id, s.student_id, u.name, s.version, s.latest, s.status, s.content,
	s.submitted_at, s.grade, s.feedback, s.graded_by, COALESCE(s.graded_at, 0), c.teacher_id FROM submissions s
	JOIN assignments a ON a.id = s.assignment_id JOIN courses c ON c.id = s.course_id JOIN users u ON u.id = s.student_id`

func (v *Submission) fields() []any {
	return []any{&v.ID, &v.AssignmentID, &v.Assignment, &v.CourseID, &v.Student.ID, &v.Student.Name, &v.Version, &v.Latest, &v.Status, &v.Content,
		&v.SubmittedAt, &v.Grade, &v.Feedback, &v.GradedBy, &v.GradedAt, &v.teacher}
}

// Submission is one submission with its attachments, for its student, its teacher and administrators. Two queries, one
// if it may not be seen.
func (s *Store) Submission(ctx context.Context, u User, id string) (v Submission, err error) {
	q := s.reader(ctx)
	if err = q.row(submissionSelect+` WHERE s.id = ?`, id).Scan(v.fields()...); err != nil {
		return v, notFound(err)
	}
	if u.Role != RoleAdmin && v.teacher != u.ID && v.Student.ID != u.ID {
		return v, ErrForbidden
	}
	v.Attachments, err = q.attachments(id)
	return v, err
}

// Grade gives a submission its grade, once, by the teacher of its course, and tells the student. Three queries.
// ErrForbidden, ErrGraded, ErrSuperseded say why not.
func (s *Store) Grade(ctx context.Context, u User, id string, grade int, feedback string) (v Submission, err error) {
	err = s.tx(ctx, func(q *querier) error {
		if err := q.row(submissionSelect+` WHERE s.id = ?`+s.lockOf("s"), id).Scan(v.fields()...); err != nil {
			return notFound(err)
		}
		switch {
		case v.teacher != u.ID:
			return ErrForbidden
		case v.Status == Graded:
			return ErrGraded
		case !v.Latest:
			return ErrSuperseded
		}
		v.Status, v.Grade, v.Feedback, v.GradedBy, v.GradedAt = Graded, &grade, &feedback, &u.ID, now()
		if _, err := q.exec(`UPDATE submissions SET status = ?, grade = ?, feedback = ?, graded_by = ?, graded_at = ? WHERE id = ?`,
			Graded, grade, feedback, u.ID, int64(v.GradedAt), id); err != nil {
			return err
		}
		return q.notify(v.Student.ID, "grade", "Your work was graded: "+v.Assignment)
	})
	return v, err
}

// AssignmentDetail is an assignment with the student's own latest submission, if any.
type AssignmentDetail struct {
	Assignment
	MySubmission *Submission `json:"my_submission,omitempty"`
}

// Assignment is one assignment. Two queries, one if it may not be seen.
func (s *Store) Assignment(ctx context.Context, u User, id int64) (d AssignmentDetail, err error) {
	q := s.reader(ctx)
	var teacher int64
	var enrolled int
	if err = q.row(`SELECT a.id, a.course_id, c.title, a.title, a.instructions, a.due_at, c.teacher_id,
		(SELECT COUNT(*) FROM enrolments e WHERE e.course_id = c.id AND e.student_id = ?)
		FROM assignments a JOIN courses c ON c.id = a.course_id WHERE a.id = ?`, u.ID, id).
		Scan(&d.ID, &d.CourseID, &d.Course, &d.Title, &d.Instructions, &d.DueAt, &teacher, &enrolled); err != nil {
		return d, notFound(err)
	}
	if err = allowed(u, teacher, enrolled); err != nil {
		return d, err
	}
	if u.Role != RoleStudent {
		err = q.row(`SELECT COUNT(*) FROM submissions s WHERE s.assignment_id = ? AND s.latest = 1 AND s.status = 'submitted'`, id).Scan(&d.Waiting)
		return d, err
	}
	mine, err := collect(q, func(r *sql.Rows, v *Submission) error { return r.Scan(v.fields()...) },
		submissionSelect+` WHERE s.assignment_id = ? AND s.student_id = ? AND s.latest = 1`, id, u.ID)
	status := ""
	if len(mine) > 0 {
		d.MySubmission, status = &mine[0], mine[0].Status
	}
	d.MyStatus = &status
	return d, err
}

// Submit hands in a student's work, with uploads of theirs; what they handed in before becomes an older version. Four
// queries, six with uploads.
func (s *Store) Submit(ctx context.Context, u User, assignment int64, content string, uploads ...string) (v Submission, err error) {
	err = s.tx(ctx, func(q *querier) error {
		var enrolled int
		err := q.row(`SELECT a.id, a.title, a.course_id, (SELECT COUNT(*) FROM enrolments e WHERE e.course_id = a.course_id AND e.student_id = ?)
			FROM assignments a WHERE a.id = ?`, u.ID, assignment).Scan(&v.AssignmentID, &v.Assignment, &v.CourseID, &enrolled)
		if err != nil {
			return notFound(err)
		}
		if enrolled == 0 {
			return ErrForbidden
		}
		// The student's row is the lock: two submissions of one student at once become two versions.
		if err := q.row(`SELECT id, name FROM users WHERE id = ?`+s.lock(), u.ID).Scan(&v.Student.ID, &v.Student.Name); err != nil {
			return err
		}
		if _, err := q.exec(`UPDATE submissions SET latest = 0 WHERE assignment_id = ? AND student_id = ? AND latest = 1`, assignment, u.ID); err != nil {
			return err
		}
		v.ID, v.Latest, v.Status, v.Content, v.SubmittedAt = shortID(crand.Reader), true, Submitted, content, now()
		err = q.row(`INSERT INTO submissions VALUES (?, ?, ?, ?,
				(SELECT COALESCE(MAX(version), 0) + 1 FROM submissions WHERE assignment_id = ? AND student_id = ?),
				1, 'submitted', ?, ?, NULL, NULL, NULL, NULL) RETURNING version`,
			v.ID, assignment, v.CourseID, u.ID, assignment, u.ID, content, int64(v.SubmittedAt)).Scan(&v.Version)
		if err != nil || len(uploads) == 0 {
			return err
		}
		if err = q.attach(u, v.ID, uploads); err != nil {
			return err
		}
		v.Attachments, err = q.attachments(v.ID)
		return err
	})
	return v, err
}

// Grade is a graded submission as its student sees it.
type Grade struct {
	SubmissionID string  `json:"submission_id"`
	AssignmentID int64   `json:"assignment_id"`
	Assignment   string  `json:"assignment"`
	Course       string  `json:"course"`
	Grade        int     `json:"grade"`
	Feedback     string  `json:"feedback"`
	GradedAt     Instant `json:"graded_at"`
}

// Grades are a student's, newest first, at most 200. One query.
func (s *Store) Grades(ctx context.Context, student int64) ([]Grade, error) {
	return s.reader(ctx).grades(student, 200)
}

func (q *querier) grades(student int64, limit int) ([]Grade, error) {
	return collect(q, func(r *sql.Rows, g *Grade) error {
		return r.Scan(&g.SubmissionID, &g.AssignmentID, &g.Assignment, &g.Course, &g.Grade, &g.Feedback, &g.GradedAt)
	}, `SELECT s.id, s.assignment_id, a.title, c.title, s.grade, s.feedback, s.graded_at FROM submissions s
		JOIN assignments a ON a.id = s.assignment_id JOIN courses c ON c.id = s.course_id
		WHERE s.student_id = ? AND s.latest = 1 AND s.status = 'graded' ORDER BY s.graded_at DESC, s.id LIMIT ?`, student, limit)
}
