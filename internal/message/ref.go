package message

import (
	"fmt"
	"strings"
)

// Ref names one part of a message, or with [*] a list of like parts. It is a
// plain comparable value: two Refs are == exactly when their Strings are. The
// zero Ref is the empty relative ref: joined to an element it names the element.
type Ref struct{ s string } // canonical text

// RefError says why a text is no ref.
type RefError struct {
	Input  string
	Offset int // byte in Input at which reading stopped
	Why    string
}

func (e *RefError) Error() string {
	return fmt.Sprintf("part %q, at byte %d: %s", e.Input, e.Offset, e.Why)
}

// String is the canonical text of r; ParseRef of it gives r again. The zero Ref's is "".
func (r Ref) String() string { return r.s }

// ParseRef reads a ref that starts at a message ("json.items[2].id"), or one
// relative to an element that begins with one of . [ @ / | (".id", "@href").
// Errors are *RefError.
func ParseRef(s string) (Ref, error) {
	if s == "" {
		return Ref{}, &RefError{s, 0, "it is empty"}
	}
	c, why, at := canonical(s)
	if why != "" {
		return Ref{}, &RefError{s, at, why}
	}
	return Ref{c}, nil
}

// ParseRel reads a ref relative to a list's element, such as Ref.SplitList gives.
// Where it does not begin with one of . [ @ / | it is taken as a property:
// "status" is ".status". The empty text is the element itself. Errors are *RefError.
func ParseRel(s string) (Ref, error) {
	if s == "" {
		return Ref{}, nil
	}
	if !isRelative(s) {
		r, err := ParseRef("." + s)
		if e, ok := err.(*RefError); ok {
			e.Input, e.Offset = s, max(0, e.Offset-1)
		}
		return r, err
	}
	return ParseRef(s)
}

// MustRef is ParseRef for constants and tests: it panics on an error.
func MustRef(s string) Ref {
	r, err := ParseRef(s)
	if err != nil {
		panic(err)
	}
	return r
}

func isRelative(s string) bool { return s != "" && strings.IndexByte(".[@/|", s[0]) >= 0 }

// IsRelative says whether r starts at an element instead of at a message.
func (r Ref) IsRelative() bool { return r.s == "" || isRelative(r.s) }

// canonical writes s in the one way in which it is compared.
func canonical(s string) (out, why string, at int) {
	b := make([]byte, 0, len(s)+8)
	sc := scanner{s: s, preds: true}
	urlPath := false
	for {
		st := sc.next()
		if st.kind == stepEnd {
			break
		}
		switch st.kind {
		case stepRoot:
			b = append(b, st.name...)
		case stepLayer:
			switch {
			case len(b) == 0 && st.start == 0 && s[0] != '|':
			case string(b) == "body" && bodyLayer(st.name):
				b = b[:0]
			default:
				b = append(b, '|')
			}
			b = append(b, st.name...)
		case stepName:
			b = append(b, '.')
			if st.preds != nil {
				b = appendSelector(b, st)
			} else if sc.layer == "header" {
				b = appendWord(b, canonicalHeader(st.name), &nameKeeps)
			} else {
				b = appendWord(b, st.name, &nameKeeps)
			}
			urlPath = sc.layer == "url" && st.name == "path"
		case stepDup:
			if st.num > 0 {
				b = appendNum(b, '#', st.num, "")
			}
		case stepKey:
			if st.num > 0 || sc.layer == "path" || urlPath {
				b = appendNum(b, '[', st.num, "]")
			}
		case stepIndex:
			b = appendNum(b, '[', st.num, "]")
		case stepWild:
			b = append(b, "[*]"...)
		case stepAttr:
			b = appendWord(append(b, '@'), st.name, &nameKeeps)
		case stepText:
			b = append(append(b, '/'), st.name...)
		}
	}
	return string(b), sc.why, sc.bad
}

// appendSelector appends tag and predicates of an html element.
func appendSelector(b []byte, st step) []byte {
	tag := scanner{s: st.name}
	b = appendWord(b, tag.word(""), &nameKeeps)
	for _, p := range st.preds {
		b = appendWord(append(b, '['), p.attr, &nameKeeps)
		if p.has {
			b = appendWord(append(b, '='), p.value, &predKeeps)
		}
		b = append(b, ']')
	}
	return b
}

// canonicalHeader is name in the case that RFC 9110 examples use: "X-Csrf-Token".
func canonicalHeader(name string) string {
	up := true
	for i := range len(name) {
		c := name[i]
		if up && 'a' <= c && c <= 'z' || !up && 'A' <= c && c <= 'Z' {
			b := []byte(name)
			up = true
			for j, c := range b {
				if up && 'a' <= c && c <= 'z' {
					b[j] = c - 32
				} else if !up && 'A' <= c && c <= 'Z' {
					b[j] = c + 32
				}
				up = b[j] == '-'
			}
			return string(b)
		}
		up = c == '-'
	}
	return name
}

// Name is the last name in r: "id", "X-Csrf-Token", "csrf_token"; for a part of
// an html element the name that identifies the element where it has one, else
// the attribute's; "" for a path segment and for text without a name.
func (r Ref) Name() string {
	sc := scanner{s: r.s, preds: true}
	name, elem := "", ""
	for {
		st := sc.next()
		switch st.kind {
		case stepEnd:
			return name
		case stepName:
			name = st.name
			if sc.layer == "html" || st.preds != nil {
				name = predName(st.preds)
				if name != "" || st.name != "option" {
					elem = name
				}
			} else if sc.layer == "url" && name == "path" {
				name = ""
			}
		case stepAttr:
			name = st.name
			if elem != "" && !strings.HasPrefix(name, "data-") {
				name = elem
			}
		case stepText:
			name = elem
		}
	}
}

// predName is the name that identifies an element to its application.
func predName(preds []pred) string {
	for _, p := range preds {
		switch p.attr {
		case "name", "property", "http-equiv", "itemprop", "id":
			return p.value
		}
	}
	return ""
}

// Wildcards is how many [*] r has.
func (r Ref) Wildcards() (n int) {
	sc := scanner{s: r.s}
	for st := sc.next(); st.kind != stepEnd; st = sc.next() {
		if st.kind == stepWild {
			n++
		}
	}
	return n
}

// Indexes are the concrete indexes in r of JSON arrays, repeated html elements,
// events and lines, outermost first. Places of path segments and of repeated
// names are not among them.
func (r Ref) Indexes() (all []int) {
	sc := scanner{s: r.s}
	for st := sc.next(); st.kind != stepEnd; st = sc.next() {
		if st.kind == stepIndex {
			all = append(all, st.num)
		}
	}
	return all
}

// WithIndexes is r with its list indexes and wildcards, in order, set to ix;
// those beyond len(ix) stay as they are.
func (r Ref) WithIndexes(ix []int) Ref {
	b := make([]byte, 0, len(r.s)+8)
	sc := scanner{s: r.s}
	for st := sc.next(); st.kind != stepEnd; st = sc.next() {
		if (st.kind == stepIndex || st.kind == stepWild) && len(ix) > 0 {
			b = appendNum(b, '[', ix[0], "]")
			ix = ix[1:]
		} else {
			b = append(b, r.s[st.start:st.end]...)
		}
	}
	return Ref{string(b)}
}

// Generalise is r with its i-th concrete list index, counted from 0 as Indexes
// does, as a wildcard; r itself when there is none.
func (r Ref) Generalise(i int) Ref {
	sc := scanner{s: r.s}
	for st := sc.next(); st.kind != stepEnd; st = sc.next() {
		if st.kind != stepIndex {
			continue
		}
		if i == 0 {
			return Ref{r.s[:st.start] + "[*]" + r.s[st.end:]}
		}
		i--
	}
	return r
}

// Parent is r without its last step; false when r has only one.
func (r Ref) Parent() (Ref, bool) {
	sc := scanner{s: r.s}
	cut := 0
	for {
		st := sc.next()
		if st.kind == stepEnd {
			break
		}
		joined := st.kind == stepDup || st.kind == stepKey // these tell names apart and belong to them
		if !joined {
			cut = st.start
		}
	}
	if cut == 0 {
		return Ref{}, false
	}
	p := r.s[:cut]
	switch p {
	case "query", "header", "cookie", "set-cookie":
		return Ref{}, false
	}
	return Ref{p}, true
}

// Child is r with one more step: one in the syntax of refs ("[2]", "[*]",
// ".name", "@href", "/text", "|jwt.claims") or else a name, which is quoted
// where it has to be. A name that begins with one of . [ @ / | is passed as
// `."@id"`. A step that does not fit is taken as a name.
func (r Ref) Child(s string) Ref {
	if isRelative(s) {
		if c, why, _ := canonical(r.s + s); why == "" {
			return Ref{c}
		}
	}
	return Ref{string(appendWord([]byte(r.s+"."), s, &nameKeeps))}
}

// HasPrefix says whether r is p or a part of it, by whole steps. With wildcards
// on both sides they must be the same: "json.a[2]" is not a part of "json.a[*]".
func (r Ref) HasPrefix(p Ref) bool {
	if !strings.HasPrefix(r.s, p.s) {
		return false
	}
	if len(r.s) == len(p.s) || p.s == "" {
		return true
	}
	sc := scanner{s: r.s}
	for st := sc.next(); st.kind != stepEnd; st = sc.next() {
		if st.start == len(p.s) {
			// "#1" and a key's "[1]" belong to the name before them.
			return st.kind != stepDup && (st.kind != stepKey || p.s == "path")
		}
	}
	return false
}

// SplitList cuts r at its innermost concrete list index: json.items[2].id is the
// list json.items, the index 2 and the rest ".id". ok is false when r has none.
func (r Ref) SplitList() (list Ref, index int, rest Ref, ok bool) {
	sc := scanner{s: r.s}
	for st := sc.next(); st.kind != stepEnd; st = sc.next() {
		if st.kind == stepIndex {
			list, index, rest, ok = Ref{r.s[:st.start]}, st.num, Ref{r.s[st.end:]}, true
		}
	}
	return list, index, rest, ok
}

// Join is the part rest, as SplitList gives it, of element.
func Join(element, rest Ref) Ref { return Ref{element.s + rest.s} }
