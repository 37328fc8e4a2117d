package correlate

import (
	"math"
	"slices"
	"strings"

	"firedrill/internal/journey/endpoint"
	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// hypothesis is one way in which a position may be filled.
type hypothesis struct {
	kind    plan.SourceKind
	step    int         // answer, pick, slot: of which step
	ref     message.Ref // answer, slot: the part; of a list's element every index is [*]
	apply   []string
	lineage int           // see fits
	primary bool          // the value was there before it was first used
	visits  []*visit      // by observation
	found   [][]found     // by observation: where; empty = not predicted
	pick    *pick         // of an existing choice
	rest    message.Ref   // its property
	uniform bool          // every element of the list has the same value
	newer   []*hypothesis // further answers; the last one counts
	source  plan.Source   // of kinds that need nothing else
	extra   float64       // bits beyond what is counted from the fields
	cost    float64
	why     string
}

// found is a part of an answer that held what was sent.
type found struct {
	answer *visit
	ref    message.Ref
}

func (h *hypothesis) predicts() int {
	n := 0
	for _, f := range h.found {
		if len(f) > 0 {
			n++
		}
	}
	return n
}

// hypotheses are all that the answers suggest for a position.
func (ev *evidence) hypotheses(p *position) []*hypothesis {
	byKey := map[string]*hypothesis{}
	var list []*hypothesis
	get := func(kind plan.SourceKind, step int, ref message.Ref, v variant) *hypothesis {
		key := string(kind) + itoa(step) + " " + ref.String() + " " + strings.Join(v.apply, "\x00")
		h := byKey[key]
		if h == nil {
			h = &hypothesis{kind: kind, step: step, ref: ref, apply: v.apply, extra: v.cost, visits: visitsOf(p), found: make([][]found, len(p.obs)), lineage: -1}
			byKey[key] = h
			list = append(list, h)
		}
		return h
	}
	for i, o := range p.obs {
		if o.value == "" {
			continue
		}
		t := ev.timelines[o.visit.session]
		first := o.visit
		for _, key := range useKeys(p, o.value) {
			if f := t.firstUse[key]; f != nil && f.at < first.at {
				first = f
			}
		}
		for _, v := range variants(o.value, t.relations) {
			for _, h := range t.hits[v.value] {
				if !before(h.visit, o.visit) {
					continue
				}
				if cookie, ok := strings.CutPrefix(h.ref.String(), "set-cookie."); ok {
					name, layer, _ := strings.Cut(cookie, "|")
					if layer == "pct" && len(v.apply) == 0 {
						v = variant{v.value, []string{"pct-decode"}, 1}
					} else if layer != "" {
						continue
					}
					if !t.httpOnly[name] && inJar(t, h, o.visit) {
						hyp := get(plan.FromJar, -1, message.MustRef("set-cookie."+name), v)
						hyp.primary = true
						hyp.source.Name = strings.Trim(name, `"`)
						hyp.found[i] = []found{{h.visit, h.ref}}
					}
					continue
				}
				hyp := get(plan.FromAnswer, h.visit.step, h.pattern, v)
				if before(h.visit, first) {
					hyp.primary = true
				}
				if t.latest(h.visit.step, o.visit) != h.visit {
					continue
				}
				hyp.found[i] = append(hyp.found[i], found{h.visit, h.ref})
				if hyp.lineage < 0 {
					hyp.lineage = ev.lineageOf(p, h, v)
				}
			}
		}
	}
	return slices.DeleteFunc(list, func(h *hypothesis) bool { return h.predicts() == 0 })
}

func visitsOf(p *position) []*visit {
	list := make([]*visit, len(p.obs))
	for i, o := range p.obs {
		list[i] = o.visit
	}
	return list
}

// inJar reports whether the client still held that cookie value when v was sent.
func inJar(t *timeline, h hit, v *visit) bool {
	for _, p := range t.visits[h.visit.at+1 : v.at] {
		if !before(p, v) || p.event.X.Response == nil {
			continue
		}
		if leaf, ok := p.event.Res().Get(h.ref); ok {
			if was, ok := h.visit.event.Res().Get(h.ref); ok && was.Text != leaf.Text {
				return false
			}
		}
	}
	return true
}

// lineageOf is how well the names of a position and of the part that held its value go together.
func (ev *evidence) lineageOf(p *position, h hit, v variant) int {
	user := p.lineage
	if p.inQuery() && paging[user.name] {
		return 0
	}
	for _, a := range v.apply {
		if prefix, ok := strings.CutPrefix(a, "prefix:"); ok && prefix != "Bearer " {
			if w := words(prefix); len(w) > 0 {
				user = lineage{noun: noun(w[len(w)-1]), name: letters(w[len(w)-1]), id: true, own: true}
			}
		}
	}
	producer := lineageIn(h.visit.event.Res(), h.ref, ev.about(h.visit.step))
	if f := fits(user, producer); f > 0 {
		return f
	}
	if len(user.noun) == 1 && strings.HasPrefix(producer.noun, user.noun) && producer.id {
		return 1 // q303 ← questions[].id
	}
	return 0
}

// about is what a step's endpoint is about.
func (ev *evidence) about(step int) string {
	return templateNoun(endpoint.Template(endpoint.Path(ev.steps[step][0].event.X.Request.Target)))
}

// weigh sets a hypothesis' cost in bits: what it leaves to chance.
func (ev *evidence) weigh(p *position, h *hypothesis, picks []*pick) {
	cost := h.extra
	switch h.kind {
	case plan.FromAnswer:
		cost += 2
	case plan.FromJar:
		cost++
	}
	if !h.primary && h.kind == plan.FromAnswer {
		cost += 4 // an echo
	}
	values := distinct(p)
	cost += accident(p, h.lineage, values, h.kind)
	for i, o := range values {
		if len(h.found[i]) == 0 && o.counts {
			cost += bitsOf(o.value) + 6
		}
	}
	if h.kind == plan.FromAnswer && h.ref.Wildcards() > 0 {
		cost += ev.choiceCost(p, h, values, picks)
	}
	if h.kind == plan.FromAnswer {
		cost += 0.2 * math.Log2(1+float64(ev.distance(p, h))) // of equals, the nearest
		cost += 0.02 * float64(strings.Count(h.ref.String(), ".")+strings.Count(h.ref.String(), "|"))
	}
	h.cost = cost
}

// distance is how many requests lie between an answer and its use.
func (ev *evidence) distance(p *position, h *hypothesis) int {
	for i, f := range h.found {
		if len(f) > 0 {
			return p.obs[i].visit.at - f[0].answer.at
		}
	}
	return 0
}

// tally is an observation with whether it counts: equal values of one session are one piece of evidence.
type tally struct {
	value  string
	counts bool
}

func distinct(p *position) []tally {
	type key struct {
		session int
		value   string
	}
	seen := map[key]bool{}
	list := make([]tally, len(p.obs))
	for i, o := range p.obs {
		k := key{o.visit.session, o.value}
		list[i] = tally{o.value, !seen[k] && o.value != ""}
		seen[k] = true
	}
	return list
}

// accident is what it costs that the values might be equal by chance: much for
// small numbers under names that do not fit, nothing for tokens.
func accident(p *position, lineage int, values []tally, kind plan.SourceKind) float64 {
	least := math.Inf(1)
	different := map[string]bool{}
	for _, t := range values {
		if t.value != "" {
			least = min(least, bitsOf(t.value))
			different[t.value] = true
		}
	}
	var s strength
	switch {
	case least >= 28:
		s = strong
	case least >= 8.5:
		s = medium
	}
	if p.inQuery() && paging[p.lineage.name] && len(different) < 2 {
		return 12
	}
	table := [4][3]float64{
		{9, 5, 0.5},   // weak, medium, strong without lineage
		{2, 1, 0.2},   // the same name
		{2.5, 2, 0.3}, // the same kind of thing, named by another
		{0, 0, 0},
	}
	lineage = max(0, lineage)
	cost := table[lineage][s]
	if lineage == 0 && s != strong && p.lineage.id && p.lineage.noun != "" {
		cost += 3 // it should have had a name that fits
	}
	if kind == plan.FromJar && s != strong {
		cost += 6
	}
	return cost
}

// choiceCost is what it costs that just these elements were taken from a list.
func (ev *evidence) choiceCost(p *position, h *hypothesis, values []tally, picks []*pick) float64 {
	if h.uniform = ev.isUniform(h); h.uniform {
		return 0
	}
	var cost float64
	dims := h.ref.Wildcards()
	for d := range dims {
		if q := ev.sharedParent(h, d, picks); q != nil {
			continue
		}
		cost += ev.dimCost(h, d, values)
	}
	if strengthOfAll(p) != strong && !p.lineage.id && h.lineage < 2 {
		cost += 10 // a lone property that no other value of the request goes with
	}
	return cost
}

func strengthOfAll(p *position) strength {
	s := strong
	for _, o := range p.obs {
		if o.value != "" {
			s = min(s, strengthOf(o.value))
		}
	}
	return s
}

// dimCost is choiceCost for one of the lists that lie inside each other.
func (ev *evidence) dimCost(h *hypothesis, d int, values []tally) float64 {
	anyCost, same, first := 0.0, true, -1
	inOrder, orderly := 0, true
	last := map[*visit]int{}
	for i, list := range h.found {
		if len(list) == 0 {
			continue
		}
		f := list[0]
		at := f.ref.Indexes()[d]
		if prev, ok := last[f.answer]; ok && values[i].counts {
			if at == prev+1 {
				inOrder++
			} else {
				orderly = false
			}
		}
		last[f.answer] = at
		if first < 0 {
			first = at
		}
		same = same && at == first
		if values[i].counts {
			n := f.answer.event.Res().Len(listAt(f.ref, d))
			anyCost += max(0, math.Log2(float64(max(n, 1))/float64(len(list))))
		}
	}
	cost := anyCost
	if same {
		cost = min(cost, 1.5+float64(first))
	}
	if orderly && inOrder > 0 {
		cost = min(cost, 3)
	}
	return cost
}

// listAt is the list that the d-th index of a ref points into.
func listAt(ref message.Ref, d int) message.Ref {
	for n := len(ref.Indexes()); n > d; n-- {
		ref, _, _, _ = ref.SplitList()
	}
	return ref
}

// isUniform reports whether all elements have the same value (a token that stands in each of a page's forms).
func (ev *evidence) isUniform(h *hypothesis) bool {
	several := false
	for _, list := range h.found {
		if len(list) == 0 {
			continue
		}
		all := list[0].answer.event.Res().All(h.ref)
		for _, l := range all {
			if l.Text != all[0].Text {
				return false
			}
		}
		several = several || len(all) > 1
	}
	return several
}
