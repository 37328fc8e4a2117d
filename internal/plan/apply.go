package plan

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"firedrill/internal/scenario"
)

// OverlayError says that an overlay does not fit the plan.
type OverlayError struct {
	Why string
	Fix string
}

func (e *OverlayError) Error() string { return "overlay: " + e.Why }

// Hint says what to do.
func (e *OverlayError) Hint() string { return e.Fix }

// ExitCode is that of a wrong file.
func (e *OverlayError) ExitCode() int { return 2 }

// Apply returns p with what a person decided, and checks the whole. p is not
// changed; nil decides nothing. Errors are *OverlayError, where a name matches
// nothing or a step that others need is left out, and *InvalidError.
func Apply(p *Plan, o *Overlay) (*Plan, error) {
	c := *p
	c.Endpoints, c.Journeys = slices.Clone(p.Endpoints), slices.Clone(p.Journeys)
	for i := range c.Journeys {
		c.Journeys[i].Steps = slices.Clone(c.Journeys[i].Steps)
		for k := range c.Journeys[i].Steps {
			c.Journeys[i].Steps[k].Slots = slices.Clone(c.Journeys[i].Steps[k].Slots)
		}
	}
	if o != nil {
		for _, do := range []func(*Plan, *Overlay) error{applyLinks, applyCategories, applyEndpoints, applyJourneys} {
			if err := do(&c, o); err != nil {
				return nil, err
			}
		}
	}
	if err := Validate(&c); err != nil {
		return nil, err
	}
	return &c, nil
}

func journeyNames(p *Plan) (names []string) {
	for _, j := range p.Journeys {
		names = append(names, j.Name)
	}
	return names
}

func endpointNames(p *Plan) (names []string) {
	for _, e := range p.Endpoints {
		names = append(names, e.Name)
	}
	return names
}

func unknown(what, name string, known []string) error {
	return &OverlayError{Why: fmt.Sprintf("%s %q is not in the plan", what, name), Fix: "there are: " + strings.Join(known, "; ")}
}

func applyCategories(p *Plan, o *Overlay) error {
	for i := range p.Endpoints {
		e := &p.Endpoints[i]
		for _, c := range o.Categories {
			if MatchEndpoint(c.Match, e.Name) {
				p.setEndpoint(i, c.Category, c.Class, "set by the overlay's pattern "+c.Match)
				break
			}
		}
	}
	for _, c := range o.Categories {
		if !slices.ContainsFunc(p.Endpoints, func(e Endpoint) bool { return MatchEndpoint(c.Match, e.Name) }) {
			return unknown("an endpoint that matches", c.Match, endpointNames(p))
		}
	}
	return nil
}

// setEndpoint changes an endpoint and the steps that are of it; "" changes nothing.
func (p *Plan) setEndpoint(i int, category Category, class Class, why string) {
	e := &p.Endpoints[i]
	if category == "" && class == "" {
		return
	}
	e.Why = why
	if category != "" {
		e.Category = category
	}
	if class != "" {
		e.Class = class
	}
	for j := range p.Journeys {
		for k := range p.Journeys[j].Steps {
			if s := &p.Journeys[j].Steps[k]; s.Endpoint == e.Name {
				s.Class = e.Class
				if !slices.Contains(p.Journeys[j].Login, k) {
					s.Category = e.Category
				}
			}
		}
	}
}

func applyEndpoints(p *Plan, o *Overlay) error {
	for _, name := range slices.Sorted(maps.Keys(o.Endpoints)) {
		eo := o.Endpoints[name]
		i := slices.IndexFunc(p.Endpoints, func(e Endpoint) bool { return e.Name == name })
		if i < 0 {
			return unknown("endpoint", name, endpointNames(p))
		}
		p.setEndpoint(i, eo.Category, eo.Class, "set by the overlay")
		if eo.Think != "" {
			d, err := scenario.ParseDist(eo.Think)
			if err != nil {
				return &OverlayError{Why: fmt.Sprintf("endpoint %q: think: %v", name, err), Fix: "write 3s or uniform(3s, 8s)"}
			}
			think := Quantiles(d)
			for j := range p.Journeys {
				for k := range p.Journeys[j].Steps {
					if s := &p.Journeys[j].Steps[k]; s.Endpoint == name {
						s.Think = think
					}
				}
			}
		}
		if eo.LeaveOut {
			for j := range p.Journeys {
				if err := p.Journeys[j].leaveOut(name); err != nil {
					return err
				}
			}
			p.LeftOut = append(slices.Clip(p.LeftOut), LeftOut{What: name, Count: p.Endpoints[i].Count, Why: "left out by the overlay"})
		}
	}
	p.Journeys = slices.DeleteFunc(p.Journeys, func(j Journey) bool { return len(j.Steps) == 0 })
	return nil
}

// leaveOut removes the steps of an endpoint and renumbers what points to steps.
func (j *Journey) leaveOut(endpoint string) error {
	gone := map[string]bool{}
	place := make([]int, len(j.Steps)) // where each step is afterwards; of a removed one: where the next is
	n := 0
	for i, s := range j.Steps {
		place[i] = n
		if s.Endpoint == endpoint {
			gone[s.ID] = true
		} else {
			n++
		}
	}
	if len(gone) == 0 {
		return nil
	}
	for i, p := range j.Picks {
		if gone[p.Step] && j.pickUsed(j.Picks[i].Name, gone) {
			return &OverlayError{Why: fmt.Sprintf("endpoint %q cannot be left out: journey %q chooses its %s from it", endpoint, j.Name, p.Name), Fix: "leave out the steps that need it too, or force their values with links:"}
		}
	}
	for i := range j.Steps {
		s := &j.Steps[i]
		if gone[s.ID] {
			continue
		}
		for k := range s.Slots {
			if err := s.Slots[k].without(gone); err != nil {
				return &OverlayError{Why: fmt.Sprintf("endpoint %q cannot be left out: %s of %s in journey %q takes %s from it", endpoint, s.ID, s.Endpoint, j.Name, s.Slots[k].At), Fix: "leave out the steps that need it too, or force their values with links:"}
			}
		}
		if s.After >= 0 {
			after := s.After
			for after >= 0 && gone[j.Steps[after].ID] {
				after--
			}
			if s.After = after; after >= 0 {
				s.After = place[after]
			}
		}
	}
	renumber := func(list []int) []int {
		kept := make([]int, 0, len(list))
		for _, i := range list {
			if !gone[j.Steps[i].ID] {
				kept = append(kept, place[i])
			}
		}
		return kept
	}
	j.Login, j.Logout = renumber(j.Login), renumber(j.Logout)
	var loops []Loop
	for _, l := range j.Loops {
		last := place[l.Last]
		if gone[j.Steps[l.Last].ID] {
			last--
		}
		if first := place[l.First]; first <= last {
			loops = append(loops, Loop{First: first, Last: last, Times: l.Times})
		}
	}
	j.Steps = slices.DeleteFunc(j.Steps, func(s Step) bool { return gone[s.ID] })
	j.Picks = slices.DeleteFunc(slices.Clone(j.Picks), func(p Pick) bool { return gone[p.Step] })
	for i := range j.Picks {
		left := func(name string) bool {
			return !slices.ContainsFunc(j.Picks, func(p Pick) bool { return p.Name == name })
		}
		j.Picks[i].Unlike = slices.DeleteFunc(slices.Clone(j.Picks[i].Unlike), left)
	}
	j.Loops = loops
	return nil
}

// pickUsed reports whether a step that stays takes something from a pick or one inside it.
func (j *Journey) pickUsed(name string, gone map[string]bool) bool {
	for i, s := range j.Steps {
		if !gone[s.ID] && slices.Contains(j.picksOf(i), name) {
			return true
		}
	}
	return slices.ContainsFunc(j.Picks, func(p Pick) bool { return p.Parent == name && j.pickUsed(p.Name, gone) })
}

// without takes the first source that needs none of the steps gone.
func (s *Slot) without(gone map[string]bool) error {
	usable := slices.DeleteFunc(append([]Source{s.From}, s.Others...), func(src Source) bool { return gone[src.Step] })
	if len(usable) == 0 {
		return fmt.Errorf("nothing is left")
	}
	s.From, s.Others = usable[0], usable[1:]
	newer := slices.DeleteFunc(slices.Clone(s.From.Newer), func(src Source) bool { return gone[src.Step] })
	s.From.Newer = newer
	return nil
}

func applyJourneys(p *Plan, o *Overlay) error {
	leave := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(o.Journeys)) {
		jo := o.Journeys[name]
		i := slices.IndexFunc(p.Journeys, func(j Journey) bool { return j.Name == name })
		if i < 0 {
			return unknown("journey", name, journeyNames(p))
		}
		j := &p.Journeys[i]
		leave[name] = jo.LeaveOut
		if jo.Persona != "" {
			j.Persona, j.PersonaWhy = jo.Persona, "set by the overlay"
		}
		if jo.Weight > 0 {
			j.Sessions = jo.Weight
		}
	}
	p.Journeys = slices.DeleteFunc(p.Journeys, func(j Journey) bool { return leave[j.Name] })
	for i := range p.Journeys {
		if to := o.Journeys[p.Journeys[i].Name].Rename; to != "" {
			p.Journeys[i].Name = to
		}
	}
	return nil
}

func applyLinks(p *Plan, o *Overlay) error {
	for _, l := range o.Links {
		found := 0
		for i := range p.Journeys {
			j := &p.Journeys[i]
			if l.Journey != "" && l.Journey != j.Name && l.Journey != o.Journeys[j.Name].Rename { // by its old or its new name
				continue
			}
			for k := range j.Steps {
				if s := &j.Steps[k]; s.ID == l.Step && l.Journey != "" || s.Endpoint == l.Step {
					if s.link(l) {
						found++
					}
				}
			}
		}
		if found == 0 {
			return &OverlayError{Why: fmt.Sprintf("link %s of step %q in %s fits nothing", l.At, l.Step, cmp.Or(l.Journey, "any journey")),
				Fix: "a step is named by its endpoint, or by its id with journey: beside it; the journeys are " + strings.Join(journeyNames(p), "; ") + "; `replayer plan` lists their steps and parts"}
		}
	}
	return nil
}

// link forces or forbids the source of one part; false when there is nothing to forbid.
func (s *Step) link(l LinkOverlay) bool {
	i := slices.IndexFunc(s.Slots, func(slot Slot) bool { return slot.At == l.At })
	reason := l.Found
	if reason == "" {
		reason = "set by the overlay"
	}
	switch {
	case l.From != nil && i >= 0:
		s.Slots[i] = Slot{At: l.At, From: *l.From, Confidence: 1, Reason: reason, Others: append([]Source{s.Slots[i].From}, s.Slots[i].Others...)}
	case l.From != nil:
		s.Slots = append(s.Slots, Slot{At: l.At, From: *l.From, Confidence: 1, Reason: reason})
		s.Literals = slices.DeleteFunc(slices.Clone(s.Literals), func(x Literal) bool { return x.At == l.At })
	case i < 0:
		return false
	case len(s.Slots[i].Others) > 0:
		s.Slots[i] = Slot{At: l.At, From: s.Slots[i].Others[0], Confidence: s.Slots[i].Confidence / 2, Reason: "the best source is forbidden: " + reason, Others: s.Slots[i].Others[1:]}
	default:
		s.Slots = slices.Delete(s.Slots, i, i+1)
		s.Literals = append(slices.Clip(s.Literals), Literal{At: l.At, Risk: 0.5, Why: "its source is forbidden by the overlay"})
	}
	return true
}

// Quantiles is a distribution of think times as a plan keeps it: 21 quantiles at
// steps of 5 %, of unbounded ones the last at 99 %.
func Quantiles(d scenario.Dist) Think {
	if d.Kind == "constant" {
		return Think{Quantiles: []time.Duration{d.A}}
	}
	t := Think{Quantiles: make([]time.Duration, 21)}
	for i := range t.Quantiles {
		p := float64(i) / 20
		switch d.Kind {
		case "uniform":
			t.Quantiles[i] = d.A + time.Duration(p*float64(d.B-d.A))
		case "exponential":
			t.Quantiles[i] = time.Duration(-math.Log(1-min(p, 0.99)) * float64(d.A))
		case "lognormal": // the 95th percentile lies 1.645 deviations above the median
			sigma := math.Log(float64(d.B)/float64(d.A)) / 1.6448536269514722
			z := math.Sqrt2 * math.Erfinv(2*min(max(p, 0.01), 0.99)-1)
			t.Quantiles[i] = time.Duration(float64(d.A) * math.Exp(sigma*z))
		}
	}
	return t
}
