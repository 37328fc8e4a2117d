package message

import (
	"iter"
	"strings"
	"sync"
)

// Kind is the JSON kind of a leaf; everything outside JSON is a String, but for
// the numbers in scripts.
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
	Text string // fully unescaped; of a JSON number, true, false or null as it is written
	Kind Kind
}

// Tree is a message with its parts. It is read when it is first asked for them,
// head and body apart. Safe for concurrent use.
type Tree struct {
	m        Message
	headOnce sync.Once
	target   *text
	fields   []*text // as m.Header
	bodyOnce sync.Once
	body     *text
	quick    quickJSON
}

// Parse looks at m, whose memory must not change while the Tree is in use. It
// never fails: what cannot be read stays one leaf, "body".
func Parse(m Message) *Tree { return &Tree{m: m} }

// Message is what t was parsed from.
func (t *Tree) Message() Message { return t.m }

// head reads target and header fields.
func (t *Tree) head() {
	t.headOnce.Do(func() {
		if t.m.Target != "" {
			t.target = parseTarget(t.m.Target)
		}
		t.fields = parseFields(t.m.Header)
	})
}

// content reads the body; nil when there is none.
func (t *Tree) content() *text {
	t.bodyOnce.Do(func() { t.body = parseBody(&t.m, t.quick.text(&t.m)) })
	return t.body
}

// Layer is how the body was read: "json", "form", "multipart", "html", "events"
// or "lines"; "body" when it is opaque, "" when it is empty.
func (t *Tree) Layer() string {
	if b := t.content(); b != nil {
		return b.layer
	}
	return ""
}

// Broken is the byte of the body at which reading stopped because it is malformed
// or cut off there: what follows is in no part. -1 when the body was read to its end.
func (t *Tree) Broken() int {
	if b := t.content(); b != nil {
		return b.broken
	}
	return -1
}

// roots are the texts of the message in order; some may be nil.
func (t *Tree) roots(yield func(*text) bool) {
	t.head()
	if t.target != nil && !yield(t.target) {
		return
	}
	for _, f := range t.fields {
		if !yield(f) {
			return
		}
	}
	if b := t.content(); b != nil {
		yield(b)
	}
}

// Leaves are all values in document order: target, header fields, body. A value
// in which others were found comes before them: a JWT, then its claims. Their
// Text shares the message's memory: Clone what is kept for long.
func (t *Tree) Leaves() iter.Seq[Leaf] {
	return func(yield func(Leaf) bool) {
		w := refWriter{}
		for root := range t.roots {
			if !w.leaves(root, yield) {
				return
			}
		}
	}
}

// refWriter writes the refs of nodes one after another. Neighbours share a parent
// most of the time, so it keeps the last parent's ref.
type refWriter struct {
	buf    []byte
	t      *text
	parent int32
	n      int // length of the parent's ref in buf
}

func (w *refWriter) ref(t *text, i int32) Ref {
	n := &t.nodes[i]
	if w.t != t || w.parent != n.parent {
		w.buf = t.appendRef(w.buf[:0], n.parent)
		w.t, w.parent, w.n = t, n.parent, len(w.buf)
	}
	w.buf = n.appendStep(w.buf[:w.n], t)
	return Ref{string(w.buf)}
}

func (w *refWriter) leaves(t *text, yield func(Leaf) bool) bool {
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.leaf && !yield(Leaf{w.ref(t, int32(i)), n.val, n.kind}) {
			return false
		}
		if n.inner != nil && !w.leaves(n.inner, yield) {
			return false
		}
	}
	return true
}

// Get is the leaf that r, without wildcards, names. It is false for what is not
// there and for what is no value: JSON objects and arrays, html elements, lists.
//
// The first Gets from a JSON body go straight to the value instead of reading it
// all: of JSON that is malformed they may also find what stands after the break.
func (t *Tree) Get(r Ref) (leaf Leaf, ok bool) {
	if leaf, ok, done := t.quick.get(&t.m, r); done {
		return leaf, ok
	}
	t.find(r, func(x *text, i int32) bool {
		if k := x.leafAt(i); k != 0 {
			n := &x.nodes[k]
			leaf, ok = Leaf{r, strings.Clone(n.val), n.kind}, true
		}
		return false
	})
	return leaf, ok
}

// All is every leaf that r, with its wildcards, names, in document order, with concrete refs.
func (t *Tree) All(r Ref) []Leaf {
	var all []Leaf
	w := refWriter{}
	t.find(r, func(x *text, i int32) bool {
		if k := x.leafAt(i); k != 0 {
			n := &x.nodes[k]
			all = append(all, Leaf{w.ref(x, k), strings.Clone(n.val), n.kind})
		}
		return true
	})
	return all
}

// Len is the number of elements of the list: a JSON array, a repeated html
// element ("html.li[data-id]"), "events", "lines". -1 when it is not there.
func (t *Tree) Len(list Ref) int {
	n := -1
	t.elements(list, func(x *text, first int32) {
		n = 0
		for i := first; i != 0; i = x.sibling(i) {
			n++
		}
	})
	return n
}

// Elements are the concrete refs of a list's elements, in order.
func (t *Tree) Elements(list Ref) []Ref {
	var all []Ref
	w := refWriter{}
	t.elements(list, func(x *text, first int32) {
		all = []Ref{}
		for i := first; i != 0; i = x.sibling(i) {
			all = append(all, w.ref(x, i))
		}
	})
	return all
}

// Raw is the text of a part or container as it stands, escapes and all: of a
// JSON object the object. An html element's is "".
func (t *Tree) Raw(r Ref) (raw string, ok bool) {
	if b := t.content(); b != nil && r.s == "body" {
		return b.s, true
	}
	t.find(r, func(x *text, i int32) bool {
		if k := x.leafAt(i); k != 0 {
			i = k
		}
		n := &x.nodes[i]
		raw, ok = x.s[n.start:n.end], true
		return false
	})
	return raw, ok
}
