package correlate

import (
	"strings"

	"firedrill/internal/journey/endpoint"
	"firedrill/internal/message"
)

// lineage is what a place's name says about the values in it.
type lineage struct {
	noun string // what kind of thing it identifies: "course"; "" = it is no identifier
	name string // the last name, letters only: "coursetitle"
	id   bool   // it identifies something
	own  bool   // of the thing itself (courses[].id), not of another (quizzes[].course_id)
}

var idWords = map[string]bool{"id": true, "ids": true, "uuid": true, "guid": true, "key": true, "slug": true, "ref": true, "pk": true, "gid": true, "oid": true, "handle": true}

// envelopes are names that hold things without saying which.
var envelopes = map[string]bool{"data": true, "items": true, "item": true, "results": true, "result": true, "rows": true, "records": true, "record": true, "list": true, "entries": true, "content": true, "nodes": true, "node": true, "edges": true, "json": true, "payload": true, "response": true, "value": true, "object": true, "attributes": true, "body": true, "collection": true, "relationships": true}

// paging are names of parameters that a client decides: an equal number elsewhere means nothing.
var paging = map[string]bool{"page": true, "perpage": true, "pagesize": true, "limit": true, "offset": true, "size": true, "per": true, "count": true, "skip": true, "top": true, "take": true, "sort": true, "order": true, "orderby": true, "direction": true, "dir": true, "locale": true, "lang": true, "language": true, "version": true, "v": true, "format": true, "total": true, "number": true, "n": true, "first": true, "last": true, "start": true}

// noun is the singular of the last of a name's words that are no id word.
func noun(name string) string {
	return letters(endpoint.Singular(name))
}

// pathNoun is what a path's parameter at a place identifies: the word before it.
func pathNoun(segments []string, at int) string {
	for i := min(at, len(segments)) - 1; i >= 0; i-- {
		if s := segments[i]; s != "" && endpoint.Classify(s) == endpoint.Word && !strings.HasPrefix(s, "{") {
			return noun(s)
		}
	}
	return ""
}

// templateNoun is what an endpoint is about: the last word of its path.
func templateNoun(template string) string {
	segments := strings.Split(strings.Trim(template, "/"), "/")
	return pathNoun(segments, len(segments))
}

// named is the lineage of a name inside containers (innermost last).
func named(name string, containers []string, about string) lineage {
	l := lineage{name: letters(strings.TrimPrefix(name, "data-"))}
	w := words(strings.TrimPrefix(name, "data-"))
	if len(w) == 0 {
		return l
	}
	if idWords[w[len(w)-1]] {
		l.id = true
		if rest := w[:len(w)-1]; len(rest) > 0 {
			l.noun = noun(strings.Join(rest, ""))
			l.own = l.noun == container(containers, about) || strings.HasPrefix(name, "data-")
			return l
		}
		l.own = true
		l.noun = container(containers, about)
		return l
	}
	if strings.HasPrefix(name, "data-") && len(w) > 0 { // data-submission="…"
		l.noun = noun(strings.Join(w, ""))
		l.id, l.own = true, true
	}
	return l
}

// container is the singular of the innermost container that says what it holds.
func container(containers []string, about string) string {
	for i := len(containers) - 1; i >= 0; i-- {
		if c := containers[i]; c != "" && !envelopes[strings.ToLower(c)] {
			return noun(c)
		}
	}
	return about
}

// csrfLike reports whether a name is one that tokens against forgery go by.
func csrfLike(name string) bool {
	return strings.Contains(name, "csrf") || strings.Contains(name, "xsrf") || strings.Contains(name, "authenticitytoken") ||
		strings.Contains(name, "forgery") || strings.Contains(name, "requestverification") || name == "token" || name == "sesskey" || strings.HasSuffix(name, "nonce")
}

// fits says how well a producing place's lineage goes with a using place's:
// 0 not at all, 1 by name, 2 the same kind of thing, 3 that thing's own identifier.
func fits(user, producer lineage) int {
	switch {
	case user.id && producer.id && user.noun != "" && user.noun == producer.noun:
		if producer.own {
			return 3
		}
		return 2
	case csrfLike(user.name) && csrfLike(producer.name):
		return 2
	case user.name != "" && user.name == producer.name && !(user.id && len(user.name) <= 4):
		return 1
	case user.name != "" && len(user.name) > 5 && len(producer.name) > 5 && (strings.HasSuffix(user.name, producer.name) || strings.HasSuffix(producer.name, user.name)):
		return 1
	case user.id && user.noun != "" && user.noun == noun(producer.name):
		return 2 // course: 17
	case producer.id && producer.noun != "" && letters(endpoint.Singular(user.name)) == producer.noun:
		return 2 // {"course": 17} ← courses[].id
	}
	return 0
}

// lineageIn is the lineage of a part of a message: tree holds it, about is what
// the message's endpoint is about.
func lineageIn(tree *message.Tree, ref message.Ref, about string) lineage {
	s := ref.String()
	if i := strings.LastIndex(s, "path["); i >= 0 && !strings.Contains(s[i:], "|") { // a segment of the target, or of a URL in a value
		return lineage{noun: urlNoun(tree, ref, s[:i]), id: true, own: true}
	}
	if i := strings.IndexByte(s, '|'); i >= 0 && ref.Name() != "" {
		s = strings.TrimRight(s, "|")
	}
	name := ref.Name()
	if strings.HasSuffix(name, "]") && strings.Contains(name, "[") { // rails-like names: course[id], ids[]
		parts := strings.FieldsFunc(name, func(r rune) bool { return r == '[' || r == ']' })
		if len(parts) > 0 {
			return named(parts[len(parts)-1], parts[:len(parts)-1], about)
		}
	}
	if strings.HasPrefix(s, "html") {
		return named(name, nil, about)
	}
	return named(name, containersOf(ref, name), about)
}

// urlNoun is the word before a segment in the same URL.
func urlNoun(tree *message.Tree, ref message.Ref, before string) string {
	all := ref.String()[len(before):]
	at := 0
	for _, c := range all[len("path["):] {
		if c < '0' || c > '9' {
			break
		}
		at = at*10 + int(c-'0')
	}
	segments := make([]string, at)
	for i := range at {
		if r, err := message.ParseRef(before + "path[" + itoa(i) + "]"); err == nil {
			if leaf, ok := tree.Get(r); ok {
				segments[i] = leaf.Text
			}
		}
	}
	return pathNoun(segments, at)
}

// containersOf are the names of the JSON objects and lists that hold a part, outermost first.
func containersOf(ref message.Ref, name string) []string {
	var list []string
	for {
		parent, ok := ref.Parent()
		if !ok {
			break
		}
		ref = parent
		if n := ref.Name(); n != "" {
			list = append(list, n)
		}
	}
	// innermost first, and an index step repeats the name of its list
	var out []string
	for i := len(list) - 1; i >= 0; i-- {
		if len(out) == 0 || out[len(out)-1] != list[i] {
			out = append(out, list[i])
		}
	}
	if n := len(out); n > 0 && out[n-1] == name {
		out = out[:n-1]
	}
	return out
}
