package message

import (
	"fmt"
	"strconv"
	"strings"
)

// stepKind is what one step of a ref's text is.
type stepKind uint8

const (
	stepEnd   stepKind = iota // nothing is left
	stepRoot                  // "path", "query", …: the first word of an absolute ref
	stepLayer                 // "|json", or a first word that is a layer of the body
	stepName                  // ".name"; in html with its [attr=value] predicates
	stepDup                   // "#1": which of an object's equal keys
	stepKey                   // "[1]" that tells repeated names apart, or a path segment's place
	stepIndex                 // "[1]" in a list
	stepWild                  // "[*]"
	stepAttr                  // "@name"
	stepText                  // "/text" or "/script"
)

// step is one step of a ref.
type step struct {
	kind  stepKind
	name  string // decoded; for a name with predicates the whole selector as written
	num   int
	preds []pred // only filled when the scanner is asked to
	start int    // where it begins in the ref's text
	end   int
}

// pred is one [attr=value] or [attr] of an html element.
type pred struct {
	attr, value string
	has         bool // there is a value
}

// allowed says which steps a root or layer may be followed by.
var allowed = map[string]string{
	"path": "k", "query": "nk", "header": "nk", "cookie": "nk", "set-cookie": "nk", "body": "",
	"json": "ndi*", "jwt": "ndi*", "form": "nk", "params": "nk", "basic": "nk", "multipart": "nk@",
	"html": "ndi*@/", "events": "i*@d", "lines": "i*", "url": "nk", "b64": "", "b64url": "", "pct": "", "auth": "",
}

var stepLetter = [...]byte{stepName: 'n', stepDup: 'd', stepKey: 'k', stepIndex: 'i', stepWild: '*', stepAttr: '@', stepText: '/'}

// bodyLayers are the layers that imply the body when a ref begins with them.
func bodyLayer(name string) bool {
	switch name {
	case "json", "form", "multipart", "html", "events", "lines":
		return true
	}
	return false
}

// isRoot says whether name is a place in a message.
func isRoot(name string) bool {
	switch name {
	case "path", "query", "header", "cookie", "set-cookie", "body":
		return true
	}
	return false
}

// scanner reads the steps of a ref's text. It needs no memory of its own, so
// that finding a part costs nothing but the look at the text.
type scanner struct {
	s     string
	pos   int
	layer string // the root or layer the steps belong to; "" in a relative ref before its first layer
	last  stepKind
	preds bool // fill step.preds
	why   string
	bad   int
}

func (sc *scanner) fail(at int, why string) step {
	if sc.why == "" {
		sc.why, sc.bad = why, at
	}
	sc.pos = len(sc.s)
	return step{}
}

// next is the next step; stepEnd at the end or, with why set, at an error.
func (sc *scanner) next() step {
	start := sc.pos
	if start >= len(sc.s) {
		return step{}
	}
	var st step
	switch c := sc.s[start]; {
	case start == 0 && c != '.' && c != '[' && c != '@' && c != '/' && c != '|':
		st = sc.root()
	case c == '|':
		st = sc.layerStep()
	case c == '.':
		st = sc.nameStep()
	case c == '[':
		st = sc.bracket()
	case c == '#':
		sc.pos++
		st = step{kind: stepDup, num: sc.number()}
		if sc.last != stepName && sc.last != stepAttr && sc.last != stepText {
			return sc.fail(start, "# must follow a name")
		}
	case c == '@':
		sc.pos++
		st = step{kind: stepAttr, name: sc.word("an attribute name")}
	case c == '/':
		sc.pos++
		st = step{kind: stepText, name: sc.bare()}
		if st.name != "text" && st.name != "script" {
			return sc.fail(start, "only /text and /script are known")
		}
	default:
		return sc.fail(start, fmt.Sprintf("unexpected %q", c))
	}
	if sc.why != "" {
		return step{}
	}
	return sc.check(st, start)
}

// check holds st against the grammar of its layer.
func (sc *scanner) check(st step, start int) step {
	st.start, st.end = start, sc.pos
	if st.kind > stepLayer && sc.layer != "" {
		letter := stepLetter[st.kind]
		ok := strings.IndexByte(allowed[sc.layer], letter) >= 0
		switch st.kind {
		case stepKey:
			ok = ok && (sc.last == stepName || sc.layer == "path" && sc.last == stepRoot)
		case stepName:
			ok = ok && sc.last != stepAttr && sc.last != stepText
			if (sc.layer == "query" || sc.layer == "header" || sc.layer == "cookie" || sc.layer == "set-cookie") && sc.last != stepRoot {
				ok = false
			}
		case stepDup:
			ok = ok || sc.layer == "html" && sc.last == stepText
		}
		if !ok {
			return sc.fail(start, fmt.Sprintf("%q cannot follow here in %s", sc.s[start:sc.pos], sc.layer))
		}
	}
	sc.last = st.kind
	if st.kind == stepText && st.name == "script" {
		sc.layer, sc.last = "json", stepLayer // what follows are steps of JSON
	}
	return st
}

func (sc *scanner) root() step {
	name := sc.bare()
	_, known := allowed[name]
	switch {
	case !known:
		return sc.fail(0, fmt.Sprintf("%q is no part of a message: begin with path[N], query., header., cookie., set-cookie., body, json, form., multipart., html. or events[N]", name))
	case bodyLayer(name):
		sc.layer = name
		return step{kind: stepLayer, name: name}
	case isRoot(name):
		sc.layer = name
		if name != "body" && sc.pos == len(sc.s) {
			return sc.fail(sc.pos, name+" needs to say which")
		}
		return step{kind: stepRoot, name: name}
	}
	return sc.fail(0, fmt.Sprintf("%q cannot stand first: it is a layer inside another part", name))
}

func (sc *scanner) layerStep() step {
	at := sc.pos
	sc.pos++
	name := sc.bare()
	if _, ok := allowed[name]; !ok {
		return sc.fail(at, fmt.Sprintf("no layer is called %q", name))
	}
	if isRoot(name) {
		return sc.fail(at, fmt.Sprintf("%q is not a layer", name))
	}
	sc.layer = name
	return step{kind: stepLayer, name: name}
}

func (sc *scanner) nameStep() step {
	sc.pos++
	from := sc.pos
	name := sc.word("a name")
	st := step{kind: stepName, name: name}
	for sc.why == "" && sc.pos+1 < len(sc.s) && sc.s[sc.pos] == '[' && sc.s[sc.pos+1] != '*' && !isDigit(sc.s[sc.pos+1]) {
		if sc.layer != "html" && sc.layer != "" {
			return sc.fail(sc.pos, "a name with brackets must be in double quotes")
		}
		p := sc.pred()
		if sc.preds {
			st.preds = append(st.preds, p)
		}
		st.name = sc.s[from:sc.pos]
	}
	return st
}

func (sc *scanner) pred() (p pred) {
	sc.pos++ // "["
	p.attr = sc.word("an attribute name")
	if sc.pos < len(sc.s) && sc.s[sc.pos] == '=' {
		sc.pos++
		p.has = true
		if sc.pos < len(sc.s) && sc.s[sc.pos] == '"' {
			p.value = sc.quoted()
		} else {
			from := sc.pos
			for sc.pos < len(sc.s) && predKeeps[sc.s[sc.pos]] {
				sc.pos++
			}
			p.value = sc.s[from:sc.pos]
			if p.value == "" {
				sc.fail(sc.pos, "a value must follow =; an empty one is \"\"")
				return p
			}
		}
	}
	if sc.pos >= len(sc.s) || sc.s[sc.pos] != ']' {
		sc.fail(sc.pos, "] is missing")
		return p
	}
	sc.pos++
	return p
}

func (sc *scanner) bracket() step {
	at := sc.pos
	sc.pos++
	var st step
	if strings.HasPrefix(sc.s[sc.pos:], "*") {
		sc.pos++
		st.kind = stepWild
	} else {
		st.kind, st.num = stepIndex, sc.number()
		if a, ok := allowed[sc.layer]; ok && strings.IndexByte(a, 'k') >= 0 {
			st.kind = stepKey
		}
	}
	if sc.why == "" && (sc.pos >= len(sc.s) || sc.s[sc.pos] != ']') {
		return sc.fail(at, "brackets hold a number or *")
	}
	sc.pos++
	return st
}

// number reads a non-negative number without leading zeros.
func (sc *scanner) number() int {
	from := sc.pos
	for sc.pos < len(sc.s) && isDigit(sc.s[sc.pos]) {
		sc.pos++
	}
	n, err := strconv.ParseInt(sc.s[from:sc.pos], 10, 32)
	if err != nil || sc.pos-from > 1 && sc.s[from] == '0' {
		sc.fail(from, "a number is expected")
		return 0
	}
	return int(n)
}

func (sc *scanner) bare() string {
	from := sc.pos
	for sc.pos < len(sc.s) && nameKeeps[sc.s[sc.pos]] {
		sc.pos++
	}
	return sc.s[from:sc.pos]
}

// word is a bare word or a JSON string.
func (sc *scanner) word(what string) string {
	if sc.pos < len(sc.s) && sc.s[sc.pos] == '"' {
		return sc.quoted()
	}
	w := sc.bare()
	if w == "" {
		sc.fail(sc.pos, what+" is expected; one with other than letters, digits, _, $ and - stands in double quotes")
	}
	return w
}

func (sc *scanner) quoted() string {
	end := stringEnd(sc.s, sc.pos)
	if end < 0 {
		sc.fail(sc.pos, "the double quote is not closed")
		return ""
	}
	raw := sc.s[sc.pos+1 : end-1]
	sc.pos = end
	return unescapeJSON(raw)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

var (
	nameKeeps = setOf(alnum, "_$-")
	predKeeps = setOf(alnum, "_$-/:.*?=&%~+,;{}!'()@#|^<>")
)

// appendWord appends name as a bare word or a JSON string.
func appendWord(b []byte, name string, keep *byteSet) []byte {
	if name == "" {
		return append(b, `""`...)
	}
	for i := range len(name) {
		if !keep[name[i]] {
			return appendJSONString(b, name, false)
		}
	}
	return append(b, name...)
}

func appendNum(b []byte, open byte, n int, end string) []byte {
	b = strconv.AppendInt(append(b, open), int64(n), 10)
	return append(b, end...)
}
