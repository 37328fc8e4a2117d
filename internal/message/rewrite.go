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
func (t *Tree) Rewrite(f func(Part) (string, bool)) Message {
	m := t.m
	t.head()
	if t.target != nil {
		if s, changed := t.target.rewrite(f); changed {
			m.Target = s
		}
	}
	for i, field := range t.fields {
		if s, changed := field.rewrite(f); changed {
			if len(m.Header) > 0 && len(t.m.Header) > 0 && &m.Header[0] == &t.m.Header[0] {
				m.Header = slices.Clone(m.Header)
			}
			m.Header[i] = exchange.Field{Name: m.Header[i].Name, Value: s}
		}
	}
	if b := t.content(); b != nil {
		if out, changed := b.rewriteBytes(f); changed {
			m.Body = out
		}
	}
	return m
}

func (t *text) rewrite(f func(Part) (string, bool)) (string, bool) {
	b, changed := t.rewriteBytes(f)
	if !changed {
		return t.s, false
	}
	return string(b), true
}

// rewriteBytes is t's text with the leaves that f changed; nil when it changed none.
func (t *text) rewriteBytes(f func(Part) (string, bool)) (b []byte, changed bool) {
	from := 0
	for i := range t.nodes {
		n := &t.nodes[i]
		val, replaced := "", false
		if n.leaf {
			val, replaced = f(Part{t, int32(i)})
		}
		if !replaced && n.inner != nil {
			val, replaced = n.inner.rewrite(f)
		}
		if !replaced || val == n.val {
			continue
		}
		if !changed {
			changed = true
			b = make([]byte, 0, len(t.s)+len(val)+64)
		}
		b = append(b, t.s[from:n.start]...)
		b = n.codec.encode(b, val, t.s[n.start:n.end], n.kind)
		from = int(n.end)
	}
	if !changed {
		return nil, false
	}
	return append(b, t.s[from:]...), true
}
