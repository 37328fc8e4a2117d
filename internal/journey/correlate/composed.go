package correlate

import (
	"slices"

	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// part is a piece of a composed value: a constant text, or one that is found elsewhere.
type part struct {
	text string
	from *hypothesis
}

// composed explains a value as several found ones between constant texts:
// "quiz-17-q303". nil unless at least two pieces are found, all values are made
// the same way, and it costs less than limit.
func (f *finder) composed(p *position, limit float64) []part {
	model := pieces(p.obs[0].value)
	model = outermost(model)
	if len(model) < 2 || len(p.obs[0].value) > 120 {
		return nil
	}
	var parts []part
	cost, at := 3.0, 0
	var chosen []*decision
	text := p.obs[0].value
	for k, pc := range model {
		sub := f.subPosition(p, k, len(model))
		if sub == nil {
			return nil
		}
		word := text[at:pc.from]
		if h, inner := f.bestPiece(sub, word); h != nil {
			parts = append(parts, part{text: text[at : pc.to-len(inner.obs[0].value)]}, part{from: h})
			cost += h.cost
			chosen = append(chosen, &decision{position: inner, from: h})
		} else {
			parts = append(parts, part{text: text[at:pc.to]})
		}
		at = pc.to
	}
	if at < len(text) {
		parts = append(parts, part{text: text[at:]})
	}
	if len(chosen) < 2 || cost >= limit {
		return nil
	}
	for _, d := range chosen {
		f.accept(d)
	}
	return slices.DeleteFunc(parts, func(p part) bool { return p.from == nil && p.text == "" })
}

// outermost drops the pieces that lie in other pieces.
func outermost(list []piece) []piece {
	var out []piece
	for _, p := range list {
		if n := len(out); n > 0 && out[n-1].to >= p.to {
			continue
		}
		out = append(out, p)
	}
	return out
}

// subPosition is the k-th piece of a position's values as a position of its own.
func (f *finder) subPosition(p *position, k, n int) *position {
	sub := &position{step: p.step, ref: p.ref, name: p.name, sibling: -1}
	for _, o := range p.obs {
		list := outermost(pieces(o.value))
		if len(list) != n {
			return nil
		}
		o.value = o.value[list[k].from:list[k].to]
		sub.obs = append(sub.obs, o)
	}
	return sub
}

// bestPiece is the best explanation of a piece, whole or its digits alone ("q303"); nil for none.
func (f *finder) bestPiece(sub *position, before string) (*hypothesis, *position) {
	tries := []*position{sub}
	if cut := digitsOf(sub); cut != nil {
		tries = append(tries, cut)
		if w := words(sub.obs[0].value[:len(sub.obs[0].value)-len(cut.obs[0].value)]); len(w) > 0 {
			before = w[len(w)-1]
		}
	}
	var best *hypothesis
	var of *position
	for _, p := range tries {
		if w := words(before); len(w) > 0 {
			p.lineage = lineage{noun: noun(w[len(w)-1]), name: letters(w[len(w)-1]), id: true, own: true}
		}
		f.wantPiece(p)
		list := f.hypotheses(p)
		for _, h := range list {
			f.weigh(p, h, f.picks)
		}
		list = append(list, f.shared(p, f.picks)...)
		for _, h := range list {
			if len(h.apply) == 0 && h.predicts() == len(p.obs) && h.cost < 14 && h.kind != plan.FromJar && (best == nil || h.cost < best.cost) {
				best, of = h, p
			}
		}
	}
	return best, of
}

// digitsOf is a position whose values are another's without the letters before their digits.
func digitsOf(p *position) *position {
	sub := &position{step: p.step, ref: p.ref, name: p.name, sibling: -1}
	for _, o := range p.obs {
		i := 0
		for i < len(o.value) && (o.value[i] < '0' || o.value[i] > '9') {
			i++
		}
		if i == 0 || i == len(o.value) || !digits(o.value[i:]) {
			return nil
		}
		o.value = o.value[i:]
		sub.obs = append(sub.obs, o)
	}
	return sub
}

// wantPiece looks in the answers for values that were not wanted as a whole.
func (f *finder) wantPiece(p *position) {
	for _, o := range p.obs {
		t := f.timelines[o.visit.session]
		if _, ok := t.hits[o.value]; ok || o.value == "" {
			continue
		}
		for _, v := range t.visits {
			if !before(v, o.visit) {
				continue
			}
			for leaf := range v.event.Res().Leaves() {
				if leaf.Text == o.value {
					t.hits[o.value] = append(t.hits[o.value], newHit(v, leaf.Ref))
				}
			}
		}
	}
}

func newHit(v *visit, ref message.Ref) hit {
	return hit{visit: v, ref: ref, pattern: generalised(ref), index: ref.Indexes()}
}
