package yamldoc

import (
	"strings"
	"unicode/utf8"
)

// Kind is the kind of a node.
type Kind int

// The kinds.
const (
	Null Kind = iota
	Bool
	Integer
	Decimal // a number with a fraction
	Text
	List
	Map
)

// String names the kind in an error message.
func (k Kind) String() string {
	return [...]string{"empty", "true or false", "a whole number", "a number", "text", "a list", "a mapping"}[k]
}

// Node is one value of a file and knows where it stands.
type Node struct {
	Kind   Kind
	Line   int
	Column int
	Text   string  // a scalar's value
	Items  []*Node // of a list
	Pairs  []Pair  // of a map, in file order, keys unique

	inner int // column of Text's first character; 0 where Text is not on the line as it is (escapes, several lines)
	file  *file
}

// Pair is one entry of a map.
type Pair struct {
	Key   *Node // Kind Text
	Value *Node
}

// file is what nodes share: the name, and the lines for positions.
type file struct {
	name  string
	lines []string
}

// Get returns the value of a map's key, or nil. A nil node has no keys, and a
// key without a value counts as absent.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Key.Text == key && p.Value.Kind != Null {
			return p.Value
		}
	}
	return nil
}

// Key returns the node of a map's key, or nil.
func (n *Node) Key(key string) *Node {
	if n == nil {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Key.Text == key {
			return p.Key
		}
	}
	return nil
}

// String returns a scalar's text; "" for nil.
func (n *Node) String() string {
	if n == nil {
		return ""
	}
	return n.Text
}

// Strings returns the texts of a list, or of a scalar that stands for a list of one.
func (n *Node) Strings() []string {
	var all []string
	for _, item := range n.Each() {
		all = append(all, item.Text)
	}
	return all
}

// Each returns a list's items, or the node itself where one stands for a list of one.
func (n *Node) Each() []*Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == List:
		return n.Items
	default:
		return []*Node{n}
	}
}

// Errorf makes an error at the node's beginning.
func (n *Node) Errorf(why, fix string) *Error { return n.file.errorAt(n.Line, n.Column, why, fix) }

// Trouble makes an error at a place inside a scalar's text, or at its beginning
// where the text does not stand in the file as it is.
func (n *Node) Trouble(t *Trouble) *Error {
	column := n.Column
	if n.inner > 0 {
		at := min(max(t.Offset, 0), len(n.Text))
		column = n.inner + utf8.RuneCountInString(n.Text[:at])
	}
	return n.file.errorAt(n.Line, column, t.Why, t.Fix)
}

// Position returns line and column of a place inside a scalar's text.
func (n *Node) Position(offset int) (line, column int) {
	e := n.Trouble(&Trouble{Offset: offset})
	return e.Line, e.Column
}

// errorAt keeps the position inside the file whatever the YAML library said.
func (f *file) errorAt(line, column int, why, fix string) *Error {
	line = min(max(line, 1), max(len(f.lines), 1))
	width := 0
	if len(f.lines) > 0 {
		width = utf8.RuneCountInString(f.lines[line-1])
	}
	column = min(max(column, 1), width+1)
	return &Error{File: f.name, Line: line, Column: column, Why: why, Fix: fix}
}

// innerColumn finds where a scalar's text begins on its line.
func (f *file) innerColumn(line, column int, text string, quoted bool) int {
	if line < 1 || line > len(f.lines) || column < 1 {
		return 0
	}
	if quoted {
		column++
	}
	rest, skip := f.lines[line-1], column-1
	for ; skip > 0 && rest != ""; skip-- {
		_, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
	}
	if skip > 0 || !strings.HasPrefix(rest, text) {
		return 0
	}
	return column
}
