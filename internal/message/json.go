package message

import "strings"

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
	t := newText(s, "json", len(s)/24+4)
	t.script = script
	p := jsonParser{t: t, s: s, depth: depth}
	i := jsonStart(s)
	if i >= len(s) {
		return nil
	}
	end := p.value(0, node{}, i, 0)
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

// value reads the value at s[i] as the child of parent that n describes; with
// parent 0 and no step it is the root. It returns the end, or -1 with broke set.
func (p *jsonParser) value(parent int32, n node, i, nesting int) int {
	if i >= len(p.s) {
		return p.stop(i)
	}
	switch p.s[i] {
	case '{', '[':
		if nesting >= maxNesting {
			return p.stop(i)
		}
		n.list = p.s[i] == '['
		n.start = int32(i)
		self := int32(0)
		if n.by != byNothing {
			self = p.t.add(parent, n)
		} else {
			p.t.nodes[0].list, p.t.nodes[0].start = n.list, n.start
		}
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
	return p.scalar(parent, n, i)
}

func (p *jsonParser) scalar(parent int32, n node, i int) int {
	end, kind := scalarEnd(p.s, i)
	if end < 0 {
		return p.stop(i)
	}
	n.kind = kind
	start, stop, c := i, end, asJSONValue
	if kind == String {
		start, stop, c = i+1, end-1, asJSON
	}
	if p.t.script {
		c += asJSONScript - asJSON
	}
	self := p.t.addLeaf(parent, n, start, stop, c)
	if kind == String && stop-start >= minNested {
		p.t.attach(self, nested(p.t.nodes[self].val, p.depth+1))
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
		i = p.value(self, node{by: byIndex, num: num}, spaceEnd(p.s, i), nesting)
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
		n := node{by: byName, name: validName(unescapeJSON(p.s[i+1 : end-1]))}
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
func validName(name string) string { return strings.ToValidUTF8(name, "\ufffd") }
