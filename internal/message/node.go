package message

import "strings"

// text is one text and what was found in it.
type text struct {
	s      string
	layer  string // how it was read: "json", "form", …
	prefix string // begins the refs of its nodes where it is not inside another text; of a header field its name
	up     *text  // the text it is the unescaped inside of; nil for a root
	upNode int32
	nodes  []node // nodes[0] is the text as a whole and has no step; leaves stand in the order of their spans
	broken int    // byte at which reading stopped because s is malformed or cut off; -1: read to its end
	script bool   // JSON inside an html script
}

// nodeKind says what step leads from a node's parent to it.
type nodeKind uint8

const (
	byNothing nodeKind = iota // the root, and the one node of b64, pct and auth
	byName                    // .name, with #num in JSON
	byKey                     // .name, with [num] for repeated names
	byPlace                   // [num] of a path segment
	byIndex                   // [num] of a list
	byElement                 // .selector, with [num] in a list, else #num
	byAttr                    // @name, with #num
	byText                    // /name, with #num
)

// node is a container or a leaf of a text.
type node struct {
	name               string // of a multipart content, which has no step, its media type
	val                string // a leaf's value, unescaped
	inner              *text  // what was found inside val
	start, end         int32  // its span in text.s, escaped
	num                int32
	parent             int32
	first, last, after int32 // children, and the next sibling; 0 = none
	by                 nodeKind
	codec              codec
	kind               Kind
	leaf               bool
	list               bool // a JSON array; an element whose place in a list is always written
	file               bool // the content of an uploaded file
}

func newText(s, layer string, capacity int) *text {
	t := &text{s: s, layer: layer, broken: -1, nodes: make([]node, 1, capacity+1)}
	t.nodes[0].end = int32(len(s))
	return t
}

// add appends n as the last child of parent and returns its place. The returned
// place, not a pointer, is what may be kept: nodes moves when it grows.
func (t *text) add(parent int32, n node) int32 {
	i := t.push(parent)
	n.parent = parent
	t.nodes[i] = n
	return i
}

// push appends an empty node as the last child of parent and returns its place.
func (t *text) push(parent int32) int32 {
	i := int32(len(t.nodes))
	if int(i) < cap(t.nodes) {
		t.nodes = t.nodes[:i+1]
	} else {
		t.nodes = append(t.nodes, node{})
	}
	t.nodes[i].parent = parent
	p := &t.nodes[parent]
	if p.first == 0 {
		p.first = i
	} else {
		t.nodes[p.last].after = i
	}
	p.last = i
	return i
}

// addLeaf adds the value that stands escaped in t.s[start:end].
func (t *text) addLeaf(parent int32, n node, start, end int, c codec) int32 {
	n.start, n.end, n.codec, n.leaf = int32(start), int32(end), c, true
	n.val = c.decode(t.s[start:end])
	return t.add(parent, n)
}

// attach makes inner what was found inside the value of node i.
func (t *text) attach(i int32, inner *text) {
	if inner == nil {
		return
	}
	inner.up, inner.upNode = t, i
	t.nodes[i].inner = inner
}

// child is the child of parent that st leads to; num is its index or repetition. 0 = none.
func (t *text) child(parent int32, by nodeKind, name string, num int) int32 {
	for i := t.nodes[parent].first; i != 0; i = t.nodes[i].after {
		n := &t.nodes[i]
		if n.by == by && n.num == int32(num) && n.name == name {
			return i
		}
	}
	return 0
}

// element is the child of parent that is an html element of that selector; num is
// its place in a list, or tells it from its like. 0 = none.
func (t *text) element(parent int32, selector string, num int, list bool) int32 {
	for i := t.nodes[parent].first; i != 0; i = t.nodes[i].after {
		n := &t.nodes[i]
		if n.by == byElement && n.num == int32(num) && n.list == list && n.name == selector {
			return i
		}
	}
	return 0
}

// count is how many children of parent have that name: the number that tells the next one apart.
func (t *text) count(parent int32, by nodeKind, name string) (n int32) {
	for i := t.nodes[parent].first; i != 0; i = t.nodes[i].after {
		if t.nodes[i].by == by && t.nodes[i].name == name {
			n++
		}
	}
	return n
}

// appendRef appends the ref of node i.
func (t *text) appendRef(b []byte, i int32) []byte {
	n := &t.nodes[i]
	if i == 0 {
		if t.up == nil && t.layer == "header" {
			b = appendWord(append(b, "header."...), t.prefix, &nameKeeps)
			if n.num > 0 {
				b = appendNum(b, '[', int(n.num), "]")
			}
			return b
		}
		if t.up == nil {
			return append(b, t.prefix...)
		}
		b = t.up.appendRef(b, t.upNode)
		if t.implied() {
			return b
		}
		return append(append(b, '|'), t.layer...)
	}
	return n.appendStep(t.appendRef(b, n.parent), t)
}

// implied says whether the layer's name is left out of refs because what leads to t implies it.
func (t *text) implied() bool {
	return t.up != nil && (t.up.layer == "jwt" || t.up.nodes[t.upNode].by == byText && t.up.nodes[t.upNode].name == "script")
}

func (n *node) appendStep(b []byte, t *text) []byte {
	switch n.by {
	case byName, byKey:
		if len(b) > 0 || t.prefix == "" && t.layer != "target" {
			b = append(b, '.')
		}
		b = appendWord(b, n.name, &nameKeeps)
		if n.num > 0 && n.by == byName {
			b = appendNum(b, '#', int(n.num), "")
		} else if n.num > 0 {
			b = appendNum(b, '[', int(n.num), "]")
		}
	case byPlace, byIndex:
		b = appendNum(b, '[', int(n.num), "]")
	case byElement:
		b = append(append(b, '.'), n.name...)
		if n.list {
			b = appendNum(b, '[', int(n.num), "]")
		} else if n.num > 0 {
			b = appendNum(b, '#', int(n.num), "")
		}
	case byAttr, byText:
		mark := byte('@')
		if n.by == byText {
			mark = '/'
		}
		b = appendWord(append(b, mark), n.name, &nameKeeps)
		if n.num > 0 {
			b = appendNum(b, '#', int(n.num), "")
		}
	}
	return b
}

// nameOf is the last name on the way to node i, as Ref.Name gives it.
func (t *text) nameOf(i int32) string {
	for {
		n := &t.nodes[i]
		switch n.by {
		case byNothing:
			if i == 0 && t.up == nil {
				return t.rootName()
			}
			if i == 0 {
				t, i = t.up, t.upNode
				continue
			}
		case byName, byKey:
			return n.name
		case byPlace:
			return ""
		case byElement:
			return selectorName(n.name)
		case byAttr:
			if t.layer == "html" && !strings.HasPrefix(n.name, "data-") {
				if name := t.elementName(n.parent); name != "" {
					return name
				}
			}
			return n.name
		case byText:
			return t.elementName(n.parent)
		}
		i = n.parent
	}
}

func (t *text) rootName() string {
	if t.layer == "header" {
		return t.prefix
	}
	return ""
}

// elementName is the identifying name of the element at i; an option has its select's.
func (t *text) elementName(i int32) string {
	for ; i != 0; i = t.nodes[i].parent {
		n := &t.nodes[i]
		if n.by != byElement {
			return ""
		}
		if name := selectorName(n.name); name != "" || n.name != "option" {
			return name
		}
	}
	return ""
}

// selectorName is predName of a selector's text.
func selectorName(selector string) string {
	if strings.IndexByte(selector, '=') < 0 {
		return ""
	}
	sc := scanner{s: "." + selector, preds: true}
	return predName(sc.next().preds)
}
