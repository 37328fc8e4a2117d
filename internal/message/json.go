package message

import (
	"strings"
	"unicode/utf8"
)

// maxNesting is how deep objects and arrays are read; what is deeper counts as malformed.
const maxNesting = 256

// jsonStart is where JSON begins in s: after a byte order mark, white space and
// the guards that some servers put before it so that it cannot be run as a script.
func jsonStart(s string) int {
	i := 0
	if strings.HasPrefix(s, "\ufeff") {
		i = 3
	}
	i = spaceEnd(s, i)
	for _, guard := range []string{")]}'", "while(1);", "for(;;);"} {
		if strings.HasPrefix(s[i:], guard) {
			i = spaceEnd(s, i+len(guard))
			if i < len(s) && s[i] == ',' {
				i = spaceEnd(s, i+1)
			}
		}
	}
	return i
}

// parseJSON reads s as JSON. Of JSON that is malformed or cut off it gives the
// parts before the break, and says where that was. nil when not even the first
// value could be begun.
func parseJSON(s string, script bool, depth int) *text {
	// Each value but the first follows a comma or opens something: one allocation is enough.
	t := newText(s, "json", strings.Count(s, ",")+strings.Count(s, "{")+strings.Count(s, "[")+1)
	t.script = script
	p := jsonParser{t: t, s: s, depth: depth}
	i := jsonStart(s)
	if i >= len(s) {
		return nil
	}
	end := p.value(0, place{}, i, 0)
	if end >= 0 {
		if end = spaceEnd(s, end); end < len(s) {
			p.broke, end = end, -1
		}
	}
	if end < 0 {
		t.broken = p.broke
		if len(t.nodes) == 1 && t.nodes[0].start == t.nodes[0].end {
			return nil
		}
	}
	return t
}

type jsonParser struct {
	t     *text
	s     string
	depth int // of texts in texts
	broke int
}

// place is how a value is reached from its container; the zero value is the root.
type place struct {
	name string
	num  int32
	by   nodeKind
}

// value reads the value at s[i], which st leads to from parent. It returns the
// end, or -1 with broke set.
func (p *jsonParser) value(parent int32, st place, i, nesting int) int {
	if i >= len(p.s) {
		return p.stop(i)
	}
	if c := p.s[i]; c != '{' && c != '[' {
		return p.scalar(parent, st, i)
	}
	if nesting >= maxNesting {
		return p.stop(i)
	}
	self := int32(0)
	if st.by != byNothing {
		self = p.t.push(parent)
	}
	n := &p.t.nodes[self]
	n.name, n.num, n.by = st.name, st.num, st.by
	n.list, n.start = p.s[i] == '[', int32(i)
	var end int
	if n.list {
		end = p.array(self, i+1, nesting+1)
	} else {
		end = p.object(self, i+1, nesting+1)
	}
	if end < 0 {
		p.t.nodes[self].end = int32(p.broke)
	} else {
		p.t.nodes[self].end = int32(end)
	}
	return end
}

func (p *jsonParser) scalar(parent int32, st place, i int) int {
	end, kind := scalarEnd(p.s, i)
	if end < 0 {
		return p.stop(i)
	}
	self := p.t.push(parent)
	n := &p.t.nodes[self]
	n.name, n.num, n.by, n.kind, n.leaf = st.name, st.num, st.by, kind, true
	if kind == String {
		n.start, n.end, n.codec = int32(i+1), int32(end-1), asJSON
		n.val = unescapeJSON(p.s[i+1 : end-1])
	} else {
		n.start, n.end, n.codec = int32(i), int32(end), asJSONValue
		n.val = p.s[i:end]
	}
	if p.t.script {
		n.codec += asJSONScript - asJSON
	}
	if kind == String && len(n.val) >= minNested {
		p.t.attach(self, nested(n.val, p.depth+1))
	}
	return end
}

func (p *jsonParser) stop(i int) int {
	p.broke = min(i, len(p.s))
	return -1
}

func (p *jsonParser) array(self int32, i, nesting int) int {
	i = spaceEnd(p.s, i)
	if i < len(p.s) && p.s[i] == ']' {
		return i + 1
	}
	for num := int32(0); ; num++ {
		i = p.value(self, place{by: byIndex, num: num}, spaceEnd(p.s, i), nesting)
		if i < 0 {
			return -1
		}
		i = spaceEnd(p.s, i)
		if i >= len(p.s) {
			return p.stop(i)
		}
		switch p.s[i] {
		case ',':
			i++
		case ']':
			return i + 1
		default:
			return p.stop(i)
		}
	}
}

func (p *jsonParser) object(self int32, i, nesting int) int {
	i = spaceEnd(p.s, i)
	if i < len(p.s) && p.s[i] == '}' {
		return i + 1
	}
	var seen map[string]int32
	for members := 0; ; members++ {
		i = spaceEnd(p.s, i)
		if i >= len(p.s) || p.s[i] != '"' {
			return p.stop(i)
		}
		end := stringEnd(p.s, i)
		if end < 0 {
			return p.stop(i)
		}
		n := place{by: byName, name: validName(unescapeJSON(p.s[i+1 : end-1]))}
		// Small objects are searched for an equal key; large ones are not, time and again.
		if members == 24 {
			seen = p.keys(self)
		}
		if seen != nil {
			n.num = seen[n.name]
			seen[n.name] = n.num + 1
		} else {
			n.num = p.t.count(self, byName, n.name)
		}
		i = spaceEnd(p.s, end)
		if i >= len(p.s) || p.s[i] != ':' {
			return p.stop(i)
		}
		i = p.value(self, n, spaceEnd(p.s, i+1), nesting)
		if i < 0 {
			return -1
		}
		i = spaceEnd(p.s, i)
		if i >= len(p.s) {
			return p.stop(i)
		}
		switch p.s[i] {
		case ',':
			i++
		case '}':
			return i + 1
		default:
			return p.stop(i)
		}
	}
}

// keys counts the keys of the object at self.
func (p *jsonParser) keys(self int32) map[string]int32 {
	seen := make(map[string]int32, 64)
	for i := p.t.nodes[self].first; i != 0; i = p.t.nodes[i].after {
		seen[p.t.nodes[i].name]++
	}
	return seen
}

// validName is name as it can stand in a ref, which is text.
func validName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	return strings.ToValidUTF8(name, "\ufffd")
}
