package store

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Password of every seeded account.
const Password = "password"

// Ungraded is the least number of ungraded submissions of a seeded teacher.
const Ungraded = 150

// Admins is the number of seeded administrators: as many as a spike of four times the school day logs in.
const Admins = 12

// firstAdmins of them are seeded before everybody else, the others after: how many there are changes nobody's id.
const firstAdmins = 3

// Epoch is the instant around which the seeded rows lie: all that happened lies before it.
var Epoch = time.Date(2025, time.October, 31, 15, 0, 0, 0, time.UTC)

// Seed says which school is made. Equal seeds make equal schools, to the byte.
type Seed struct {
	Number   uint64 // which of the many
	Teachers int    // 1..2000
	Students int    // 1..20000
}

func (s Seed) String() string {
	return fmt.Sprintf("%d teachers and %d students (seed %d, format %d)", s.Teachers, s.Students, s.Number, schemaVersion)
}

func (s Seed) check() error {
	if s.Teachers < 1 || s.Teachers > 2000 {
		return fmt.Errorf("%w: %d teachers are not 1 to 2000", ErrSeed, s.Teachers)
	}
	if s.Students < 1 || s.Students > 20000 {
		return fmt.Errorf("%w: %d students are not 1 to 20000", ErrSeed, s.Students)
	}
	return nil
}

// source is a stream of its own for one kind of thing, so that more of one kind does not change another.
func (s Seed) source(kind string) *rand.ChaCha8 {
	return rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "school %d %s", s.Number, kind)))
}

// numbers is n different ids from base upwards, spread and in no order.
func (s Seed) numbers(kind string, base, n int) []int64 {
	r := rand.New(s.source("id of " + kind))
	span := max(90_000, 20*n)
	seen := make(map[int64]bool, n)
	out := make([]int64, 0, n)
	for len(out) < n {
		id := int64(base + r.IntN(span))
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// The kinds lie in ranges of their own: an id of one kind is never an id of another.
const (
	userBase       = 1_000_000
	courseBase     = 2_000_000
	assignmentBase = 3_000_000
	quizBase       = 5_000_000
	unitBase       = 6_000_000
	questionBase   = 10_000_000
	lessonBase     = 20_000_000
	materialBase   = 40_000_000
	optionBase     = 100_000_000
	laterBase      = 1_000_000_000 // whatever is made after seeding
)

// bulk inserts rows many at a time.
type bulk struct {
	q       *querier
	table   string
	columns int
	args    []any
	full    *sql.Stmt // for bulkRows rows
	err     error
}

const bulkRows = 100

func (q *querier) bulk(table string, columns int) *bulk {
	return &bulk{q: q, table: table, columns: columns, args: make([]any, 0, columns*bulkRows)}
}

func (b *bulk) add(values ...any) {
	b.args = append(b.args, values...)
	if len(b.args) == bulkRows*b.columns {
		b.flush()
	}
}

func (b *bulk) text(rows int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", b.columns), ",") + ")"
	return "INSERT INTO " + b.table + " VALUES " + strings.TrimSuffix(strings.Repeat(row+",", rows), ",")
}

func (b *bulk) flush() {
	rows := len(b.args) / b.columns
	if b.err != nil || rows == 0 {
		return
	}
	if rows == bulkRows {
		if b.full == nil {
			b.full, b.err = b.q.db.PrepareContext(b.q.ctx, b.q.s.text(b.text(rows)))
		}
		if b.err == nil {
			_, b.err = b.full.ExecContext(b.q.ctx, b.args...)
		}
	} else {
		_, b.err = b.q.exec(b.text(rows), b.args...)
	}
	b.args = b.args[:0]
}

// end writes what is left and says what went wrong.
func (b *bulk) end() error {
	b.flush()
	if b.full != nil {
		b.full.Close()
	}
	if b.err != nil {
		return fmt.Errorf("seeding %s: %w", b.table, b.err)
	}
	return nil
}

// fill seeds empty tables.
func (s *Store) fill(q *querier) error {
	p := s.seed.people()
	p.hashes = s.hashes()
	for _, step := range []func(*querier, *school) error{
		fillUsers, fillCourses, fillUnits, fillNotifications, fillQuizzes, fillWork, fillLessons, fillIntegrations, fillDocuments,
	} {
		if err := step(q, p); err != nil {
			return err
		}
	}
	if _, err := q.exec(`INSERT INTO meta VALUES ('seed', ?)`, s.seed.String()); err != nil {
		return fmt.Errorf("seeding meta: %w", err)
	}
	return nil
}

// passwords hashes one password per person on all cores: it is most of what seeding costs.
func (s Seed) passwords() []string {
	n := Admins + s.Teachers + s.Students
	src := s.source("salt")
	salts := make([][]byte, n)
	for i := range salts {
		salts[i] = make([]byte, 16)
		must(src, salts[i])
	}
	out := make([]string, n)
	var wg sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := w; i < n; i += runtime.GOMAXPROCS(0) {
				out[i] = HashPassword(Password, salts[i])
			}
		})
	}
	wg.Wait()
	return out
}

// Accounts are the e-mail addresses of all seeded people of a role, in their order.
func (s Seed) Accounts(role string) []string {
	n := map[string]int{RoleTeacher: s.Teachers, RoleStudent: s.Students, RoleAdmin: Admins}[role]
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%d@test.local", role, i+1)
	}
	return out
}
