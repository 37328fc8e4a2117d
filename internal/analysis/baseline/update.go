package baseline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"firedrill/internal/plan"
	"firedrill/internal/yamldoc"
)

// Update writes learned budgets into the text of a baselines file, one line per
// endpoint: a number that differs is replaced where it stands, an endpoint that is
// missing gets a line behind the last whose name sorts before it. Nothing else
// changes: comments, order, blank lines, quotes and line ends are a person's and
// stay byte for byte. A row that says `none`, and an endpoint that a row with a
// wildcard speaks for, are left alone.
//
// The result is read again before it is returned: it says what was to be said and
// nothing else, or there is an error. Changes are sorted by endpoint; without any
// that was made out equals src. An empty src gives a new file.
//
// Errors: *yamldoc.Error with the place, for a file that is wrong or whose budgets
// are not written one to a line.
func Update(file string, src []byte, learned []Budget) (out []byte, changes []Change, err error) {
	before := Default()
	e := &editor{file: file, indent: "  ", header: -1}
	e.cut(src)
	if e.hasContent() {
		if before, err = Parse(file, src); err != nil {
			return nil, nil, err
		}
		if err := e.locate(src); err != nil {
			return nil, nil, err
		}
	}
	for _, l := range learned {
		if err := e.set(l); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(e.changes, func(a, b Change) int { return strings.Compare(a.Endpoint, b.Endpoint) })
	if !slices.ContainsFunc(e.changes, func(c Change) bool { return c.Kept == "" }) {
		return src, e.changes, nil
	}
	out = e.text()
	return out, e.changes, verify(file, out, before, e.changes)
}

// editor is a file as lines, and where the budgets stand in it.
type editor struct {
	file    string
	bom     string
	lines   []string // with their line ends
	newline string
	indent  string
	header  int // index of the line "queries:"; −1: there is none
	rows    []row
	fresh   map[int][]Budget // new lines, by the index of the line that they stand before
	changes []Change
}

// row is a budget that stands in the section itself.
type row struct {
	endpoint  string
	node      *yamldoc.Node // its value
	key, last int           // indexes of its first and last line
}

func (e *editor) cut(src []byte) {
	text := string(src)
	if rest, ok := strings.CutPrefix(text, "\ufeff"); ok {
		e.bom, text = "\ufeff", rest
	}
	e.newline = "\n"
	if at := strings.IndexByte(text, '\n'); at > 0 && text[at-1] == '\r' {
		e.newline = "\r\n"
	}
	e.lines = slices.Collect(strings.Lines(text))
	e.fresh = map[int][]Budget{}
}

// hasContent is whether there is more than comments.
func (e *editor) hasContent() bool {
	return slices.ContainsFunc(e.lines, func(line string) bool {
		t := strings.TrimSpace(line)
		return t != "" && t[0] != '#' && t != "---"
	})
}

// locate finds the section and its rows.
func (e *editor) locate(src []byte) error {
	root, bad := yamldoc.Parse(e.file, src)
	if bad != nil {
		return bad
	}
	if !e.begins(root) {
		return root.Errorf("the file is written in brackets", "write latency:, concurrency: and queries: each on a line of its own")
	}
	key := root.Key("queries")
	if key == nil {
		return nil
	}
	e.header = key.Line - 1
	section := root.Get("queries")
	rest := strings.TrimSpace(e.after(key))
	if rest = strings.TrimSpace(strings.TrimPrefix(rest, ":")); rest != "" && rest[0] != '#' {
		return key.Errorf("the budgets do not stand one to a line", "write \"queries:\" and below it one line for each endpoint, as in \"GET /api/v1/me\": 2")
	}
	if section == nil {
		return nil
	}
	for _, p := range section.Pairs {
		r := row{endpoint: p.Key.Text, node: p.Value, key: p.Key.Line - 1, last: max(p.Key.Line, p.Value.Line) - 1}
		if r.key <= e.header {
			continue // merged from above
		}
		if !e.begins(p.Key) || r.last > r.key+1 {
			return p.Key.Errorf("this row cannot be edited where it stands", "write the endpoint and its budget on a line of their own")
		}
		if len(e.rows) == 0 {
			e.indent = strings.Repeat(" ", p.Key.Column-1)
		}
		e.rows = append(e.rows, r)
	}
	return nil
}

// begins is whether a node is the first thing on its line.
func (e *editor) begins(n *yamldoc.Node) bool {
	if n.Line > len(e.lines) {
		return false
	}
	line := e.lines[n.Line-1]
	return len(line)-len(strings.TrimLeft(line, " ")) == n.Column-1
}

// after is what stands behind a plain key on its line.
func (e *editor) after(key *yamldoc.Node) string {
	line := strings.TrimLeft(e.lines[key.Line-1], " ")
	for _, quoted := range []string{key.Text, `"` + key.Text + `"`, "'" + key.Text + "'"} {
		if rest, ok := strings.CutPrefix(line, quoted); ok {
			return rest
		}
	}
	return line
}

// set writes one budget.
func (e *editor) set(l Budget) error {
	for i := range e.rows {
		r := &e.rows[i]
		if same(r.endpoint, l.Endpoint) {
			return e.replace(r, l.Max)
		}
	}
	for _, r := range e.rows {
		if isPattern(r.endpoint) && plan.MatchEndpoint(r.endpoint, l.Endpoint) {
			if limit, err := count(r.node, 0); err == nil && l.Max > limit {
				e.changes = append(e.changes, Change{l.Endpoint, limit, l.Max, fmt.Sprintf("%q speaks for it: change it by hand", r.endpoint)})
			}
			return nil
		}
	}
	at := e.place(l.Endpoint)
	e.fresh[at] = append(e.fresh[at], l)
	e.changes = append(e.changes, Change{Endpoint: l.Endpoint, Old: -1, New: l.Max})
	return nil
}

// same is whether two names are of one endpoint: names of parameters do not matter.
func same(a, b string) bool {
	return a == b || !isPattern(a) && plan.MatchEndpoint(a, b) && plan.MatchEndpoint(b, a)
}

// isPattern is whether a name may speak for several endpoints.
func isPattern(name string) bool {
	_, path, ok := strings.Cut(name, " ")
	return !ok || strings.ContainsAny(name, "*…") || strings.HasPrefix(path, "...")
}

// replace puts a number where another stands.
func (e *editor) replace(r *row, n int) error {
	if none(r.node) {
		e.changes = append(e.changes, Change{r.endpoint, -1, n, "the file says none"})
		return nil
	}
	old, err := count(r.node, 0)
	if err != nil {
		return err
	}
	if old == n {
		return nil
	}
	at := r.node.Line - 1
	if at < r.key || at > r.last {
		return r.node.Errorf("the budget of "+r.endpoint+" comes from here by an alias", "write the number behind the endpoint")
	}
	line := e.lines[at]
	start := 0
	for range r.node.Column - 1 {
		_, size := utf8.DecodeRuneInString(line[start:])
		start += size
	}
	if !strings.HasPrefix(line[start:], r.node.Text) {
		return r.node.Errorf("the budget of "+r.endpoint+" cannot be edited where it stands", "write it as a plain number")
	}
	e.lines[at] = line[:start] + fmt.Sprint(n) + line[start+len(r.node.Text):]
	e.changes = append(e.changes, Change{Endpoint: r.endpoint, Old: old, New: n})
	return nil
}

// place is the index of the line before which a new row stands: behind the last
// row whose name sorts before it, else before the first row and the comments that
// belong to it, else behind the section's key, else at the end.
func (e *editor) place(endpoint string) int {
	if e.header < 0 {
		return len(e.lines)
	}
	at := -1
	for _, r := range e.rows {
		if r.endpoint < endpoint {
			at = r.last + 1
		}
	}
	if at >= 0 || len(e.rows) == 0 {
		return max(at, e.header+1)
	}
	first := e.rows[0].key
	for first > e.header+1 && strings.HasPrefix(strings.TrimSpace(e.lines[first-1]), "#") {
		first--
	}
	return first
}

// text puts the file together.
func (e *editor) text() []byte {
	var b bytes.Buffer
	b.WriteString(e.bom)
	for i, line := range e.lines {
		e.write(&b, e.fresh[i])
		b.WriteString(line)
	}
	if rows := e.fresh[len(e.lines)]; len(rows) > 0 {
		if n := len(e.lines); n > 0 && !strings.HasSuffix(e.lines[n-1], "\n") {
			b.WriteString(e.newline)
		}
		if e.header < 0 {
			if len(e.lines) > 0 {
				b.WriteString(e.newline)
			}
			for _, line := range []string{"# Query budgets: how many database queries one request may cause, by endpoint.", "# Learned by `analyze baselines --update`; the numbers are yours to change.", "queries:"} {
				b.WriteString(line + e.newline)
			}
		}
		e.write(&b, rows)
	}
	return b.Bytes()
}

func (e *editor) write(b *bytes.Buffer, rows []Budget) {
	slices.SortFunc(rows, func(a, b Budget) int { return strings.Compare(a.Endpoint, b.Endpoint) })
	for _, l := range rows {
		fmt.Fprintf(b, "%s%s: %d%s", e.indent, quote(l.Endpoint), l.Max, e.newline)
	}
}

// quote writes a name as YAML reads it back, whatever is in it.
func quote(name string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(name); err != nil {
		return fmt.Sprintf("%q", name) // a string is always encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// verify reads the new text and compares it with the old one and the changes.
func verify(file string, out []byte, before Baselines, changes []Change) error {
	broken := func(why string) error {
		return &yamldoc.Error{File: file, Line: 1, Column: 1, Why: "the budgets cannot be written into this file: " + why, Fix: "write the section queries: by hand, one line for each endpoint, and try again"}
	}
	after, err := Parse(file, out)
	if err != nil {
		return broken(err.Error())
	}
	if !slices.Equal(before.Latency, after.Latency) || !slices.Equal(before.Concurrency, after.Concurrency) {
		return broken("other sections would change")
	}
	want := map[string]int{}
	for _, q := range before.Queries {
		want[q.Endpoint] = q.Max
	}
	for _, c := range changes {
		if c.Kept == "" {
			want[c.Endpoint] = c.New
		}
	}
	got := map[string]int{}
	for _, q := range after.Queries {
		got[q.Endpoint] = q.Max
	}
	if !maps.Equal(want, got) {
		return broken("other budgets would change")
	}
	return nil
}
