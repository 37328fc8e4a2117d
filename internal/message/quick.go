package message

import (
	"strings"
	"sync"
	"sync/atomic"

	"firedrill/internal/exchange"
)

// quickJSON finds single values in a JSON body without reading all of it. A
// virtual user takes two or three values from an answer of a hundred KiB.
type quickJSON struct {
	once sync.Once
	s    string // the body's text
	json bool   // the body is JSON by its media type
	gets atomic.Int32
}

// maxQuick is after how many Gets reading the whole body once is cheaper.
const maxQuick = 4

// text is m's body as a string, made once.
func (q *quickJSON) text(m *Message) string {
	q.once.Do(func() {
		q.s = string(m.Body)
		ct, _ := exchange.Get(m.Header, "Content-Type")
		q.json = IsJSON(MediaType(ct))
	})
	return q.s
}

// get is the leaf at r. done is false when this is not the way to find it.
func (q *quickJSON) get(m *Message, r Ref) (leaf Leaf, ok, done bool) {
	if !strings.HasPrefix(r.s, "json") || q.gets.Load() >= maxQuick || len(m.Body) == 0 || q.gets.Add(1) > maxQuick {
		return leaf, false, false
	}
	s := q.text(m)
	if !q.json {
		return leaf, false, false
	}
	sc := scanner{s: r.s}
	sc.next() // "json"
	i := jsonStart(s)
	for {
		before := sc
		st := sc.next()
		switch st.kind {
		case stepName:
			ahead := sc
			if dup := ahead.next(); dup.kind == stepDup || strings.Contains(st.name, "\ufffd") { // which may stand for bytes that are no UTF-8
				return leaf, false, false
			}
			i = memberValue(s, i, st.name)
		case stepIndex:
			i = elementValue(s, i, st.num)
		case stepEnd, stepLayer:
			return q.leafAt(s, i, r, before)
		default:
			return leaf, false, false
		}
		if i == notThere {
			return leaf, false, true
		}
		if i < 0 {
			return leaf, false, false
		}
	}
}

// leafAt is the scalar at s[i], or with layers left in rest what is inside it.
func (q *quickJSON) leafAt(s string, i int, r Ref, rest scanner) (leaf Leaf, ok, done bool) {
	end, kind := scalarEnd(s, i)
	if end < 0 {
		if i < len(s) && (s[i] == '{' || s[i] == '[') {
			return leaf, false, true // a container is no value
		}
		return leaf, false, false
	}
	val := s[i:end]
	if kind == String {
		val = unescapeJSON(s[i+1 : end-1])
	}
	if rest.pos == len(rest.s) {
		return Leaf{r, strings.Clone(val), kind}, true, true
	}
	t := newText(val, "json", 1)
	t.addLeaf(0, node{}, 0, len(val), asIs)
	t.attach(1, nested(val, 2))
	walk(t, 1, rest, func(x *text, k int32) bool {
		if k = x.leafAt(k); k != 0 {
			leaf, ok = Leaf{r, strings.Clone(x.nodes[k].val), x.nodes[k].kind}, true
		}
		return false
	})
	return leaf, ok, true
}

// What memberValue and elementValue give beside a place.
const (
	notThere  = -1 // the value is not in the container
	malformed = -2 // the container cannot be read so far, or is none
)

// memberValue is where the value of the first member of that name begins in the object at s[i].
func memberValue(s string, i int, name string) int {
	if i >= len(s) || s[i] != '{' {
		return notThere
	}
	i = spaceEnd(s, i+1)
	if i < len(s) && s[i] == '}' {
		return notThere
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return malformed
		}
		end := stringEnd(s, i)
		if end < 0 {
			return malformed
		}
		key := s[i+1 : end-1]
		i = spaceEnd(s, end)
		if i >= len(s) || s[i] != ':' {
			return malformed
		}
		i = spaceEnd(s, i+1)
		if key == name || strings.IndexByte(key, '\\') >= 0 && validName(unescapeJSON(key)) == name {
			return i
		}
		if i = nextItem(s, i, '}'); i < 0 {
			return i
		}
	}
}

// elementValue is where the num-th element begins in the array at s[i].
func elementValue(s string, i, num int) int {
	if i >= len(s) || s[i] != '[' {
		return notThere
	}
	i = spaceEnd(s, i+1)
	if i < len(s) && s[i] == ']' {
		return notThere
	}
	for ; num > 0; num-- {
		if i = nextItem(s, i, ']'); i < 0 {
			return i
		}
	}
	return i
}

// nextItem skips the value at s[i] and the comma after it. It is notThere where closing ends the container.
func nextItem(s string, i int, closing byte) int {
	if i = skipValue(s, i); i < 0 {
		return malformed
	}
	i = spaceEnd(s, i)
	switch {
	case i < len(s) && s[i] == ',':
		return spaceEnd(s, i+1)
	case i < len(s) && s[i] == closing:
		return notThere
	}
	return malformed
}

// skipValue is the end of the value at s[i], -1 when it has none. Inside objects
// and arrays it only counts brackets.
func skipValue(s string, i int) int {
	if i >= len(s) || s[i] != '{' && s[i] != '[' {
		end, _ := scalarEnd(s, i)
		return end
	}
	for depth := 0; i < len(s); {
		switch s[i] {
		case '"':
			if i = stringEnd(s, i); i < 0 {
				return -1
			}
			continue
		case '{', '[':
			depth++
			if depth > maxNesting {
				return -1
			}
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}
