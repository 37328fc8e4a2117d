package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Dump is every row of every table but log-ins, in the order of their first two columns.
func (s *Store) Dump(ctx context.Context) (out []string) {
	for _, t := range tables {
		if t.name == "sessions" || t.name == "refresh_tokens" {
			continue
		}
		what := `*`
		if t.name == "documents" { // PostgreSQL has a column more
			what = `id, kind, ref, course_id, open, draft, title, body, head, words`
		}
		rows, err := s.write.QueryContext(ctx, `SELECT `+what+` FROM `+t.name+` ORDER BY 1, 2`)
		if err != nil {
			return []string{err.Error()}
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			cells := make([]sql.NullString, len(columns))
			into := make([]any, len(columns))
			for i := range cells {
				into[i] = &cells[i]
			}
			if err := rows.Scan(into...); err != nil {
				return []string{err.Error()}
			}
			out = append(out, fmt.Sprint(t.name, cells))
		}
		rows.Close()
	}
	return out
}

// Findable is a document that a user may find.
type Findable struct {
	Kind, ID string
	Words    []string
}

// Findable is all that a user may find, by looking at every document.
func (s *Store) Findable(ctx context.Context, u User) (out []Findable, err error) {
	q := s.reader(ctx)
	courses, err := q.courses(u, 100000, 0)
	if err != nil {
		return nil, err
	}
	mine, pupils := map[int64]bool{}, map[int64]bool{}
	for _, c := range courses {
		mine[c.ID] = true
		if u.Role != RoleTeacher {
			continue
		}
		g, err := s.Gradebook(ctx, u, c.ID, "", false)
		if err != nil {
			return nil, err
		}
		for _, r := range g.Students {
			pupils[r.ID] = true
		}
	}
	list, err := collect(q, func(r *sql.Rows, d *document) error {
		return r.Scan(&d.kind, &d.ref, &d.course, &d.open, &d.draft, &d.title, &d.body)
	}, `SELECT kind, ref, course_id, open, draft, title, body FROM documents`)
	for _, d := range list {
		if u.Role == RoleAdmin || d.open || mine[d.course] && !(u.Role == RoleStudent && d.draft) || d.kind == KindPerson && pupils[d.ref] {
			out = append(out, Findable{d.kind, fmt.Sprint(d.kind, d.ref), Words(d.title + " " + d.body)})
		}
	}
	return out, err
}
