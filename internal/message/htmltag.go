package message

import (
	"slices"
	"strings"
)

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

// tagName is the lower-case name at the head of s.
func tagName(s string) string {
	n := 0
	for n < len(s) && !isSpace(s[n]) && s[n] != '/' && s[n] != '>' {
		n++
	}
	return strings.ToLower(s[:n])
}

// scanTag reads the start tag s[from:to] (HTML section 13.2.5.33 and on).
func scanTag(s string, from, to int) (tag string, attrs []attribute) {
	tag = tagName(s[from+1 : to])
	i, end := from+1+len(tag), to
	if end > i && s[end-1] == '>' {
		end--
	}
	for {
		for i < end && (isSpace(s[i]) || s[i] == '/') {
			i++
		}
		if i >= end {
			return tag, attrs
		}
		nameAt := i
		i++ // a name may even begin with "="
		for i < end && !isSpace(s[i]) && s[i] != '/' && s[i] != '=' {
			i++
		}
		a := attribute{name: validName(strings.ToLower(s[nameAt:i]))}
		for i < end && isSpace(s[i]) {
			i++
		}
		if i < end && s[i] == '=' {
			i++
			for i < end && isSpace(s[i]) {
				i++
			}
			a.has = true
			a.start, a.end, a.codec, i = attrValue(s, i, end)
		}
		attrs = append(attrs, a)
	}
}

func attrValue(s string, i, end int) (from, to int, c codec, next int) {
	if i < end && (s[i] == '"' || s[i] == '\'') {
		c = asAttrDouble
		if s[i] == '\'' {
			c = asAttrSingle
		}
		to := end
		if n := strings.IndexByte(s[i+1:end], s[i]); n >= 0 {
			to = i + 1 + n
		}
		return i + 1, to, c, min(to+1, end)
	}
	from = i
	for i < end && !isSpace(s[i]) {
		i++
	}
	return from, i, asAttrBare, i
}

// value is the value of the named attribute, "" when there is none.
func (p *htmlParser) value(attrs []attribute, name string) string {
	for _, a := range attrs {
		if a.name == name && a.has {
			return a.codec.decode(p.t.s[a.start:a.end])
		}
	}
	return ""
}

// isPart says whether an attribute's value is a part of the message. Names that
// carry an id ("answers[17]") are; what only lays out the page is not.
func isPart(name, selector string) bool {
	switch name {
	case "href", "action", "src", "formaction", "value", "content", "title", "alt", "placeholder", "aria-label", "srcset", "poster":
		return true
	case "id", "name":
		i := strings.Index(selector, "["+name+"=")
		return i >= 0 && strings.IndexByte(selector[i:], '*') >= 0
	}
	return strings.HasPrefix(name, "data-") || strings.HasPrefix(name, "on")
}

// identify sets e's selector, whether it is an element of a list, and where it belongs.
// What identifies an element is, in this order, what its application knows it by
// (name, the shape of its URL, id), the set of its data attributes, its tag.
func (p *htmlParser) identify(e *openElement, attrs []attribute) {
	attr, value := p.identifying(e.tag, attrs)
	star := strings.IndexByte(value, '*') >= 0
	b := appendWord(nil, validName(e.tag), &nameKeeps)
	data := false
	switch {
	case attr != "":
		b = append(appendWord(append(append(append(b, '['), attr...), '='), value, &predKeeps), ']')
	default:
		for _, n := range dataNames(e.tag, attrs) {
			b = append(appendWord(append(b, '['), n, &nameKeeps), ']')
			data = true
		}
	}
	e.selector = string(b)
	choice := false
	if e.tag == "input" {
		t := strings.ToLower(p.value(attrs, "type"))
		choice = t == "radio" || t == "checkbox"
	}
	e.list = listTags[e.tag] || choice || !e.row && (star || data)
	if e.tag == "script" {
		e.parent = 0
	}
	known := attr == "id" || attr == "name" && e.tag != "form" || attr == "action"
	if known && !star && !e.row && !e.form || attr == "action" && !e.row {
		e.parent = 0 // unique in the page: not named by where it stands
	}
}

// dataNames are the data attributes that tell the elements of a list from others:
// those that hold an id, so that a further attribute on some of them does not
// make two lists of one, else all.
func dataNames(tag string, attrs []attribute) (names []string) {
	if tag == "html" || tag == "head" || tag == "body" {
		return nil
	}
	ids := false
	for _, a := range attrs {
		if !strings.HasPrefix(a.name, "data-") || len(names) == 6 {
			continue
		}
		if id := strings.HasSuffix(a.name, "id"); id && !ids {
			ids, names = true, nil
		} else if ids && !id {
			continue
		}
		names = append(names, a.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// identifying is the attribute and the shape of its value by which an element is known.
func (p *htmlParser) identifying(tag string, attrs []attribute) (attr, value string) {
	try := func(names ...string) bool {
		for _, n := range names {
			if v := p.value(attrs, n); v != "" {
				attr, value = n, v
				return true
			}
		}
		return false
	}
	switch tag {
	case "meta":
		if try("name", "property", "http-equiv", "itemprop") {
			return attr, validName(value)
		}
	case "input", "select", "textarea", "button":
		if try("name", "id") {
			return attr, nameShape(validName(value))
		}
		if tag == "input" && try("type") {
			return attr, validName(strings.ToLower(value))
		}
	case "form":
		if try("action") {
			return attr, validName(urlShape(value))
		}
		if try("id", "name") {
			return attr, nameShape(validName(value))
		}
	case "a", "area", "link", "base":
		if try("rel") && (tag == "link" || value == "next" || value == "prev") {
			return attr, validName(value)
		}
		if try("href") {
			return attr, validName(urlShape(value))
		}
	case "iframe", "img", "script", "source", "video", "audio", "embed":
		if try("id") {
			return attr, nameShape(validName(value))
		}
		if try("src") {
			return attr, validName(urlShape(value))
		}
		if tag == "script" && scriptKind(tag, p.value(attrs, "type")) == 'j' {
			return "type", validName(MediaType(p.value(attrs, "type")))
		}
	case "option", "html", "head", "body", "title":
		return "", ""
	}
	if try("id") {
		return attr, nameShape(validName(value))
	}
	return "", ""
}

// nameShape is a name or id with the numbers in it that may be ids as "*":
// "answers[17]" is "answers[*]", "submission_17" is "submission_*", "address2" stays.
func nameShape(s string) string {
	if idLike(s) {
		return "*"
	}
	var b []byte
	from := 0
	for i := 0; i < len(s); {
		if !isDigit(s[i]) {
			i++
			continue
		}
		end := digitsEnd(s, i)
		alone := (i == 0 || !isWordByte(s[i-1])) && (end == len(s) || !isWordByte(s[end]))
		if alone || end-i >= 3 {
			b = append(append(b, s[from:i]...), '*')
			from = end
		}
		i = end
	}
	if from == 0 {
		return s
	}
	return string(append(b, s[from:]...))
}

func isWordByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || isDigit(c) || c >= 0x80
}

// urlShape is a URL without its origin and without what names one object: ids in
// the path and the values of the query are "*".
func urlShape(u string) string {
	u = strings.Trim(u, htmlSpace)
	if isURL(u) {
		_, rest, _ := strings.Cut(u, "://")
		i := strings.IndexAny(rest, "/?#")
		if i < 0 {
			return "/"
		}
		u = rest[i:]
	} else if i := strings.IndexAny(u, ":/?#"); i > 0 && u[i] == ':' {
		return u[:i] + ":*"
	}
	u, fragment, hasFragment := strings.Cut(u, "#")
	path, query, hasQuery := strings.Cut(u, "?")
	b := make([]byte, 0, len(u))
	for i, seg := range strings.Split(path, "/") {
		if i > 0 {
			b = append(b, '/')
		}
		if idLike(seg) {
			b = append(b, '*')
		} else {
			b = append(b, nameShape(seg)...)
		}
	}
	if hasQuery {
		sep := byte('?')
		for pair := range strings.SplitSeq(query, "&") {
			key, _, hasValue := strings.Cut(pair, "=")
			b = append(append(b, sep), nameShape(key)...)
			if hasValue {
				b = append(b, "=*"...)
			}
			sep = '&'
		}
	}
	if hasFragment {
		b = append(append(b, '#'), nameShape(fragment)...)
	}
	return string(b)
}

// idLike says whether s, a path segment or name, is plainly an identifier: a
// number, or a long word in which digits and letters are mixed as people do not mix them.
func idLike(s string) bool {
	if s == "" || len(s) > 512 {
		return s != ""
	}
	digits, changes := 0, 0
	for i := range len(s) {
		c := s[i]
		if isDigit(c) {
			digits++
		}
		if i > 0 && isWordByte(c) && isWordByte(s[i-1]) && isDigit(c) != isDigit(s[i-1]) {
			changes++
		}
	}
	switch {
	case digits == len(s):
		return true
	case strings.HasPrefix(s, "fd~"):
		return true
	case len(s) >= 8 && digits*2 >= len(s):
		return true
	}
	return len(s) >= 16 && changes >= 4
}
