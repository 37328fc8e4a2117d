package store

import (
	"context"
	crand "crypto/rand"
)

// The states of a generation.
const (
	GenerationRunning = "running"
	GenerationDone    = "done"
	GenerationBroken  = "broken" // the stream did not reach its end
)

// Generation is a text that was written for a teacher. UnitPlanID is null when it was for no unit.
type Generation struct {
	ID         string  `json:"id"`
	Kind       string  `json:"kind"`
	Topic      string  `json:"topic"`
	UnitPlanID *int64  `json:"unit_plan_id"`
	Minutes    int     `json:"minutes"`
	Status     string  `json:"status"`
	Text       string  `json:"text"`
	Tokens     int     `json:"tokens"`
	CreatedAt  Instant `json:"created_at"`
}

// NewGenerationID is one that nobody has had.
func NewGenerationID() string { return "gen_" + shortID(crand.Reader) }

// StartGeneration notes that a text is being written for a teacher, for one of their own units unless unit is 0. Two
// queries, with or without a unit.
func (s *Store) StartGeneration(ctx context.Context, u User, g Generation) error {
	return s.tx(ctx, func(q *querier) error {
		var of any
		if g.UnitPlanID != nil {
			of = *g.UnitPlanID
		}
		var units, own int
		if err := q.row(`SELECT (SELECT COUNT(*) FROM unit_plans WHERE id = ?),
			(SELECT COUNT(*) FROM unit_plans p JOIN courses c ON c.id = p.course_id WHERE p.id = ? AND c.teacher_id = ?)`, of, of, u.ID).
			Scan(&units, &own); err != nil {
			return err
		}
		if of != nil && units == 0 {
			return ErrNotFound
		}
		if of != nil && own == 0 {
			return ErrForbidden
		}
		_, err := q.exec(`INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, '', 0, ?)`,
			g.ID, u.ID, g.Kind, g.Topic, of, g.Minutes, GenerationRunning, int64(now()))
		return err
	})
}

// EndGeneration keeps what was written. One query.
func (s *Store) EndGeneration(ctx context.Context, id, status, text string, tokens int) error {
	_, err := s.writer(ctx).exec(`UPDATE generations SET status = ?, text = ?, tokens = ? WHERE id = ?`, status, text, tokens, id)
	return err
}

// Generation is a teacher's own. One query.
func (s *Store) Generation(ctx context.Context, u User, id string) (Generation, error) {
	return s.reader(ctx).generation(u, id)
}

func (q *querier) generation(u User, id string) (g Generation, err error) {
	var teacher int64
	err = q.row(`SELECT id, kind, topic, unit_id, minutes, status, text, tokens, created_at, teacher_id FROM generations WHERE id = ?`, id).
		Scan(&g.ID, &g.Kind, &g.Topic, &g.UnitPlanID, &g.Minutes, &g.Status, &g.Text, &g.Tokens, &g.CreatedAt, &teacher)
	if err != nil {
		return g, notFound(err)
	}
	if teacher != u.ID {
		return g, ErrForbidden
	}
	return g, nil
}

// SaveGeneration makes a lesson of a unit out of a text: ErrUnfinished when the text has no end. Four queries.
func (s *Store) SaveGeneration(ctx context.Context, u User, id string, unit int64) (v Lesson, err error) {
	err = s.tx(ctx, func(q *querier) error {
		g, err := q.generation(u, id)
		if err != nil {
			return err
		}
		if g.Status != GenerationDone {
			return ErrUnfinished
		}
		v, err = q.addLesson(u, unit, "Generated: "+g.Topic, max(g.Minutes, 1), nil, g.Text)
		return err
	})
	return v, err
}
