package message

import (
	"strings"

	"firedrill/internal/exchange"
)

// addPairs adds the k=v pairs of t.s[from:to], separated by sep, below parent.
// A pair without "=" has the empty name and is its value.
func (t *text) addPairs(parent int32, from, to int, sep byte, c codec, depth int) {
	counts := counter{t: t, parent: parent, by: byKey}
	for from <= to && from < len(t.s) {
		end := to
		if i := strings.IndexByte(t.s[from:to], sep); i >= 0 {
			end = from + i
		}
		start := from
		for sep == ';' && start < end && t.s[start] == ' ' {
			start++
		}
		name := ""
		if i := strings.IndexByte(t.s[start:end], '='); i >= 0 {
			name = validName(c.decode(t.s[start : start+i]))
			start += i + 1
		}
		if start < end || name != "" {
			n := node{by: byKey, name: name, num: counts.next(name)}
			stop := end
			if c == asCookie {
				start, stop = unquoted(t.s, start, end)
			}
			i := t.addLeaf(parent, n, start, stop, c)
			t.attach(i, nested(t.nodes[i].val, depth+1))
		}
		from = end + 1
	}
}

// unquoted leaves out the double quotes around a cookie's value and the space after it.
func unquoted(s string, start, end int) (int, int) {
	for end > start && (s[end-1] == ' ' || s[end-1] == '\t') {
		end--
	}
	if end-start >= 2 && s[start] == '"' && s[end-1] == '"' {
		return start + 1, end - 1
	}
	return start, end
}

// counter numbers equal names; it begins to keep a map where there are many.
type counter struct {
	t      *text
	parent int32
	by     nodeKind
	asked  int
	seen   map[string]int32
}

func (c *counter) next(name string) int32 {
	c.asked++
	if c.asked < 24 {
		return c.t.count(c.parent, c.by, name)
	}
	if c.seen == nil {
		c.seen = map[string]int32{}
		for i := c.t.nodes[c.parent].first; i != 0; i = c.t.nodes[i].after {
			c.seen[c.t.nodes[i].name]++
		}
	}
	n := c.seen[name]
	c.seen[name] = n + 1
	return n
}

// parseForm reads s as application/x-www-form-urlencoded.
func parseForm(s string, depth int) *text {
	t := newText(s, "form", strings.Count(s, "&")+1)
	t.addPairs(0, 0, len(s), '&', asForm, depth)
	return t
}

// parseTarget reads a request-target: its refs begin with "path" and "query".
func parseTarget(s string) *text {
	t := newText(s, "target", strings.Count(s, "/")+strings.Count(s, "&")+3)
	t.addURL(0, len(s), 1)
	return t
}

// parseURL reads an absolute or relative URL inside a value.
func parseURL(s string, depth int) *text {
	from := 0
	if i := strings.Index(s, "://"); i >= 0 && i < 10 {
		from = i + 3
		if j := strings.IndexAny(s[from:], "/?#"); j >= 0 {
			from += j
		} else {
			from = len(s)
		}
	}
	t := newText(s, "url", strings.Count(s, "/")+strings.Count(s, "&")+3)
	end := len(s)
	if i := strings.IndexByte(s[from:], '#'); i >= 0 {
		end = from + i
	}
	t.addURL(from, end, depth)
	if end+1 < len(s) {
		i := t.addLeaf(0, node{by: byName, name: "fragment"}, end+1, len(s), asFragment)
		t.attach(i, nestedFragment(t.nodes[i].val, depth+1))
	}
	return t
}

// addURL adds path and query of the URL that begins after its authority at from
// and ends at queryEnd.
func (t *text) addURL(from, queryEnd, depth int) {
	s, pathEnd := t.s, queryEnd
	if i := strings.IndexByte(s[from:pathEnd], '?'); i >= 0 {
		pathEnd = from + i
	}
	if from < pathEnd {
		path := t.add(0, node{by: byName, name: "path", start: int32(from), end: int32(pathEnd)})
		i := from
		if s[i] == '/' {
			i++
		}
		for num := int32(0); i <= pathEnd; num++ {
			end := pathEnd
			if j := strings.IndexByte(s[i:pathEnd], '/'); j >= 0 {
				end = i + j
			}
			t.addSegment(path, num, i, end, depth)
			i = end + 1
		}
	}
	if pathEnd < queryEnd {
		query := t.add(0, node{by: byName, name: "query", start: int32(pathEnd + 1), end: int32(queryEnd)})
		t.addPairs(query, pathEnd+1, queryEnd, '&', asQuery, depth)
	}
}

// addSegment adds one path segment. Parameters after ";" (RFC 3986 section 3.3,
// as in ;jsessionid=…) are named inside it.
func (t *text) addSegment(path, num int32, from, to, depth int) {
	if semi := strings.IndexByte(t.s[from:to], ';'); semi >= 0 && strings.IndexByte(t.s[from+semi:to], '=') > 0 && depth < MaxDepth {
		i := t.addLeaf(path, node{by: byPlace, num: num}, from, to, asPathParams)
		val := t.nodes[i].val
		p := newText(val, "params", 2)
		p.addPairs(0, strings.IndexByte(val, ';')+1, len(val), ';', asParam, depth+1)
		t.attach(i, p)
		return
	}
	i := t.addLeaf(path, node{by: byPlace, num: num}, from, to, asPath)
	t.attach(i, nested(t.nodes[i].val, depth+1))
}

// parseFields reads header fields, one text for each.
func parseFields(fields []exchange.Field) []*text {
	all := make([]*text, len(fields))
	texts := make([]text, len(fields)) // together: a message has many of them
	nodes := make([]node, 2*len(fields))
	var cookies, setCookies map[string]int32
	for i, f := range fields {
		switch {
		case strings.EqualFold(f.Name, "Cookie"):
			if cookies == nil {
				cookies = map[string]int32{}
			}
			all[i] = parseCookies(f.Value, cookies)
			continue
		case strings.EqualFold(f.Name, "Set-Cookie"):
			if setCookies == nil {
				setCookies = map[string]int32{}
			}
			all[i] = parseSetCookie(f.Value, setCookies)
			continue
		}
		t := &texts[i]
		*t = text{s: f.Value, layer: "header", prefix: validName(canonicalHeader(f.Name)), broken: -1, nodes: nodes[2*i : 2*i+1 : 2*i+2]}
		for _, before := range all[:i] { // the number tells equal names apart
			if before.layer == "header" && before.prefix == t.prefix {
				t.nodes[0].num++
			}
		}
		t.nodes[0].end = int32(len(f.Value))
		k := t.addLeaf(0, node{}, 0, len(f.Value), asHeader)
		t.attach(k, nestedField(t.prefix, f.Value))
		all[i] = t
	}
	return all
}

// parseCookies reads a Cookie field; counts are those of the Cookie fields before it.
func parseCookies(value string, counts map[string]int32) *text {
	t := newText(value, "cookie", strings.Count(value, ";")+1)
	t.prefix = "cookie"
	t.addPairs(0, 0, len(value), ';', asCookie, 1)
	for i := range t.nodes[1:] {
		n := &t.nodes[i+1]
		n.num = counts[n.name]
		counts[n.name]++
	}
	return t
}

// parseSetCookie reads the name and value of a Set-Cookie field; its attributes are no parts.
func parseSetCookie(value string, counts map[string]int32) *text {
	t := newText(value, "set-cookie", 1)
	t.prefix = "set-cookie"
	end := len(value)
	if i := strings.IndexByte(value, ';'); i >= 0 {
		end = i
	}
	name, start := "", 0
	if i := strings.IndexByte(value[:end], '='); i >= 0 {
		name, start = validName(strings.Trim(value[:i], " \t")), i+1
	}
	for start < end && value[start] == ' ' {
		start++
	}
	start, end = unquoted(value, start, end)
	i := t.addLeaf(0, node{by: byKey, name: name, num: counts[name]}, start, end, asCookie)
	counts[name]++
	t.attach(i, nested(t.nodes[i].val, 2))
	return t
}
