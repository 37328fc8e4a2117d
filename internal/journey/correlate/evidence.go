package correlate

import (
	"slices"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/compose"
	"firedrill/internal/journey/session"
	"firedrill/internal/message"
)

// visit is one recorded request that counts as evidence.
type visit struct {
	event   *session.Event
	session int // index among the evidence's sessions
	step    int
	order   int // place in its session's walk
	at      int // place among its timeline's visits
	turns   []int
}

// hit is a part of an answer that holds a wanted value.
type hit struct {
	visit   *visit
	ref     message.Ref
	pattern message.Ref // ref with every list index as [*]
	index   []int
}

// timeline is one session of the evidence.
type timeline struct {
	session   *session.Session
	visits    []*visit         // in the order of the walk
	hits      map[string][]hit // wanted value → where answers held it, by order
	firstUse  map[string]*visit
	relations map[string][]exchange.Relation // by To
	httpOnly  map[string]bool                // cookies that scripts cannot read
	latestOf  map[[2]int]*visit
	leaves    int // parts of all answers: how many chances there are for accidents
}

// evidence is what is looked at of a group.
type evidence struct {
	group     *compose.Group
	opts      Options
	steps     [][]*visit // by step, the model first
	timelines []*timeline
	rowCache  map[rowsKey][][]message.Leaf
	accounts  int // distinct accounts among the sessions
}

// maxHits bounds how many places of one value are kept per session.
const maxHits = 200

// gather picks the sessions and turns to be looked at and indexes what their
// answers held of the values that their requests sent.
func gather(g *compose.Group, opts Options) *evidence {
	ev := &evidence{group: g, opts: opts, steps: make([][]*visit, len(g.Steps))}
	chosen := chooseSessions(g, opts.MaxSessions)
	place := map[int]int{}
	accounts := map[string]bool{}
	for i, s := range chosen {
		place[s] = i
		ev.timelines = append(ev.timelines, &timeline{session: g.Sessions[s]})
		accounts[accountOf(g.Sessions[s], i)] = true
	}
	ev.accounts = len(accounts)
	for step, list := range g.Steps {
		perSession := map[int]int{}
		for _, o := range list {
			at, ok := place[o.Session]
			if !ok || perSession[at] >= opts.MaxTurns {
				continue
			}
			perSession[at]++
			v := &visit{event: o.Event, session: at, step: step, order: o.Order, turns: o.Turns}
			ev.steps[step] = append(ev.steps[step], v)
			ev.timelines[at].visits = append(ev.timelines[at].visits, v)
		}
	}
	for _, t := range ev.timelines {
		slices.SortFunc(t.visits, func(a, b *visit) int { return a.order - b.order })
		for i, v := range t.visits {
			v.at = i
		}
	}
	for step := range ev.steps {
		modelFirst(ev.steps[step])
	}
	return ev
}

// chooseSessions takes sessions of as many accounts as possible.
func chooseSessions(g *compose.Group, limit int) []int {
	var chosen, more []int
	seen := map[string]bool{}
	for i, s := range g.Sessions {
		if key := accountOf(s, i); !seen[key] {
			seen[key] = true
			chosen = append(chosen, i)
		} else {
			more = append(more, i)
		}
	}
	chosen = append(chosen, more...)
	chosen = chosen[:min(limit, len(chosen))]
	slices.Sort(chosen)
	return chosen
}

// accountOf tells sessions of different people apart.
func accountOf(s *session.Session, i int) string {
	if s.Account != "" {
		return s.Account
	}
	return "session " + itoa(i)
}

// modelFirst brings the visit to the front whose request has the most usual parts.
func modelFirst(visits []*visit) {
	if len(visits) < 2 {
		return
	}
	count := map[string]int{}
	keys := make([]string, len(visits))
	for i, v := range visits {
		var b strings.Builder
		for leaf := range v.event.Req().Leaves() {
			if s := leaf.Ref.String(); !strings.HasPrefix(s, "cookie") {
				b.WriteString(s)
				b.WriteByte('\n')
			}
		}
		keys[i] = b.String()
		count[keys[i]]++
	}
	best := 0
	for i := range visits {
		if count[keys[i]] > count[keys[best]] {
			best = i
		}
	}
	model := visits[best]
	copy(visits[1:best+1], visits[:best])
	visits[0] = model
}

// index looks for the wanted values (by session) in the answers.
func (ev *evidence) index(all []*position) {
	wanted := make([]map[string]bool, len(ev.timelines))
	for i, t := range ev.timelines {
		wanted[i] = map[string]bool{}
		t.hits, t.firstUse = map[string][]hit{}, map[string]*visit{}
		t.relations, t.httpOnly = map[string][]exchange.Relation{}, map[string]bool{}
		for _, v := range t.visits {
			for _, r := range v.event.X.Relations {
				t.relations[r.To] = append(t.relations[r.To], r)
			}
		}
	}
	for _, p := range all {
		for _, o := range p.obs {
			t := ev.timelines[o.visit.session]
			if o.value == "" {
				continue
			}
			for _, w := range variants(o.value, t.relations) {
				wanted[o.visit.session][w.value] = true
			}
			for _, key := range useKeys(p, o.value) {
				if f := t.firstUse[key]; f == nil || o.visit.order < f.order {
					t.firstUse[key] = o.visit
				}
			}
		}
	}
	for i, t := range ev.timelines {
		for _, v := range t.visits {
			t.scan(v, wanted[i])
		}
	}
}

// useKeys are the keys under which the first use of a value is noted: of a telling
// value wherever it is, of others only where they stand for the same kind of thing.
func useKeys(p *position, value string) []string {
	if strengthOf(value) == strong {
		return []string{value}
	}
	if p.lineage.noun != "" {
		return []string{value + "\x00" + p.lineage.noun}
	}
	return []string{value + "\x00." + p.lineage.name}
}

func (t *timeline) scan(v *visit, wanted map[string]bool) {
	r := v.event.X.Response
	if r == nil {
		return
	}
	for _, c := range exchange.Values(r.Header, "Set-Cookie") {
		name, _, _ := strings.Cut(c, "=")
		if strings.Contains(strings.ToLower(c), "httponly") {
			t.httpOnly[strings.TrimSpace(name)] = true
		}
	}
	for leaf := range v.event.Res().Leaves() {
		t.leaves++
		if leaf.Text == "" || !wanted[leaf.Text] || len(t.hits[leaf.Text]) >= maxHits {
			continue
		}
		s := leaf.Ref.String()
		if name, ok := strings.CutPrefix(s, "header."); ok && !givingHeader(name) {
			continue
		}
		h := hit{visit: v, ref: leaf.Ref, pattern: leaf.Ref, index: leaf.Ref.Indexes()}
		for range h.index {
			h.pattern = h.pattern.Generalise(0)
		}
		t.hits[leaf.Text] = append(t.hits[leaf.Text], h)
	}
}

// silentHeaders are fields of answers that clients take nothing from.
var silentHeaders = set("date server content-length content-type age expires cache-control vary connection keep-alive x-powered-by x-runtime x-db-query-count server-timing " +
	"strict-transport-security x-frame-options x-content-type-options content-security-policy x-xss-protection referrer-policy permissions-policy x-request-id x-correlation-id " +
	"x-trace-id last-modified pragma accept-ranges content-encoding transfer-encoding alt-svc nel report-to via x-cache x-served-by timing-allow-origin set-cookie")

func givingHeader(name string) bool {
	if i := strings.IndexAny(name, "|["); i >= 0 {
		name = name[:i]
	}
	name = strings.ToLower(strings.Trim(name, `"`))
	return !silentHeaders[name] && !strings.HasPrefix(name, "access-control-")
}

// latest is the latest visit of a step whose answer was there before v's request; nil if none was.
func (t *timeline) latest(step int, v *visit) *visit {
	key := [2]int{step, v.at}
	if p, ok := t.latestOf[key]; ok {
		return p
	}
	var found *visit
	for i := v.at - 1; i >= 0; i-- {
		if p := t.visits[i]; p.step == step && before(p, v) {
			found = p
			break
		}
	}
	if t.latestOf == nil {
		t.latestOf = map[[2]int]*visit{}
	}
	t.latestOf[key] = found
	return found
}

// before reports whether the answer of p was there when v's request began.
func before(p, v *visit) bool { return p != v && !p.event.End().After(v.event.Start()) }

// common is how many loops hold both steps.
func (ev *evidence) common(a, b int) int {
	n := 0
	for _, l := range ev.group.Loops {
		if l.First <= a && a <= l.Last && l.First <= b && b <= l.Last {
			n++
		}
	}
	return n
}

// together reports whether two requests belong to the same turn of all loops that hold both.
func (ev *evidence) together(a, b *visit) bool {
	if a.session != b.session {
		return false
	}
	n := ev.common(a.step, b.step)
	return slices.Equal(a.turns[:n], b.turns[:n])
}
