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
		rows, err := s.write.QueryContext(ctx, `SELECT * FROM `+t.name+` ORDER BY 1, 2`)
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
