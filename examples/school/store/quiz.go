package store

import (
	"context"
	crand "crypto/rand"
	"database/sql"
)

// Quiz is a quiz as lists show it.
type Quiz struct {
	ID        int64  `json:"id"`
	CourseID  int64  `json:"course_id"`
	Course    string `json:"course"`
	Title     string `json:"title"`
	Minutes   int    `json:"minutes"`
	Questions int    `json:"questions"`
}

const quizSelect = `SELECT z.id, z.course_id, c.title, z.title, z.minutes, (SELECT COUNT(*) FROM questions n WHERE n.quiz_id = z.id)`

func (z *Quiz) fields(more ...any) []any {
	return append([]any{&z.ID, &z.CourseID, &z.Course, &z.Title, &z.Minutes, &z.Questions}, more...)
}

func (q *querier) quizzes(where string, args ...any) ([]Quiz, error) {
	return collect(q, func(r *sql.Rows, z *Quiz) error { return r.Scan(z.fields()...) },
		quizSelect+` FROM quizzes z JOIN courses c ON c.id = z.course_id`+where+` ORDER BY z.title, z.id LIMIT 200`, args...)
}

// Quizzes of a user's courses. One query.
func (s *Store) Quizzes(ctx context.Context, u User) ([]Quiz, error) {
	q := s.reader(ctx)
	switch u.Role {
	case RoleTeacher:
		return q.quizzes(` WHERE c.teacher_id = ?`, u.ID)
	case RoleStudent:
		return q.quizzes(` JOIN enrolments e ON e.course_id = c.id WHERE e.student_id = ?`, u.ID)
	default:
		return q.quizzes(``)
	}
}

// enterQuiz gives a quiz if the user may see it. One query.
func (q *querier) enterQuiz(u User, id int64) (z Quiz, err error) {
	var teacher int64
	var enrolled int
	err = q.row(quizSelect+`, c.teacher_id, (SELECT COUNT(*) FROM enrolments e WHERE e.course_id = c.id AND e.student_id = ?)
		FROM quizzes z JOIN courses c ON c.id = z.course_id WHERE z.id = ?`, u.ID, id).Scan(z.fields(&teacher, &enrolled)...)
	if err != nil {
		return z, notFound(err)
	}
	return z, allowed(u, teacher, enrolled)
}

// Attempt at a quiz. Score is a percentage, null until it is submitted.
type Attempt struct {
	ID          string     `json:"id"`
	QuizID      int64      `json:"quiz_id"`
	StartedAt   Instant    `json:"started_at"`
	SubmittedAt Instant    `json:"submitted_at"`
	Answered    int        `json:"answered"`
	Score       *int       `json:"score"`
	Questions   []Question `json:"questions,omitempty"`
}

// Question of a quiz. Which option is right is never told.
type Question struct {
	ID       int64    `json:"id"`
	Position int      `json:"position"`
	Prompt   string   `json:"prompt"`
	Options  []Option `json:"options"`
}

// Option of a question.
type Option struct {
	ID    int64  `json:"id"`
	Label string `json:"label"`
}

const attemptSelect = `SELECT t.id, t.quiz_id, t.started_at, t.submitted_at, t.score, (SELECT COUNT(*) FROM answers w WHERE w.attempt_id = t.id)`

// scan reads attemptSelect; score is -1 until it is submitted.
func (t *Attempt) scan(scan func(...any) error, more ...any) error {
	var score int
	if err := scan(append([]any{&t.ID, &t.QuizID, &t.StartedAt, &t.SubmittedAt, &score, &t.Answered}, more...)...); err != nil {
		return err
	}
	if score >= 0 {
		t.Score = &score
	}
	return nil
}

// QuizDetail is a quiz with a student's own newest attempts at it.
type QuizDetail struct {
	Quiz
	Attempts []Attempt `json:"attempts"`
}

// Quiz is one quiz. Two queries, one if it may not be seen.
func (s *Store) Quiz(ctx context.Context, u User, id int64) (d QuizDetail, err error) {
	q := s.reader(ctx)
	if d.Quiz, err = q.enterQuiz(u, id); err != nil {
		return d, err
	}
	d.Attempts, err = collect(q, func(r *sql.Rows, t *Attempt) error { return t.scan(r.Scan) },
		attemptSelect+` FROM attempts t WHERE t.quiz_id = ? AND t.student_id = ? ORDER BY t.started_at DESC, t.id LIMIT 10`, id, u.ID)
	return d, err
}

// StartAttempt begins an attempt of a student and gives its questions; limit 0 means any number of attempts, else
// ErrLimit when they are used up. Six queries.
func (s *Store) StartAttempt(ctx context.Context, u User, quiz int64, limit int) (t Attempt, err error) {
	err = s.tx(ctx, func(q *querier) error {
		if _, err := q.enterQuiz(u, quiz); err != nil {
			return err
		}
		// The student's row is the lock that keeps the limit at two log-ins of one student.
		var id int64
		if err := q.row(`SELECT id FROM users WHERE id = ?`+s.lock(), u.ID).Scan(&id); err != nil {
			return err
		}
		var n int
		if err := q.row(`SELECT COUNT(*) FROM attempts WHERE quiz_id = ? AND student_id = ?`, quiz, u.ID).Scan(&n); err != nil {
			return err
		}
		if limit > 0 && n >= limit {
			return ErrLimit
		}
		t = Attempt{ID: uuid(crand.Reader), QuizID: quiz, StartedAt: now()}
		_, err := q.exec(`INSERT INTO attempts VALUES (?, ?, ?, ?, 0, -1)`, t.ID, quiz, u.ID, int64(t.StartedAt))
		return err
	})
	if err != nil {
		return t, err
	}
	t.Questions, err = s.reader(ctx).questions(quiz) // outside: they never change, and others wait for the write lock
	return t, err
}

// questions of a quiz with their options. Two queries.
func (q *querier) questions(quiz int64) ([]Question, error) {
	list, err := collect(q, func(r *sql.Rows, v *Question) error { return r.Scan(&v.ID, &v.Position, &v.Prompt) },
		`SELECT id, position, prompt FROM questions WHERE quiz_id = ? ORDER BY position`, quiz)
	if err != nil {
		return nil, err
	}
	at := make(map[int64]int, len(list))
	for i, v := range list {
		at[v.ID] = i
	}
	type choice struct {
		question int64
		Option
	}
	options, err := collect(q, func(r *sql.Rows, v *choice) error { return r.Scan(&v.question, &v.ID, &v.Label) },
		`SELECT o.question_id, o.id, o.label FROM questions n JOIN options o ON o.question_id = n.id WHERE n.quiz_id = ? ORDER BY n.position, o.position`, quiz)
	for _, o := range options {
		i := at[o.question]
		list[i].Options = append(list[i].Options, o.Option)
	}
	return list, err
}

// Attempt is a student's own attempt with its questions. Three queries, one if it may not be seen.
func (s *Store) Attempt(ctx context.Context, u User, id string) (t Attempt, err error) {
	q := s.reader(ctx)
	if t, err = q.attempt(u, id, ``); err != nil {
		return t, err
	}
	t.Questions, err = q.questions(t.QuizID)
	return t, err
}

// attempt finds a student's own attempt. One query.
func (q *querier) attempt(u User, id, lock string) (t Attempt, err error) {
	var student int64
	err = t.scan(q.row(attemptSelect+`, t.student_id FROM attempts t WHERE t.id = ?`+lock, id).Scan, &student)
	if err != nil {
		return t, notFound(err)
	}
	if student != u.ID {
		return t, ErrForbidden
	}
	return t, nil
}

// Answer chooses an option; choosing again replaces it. Three queries. ErrSubmitted when the attempt is over,
// ErrQuestion and ErrOption when they do not belong together.
func (s *Store) Answer(ctx context.Context, u User, attempt string, question, option int64) (t Attempt, err error) {
	err = s.tx(ctx, func(q *querier) error {
		if t, err = q.attempt(u, attempt, s.lock()); err != nil {
			return err
		}
		if t.SubmittedAt != 0 {
			return ErrSubmitted
		}
		var asked, offered, before int
		if err := q.row(`SELECT (SELECT COUNT(*) FROM questions WHERE id = ? AND quiz_id = ?), (SELECT COUNT(*) FROM options WHERE id = ? AND question_id = ?),
			(SELECT COUNT(*) FROM answers WHERE attempt_id = ? AND question_id = ?)`, question, t.QuizID, option, question, attempt, question).
			Scan(&asked, &offered, &before); err != nil {
			return err
		}
		if asked == 0 {
			return ErrQuestion
		}
		if offered == 0 {
			return ErrOption
		}
		t.Answered += 1 - before
		_, err := q.exec(`INSERT INTO answers VALUES (?, ?, ?) ON CONFLICT (attempt_id, question_id) DO UPDATE SET option_id = excluded.option_id`,
			attempt, question, option)
		return err
	})
	return t, err
}

// Result of a submitted attempt.
type Result struct {
	Attempt
	Correct   int `json:"correct"`
	Questions int `json:"questions"`
}

// SubmitAttempt ends an attempt and computes its score: right answers of all questions, in percent. Three queries.
func (s *Store) SubmitAttempt(ctx context.Context, u User, id string) (r Result, err error) {
	err = s.tx(ctx, func(q *querier) error {
		if r.Attempt, err = q.attempt(u, id, s.lock()); err != nil {
			return err
		}
		if r.SubmittedAt != 0 {
			return ErrSubmitted
		}
		if err := q.row(`SELECT (SELECT COUNT(*) FROM questions WHERE quiz_id = ?),
			(SELECT COUNT(*) FROM answers w JOIN options o ON o.id = w.option_id WHERE w.attempt_id = ? AND o.correct = 1)`, r.QuizID, id).
			Scan(&r.Questions, &r.Correct); err != nil {
			return err
		}
		score := 0
		if r.Questions > 0 {
			score = (100*r.Correct + r.Questions/2) / r.Questions
		}
		r.Score, r.SubmittedAt = &score, now()
		_, err := q.exec(`UPDATE attempts SET submitted_at = ?, score = ? WHERE id = ?`, int64(r.SubmittedAt), score, id)
		return err
	})
	return r, err
}
