package correlate

import (
	"strconv"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/endpoint"
	"firedrill/internal/message"
)

func itoa(i int) string { return strconv.Itoa(i) }

// position is one place in a step's request that might hold a value, and what
// was recorded there.
type position struct {
	step    int
	ref     message.Ref
	name    string // last name
	lineage lineage
	header  bool
	outer   bool // another position is inside its value
	obs     []observation
	sibling int // place among like positions of the request (answers[3].question_id: 3); -1 = it has none
}

// inQuery reports whether it is a parameter of the request's own query.
func (p *position) inQuery() bool { return strings.HasPrefix(p.ref.String(), "query") }

// observation is one recorded value of a position.
type observation struct {
	visit *visit
	value string
	kind  message.Kind
}

// ownHeaders are fields that a virtual user has its own of, or that browsers
// make up: they are not sent as recorded.
var ownHeaders = set("cookie host content-length connection keep-alive proxy-connection transfer-encoding upgrade te trailer expect proxy-authorization " +
	"if-none-match if-modified-since if-range via forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-real-ip " +
	"traceparent tracestate baggage x-firedrill-mark x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled b3 sentry-trace x-amzn-trace-id")

// plainHeaders are sent as recorded and never hold anybody's values.
var plainHeaders = set("user-agent accept accept-language accept-encoding accept-charset content-type content-encoding cache-control pragma dnt origin referer " +
	"upgrade-insecure-requests priority save-data range x-requested-with sec-gpc purpose sec-purpose access-control-request-method access-control-request-headers " +
	"device-memory downlink ect rtt viewport-width width dpr")

func set(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// sentHeader are the fields of a recorded request that a plan keeps. origins are the URLs of the plan's origins.
func sentHeader(x *exchange.Request, origins map[string]string) []exchange.Field {
	var kept []exchange.Field
	for _, f := range x.Header {
		name := strings.ToLower(f.Name)
		if ownHeaders[name] || strings.HasPrefix(name, ":") {
			continue
		}
		if name == "referer" {
			v, ok := plainReferer(f.Value, origins)
			if !ok {
				continue
			}
			f.Value = v
		}
		if name == "origin" && origins[f.Value] == "" && f.Value != "null" {
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

// plainReferer is a Referer without what might be somebody's: the path only where it
// has no parameters, never a query. False where it leads to another site.
func plainReferer(v string, origins map[string]string) (string, bool) {
	i := strings.Index(v, "://")
	if i < 0 {
		return "", false
	}
	origin, path := v, "/"
	if j := strings.IndexByte(v[i+3:], '/'); j >= 0 {
		origin, path = v[:i+3+j], v[i+3+j:]
	}
	if origins[origin] == "" {
		return "", false
	}
	path = endpoint.Path(path)
	if endpoint.Template(path) != path {
		path = "/"
	}
	return origin + path, true
}

// positions are the places of a step's requests, in document order. The first
// occurrence of visits is the one that the plan's request is made from.
func positions(step int, visits []*visit) []*position {
	model := visits[0]
	path := endpoint.Path(model.event.X.Request.Target)
	params := map[int]bool{}
	for _, i := range endpoint.Params(path) {
		params[i] = true
	}
	var list []*position
	about := templateNoun(endpoint.Template(path))
	for leaf := range model.event.Req().Leaves() {
		s := leaf.Ref.String()
		header := strings.HasPrefix(s, "header.")
		switch {
		case strings.HasPrefix(s, "cookie"):
			continue
		case header:
			name := strings.ToLower(headerName(s))
			if ownHeaders[name] || plainHeaders[name] || strings.HasPrefix(name, "sec-") {
				continue
			}
		case strings.HasPrefix(s, "path["):
			at, _ := strconv.Atoi(s[len("path["):strings.IndexByte(s, ']')])
			if !params[at] && !strings.Contains(s, "|params") {
				continue
			}
		case strings.HasPrefix(leaf.Text, "fd~file:"):
			continue
		}
		p := &position{step: step, ref: leaf.Ref, name: leaf.Ref.Name(), header: header, sibling: -1}
		p.lineage = lineageIn(model.event.Req(), leaf.Ref, about)
		if around := enclosing(list, leaf.Ref); around != nil {
			around.outer = true
		}
		list = append(list, p)
	}
	for _, v := range visits {
		tree := v.event.Req()
		for _, p := range list {
			if leaf, ok := tree.Get(p.ref); ok {
				p.obs = append(p.obs, observation{v, leaf.Text, leaf.Kind})
			}
		}
	}
	markSiblings(list)
	return list
}

// enclosing is the innermost position that ref is inside of.
func enclosing(list []*position, ref message.Ref) *position {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].ref != ref && ref.HasPrefix(list[i].ref) {
			return list[i]
		}
	}
	return nil
}

// markSiblings finds the positions that differ only by their place in one list of the request.
func markSiblings(list []*position) {
	like := map[message.Ref][]*position{}
	for _, p := range list {
		if ix := p.ref.Indexes(); len(ix) > 0 {
			g := p.ref.Generalise(len(ix) - 1)
			like[g] = append(like[g], p)
		}
	}
	for _, group := range like {
		if len(group) < 2 {
			continue
		}
		for _, p := range group {
			ix := p.ref.Indexes()
			p.sibling = ix[len(ix)-1]
		}
	}
}

func headerName(ref string) string {
	name := strings.TrimPrefix(ref, "header.")
	if i := strings.IndexAny(name, "|["); i >= 0 {
		name = name[:i]
	}
	return strings.Trim(name, `"`)
}
