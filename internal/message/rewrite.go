package message

import (
	"slices"
	"strings"

	"firedrill/internal/exchange"
)

// Part is a leaf as Rewrite shows it: its names are only made when asked for.
type Part struct {
	t *text
	i int32
}

// Text is the value, unescaped.
func (p Part) Text() string { return p.t.nodes[p.i].val }

// Kind is its JSON kind.
func (p Part) Kind() Kind { return p.t.nodes[p.i].kind }

// Name is Ref().Name().
func (p Part) Name() string { return p.t.nameOf(p.i) }

// Ref names the part.
func (p Part) Ref() Ref { return Ref{string(p.t.appendRef(nil, p.i))} }

// File says whether it is the content of an uploaded file.
func (p Part) File() bool { return p.t.nodes[p.i].file }

// Media is the media type of a multipart part's content, "" when it has none or is something else.
func (p Part) Media() string {
	if n := &p.t.nodes[p.i]; p.t.layer == "multipart" && n.by == byNothing {
		return n.name
	}
	return ""
}

// Attr is the html attribute that it is the value of, "" for anything else.
func (p Part) Attr() string {
	if n := &p.t.nodes[p.i]; p.t.layer == "html" && n.by == byAttr {
		return n.name
	}
	return ""
}

// Layer is the layer or root that it stands in: "json", "html", "jwt", "header",
// "cookie", "set-cookie", "target" (path and query), "body" for an opaque body.
func (p Part) Layer() string { return p.t.layer }

// Inside is the layer of what was found inside its value: "jwt", "url", "auth",
// "json", "b64", …; "" when it has no parts of its own.
func (p Part) Inside() string {
	if in := p.t.nodes[p.i].inner; in != nil {
		return in.layer
	}
	return ""
}

// Depth is how many values it is inside of.
func (p Part) Depth() (d int) {
	for x := p.t.up; x != nil; x = x.up {
		d++
	}
	return d
}

// Element says whether the html attribute or text belongs to a tag with that
// attribute set to that value, e.g. ("type", "password"). Values are compared
// without regard to case. False outside html.
func (p Part) Element(attr, value string) bool {
	if p.t.layer != "html" {
		return false
	}
	el := &p.t.nodes[p.t.nodes[p.i].parent]
	if el.by != byElement || int(el.start) >= len(p.t.s) || p.t.s[el.start] != '<' {
		return false
	}
	end := strings.IndexByte(p.t.s[el.start:], '>')
	if end < 0 {
		return false
	}
	_, attrs := scanTag(p.t.s, int(el.start), int(el.start)+end+1)
	for _, a := range attrs {
		if a.name == attr && a.has {
			return strings.EqualFold(a.codec.decode(p.t.s[a.start:a.end]), value)
		}
	}
	return false
}

// Replace asks f for each leaf, outermost first, in document order. Where f
// returns true the leaf becomes that string, and what is inside it is not asked
// for. All other bytes stay as they are; where nothing changed the Message
// shares t's memory.
func (t *Tree) Replace(f func(Leaf) (string, bool)) Message {
	w := refWriter{}
	return t.Rewrite(func(p Part) (string, bool) {
		n := &p.t.nodes[p.i]
		return f(Leaf{w.ref(p.t, p.i), n.val, n.kind})
	})
}

// Rewrite is Replace without making a Ref for each leaf.
func (t *Tree) Rewrite(f func(Part) (string, bool)) Message { return t.RewriteWith(Rewriter{Leaf: f}) }

// Rewriter says what becomes of a message's parts and of what stands between them.
type Rewriter struct {
	// Leaf is asked for each leaf, outermost first.
	Leaf func(Part) (string, bool)
	// Gap, if set, is asked for the text between parts of the target and the body:
	// keys, mark-up, white space. What it gives is written as it is.
	Gap func(string) (string, bool)
	// Edited, if set, is told of each change of the body: bytes start to end of
	// the old one are now size bytes. Ascending.
	Edited func(start, end, size int)
}

// RewriteWith makes a message in which each leaf and gap is what rw says.
func (t *Tree) RewriteWith(rw Rewriter) Message {
	m := t.m
	t.head()
	inHead := rw
	inHead.Edited = nil
	if t.target != nil {
		if s, changed := t.target.rewrite(&inHead); changed {
			m.Target = s
		}
	}
	inHead.Gap = nil
	cloned := false
	for i, field := range t.fields {
		if s, changed := field.rewrite(&inHead); changed {
			if !cloned {
				m.Header, cloned = slices.Clone(m.Header), true
			}
			m.Header[i] = exchange.Field{Name: m.Header[i].Name, Value: s}
		}
	}
	if b := t.content(); b != nil {
		if out, changed := b.rewriteBytes(&rw); changed {
			m.Body = out
		}
	}
	return m
}

func (t *text) rewrite(rw *Rewriter) (string, bool) {
	b, changed := t.rewriteBytes(rw)
	if !changed {
		return t.s, false
	}
	return string(b), true
}

// rewriteBytes is t's text with what rw changed; nil when it changed nothing.
func (t *text) rewriteBytes(rw *Rewriter) ([]byte, bool) {
	e := editor{t: t}
	if t.up == nil {
		e.edited = rw.Edited
	}
	inner := *rw
	inner.Edited = nil
	from := 0 // end of the leaf before
	for i := range t.nodes {
		n := &t.nodes[i]
		if !n.leaf && n.inner == nil {
			continue
		}
		if rw.Gap != nil && int(n.start) > from {
			if s, ok := rw.Gap(t.s[from:n.start]); ok {
				e.replace(from, int(n.start), func(b []byte) []byte { return append(b, s...) })
			}
		}
		from = max(from, int(n.end))
		val, replaced := "", false
		if n.leaf {
			val, replaced = rw.Leaf(Part{t, int32(i)})
		}
		if !replaced && n.inner != nil {
			val, replaced = n.inner.rewrite(&inner)
		}
		if replaced && val != n.val {
			e.replace(int(n.start), int(n.end), func(b []byte) []byte {
				return n.codec.encode(b, val, t.s[n.start:n.end], n.kind)
			})
		}
	}
	if rw.Gap != nil && from < len(t.s) {
		if s, ok := rw.Gap(t.s[from:]); ok {
			e.replace(from, len(t.s), func(b []byte) []byte { return append(b, s...) })
		}
	}
	return e.done()
}

// editor copies a text with some spans replaced, in ascending order.
type editor struct {
	t      *text
	out    []byte
	from   int // first byte that is not copied yet
	any    bool
	edited func(start, end, size int)
}

func (e *editor) replace(start, end int, write func([]byte) []byte) {
	if !e.any {
		e.any = true
		e.out = make([]byte, 0, len(e.t.s)+128)
	}
	e.out = append(e.out, e.t.s[e.from:start]...)
	at := len(e.out)
	e.out = write(e.out)
	e.from = end
	if e.edited != nil {
		e.edited(start, end, len(e.out)-at)
	}
}

func (e *editor) done() ([]byte, bool) {
	if !e.any {
		return nil, false
	}
	return append(e.out, e.t.s[e.from:]...), true
}
