package store

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"strings"
	"unicode"

	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/fts5"
)

// The kinds of things that can be found.
const (
	KindAssignment = "assignment"
	KindCourse     = "course"
	KindPerson     = "person"
	KindQuiz       = "quiz"
	KindUnit       = "unit_plan"
)

// Kinds are all of them.
var Kinds = []string{KindAssignment, KindCourse, KindPerson, KindQuiz, KindUnit}

// searching gives every connection to SQLite its full-text index, which is an extension there.
type searching struct{ sqldriver.Connector }

func (s searching) Connect(ctx context.Context) (sqldriver.Conn, error) {
	c, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	lite, ok := c.(driver.Conn)
	if !ok {
		c.Close()
		return nil, fmt.Errorf("%T is no connection to SQLite", c)
	}
	if err := fts5.Register(lite.Raw()); err != nil {
		c.Close()
		return nil, fmt.Errorf("full-text index: %w", err)
	}
	return c, nil
}

// document is something as the index knows it.
type document struct {
	kind        string
	ref         int64 // its id
	course      int64 // that it belongs to; 0: to none
	open        bool  // everybody may find it
	draft       bool  // students may not find it
	title, body string
}

// row is the document as the table has it, without its id.
func (d document) row() []any {
	head := strings.Join(Words(d.title), " ")
	return []any{d.kind, d.ref, d.course, flag(d.open), flag(d.draft), d.title, d.body, head, strings.TrimSpace(head + " " + strings.Join(Words(d.body), " "))}
}

// longestWord is how many letters of a word count.
const longestWord = 60

// Words are what is looked up of a text: runs of letters and digits, in lower case. Both databases get words made here,
// so that they find the same.
func Words(s string) []string {
	out := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range out {
		if r := []rune(w); len(r) > longestWord {
			out[i] = string(r[:longestWord])
		}
	}
	return out
}

// addDocument. One query.
func (q *querier) addDocument(d document) error {
	_, err := q.exec(`INSERT INTO documents VALUES (`+marks(10)+`)`, append([]any{laterID()}, d.row()...)...)
	return err
}

// changeDocument gives a document its new title, text and state. One query.
func (q *querier) changeDocument(d document) error {
	row := d.row()
	_, err := q.exec(`UPDATE documents SET draft = ?, title = ?, body = ?, head = ?, words = ? WHERE kind = ? AND ref = ?`, append(row[4:], d.kind, d.ref)...)
	return err
}

// extendDocument adds to the text of a document. One query.
func (q *querier) extendDocument(kind string, ref int64, text string) error {
	_, err := q.exec(`UPDATE documents SET body = body || ? || ?, words = words || ? || ? WHERE kind = ? AND ref = ?`,
		" ", text, " ", strings.Join(Words(text), " "), kind, ref)
	return err
}

func (c Course) document() document {
	return document{kind: KindCourse, ref: c.ID, course: c.ID, title: c.Title, body: fmt.Sprintf("%s, year %d, taught by %s.", c.Subject, c.Year, c.Teacher)}
}

func (d UnitDetail) document() document {
	var body strings.Builder
	body.WriteString(d.Summary)
	for _, l := range d.Lessons {
		body.WriteString(" " + l.Title + ".")
	}
	return document{kind: KindUnit, ref: d.ID, course: d.CourseID, draft: d.Status == Draft, title: d.Title, body: body.String()}
}

// document is what a lesson adds to that of its unit.
func (v Lesson) document() string { return v.Title + "." }

// fillDocuments reads back what was seeded and indexes it.
func fillDocuments(q *querier, _ *school) error {
	b, id := q.bulk("documents", 10), 0
	add := func(d document) {
		id++
		b.add(append([]any{id}, d.row()...)...)
	}
	for _, read := range []func(*querier, func(document)) error{readCourses, readUnits, readAssignments, readQuizzes, readPeople} {
		if err := read(q, add); err != nil {
			return fmt.Errorf("indexing: %w", err)
		}
	}
	return b.end()
}

func readCourses(q *querier, add func(document)) error {
	list, err := collect(q, func(r *sql.Rows, c *Course) error { return r.Scan(&c.ID, &c.Title, &c.Subject, &c.Year, &c.Teacher) },
		`SELECT c.id, c.title, c.subject, c.year, t.name FROM courses c JOIN users t ON t.id = c.teacher_id ORDER BY c.id`)
	for _, c := range list {
		add(c.document())
	}
	return err
}

func readUnits(q *querier, add func(document)) error {
	list, err := collect(q, func(r *sql.Rows, d *UnitDetail) error {
		var lesson LessonLine
		err := r.Scan(&d.ID, &d.CourseID, &d.Title, &d.Summary, &d.Status, &lesson.Title)
		d.Lessons = []LessonLine{lesson}
		return err
	}, `SELECT p.id, p.course_id, p.title, p.summary, p.status, l.title FROM unit_plans p JOIN lessons l ON l.unit_id = p.id ORDER BY p.id, l.position`)
	for i, d := range list {
		if i+1 < len(list) && list[i+1].ID == d.ID { // one row per lesson: gather them
			list[i+1].Lessons = append(d.Lessons, list[i+1].Lessons...)
			continue
		}
		add(d.document())
	}
	return err
}

func readAssignments(q *querier, add func(document)) error {
	list, err := collect(q, func(r *sql.Rows, d *document) error { return r.Scan(&d.ref, &d.course, &d.title, &d.body) },
		`SELECT id, course_id, title, instructions FROM assignments ORDER BY id`)
	for _, d := range list {
		d.kind = KindAssignment
		add(d)
	}
	return err
}

func readQuizzes(q *querier, add func(document)) error {
	list, err := collect(q, func(r *sql.Rows, d *document) error { return r.Scan(&d.ref, &d.course, &d.title, &d.body) },
		`SELECT z.id, z.course_id, z.title, c.title FROM quizzes z JOIN courses c ON c.id = z.course_id ORDER BY z.id`)
	for _, d := range list {
		d.kind, d.body = KindQuiz, "A quiz in "+d.body+"."
		add(d)
	}
	return err
}

func readPeople(q *querier, add func(document)) error {
	list, err := collect(q, func(r *sql.Rows, u *User) error { return r.Scan(&u.ID, &u.Name, &u.Email, &u.Role) },
		`SELECT id, name, email, role FROM users ORDER BY id`)
	for _, u := range list {
		add(document{kind: KindPerson, ref: u.ID, open: u.Role != RoleStudent, title: u.Name, body: u.Role + ", " + u.Email})
	}
	return err
}

// The index itself: in SQLite a virtual table that triggers keep up to date, in PostgreSQL a GIN index over the words as
// they are, so that no dictionary of the database's own has a say.
var (
	liteIndex = []string{
		`CREATE VIRTUAL TABLE search_words USING fts5(words, content='documents', content_rowid='id', tokenize="unicode61 remove_diacritics 0")`,
		`INSERT INTO search_words (search_words) VALUES ('rebuild')`,
		`CREATE TRIGGER documents_added AFTER INSERT ON documents BEGIN
			INSERT INTO search_words (rowid, words) VALUES (new.id, new.words); END`,
		`CREATE TRIGGER documents_removed AFTER DELETE ON documents BEGIN
			INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.id, old.words); END`,
		`CREATE TRIGGER documents_changed AFTER UPDATE OF words ON documents BEGIN
			INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.id, old.words);
			INSERT INTO search_words (rowid, words) VALUES (new.id, new.words); END`,
	}
	liteDrop = []string{
		`DROP TRIGGER IF EXISTS documents_added`, `DROP TRIGGER IF EXISTS documents_removed`, `DROP TRIGGER IF EXISTS documents_changed`,
		`DROP TABLE IF EXISTS search_words`,
	}
	postgresIndex = []string{`CREATE INDEX search_words ON documents USING GIN (lexemes)`}
	postgresDrop  = []string{`DROP INDEX IF EXISTS search_words`}
)

func (q *querier) makeIndex() error {
	if q.s.postgres {
		return q.each(postgresIndex)
	}
	return q.each(liteIndex)
}

func (q *querier) dropIndex() error {
	if q.s.postgres {
		return q.each(postgresDrop)
	}
	return q.each(liteDrop)
}

func (q *querier) each(texts []string) error {
	for _, text := range texts {
		if _, err := q.exec(text); err != nil {
			return fmt.Errorf("full-text index: %w", err)
		}
	}
	return nil
}
