package message

import (
	"fmt"
	"strings"

	"firedrill/internal/exchange"
)

// MissingError says that a part to be filled is not in the message.
type MissingError struct{ Ref Ref }

func (e *MissingError) Error() string { return fmt.Sprintf("part %q is not in the message", e.Ref) }

// OverlapError says that of two parts to be filled one is, or is inside, the other.
type OverlapError struct{ Outer, Inner Ref }

func (e *OverlapError) Error() string {
	return fmt.Sprintf("part %q is inside part %q: only one of them can be filled", e.Inner, e.Outer)
}

// Template is a message with slots: pieces that stay and places that are filled
// anew each time. Immutable and safe for concurrent use.
type Template struct {
	m      Message // Method and Status
	target *program
	header []templateField
	slots  int // header fields that have slots
	body   *program
}

type templateField struct {
	name, value string
	prog        *program // nil: value stands
}

// program is a text as pieces and slots.
type program struct {
	ops  []op
	size int // bytes of the text as it was recorded
}

// op writes one literal piece and then, unless it is the last, a value.
type op struct {
	lit   string
	slot  int      // which value; -1 = none
	sub   *program // the value is itself a text with slots
	codec codec
	kind  Kind
	raw   string // how the place stood
}

// nodeKey is a node's place.
type nodeKey struct {
	t *text
	i int32
}

// Compile makes a Template whose slots are the parts refs, without wildcards.
// Errors are *MissingError and *OverlapError. Content-Length is left out of the
// Template, and so are Cookie fields in which no slot is.
func (t *Tree) Compile(refs []Ref) (*Template, error) {
	slots := make(map[nodeKey]int, len(refs))
	touched := map[*text]bool{} // texts with slots in them or in texts inside them
	for k, r := range refs {
		var at nodeKey
		if r.Wildcards() == 0 {
			t.find(r, func(x *text, i int32) bool {
				if leaf := x.leafAt(i); leaf != 0 {
					at = nodeKey{x, leaf}
				}
				return false
			})
		}
		if at.t == nil {
			return nil, &MissingError{r}
		}
		if other, taken := slots[at]; taken {
			return nil, &OverlapError{refs[other], r}
		}
		slots[at] = k
		for x := at.t; x != nil; x = x.up {
			touched[x] = true
		}
	}
	for at, k := range slots {
		for x := at.t; x.up != nil; x = x.up {
			if outer, taken := slots[nodeKey{x.up, x.upNode}]; taken {
				return nil, &OverlapError{refs[outer], refs[k]}
			}
		}
	}
	t.head()
	tm := &Template{m: t.m}
	tm.m.Header = nil
	if t.target != nil && touched[t.target] {
		tm.target = compile(t.target, slots, touched)
	}
	for i, f := range t.m.Header {
		field := templateField{name: f.Name, value: f.Value}
		if touched[t.fields[i]] {
			field.prog = compile(t.fields[i], slots, touched)
			tm.slots++
		} else if strings.EqualFold(f.Name, "Content-Length") || strings.EqualFold(f.Name, "Cookie") {
			continue
		}
		tm.header = append(tm.header, field)
	}
	if b := t.content(); b != nil && touched[b] {
		tm.body = compile(b, slots, touched)
	}
	return tm, nil
}

func compile(t *text, slots map[nodeKey]int, touched map[*text]bool) *program {
	p := &program{size: len(t.s)}
	from := 0
	for i := range t.nodes {
		n := &t.nodes[i]
		o := op{slot: -1, codec: n.codec, kind: n.kind}
		if k, ok := slots[nodeKey{t, int32(i)}]; ok && n.leaf {
			o.slot = k
		} else if n.inner != nil && touched[n.inner] {
			o.sub = compile(n.inner, slots, touched)
		} else {
			continue
		}
		start, end := int(n.start), int(n.end)
		o.lit, o.raw = t.s[from:start], t.s[start:end]
		if o.codec == asJSONValue || o.codec == asJSON {
			o.lit, o.raw = strings.Clone(o.lit), ""
		}
		p.ops = append(p.ops, o)
		from = end
	}
	p.ops = append(p.ops, op{lit: t.s[from:], slot: -1})
	return p
}

// Render fills the slots, values standing as their refs did. What it returns is
// the caller's own, but for a Body without slots, which must not be changed.
// Missing values are empty.
func (tm *Template) Render(values []string) Message {
	m := tm.m
	if tm.target != nil {
		m.Target = string(tm.target.append(make([]byte, 0, tm.target.size+64), values))
	}
	if len(tm.header) > 0 {
		m.Header = make([]exchange.Field, len(tm.header), len(tm.header)+4)
		for i := range tm.header {
			f := &tm.header[i]
			m.Header[i] = exchange.Field{Name: f.name, Value: f.value}
			if f.prog != nil {
				m.Header[i].Value = string(f.prog.append(make([]byte, 0, f.prog.size+64), values))
			}
		}
	}
	if tm.body != nil {
		m.Body = tm.body.append(make([]byte, 0, tm.body.size+64+tm.body.size/4), values)
	}
	return m
}

func (p *program) append(b []byte, values []string) []byte {
	for i := range p.ops {
		o := &p.ops[i]
		b = append(b, o.lit...)
		switch {
		case o.sub != nil:
			n := len(b)
			b = o.sub.append(b, values)
			val := string(b[n:])
			b = o.codec.encode(b[:n], val, o.raw, o.kind)
		case o.slot >= 0 && o.slot < len(values):
			b = o.codec.encode(b, values[o.slot], o.raw, o.kind)
		}
	}
	return b
}
