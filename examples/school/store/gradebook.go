package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
)

// Person is somebody as others see them.
type Person struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Column of a gradebook: an assignment with its figures.
type Column struct {
	ID        int64    `json:"id"`
	Title     string   `json:"title"`
	DueAt     Instant  `json:"due_at"`
	Submitted int      `json:"submitted"` // handed in, graded ones included
	Graded    int      `json:"graded"`
	Average   *float64 `json:"average"` // of the graded ones; null when there is none
}

// Row of a gradebook: a student with their figures.
type Row struct {
	Person
	Submitted int      `json:"submitted"`
	Graded    int      `json:"graded"`
	Average   *float64 `json:"average"`
}

// Entry of a gradebook: what one student handed in for one assignment.
type Entry struct {
	ID           string  `json:"id"`
	AssignmentID int64   `json:"assignment_id"`
	Assignment   string  `json:"assignment"`
	Student      Person  `json:"student"`
	Version      int     `json:"version"`
	Status       string  `json:"status"`
	SubmittedAt  Instant `json:"submitted_at"`
	Grade        *int    `json:"grade"`
	Feedback     *string `json:"feedback"`
}

// Summary of a gradebook.
type Summary struct {
	Students int      `json:"students"`
	Graded   int      `json:"graded"`
	Ungraded int      `json:"ungraded"`
	Average  *float64 `json:"average"`
}

// Gradebook of a course: everything in it is computed when it is asked for.
type Gradebook struct {
	Course      Course   `json:"course"`
	Summary     Summary  `json:"summary"`
	Assignments []Column `json:"assignments"`
	Students    []Row    `json:"students"`
	Submissions []Entry  `json:"submissions"` // ungraded first, then by the time they were handed in
}

// Gradebook of one of a teacher's courses; status "" lists the submissions of both states. Four queries. Naive is the
// same made badly: one query more for each submission listed.
func (s *Store) Gradebook(ctx context.Context, u User, course int64, status string, naive bool) (g Gradebook, err error) {
	q := s.reader(ctx)
	if g.Course, err = q.enter(u, course); err != nil {
		return g, err
	}
	if g.Assignments, err = collect(q, func(r *sql.Rows, c *Column) error {
		return r.Scan(&c.ID, &c.Title, &c.DueAt, &c.Submitted, &c.Graded, &c.Average)
	}, `SELECT a.id, a.title, a.due_at, COUNT(s.id), COUNT(s.grade), CAST(AVG(s.grade) AS DOUBLE PRECISION) FROM assignments a
		LEFT JOIN submissions s ON s.assignment_id = a.id AND s.latest = 1
		WHERE a.course_id = ? GROUP BY a.id, a.title, a.due_at ORDER BY a.due_at, a.id`, course); err != nil {
		return g, err
	}
	if g.Students, err = collect(q, func(r *sql.Rows, v *Row) error {
		return r.Scan(&v.ID, &v.Name, &v.Submitted, &v.Graded, &v.Average)
	}, `SELECT u.id, u.name, COUNT(s.id), COUNT(s.grade), CAST(AVG(s.grade) AS DOUBLE PRECISION) FROM enrolments e
		JOIN users u ON u.id = e.student_id
		LEFT JOIN submissions s ON s.student_id = e.student_id AND s.latest = 1 AND s.course_id = e.course_id
		WHERE e.course_id = ? GROUP BY u.id, u.name ORDER BY u.name, u.id`, course); err != nil {
		return g, err
	}
	if naive {
		g.Submissions, err = q.naiveEntries(course, status)
	} else {
		g.Submissions, err = q.entries(course, status)
	}
	g.summarise()
	return g, err
}

const entryOrder = ` ORDER BY CASE s.status WHEN 'submitted' THEN 0 ELSE 1 END, s.submitted_at, s.id`

func (q *querier) entries(course int64, status string) ([]Entry, error) {
	where, args := only(course, status)
	return collect(q, func(r *sql.Rows, e *Entry) error {
		return r.Scan(&e.ID, &e.AssignmentID, &e.Assignment, &e.Student.ID, &e.Student.Name, &e.Version, &e.Status, &e.SubmittedAt, &e.Grade, &e.Feedback)
	}, `SELECT s.id, s.assignment_id, a.title, s.student_id, u.name, s.version, s.status, s.submitted_at, s.grade, s.feedback
		FROM submissions s JOIN assignments a ON a.id = s.assignment_id JOIN users u ON u.id = s.student_id`+where+entryOrder, args...)
}

// naiveEntries asks for every student by themselves.
func (q *querier) naiveEntries(course int64, status string) ([]Entry, error) {
	where, args := only(course, status)
	list, err := collect(q, func(r *sql.Rows, e *Entry) error {
		return r.Scan(&e.ID, &e.AssignmentID, &e.Assignment, &e.Student.ID, &e.Version, &e.Status, &e.SubmittedAt, &e.Grade, &e.Feedback)
	}, `SELECT s.id, s.assignment_id, a.title, s.student_id, s.version, s.status, s.submitted_at, s.grade, s.feedback
		FROM submissions s JOIN assignments a ON a.id = s.assignment_id`+where+entryOrder, args...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := q.row(`SELECT name FROM users WHERE id = ?`, list[i].Student.ID).Scan(&list[i].Student.Name); err != nil {
			return nil, fmt.Errorf("student %d: %w", list[i].Student.ID, err)
		}
	}
	return list, nil
}

func only(course int64, status string) (where string, args []any) {
	if status == "" {
		return ` WHERE s.course_id = ? AND s.latest = 1`, []any{course}
	}
	return ` WHERE s.course_id = ? AND s.latest = 1 AND s.status = ?`, []any{course, status}
}

// summarise adds up the columns and rounds the averages to two decimals.
func (g *Gradebook) summarise() {
	g.Summary.Students = len(g.Students)
	var points float64
	for i := range g.Assignments {
		c := &g.Assignments[i]
		g.Summary.Graded += c.Graded
		g.Summary.Ungraded += c.Submitted - c.Graded
		if c.Average != nil {
			points += *c.Average * float64(c.Graded)
			*c.Average = round(*c.Average)
		}
	}
	if g.Summary.Graded > 0 {
		mean := round(points / float64(g.Summary.Graded))
		g.Summary.Average = &mean
	}
	for i := range g.Students {
		if a := g.Students[i].Average; a != nil {
			*a = round(*a)
		}
	}
}

func round(f float64) float64 { return math.Round(f*100) / 100 }
