package message

import "iter"

// Kind is the JSON kind of a leaf; everything outside JSON is a String.
type Kind uint8

// The kinds.
const (
	String Kind = iota
	Number
	Bool
	Null
)

func (k Kind) String() string { return [...]string{"string", "number", "bool", "null"}[k&3] }

// Leaf is one value of a message.
type Leaf struct {
	Ref  Ref
	Text string // fully unescaped
	Kind Kind
}

// Part is a leaf as Rewrite shows it.
type Part struct{}

// Tree is a message with its parts.
type Tree struct{ m Message }

// Parse looks at m. It never fails: what cannot be parsed stays one leaf, "body".
func Parse(m Message) *Tree { return &Tree{m} }

// Message is what t was parsed from.
func (t *Tree) Message() Message { return t.m }

// Layer is how the body was read: "json", "form", "multipart", "html", "events", "lines", or "" when it is opaque or empty.
func (t *Tree) Layer() string { return "" }

// Leaves are all values in document order.
func (t *Tree) Leaves() iter.Seq[Leaf] { return func(func(Leaf) bool) {} }

// Get is the leaf that r names.
func (t *Tree) Get(r Ref) (Leaf, bool) { return Leaf{}, false }

// All is every leaf that r, with its wildcards, names.
func (t *Tree) All(r Ref) []Leaf { return nil }

// Len is the number of elements of a list; -1 when there is none.
func (t *Tree) Len(list Ref) int { return -1 }

// Elements are the elements of a list.
func (t *Tree) Elements(list Ref) []Ref { return nil }

// Raw is the exact text of a part or container, e.g. of a JSON object.
func (t *Tree) Raw(r Ref) (string, bool) { return "", false }

// Replace asks f for each leaf, outermost first.
func (t *Tree) Replace(f func(Leaf) (string, bool)) Message { return t.m }

// Shape is the structure without its values.
func (t *Tree) Shape() []string { return nil }

// Compile makes a Template.
func (t *Tree) Compile(refs []Ref) (*Template, error) { return &Template{t.m}, nil }

// Template is a message with slots.
type Template struct{ m Message }

// Render fills the slots.
func (t *Template) Render(values []string) Message { return t.m }

// MediaType is the media type of a Content-Type value, lower case, without parameters.
func MediaType(contentType string) string { return contentType }

// IsJSON says whether a media type is JSON.
func IsJSON(mediaType string) bool { return false }
