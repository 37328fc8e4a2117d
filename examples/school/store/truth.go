package store

import (
	"context"
	"database/sql"
)

// Truth is what really is in the school, for tests that compare it with what a client believes.
type Truth struct {
	Submissions []TrueSubmission `json:"submissions"` // in the order in which they were handed in
	Attempts    []TrueAttempt    `json:"attempts"`    // in the order in which they were started
}

// TrueSubmission is a submission with everybody's e-mail address.
type TrueSubmission struct {
	ID           string  `json:"id"`
	AssignmentID int64   `json:"assignment_id"`
	CourseID     int64   `json:"course_id"`
	Teacher      string  `json:"teacher"` // of the course
	Student      string  `json:"student"`
	Version      int     `json:"version"`
	Latest       bool    `json:"latest"`
	Status       string  `json:"status"`
	Content      string  `json:"content"`
	SubmittedAt  Instant `json:"submitted_at"`
	Grade        *int    `json:"grade"`
	Feedback     *string `json:"feedback"`
	Grader       *string `json:"grader"`
	GradedAt     Instant `json:"graded_at"`
}

// TrueAttempt is an attempt with its student's e-mail address.
type TrueAttempt struct {
	ID          string  `json:"id"`
	QuizID      int64   `json:"quiz_id"`
	Student     string  `json:"student"`
	StartedAt   Instant `json:"started_at"`
	SubmittedAt Instant `json:"submitted_at"`
	Answers     int     `json:"answers"`
	Score       int     `json:"score"` // -1 until submitted
}

// Truth tells what has happened since seeding: submissions handed in or graded, attempts started. With all it tells
// the seeded submissions too.
func (s *Store) Truth(ctx context.Context, all bool) (t Truth, err error) {
	since := Epoch.UnixMilli()
	if all {
		since = 0
	}
	q := s.reader(ctx)
	t.Submissions, err = collect(q, func(r *sql.Rows, v *TrueSubmission) error {
		return r.Scan(&v.ID, &v.AssignmentID, &v.CourseID, &v.Teacher, &v.Student, &v.Version, &v.Latest, &v.Status, &v.Content,
			&v.SubmittedAt, &v.Grade, &v.Feedback, &v.Grader, &v.GradedAt)
	}, `SELECT s.id, s.assignment_id, s.course_id, t.email, u.email, s.version, s.latest, s.status, s.content,
		s.submitted_at, s.grade, s.feedback, g.email, COALESCE(s.graded_at, 0)
		FROM submissions s JOIN courses c ON c.id = s.course_id JOIN users t ON t.id = c.teacher_id JOIN users u ON u.id = s.student_id
		LEFT JOIN users g ON g.id = s.graded_by WHERE s.submitted_at > ? OR s.graded_at > ? ORDER BY s.submitted_at, s.id`, since, since)
	if err != nil {
		return t, err
	}
	t.Attempts, err = collect(q, func(r *sql.Rows, v *TrueAttempt) error {
		return r.Scan(&v.ID, &v.QuizID, &v.Student, &v.StartedAt, &v.SubmittedAt, &v.Answers, &v.Score)
	}, `SELECT t.id, t.quiz_id, u.email, t.started_at, t.submitted_at, (SELECT COUNT(*) FROM answers w WHERE w.attempt_id = t.id), t.score
		FROM attempts t JOIN users u ON u.id = t.student_id ORDER BY t.started_at, t.id`)
	return t, err
}
