package correlate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"firedrill/internal/journey/compose"
	"firedrill/internal/journey/endpoint"
	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// Result is what was found about a group: by step, what goes into plan.Step.
type Result struct {
	Steps    []Step
	Picks    []plan.Pick
	Warnings []plan.Warning // Step is set, Journey is not
}

// Step is the recorded request of a step and where its values come from.
type Step struct {
	Request  plan.Request
	Slots    []plan.Slot
	Literals []plan.Literal
}

// StepID is the identifier of the step at an index.
func StepID(i int) string { return fmt.Sprintf("s%02d", i+1) }

// decision is what was decided about a position.
type decision struct {
	*position
	from   *hypothesis
	others []*hypothesis
	margin float64 // bits between the decision and the next best
	join   []part  // of a composed value
}

// Find finds where the values in a group's requests come from.
func Find(g *compose.Group, opts Options) Result {
	if opts.MaxSessions <= 0 {
		opts.MaxSessions = 12
	}
	if opts.MaxTurns <= 0 {
		opts.MaxTurns = 40
	}
	ev := gather(g, opts)
	var all []*position
	for step, visits := range ev.steps {
		all = append(all, positions(step, visits)...)
	}
	ev.index(all)
	f := &finder{evidence: ev, made: map[*position]*decision{}}
	f.decide(all)
	for _, q := range f.picks {
		ev.explain(q)
	}
	tellApart(f.picks)
	f.namePicks()
	return f.result(all)
}

type finder struct {
	*evidence
	picks []*pick
	made  map[*position]*decision
	sent  []*decision // first uses of values that the client made
}

// decide goes through the positions: first those whose values or names tell most,
// so that what was chosen is known when the others are looked at.
func (f *finder) decide(all []*position) {
	for pass := range 3 {
		for _, p := range all {
			if f.made[p] != nil || len(p.obs) == 0 || f.inDecided(p) {
				continue
			}
			s := strengthOfAll(p)
			now := pass == 0 && (p.lineage.id || s == strong) && !p.outer || pass == 1 && !p.outer || pass == 2
			if !now && pass == 0 && p.outer && s == strong {
				now = f.wholeFound(p)
			}
			if now {
				f.decideOne(p)
			}
		}
	}
	f.renewals(all)
}

// inDecided reports whether p is inside a value that is filled as a whole, or holds one that is filled.
func (f *finder) inDecided(p *position) bool {
	for o, d := range f.made {
		if o.step == p.step && o != p && (d.from != nil || d.join != nil) && (p.ref.HasPrefix(o.ref) || o.ref.HasPrefix(p.ref)) {
			return true
		}
	}
	return false
}

// wholeFound reports whether answers held the whole of a value that has parts.
func (f *finder) wholeFound(p *position) bool {
	for _, h := range f.hypotheses(p) {
		if h.predicts() == len(p.obs) && len(h.apply) == 0 {
			return true
		}
	}
	return false
}

func (f *finder) decideOne(p *position) {
	d := &decision{position: p}
	f.made[p] = d
	list := f.hypotheses(p)
	for _, h := range list {
		f.weigh(p, h, f.picks)
	}
	list = append(list, f.shared(p, f.picks)...)
	list = append(list, f.others(p)...)
	if u := f.union(p, list); u != nil {
		list = append(list, u)
	}
	if h := f.fromSent(p); h != nil {
		list = append(list, h)
	}
	if h := f.fromClient(p); h != nil {
		list = append(list, h)
	}
	slices.SortStableFunc(list, func(a, b *hypothesis) int {
		switch {
		case a.cost < b.cost-1e-9:
			return -1
		case a.cost > b.cost+1e-9:
			return 1
		}
		return 0
	})
	literal := f.literalCost(p)
	if len(list) == 0 || list[0].cost >= literal || list[0].predicts() < len(p.obs) || numberAround(list[0]) {
		limit := literal + 8
		if len(list) > 0 && list[0].predicts() == len(p.obs) {
			limit = min(limit, list[0].cost)
		}
		if parts := f.composed(p, limit); parts != nil {
			d.join = parts
			return
		}
	}
	if len(list) == 0 || list[0].cost >= literal {
		return
	}
	d.from = list[0]
	d.margin = literal - d.from.cost
	d.others = list[1:]
	for _, o := range d.others {
		// another way to the same value is no contradiction; another list to choose from is
		if chooses(o) && chooses(d.from) && !sameList(o, d.from) {
			d.margin = min(d.margin, o.cost-d.from.cost+2)
			break
		}
	}
	f.accept(d)
}

// numberAround reports whether a hypothesis takes a number beside the found value for a constant.
func numberAround(h *hypothesis) bool {
	return slices.ContainsFunc(h.apply, func(a string) bool {
		return (strings.HasPrefix(a, "prefix:") || strings.HasPrefix(a, "suffix:")) && digitsIn(a) > 0
	})
}

// chooses reports whether a hypothesis takes an element of a list.
func chooses(h *hypothesis) bool {
	return h.kind == plan.FromPick || h.kind == plan.FromAnswer && h.ref.Wildcards() > 0 && !h.uniform
}

// sameList reports whether two hypotheses choose from one list.
func sameList(a, b *hypothesis) bool {
	return a.step == b.step && listOf(a) == listOf(b)
}

func listOf(h *hypothesis) message.Ref {
	if h.pick != nil {
		return h.pick.list
	}
	for _, f := range h.found {
		if len(f) > 0 {
			list, _, _, _ := f[0].ref.SplitList()
			return generalised(list)
		}
	}
	return message.Ref{}
}

// accept notes what a decision chooses.
func (f *finder) accept(d *decision) {
	h := d.from
	switch {
	case h.kind == plan.FromPick:
		f.join(d.position, h)
	case h.kind == plan.FromAnswer && h.ref.Wildcards() > 0 && !h.uniform:
		var rest message.Ref
		h.pick, rest, f.picks = f.choose(d.position, h, f.picks)
		h.rest, h.kind = rest, plan.FromPick
	case h.kind == plan.FromClient:
		f.sent = append(f.sent, d)
	}
}

// union: no single answer explains all values, but the latest of several does (a
// cursor that each page gives anew, a token that was renewed).
func (f *finder) union(p *position, list []*hypothesis) *hypothesis {
	var plain []*hypothesis
	for _, h := range list {
		if h.kind == plan.FromAnswer && h.ref.Wildcards() == 0 && h.predicts() < len(p.obs) && h.primary {
			plain = append(plain, h)
		}
	}
	var best *hypothesis
	for _, lead := range plain {
		if h := f.renewed(p, lead, plain); h != nil && (best == nil || h.cost < best.cost) {
			best = h
		}
	}
	return best
}

// renewed is the hypothesis that of lead and its likes the one that answered last counts; nil unless it explains all.
func (f *finder) renewed(p *position, lead *hypothesis, plain []*hypothesis) *hypothesis {
	likes := []*hypothesis{lead}
	for _, h := range plain {
		if h != lead && alike(lead, h) && !slices.ContainsFunc(likes, func(o *hypothesis) bool { return o.step == h.step }) {
			likes = append(likes, h)
		}
	}
	if len(likes) < 2 {
		return nil
	}
	for i := range p.obs {
		if !f.lastOf(likes, p.obs[i]) {
			return nil
		}
	}
	u := *likes[0]
	u.found, u.newer = all(len(p.obs)), likes[1:]
	u.cost = 4 + accident(p, lead.lineage, distinct(p), lead.kind)
	u.why = "the latest of several answers"
	return &u
}

func alike(a, b *hypothesis) bool {
	x, y := letters(a.ref.Name()), letters(b.ref.Name())
	return slices.Equal(a.apply, b.apply) && (x == y || csrfLike(x) && csrfLike(y) || strings.HasSuffix(x, "token") && strings.HasSuffix(y, "token"))
}

// lastOf reports whether the one of likes that answered last before an observation gave its value.
func (f *finder) lastOf(likes []*hypothesis, o observation) bool {
	t := f.timelines[o.visit.session]
	var last *visit
	var by *hypothesis
	for _, h := range likes {
		if v := t.latest(h.step, o.visit); v != nil && (last == nil || v.event.End().After(last.event.End())) {
			if _, ok := v.event.Res().Get(h.ref); ok {
				last, by = v, h
			}
		}
	}
	if last == nil {
		return false
	}
	leaf, _ := last.event.Res().Get(by.ref)
	return slices.ContainsFunc(variants(o.value, t.relations), func(v variant) bool {
		return v.value == leaf.Text && slices.Equal(v.apply, by.apply)
	})
}

// fromSent: a value that the client made up is sent again.
func (f *finder) fromSent(p *position) *hypothesis {
	for _, d := range f.sent {
		if d.step > p.step || d.step == p.step {
			continue
		}
		ok := true
		for _, o := range p.obs {
			var was string
			for _, b := range d.obs {
				if f.together(b.visit, o.visit) && b.visit.at < o.visit.at {
					was = b.value
				}
			}
			ok = ok && was == o.value
		}
		if ok && len(p.obs) > 0 {
			return &hypothesis{kind: plan.FromSlot, step: d.step, ref: d.ref, cost: 2, primary: true, found: all(len(p.obs)), why: "the client sent it before, and made it up then"}
		}
	}
	return nil
}

// renewals looks at header fields that several steps send: where their values
// change within a session, each answer that renews them counts for all.
func (f *finder) renewals(all []*position) {
	byField := map[string][]*decision{}
	var order []string
	for _, p := range all {
		d := f.made[p]
		if d == nil || d.from == nil || !p.header || d.from.kind != plan.FromAnswer || d.from.ref.Wildcards() > 0 {
			continue
		}
		key := p.ref.String()
		if byField[key] == nil {
			order = append(order, key)
		}
		byField[key] = append(byField[key], d)
	}
	for _, key := range order {
		list := byField[key]
		var likes []*hypothesis
		add := func(h *hypothesis) {
			if !slices.ContainsFunc(likes, func(o *hypothesis) bool { return o.step == h.step && o.ref == h.ref }) {
				likes = append(likes, h)
			}
		}
		for _, d := range list {
			add(d.from)
			for _, n := range d.from.newer {
				add(n)
			}
		}
		if len(likes) < 2 || !f.changes(list) {
			continue
		}
		slices.SortStableFunc(likes, func(a, b *hypothesis) int { return a.step - b.step })
		explains := true
		for _, d := range list {
			for _, o := range d.obs {
				explains = explains && f.lastOf(likes, o)
			}
		}
		if !explains {
			continue
		}
		for _, d := range list {
			u := *likes[0]
			u.newer, u.found, u.primary = likes[1:], d.from.found, true
			u.why = "renewed by several answers: the latest counts"
			d.from = &u
		}
	}
}

// changes reports whether a field's value changed within a session.
func (f *finder) changes(list []*decision) bool {
	first := map[int]string{}
	for _, d := range list {
		for _, o := range d.obs {
			if v, ok := first[o.visit.session]; ok && v != o.value {
				return true
			}
			first[o.visit.session] = o.value
		}
	}
	return false
}

// namePicks makes the picks' names unique.
func (f *finder) namePicks() {
	taken := map[string]bool{}
	for _, q := range f.picks {
		name := q.name
		for n := 2; taken[q.name]; n++ {
			q.name = name + itoa(n)
		}
		taken[q.name] = true
	}
}

func round2(x float64) float64 { return math.Round(x*100) / 100 }

// endpointName is the name of a step's endpoint.
func (f *finder) endpointName(step int) string {
	e := f.steps[step][0].event
	if i := e.Endpoint; i < len(f.opts.Endpoints) {
		return f.opts.Endpoints[i].Name
	}
	return e.X.Request.Method + " " + endpoint.Template(endpoint.Path(e.X.Request.Target))
}
