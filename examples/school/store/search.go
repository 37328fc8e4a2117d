package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// HitsPerPage is how many results a page of Search has.
const HitsPerPage = 20

// Hit is something that was found. Snippet is a piece of its text, around the first word that was looked for.
type Hit struct {
	Type    string `json:"type"`
	ID      int64  `json:"id"`
	Title   string `json:"title"`
	Snippet string `json:"snippet"`
	URL     string `json:"url"`

	course int64
}

// Hits is a page of results.
type Hits struct {
	Query   string `json:"query"`
	Total   int    `json:"total"`
	Page    int    `json:"page"`
	Pages   int    `json:"pages"`
	Results []Hit  `json:"results"`
}

// Search finds what a user may see and has all words of a text, or words that begin with them: first what has the
// first word in its title, then by kind and title. kind "" looks for all of them. Two queries; naive asks once more for
// the text of each result. A text without any word finds nothing.
func (s *Store) Search(ctx context.Context, u User, text, kind string, page int, naive bool) (h Hits, err error) {
	q, words := s.reader(ctx), Words(text)
	h = Hits{Query: text, Page: page, Pages: 1, Results: []Hit{}}
	if len(words) == 0 {
		return h, nil
	}
	from, args := q.found(u, words, kind)
	if err = q.row(`SELECT COUNT(*)`+from, args...).Scan(&h.Total); err != nil {
		return h, err
	}
	h.Pages = max(1, (h.Total+HitsPerPage-1)/HitsPerPage)
	body := `d.body`
	if naive {
		body = `''`
	}
	// A word has no sign that LIKE knows.
	h.Results, err = collect(q, func(r *sql.Rows, v *Hit) error { return r.Scan(&v.Type, &v.ID, &v.Title, &v.Snippet, &v.course) },
		`SELECT d.kind, d.ref, d.title, `+body+`, d.course_id`+from+
			` ORDER BY CASE WHEN ' ' || d.head LIKE ? THEN 0 ELSE 1 END, d.kind, d.title, d.ref LIMIT ? OFFSET ?`,
		append(args, "% "+words[0]+"%", HitsPerPage, (page-1)*HitsPerPage)...)
	if err != nil {
		return h, err
	}
	for i := range h.Results {
		v := &h.Results[i]
		if naive {
			if err := q.row(`SELECT body FROM documents WHERE kind = ? AND ref = ?`, v.Type, v.ID).Scan(&v.Snippet); err != nil {
				return h, err
			}
		}
		v.Snippet = snippet(v.Snippet, words)
		v.URL = v.page(u)
	}
	return h, nil
}

// found is the part of the statements that says what is found.
func (q *querier) found(u User, words []string, kind string) (from string, args []any) {
	terms := make([]string, len(words))
	if q.s.postgres {
		for i, w := range words {
			terms[i] = `'` + w + `':*`
		}
		from = ` FROM documents d WHERE d.lexemes @@ CAST(CAST(? AS TEXT) AS tsquery)`
		args = append(args, strings.Join(terms, ` & `))
	} else {
		for i, w := range words {
			terms[i] = `"` + w + `"*`
		}
		from = ` FROM search_words w JOIN documents d ON d.id = w.rowid WHERE w.words MATCH ?`
		args = append(args, strings.Join(terms, ` AND `))
	}
	if kind != "" {
		from, args = from+` AND d.kind = ?`, append(args, kind)
	}
	switch u.Role {
	case RoleTeacher:
		from += ` AND (d.open = 1 OR d.course_id IN (SELECT id FROM courses WHERE teacher_id = ?) OR d.kind = 'person' AND d.ref IN
			(SELECT e.student_id FROM enrolments e JOIN courses c ON c.id = e.course_id WHERE c.teacher_id = ?))`
		args = append(args, u.ID, u.ID)
	case RoleStudent:
		from += ` AND (d.open = 1 OR d.draft = 0 AND d.course_id IN (SELECT course_id FROM enrolments WHERE student_id = ?))`
		args = append(args, u.ID)
	}
	return from, args
}

// snippetSize is how many letters a snippet has at most, without the dots.
const snippetSize = 120

// snippet is the piece of a text around the first of the words, whole words only.
func snippet(text string, words []string) string {
	if len(text) <= snippetSize {
		return text
	}
	at, lower := 0, strings.ToLower(text)
	for _, w := range words {
		if i := strings.Index(lower, w); i >= 0 && len(lower) == len(text) {
			at = i
			break
		}
	}
	parts := strings.Fields(text[max(0, strings.LastIndex(text[:max(0, at-snippetSize/3)], " ")):])
	var b strings.Builder
	if at > snippetSize/3 {
		b.WriteString("…")
	}
	for i, p := range parts {
		if i > 0 && b.Len()+len(p) > snippetSize {
			b.WriteString("…")
			break
		}
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(p)
	}
	return b.String()
}

// page is where a user finds it: always a page of their own role, the nearest one there is.
func (v Hit) page(u User) string {
	id, course := strconv.FormatInt(v.ID, 10), strconv.FormatInt(v.course, 10)
	switch u.Role {
	case RoleTeacher:
		switch v.Type {
		case KindUnit:
			return "/teacher/units/" + id
		case KindPerson:
			return "/teacher"
		}
		return "/teacher/courses/" + course + "/gradebook"
	case RoleStudent:
		switch v.Type {
		case KindAssignment:
			return "/student/assignments/" + id
		case KindQuiz:
			return "/student/quizzes/" + id
		case KindPerson:
			return "/student"
		}
		return "/student/courses/" + course
	}
	if v.Type == KindPerson {
		return "/admin/users/" + id
	}
	return "/admin"
}
