package correlate

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"firedrill/internal/plan"
	"firedrill/internal/redact"
	"firedrill/internal/scenario"
)

// maxOthers is how many runners-up a slot keeps.
const maxOthers = 3

// result writes down what was decided.
func (f *finder) result(all []*position) Result {
	r := Result{Steps: make([]Step, len(f.steps))}
	for i, visits := range f.steps {
		x := &visits[0].event.X.Request
		r.Steps[i].Request = plan.Request{
			Method: x.Method,
			Origin: f.opts.Origins[x.Origin()],
			Target: x.Target,
			Header: sentHeader(x, f.opts.Origins),
			Body:   slices.Clone(x.Body.Data),
		}
		if x.Body.Cut != "" {
			r.Warnings = append(r.Warnings, plan.Warning{Step: StepID(i), Text: "the request's body was not recorded whole (" + x.Body.Cut + ")"})
		}
	}
	for i := range r.Steps {
		r.Steps[i].Slots = files(f.steps[i])
	}
	for _, p := range all {
		d := f.made[p]
		if d == nil {
			continue
		}
		st := &r.Steps[p.step]
		switch {
		case d.join != nil:
			st.Slots = append(st.Slots, f.joined(d))
		case d.from != nil:
			st.Slots = append(st.Slots, f.slot(d))
		default:
			if f.filledInside(p, all) {
				continue
			}
			if risk, why := f.risk(p); risk >= 0.2 {
				st.Literals = append(st.Literals, plan.Literal{At: p.ref.String(), Risk: round2(risk), Why: why})
				if risk >= 0.9 {
					r.Warnings = append(r.Warnings, plan.Warning{Step: StepID(p.step), Text: fmt.Sprintf("%s: %s; it is sent as recorded", p.ref, why)})
				}
			}
		}
	}
	for i := range r.Steps {
		slices.SortStableFunc(r.Steps[i].Literals, func(a, b plan.Literal) int {
			switch {
			case a.Risk > b.Risk:
				return -1
			case a.Risk < b.Risk:
				return 1
			}
			return 0
		})
	}
	r.Picks = f.planPicks()
	return r
}

// files are the slots of uploaded files: the recording says how large they were and
// of what type, and each request gets another such file.
func files(visits []*visit) (slots []plan.Slot) {
	for leaf := range visits[0].event.Req().Leaves() {
		if _, ok := redact.ParseFile(leaf.Text); !ok {
			continue
		}
		var all []redact.File
		for _, v := range visits {
			if l, ok := v.event.Req().Get(leaf.Ref); ok {
				if f, ok := redact.ParseFile(l.Text); ok {
					all = append(all, f)
				}
			}
		}
		slices.SortStableFunc(all, func(a, b redact.File) int { return cmp.Compare(a.Size, b.Size) })
		middle := all[(len(all)-1)/2]
		e := scenario.Expr{Kind: "file", Low: float64(min(middle.Size, largestFile))}
		if middle.Type != "" {
			e.Of = []string{middle.Type}
		}
		if _, err := scenario.ParseExpr(e.String()); err != nil { // a type that is none
			e.Of = nil
		}
		slots = append(slots, plan.Slot{At: leaf.Ref.String(), From: plan.Source{Kind: plan.FromGenerator, Expr: e.String()}, Confidence: 1,
			Reason: fmt.Sprintf("a file of its own: %s recorded, of %d bytes where this one is made", counted(len(all), "file was", "files were"), middle.Size)})
	}
	return slots
}

// largestFile bounds the files that a plan asks for.
const largestFile = 64 << 20

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// filledInside reports whether the parts of a value speak for it.
func (f *finder) filledInside(p *position, all []*position) bool {
	return p.outer && slices.ContainsFunc(all, func(o *position) bool {
		return o != p && o.step == p.step && o.ref.HasPrefix(p.ref)
	})
}

func (f *finder) slot(d *decision) plan.Slot {
	s := plan.Slot{At: d.ref.String(), From: f.source(d.from), Confidence: f.confidence(d), Reason: f.reason(d)}
	for _, h := range d.others {
		if len(s.Others) == maxOthers || h.cost > d.from.cost+12 {
			break
		}
		// a runner-up stands in when the first has no value: a choice that has
		// nothing to choose from must not become somebody's recorded place
		if h.kind == plan.FromAnswer && h.ref.Wildcards() > 0 && !h.uniform || h.kind == plan.FromPick || h.kind == plan.FromClient || h.kind == plan.FromClock {
			continue
		}
		if h.predicts() < len(d.obs) {
			continue
		}
		o := f.source(h)
		if h.kind == plan.FromAnswer && d.from.kind == plan.FromAnswer && h.step == d.from.step && h.ref == d.from.ref {
			continue
		}
		s.Others = append(s.Others, o)
	}
	return s
}

// source is a hypothesis as a plan says it.
func (f *finder) source(h *hypothesis) plan.Source {
	s := h.source
	s.Kind = h.kind
	s.Apply = slices.Clone(h.apply)
	switch h.kind {
	case plan.FromAnswer, plan.FromSlot:
		s.Step, s.Part = StepID(h.step), h.ref.String()
		for _, n := range h.newer {
			s.Newer = append(s.Newer, plan.Source{Kind: plan.FromAnswer, Step: StepID(n.step), Part: n.ref.String()})
		}
	case plan.FromPick:
		s.Pick, s.Part = h.pick.name, h.rest.String()
	}
	return s
}

// confidence is how sure a decision is, 0..1: by the bits between it and the next
// best, and by how many people's sessions bear it out.
func (f *finder) confidence(d *decision) float64 {
	c := 1 - math.Pow(2, -max(0, d.margin)/3-0.5)
	most := 0.85
	switch n := distinctValues(d.position); {
	case d.from.kind == plan.FromAccount:
		most = 0.99
	case n >= 2 && f.seenBy(d.position) >= 2:
		most = 0.99
	case n >= 2:
		most = 0.95
	case strengthOfAll(d.position) == strong:
		most = 0.9
	}
	if d.from.predicts() < len(d.obs) {
		most = min(most, 0.6)
	}
	return round2(min(c, most))
}

// reason says in one line why a value is thought to come from there.
func (f *finder) reason(d *decision) string {
	h := d.from
	n := fmt.Sprintf("%d of %d recorded requests", h.predicts(), len(d.obs))
	switch {
	case h.why != "" && h.kind != plan.FromAnswer:
		return h.why + " (" + n + ")"
	case h.kind == plan.FromJar:
		return "the cookie's value in " + n
	case h.kind == plan.FromPick:
		return fmt.Sprintf("the %s chosen from %s of %s had it in %s%s", h.pick.name, h.pick.list, f.endpointName(h.step), n, kinship(h.lineage))
	}
	text := fmt.Sprintf("%s of %s held it in %s%s", h.ref, f.endpointName(h.step), n, kinship(h.lineage))
	if h.why != "" {
		text += "; " + h.why
	}
	if !h.primary {
		text += "; only after its first use"
	}
	return text
}

func kinship(lineage int) string {
	switch lineage {
	case 3:
		return ", as its own identifier"
	case 2:
		return ", under a name of the same kind"
	case 1:
		return ", under the same name"
	}
	return ""
}

// joined is the slot of a composed value.
func (f *finder) joined(d *decision) plan.Slot {
	s := plan.Slot{At: d.ref.String(), From: plan.Source{Kind: plan.FromJoin}, Confidence: 0.6, Reason: fmt.Sprintf("composed of found values in %d of %d recorded requests", len(d.obs), len(d.obs))}
	for _, p := range d.join {
		if p.from == nil {
			s.From.Parts = append(s.From.Parts, plan.Source{Kind: plan.FromLiteral, Value: p.text})
		} else {
			s.From.Parts = append(s.From.Parts, f.source(p.from))
		}
	}
	if distinctValues(d.position) >= 2 {
		s.Confidence = 0.9
	}
	return s
}

// planPicks are the choices as a plan says them, parents first.
func (f *finder) planPicks() []plan.Pick {
	var list []plan.Pick
	for _, q := range f.picks {
		p := plan.Pick{
			Name:   q.name,
			List:   q.rel,
			Where:  q.where,
			Order:  q.order,
			Index:  q.index,
			Unused: q.unused,
			Reason: q.reason,
			Seen:   len(f.draws(q)),
		}
		for _, other := range q.unlike {
			p.Unlike = append(p.Unlike, other.name)
		}
		if q.parent != nil {
			p.Parent = q.parent.name
		} else {
			p.Step = StepID(q.step)
		}
		list = append(list, p)
	}
	return list
}
