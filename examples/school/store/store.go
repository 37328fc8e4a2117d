package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/ncruces/go-sqlite3/driver"

	"firedrill/examples/school/sqlcount"
)

// The errors that a caller can act on.
var (
	ErrSeed       = errors.New("no such school")
	ErrDatabase   = errors.New("no such database")
	ErrNotFound   = errors.New("no such thing")
	ErrForbidden  = errors.New("belongs to somebody else")
	ErrGraded     = errors.New("is already graded")
	ErrSuperseded = errors.New("has been replaced by a newer version")
	ErrSubmitted  = errors.New("is already submitted")
	ErrLimit      = errors.New("no attempt is left")
	ErrReused     = errors.New("the refresh token was used before")
	ErrQuestion   = errors.New("is not a question of this quiz")
	ErrOption     = errors.New("is not an option of this question")
	ErrStale      = errors.New("has been changed by somebody else")
	ErrTeacher    = errors.New("is not a teacher")
	ErrStudent    = errors.New("is not a student")
	ErrUpload     = errors.New("is not an upload of one's own that is still to be handed in")
	ErrUnfinished = errors.New("was not written to its end")
	ErrOff        = errors.New("is switched off")
)

// MismatchError says that the database holds another school than the one asked for.
type MismatchError struct{ Has, Want string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("the database holds a school of %s, not of %s", e.Has, e.Want)
}

// Options say where the school is kept and what it is seeded with.
type Options struct {
	DB    string // "": a temporary SQLite file, removed by Close; "file:PATH"; "postgres://…"
	Seed  Seed
	Fresh bool // drop what an earlier start left, instead of keeping it
}

// Store is an open school.
type Store struct {
	read, write *sql.DB // the same one on PostgreSQL
	postgres    bool
	seed        Seed
	dir         string          // of the temporary file
	texts       sync.Map        // statement with ? → with $1
	hashes      func() []string // of the seeded passwords, made once
}

// Open opens the database, makes and seeds it when it is empty, and keeps what it holds when that is a school of the
// same seed. Another school is a *MismatchError unless Fresh is set.
func Open(ctx context.Context, o Options) (_ *Store, err error) {
	s := &Store{seed: o.Seed, hashes: sync.OnceValue(o.Seed.passwords)}
	if err := o.Seed.check(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	switch {
	case o.DB == "":
		if s.dir, err = os.MkdirTemp("", "school-"); err != nil {
			return nil, fmt.Errorf("temporary database: %w", err)
		}
		err = s.openSQLite(filepath.Join(s.dir, "school.db"), "OFF") // it is removed at the end: nothing to keep safe
	case strings.HasPrefix(o.DB, "file:"):
		err = s.openSQLite(strings.TrimPrefix(o.DB, "file:"), "NORMAL")
	case strings.HasPrefix(o.DB, "postgres://"), strings.HasPrefix(o.DB, "postgresql://"):
		err = s.openPostgres(ctx, o.DB)
	default:
		err = fmt.Errorf("%w: %q is neither file:PATH nor postgres://…", ErrDatabase, o.DB)
	}
	if err != nil {
		return nil, err
	}
	return s, s.prepare(ctx, o.Fresh)
}

// escape writes a path as part of a URI.
var escape = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23", " ", "%20")

func (s *Store) openSQLite(path, synchronous string) error {
	open := func(extra string, conns int) (*sql.DB, error) {
		c, err := (&driver.SQLite{}).OpenConnector("file:" + escape.Replace(filepath.ToSlash(path)) + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
			"&_pragma=synchronous(" + synchronous + ")&_pragma=cache_size(-8000)" + extra)
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", path, err)
		}
		db := sql.OpenDB(sqlcount.Connector{Base: searching{c}})
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		return db, db.Ping()
	}
	var err error
	if s.write, err = open("&_txlock=immediate", 1); err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	if s.read, err = open("&_txlock=deferred", min(16, max(4, 2*runtime.GOMAXPROCS(0)))); err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	return nil
}

func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("database address: %w", err) // pgx hides the password
	}
	cfg.RuntimeParams["search_path"] = "school"
	cfg.RuntimeParams["application_name"] = "school"
	db := sql.OpenDB(sqlcount.Connector{Base: stdlib.GetConnector(*cfg)})
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	db.SetConnMaxIdleTime(time.Minute)
	s.read, s.write, s.postgres = db, db, true
	if _, err := db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS school`); err != nil {
		return fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	return nil
}

// Close closes the database and removes it when it was a temporary one.
func (s *Store) Close() error {
	var errs []error
	if s.read != nil && s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// Kind names the database: "SQLite" or "PostgreSQL".
func (s *Store) Kind() string {
	if s.postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

// prepare makes the tables and fills them, or sees that they hold the school asked for.
func (s *Store) prepare(ctx context.Context, fresh bool) error {
	if !fresh {
		has, err := s.identity(ctx)
		if err != nil {
			return err
		}
		if has == s.seed.String() {
			return nil
		}
		if has != "" {
			return &MismatchError{Has: has, Want: s.seed.String()}
		}
	}
	return s.tx(ctx, func(q *querier) error {
		if err := q.dropIndex(); err != nil {
			return err
		}
		for i := len(tables) - 1; i >= 0; i-- {
			if _, err := q.exec(`DROP TABLE IF EXISTS ` + tables[i].name); err != nil {
				return fmt.Errorf("dropping old tables: %w", err)
			}
		}
		for _, t := range tables {
			if _, err := q.exec(`CREATE TABLE ` + t.name + ` (` + s.types(t.columns) + `)`); err != nil {
				return fmt.Errorf("making table %s: %w", t.name, err)
			}
		}
		if err := s.fill(q); err != nil {
			return err
		}
		for _, ix := range indexes { // after the rows: several times cheaper
			if _, err := q.exec(`CREATE INDEX ` + ix); err != nil {
				return fmt.Errorf("making index %s: %w", ix, err)
			}
		}
		if err := q.makeIndex(); err != nil {
			return err
		}
		_, err := q.exec(`ANALYZE`)
		return err
	})
}

// types writes BYTES and WORDS as the database has them. PostgreSQL keeps the words once more, ready to be looked up, in a
// column that it fills itself.
func (s *Store) types(columns string) string {
	if s.postgres {
		return strings.NewReplacer("BYTES", "BYTEA", "WORDS",
			"TEXT NOT NULL, lexemes TSVECTOR GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED").Replace(columns)
	}
	return strings.NewReplacer("BYTES", "BLOB", "WORDS", "TEXT NOT NULL").Replace(columns)
}

// identity is what the database holds: "" when it holds no school.
func (s *Store) identity(ctx context.Context) (string, error) {
	probe := `SELECT COUNT(*) FROM sqlite_master WHERE name = 'meta'`
	if s.postgres {
		probe = `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'school' AND table_name = 'meta'`
	}
	var n int
	if err := s.write.QueryRowContext(ctx, probe).Scan(&n); err != nil {
		return "", fmt.Errorf("looking into the database: %w", err)
	}
	if n == 0 {
		return "", nil
	}
	var id string
	err := s.write.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'seed'`).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "something unknown", nil
	}
	return id, err
}

// Reset puts the school back to what it was after seeding. Everybody is logged out.
func (s *Store) Reset(ctx context.Context) error {
	return s.tx(ctx, func(q *querier) error {
		if err := q.dropIndex(); err != nil { // several times cheaper than keeping it during the change
			return err
		}
		for i := len(tables) - 1; i >= 0; i-- {
			if _, err := q.exec(`DELETE FROM ` + tables[i].name); err != nil {
				return fmt.Errorf("emptying %s: %w", tables[i].name, err)
			}
		}
		if err := s.fill(q); err != nil {
			return err
		}
		return q.makeIndex()
	})
}

// querier runs statements in one place: a pool or a transaction.
type querier struct {
	ctx context.Context
	s   *Store
	db  interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
		QueryRowContext(context.Context, string, ...any) *sql.Row
		ExecContext(context.Context, string, ...any) (sql.Result, error)
		PrepareContext(context.Context, string) (*sql.Stmt, error)
	}
}

func (s *Store) reader(ctx context.Context) *querier { return &querier{ctx, s, s.read} }
func (s *Store) writer(ctx context.Context) *querier { return &querier{ctx, s, s.write} }

func (q *querier) row(text string, args ...any) *sql.Row {
	return q.db.QueryRowContext(q.ctx, q.s.text(text), args...)
}

func (q *querier) exec(text string, args ...any) (sql.Result, error) {
	return q.db.ExecContext(q.ctx, q.s.text(text), args...)
}

// tx runs f in a transaction that holds the write lock on SQLite.
func (s *Store) tx(ctx context.Context, f func(*querier) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	if err := f(&querier{ctx, s, tx}); err != nil {
		if rb := tx.Rollback(); rb != nil && !errors.Is(rb, sql.ErrTxDone) {
			return errors.Join(err, rb)
		}
		return err
	}
	return tx.Commit()
}

// collect reads all rows of a query; never nil, so that it is an empty list in JSON.
func collect[T any](q *querier, scan func(*sql.Rows, *T) error, text string, args ...any) ([]T, error) {
	rows, err := q.db.QueryContext(q.ctx, q.s.text(text), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// lock is what makes a SELECT in a transaction hold its rows; SQLite's writer holds everything already.
func (s *Store) lock() string {
	if s.postgres {
		return " FOR UPDATE"
	}
	return ""
}

// lockOf is lock for one table of a join.
func (s *Store) lockOf(alias string) string {
	if s.postgres {
		return " FOR UPDATE OF " + alias
	}
	return ""
}

// text writes a statement the way the database wants its placeholders. No statement here has a ? in a literal.
func (s *Store) text(q string) string {
	if !s.postgres || !strings.Contains(q, "?") {
		return q
	}
	if t, ok := s.texts.Load(q); ok {
		return t.(string)
	}
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(q, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	s.texts.Store(q, b.String())
	return b.String()
}

// notFound turns "no rows" into ErrNotFound.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

var _ io.Closer = (*Store)(nil)
