package redact

import (
	"strings"
	"sync"
	"sync/atomic"
)

// verdict is what a name alone says: which rule, if any, or to leave it.
type verdict int32

const (
	unnamed verdict = -1 // no rule by that name
	kept    verdict = -2 // no rule at all
)

// names answers which rule goes with a name. Answers are remembered, for names
// return all the time; their number is bounded, because keys may be ids.
type names struct {
	exact  map[string]verdict // by plain name
	affix  []affix
	cache  sync.Map // name as seen → verdict
	cached atomic.Int32
}

type affix struct {
	text        string
	left, right bool // "*" stands before, after it
	verdict     verdict
}

const maxCachedNames = 8192

func newNames() *names { return &names{exact: map[string]verdict{}} }

// add makes the pattern mean v, unless an earlier pattern already decides.
func (n *names) add(pattern string, v verdict) {
	text := plain(strings.Trim(pattern, "*"))
	left, right := strings.HasPrefix(pattern, "*"), strings.HasSuffix(pattern, "*")
	if left || right {
		n.affix = append(n.affix, affix{text, left, right, v})
		return
	}
	if _, taken := n.exact[text]; !taken {
		n.exact[text] = v
	}
}

// of is what the name says. Exact patterns come before those with "*", and among
// each the first that was added.
func (n *names) of(name string) verdict {
	if name == "" {
		return unnamed
	}
	if v, ok := n.cache.Load(name); ok {
		return v.(verdict)
	}
	v := n.match(plain(name))
	if v == unnamed && len(name) > 5 && strings.EqualFold(name[:5], "data-") {
		v = n.match(plain(name[5:]))
	}
	if len(name) <= 128 && n.cached.Load() < maxCachedNames {
		n.cached.Add(1)
		n.cache.Store(strings.Clone(name), v)
	}
	return v
}

func (n *names) match(name string) verdict {
	if v, ok := n.exact[name]; ok {
		return v
	}
	for _, a := range n.affix {
		switch {
		case a.left && a.right && strings.Contains(name, a.text),
			a.left && !a.right && strings.HasSuffix(name, a.text),
			a.right && !a.left && strings.HasPrefix(name, a.text):
			return a.verdict
		}
	}
	return unnamed
}

// plain is a name without case and separators: "X-CSRF-Token", "xCsrfToken" and
// "user[x_csrf_token]", by its last bracket, are all "xcsrftoken".
func plain(name string) string {
	if i := strings.LastIndexByte(name, '['); i > 0 && strings.HasSuffix(name, "]") && len(name)-i > 2 {
		name = name[i+1 : len(name)-1]
	}
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			b = append(b, c+32)
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c >= 0x80:
			b = append(b, c)
		}
	}
	return string(b)
}
