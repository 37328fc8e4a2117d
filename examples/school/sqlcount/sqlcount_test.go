package sqlcount_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	sqlite "github.com/ncruces/go-sqlite3/driver"

	"firedrill/examples/school/pgtest"
	"firedrill/examples/school/sqlcount"
)

func TestCounts(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		c, err := (&sqlite.SQLite{}).OpenConnector("file:" + filepath.Join(t.TempDir(), "x.db"))
		if err != nil {
			t.Fatal(err)
		}
		counts(t, sql.OpenDB(sqlcount.Connector{Base: c}), "?")
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		cfg, err := pgx.ParseConfig(pgtest.Start(t))
		if err != nil {
			t.Fatal(err)
		}
		counts(t, sql.OpenDB(sqlcount.Connector{Base: stdlib.GetConnector(*cfg)}), "$1")
	})
}

func counts(t *testing.T, db *sql.DB, one string) {
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`CREATE TABLE t (n INTEGER PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	insert, choose := `INSERT INTO t VALUES (`+one+`)`, `SELECT n FROM t WHERE n >= `+one
	scan := func(rows *sql.Rows, err error) error {
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
		}
		return rows.Err()
	}
	for _, c := range []struct {
		why  string
		want int
		work func(context.Context) error
	}{
		{"nothing", 0, func(context.Context) error { return nil }},
		{"a ping is no query", 0, db.PingContext},
		{"an exec without arguments", 1, func(ctx context.Context) error { _, err := db.ExecContext(ctx, `DELETE FROM t`); return err }},
		{"an exec with arguments takes another way through database/sql", 1, func(ctx context.Context) error { _, err := db.ExecContext(ctx, insert, 1); return err }},
		{"a query is one, however many rows it has", 1, func(ctx context.Context) error { return scan(db.QueryContext(ctx, choose, 0)) }},
		{"a row", 1, func(ctx context.Context) error { var n int; return db.QueryRowContext(ctx, choose, 1).Scan(&n) }},
		{"a transaction counts what is in it, not its ends", 2, func(ctx context.Context) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, insert, 2); err != nil {
				return err
			}
			if err := scan(tx.QueryContext(ctx, choose, 2)); err != nil {
				return err
			}
			return tx.Commit()
		}},
		{"a rollback", 1, func(ctx context.Context) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, insert, 3); err != nil {
				return err
			}
			return tx.Rollback()
		}},
		{"a prepared statement counts when it runs", 3, func(ctx context.Context) error {
			st, err := db.PrepareContext(ctx, choose)
			if err != nil {
				return err
			}
			defer st.Close()
			for range 3 {
				if err := scan(st.QueryContext(ctx, 0)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"what the database refuses was asked all the same", 1, func(ctx context.Context) error {
			if _, err := db.ExecContext(ctx, insert, 1); err == nil {
				t.Error("a second row of one key")
			}
			return nil
		}},
	} {
		m := &sqlcount.Meter{}
		if err := c.work(sqlcount.WithMeter(t.Context(), m)); err != nil {
			t.Errorf("%s: %v", c.why, err)
		}
		if m.Queries() != c.want || (m.Time() > 0) != (c.want > 0) {
			t.Errorf("%s: %d queries in %v, want %d", c.why, m.Queries(), m.Time(), c.want)
		}
	}
	atOnce(t, db, choose)
	if err := scan(db.QueryContext(sqlcount.WithMeter(t.Context(), nil), choose, 0)); err != nil {
		t.Errorf("with no meter: %v", err)
	}
}

// atOnce: the meters of requests that share a pool do not mix.
func atOnce(t *testing.T, db *sql.DB, choose string) {
	var wg sync.WaitGroup
	for want := range 8 {
		wg.Go(func() {
			m := &sqlcount.Meter{}
			ctx := sqlcount.WithMeter(t.Context(), m)
			for range want {
				var n int
				if err := db.QueryRowContext(ctx, choose, 0).Scan(&n); err != nil {
					t.Error(err)
				}
			}
			if m.Queries() != want {
				t.Errorf("%d queries, want %d", m.Queries(), want)
			}
		})
	}
	wg.Wait()
}
