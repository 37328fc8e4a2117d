package session

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

// Options of Group.
type Options struct {
	IdleGap time.Duration // a longer silence ends a session; 0 = 30 minutes
}

// credential is a value that a request showed, and where.
type credential struct{ at, value string }

// Group puts events together into sessions, ordered by start. Every event is in
// exactly one of them.
func Group(events []*Event, opts Options) []*Session {
	if opts.IdleGap <= 0 {
		opts.IdleGap = 30 * time.Minute
	}
	events = slices.Clone(events)
	slices.SortStableFunc(events, byStart)
	g := newGrouper(events)
	g.join()
	g.adopt()
	strands := map[int][]*Event{}
	var order []int
	for i, e := range events {
		root := g.find(i)
		if _, ok := strands[root]; !ok {
			order = append(order, root)
		}
		strands[root] = append(strands[root], e)
	}
	var sessions []*Session
	for _, root := range order {
		for _, part := range split(strands[root], opts.IdleGap) {
			sessions = append(sessions, describe(part))
		}
	}
	slices.SortStableFunc(sessions, func(a, b *Session) int { return byStart(a.Events[0], b.Events[0]) })
	return sessions
}

func byStart(a, b *Event) int {
	if c := a.Start().Compare(b.Start()); c != 0 {
		return c
	}
	return cmp.Compare(a.X.Seq, b.X.Seq)
}

type grouper struct {
	events []*Event
	shown  [][]credential // by event
	parent []int          // union-find over events, then values
	values map[string]int // value → its node
	known  []bool         // by node of an event: shows or was given an identity
}

func newGrouper(events []*Event) *grouper {
	g := &grouper{events: events, shown: make([][]credential, len(events)), values: map[string]int{}, known: make([]bool, len(events))}
	g.parent = make([]int, len(events))
	for i, e := range events {
		g.parent[i] = i
		g.shown[i] = credentials(e)
	}
	return g
}

func (g *grouper) find(i int) int {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

// union keeps the smaller node as the root, so that results do not depend on the order of calls.
func (g *grouper) union(a, b int) {
	a, b = g.find(a), g.find(b)
	if a > b {
		a, b = b, a
	}
	g.parent[b] = a
}

func (g *grouper) node(value string) int {
	n, ok := g.values[value]
	if !ok {
		n = len(g.parent)
		g.parent = append(g.parent, n)
		g.values[value] = n
	}
	return n
}

// join unites what shows the same identity, and the answer that gave it.
func (g *grouper) join() {
	common := g.common()
	wanted := map[string]bool{}
	for _, list := range g.shown {
		for _, c := range list {
			if !common[c.value] {
				wanted[c.value] = true
			}
		}
	}
	for i, e := range g.events {
		for _, c := range g.shown[i] {
			if wanted[c.value] {
				g.union(i, g.node(c.value))
				g.known[i] = true
			}
		}
		for _, v := range issued(e, wanted) {
			g.union(i, g.node(v))
			g.known[i] = true
		}
	}
}

// common are the values that are shown by several clients at once: API keys,
// tenant cookies, consent cookies. They say nothing about who it is.
func (g *grouper) common() map[string]bool {
	type companion struct {
		last    string
		seen    map[string]bool
		returns int
	}
	watch := map[string]map[string]*companion{} // value → position → its companions there
	common := map[string]bool{}
	note := func(value, at, other string) {
		byPos := watch[value]
		if byPos == nil {
			byPos = map[string]*companion{}
			watch[value] = byPos
		}
		c := byPos[at]
		if c == nil {
			c = &companion{seen: map[string]bool{}}
			byPos[at] = c
		}
		if other != c.last {
			if c.seen[other] {
				c.returns++
			}
			c.seen[other], c.last = true, other
		}
		// a, b, a, b, a: two clients at once. A value that is renewed does not come back.
		if c.returns >= 3 {
			common[value] = true
		}
	}
	for i, list := range g.shown {
		x := g.events[i].X
		for _, c := range list {
			note(c.value, "client", x.Client)
			for _, o := range list {
				if o.at != c.at {
					note(c.value, o.at, o.value)
				}
			}
		}
	}
	return common
}

// credentials are the values in a request by which its client may be known.
func credentials(e *Event) []credential {
	var list []credential
	add := func(at, v string) {
		if strong(v) {
			list = append(list, credential{at, v})
		}
	}
	for _, f := range e.X.Request.Header {
		switch name := strings.ToLower(f.Name); {
		case name == "cookie":
			for _, pair := range strings.Split(f.Value, ";") {
				if k, v, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
					add("cookie "+k, strings.Trim(v, `"`))
				}
			}
		case name == "authorization":
			_, v, ok := strings.Cut(f.Value, " ")
			if !ok {
				v = f.Value
			}
			add("authorization", strings.TrimSpace(v))
		case strings.HasSuffix(name, "-token") || strings.HasSuffix(name, "session-id") || strings.HasSuffix(name, "session"):
			add("header "+name, f.Value)
		}
	}
	if body := e.X.Request.Body.Data; bytes.Contains(bytes.ToLower(body), []byte("token")) {
		for leaf := range e.Req().Leaves() {
			if s := leaf.Ref.String(); isTokenName(leaf.Ref.Name()) && !strings.HasPrefix(s, "header") && !strings.HasPrefix(s, "cookie") {
				add("body "+leaf.Ref.Name(), leaf.Text)
			}
		}
		e.Forget()
	}
	return list
}

// issued are those of the wanted values that the answer gave.
func issued(e *Event, wanted map[string]bool) []string {
	r := e.X.Response
	if r == nil {
		return nil
	}
	var list []string
	for _, f := range r.Header {
		switch strings.ToLower(f.Name) {
		case "set-cookie":
			if _, v, _ := parseSetCookie(f.Value); wanted[v] {
				list = append(list, v)
			}
		case "authorization", "x-auth-token", "x-session-token", "x-csrf-token":
			v := strings.TrimPrefix(f.Value, "Bearer ")
			if wanted[v] {
				list = append(list, v)
			}
		}
	}
	contentType, _ := exchange.Get(r.Header, "Content-Type")
	if !message.IsJSON(message.MediaType(contentType)) || !bytes.Contains(bytes.ToLower(r.Body.Data), []byte("token")) && !bytes.Contains(r.Body.Data, []byte("jwt")) {
		return list
	}
	for leaf := range e.Res().Leaves() {
		if wanted[leaf.Text] {
			list = append(list, leaf.Text)
		}
	}
	e.Forget()
	return list
}
