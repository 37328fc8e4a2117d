package program

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"firedrill/internal/load/pace"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// Options of Compile.
type Options struct {
	Allow []plan.Class // classes beyond read and write that may be sent
}

// Compile chooses a journey for each persona of s and prepares it. Errors:
// *NoJourneyError, *CriticalError, *NotAllowedError, *NoStepError, *ExecutorError,
// *PlanError.
func Compile(p *plan.Plan, s *scenario.Scenario, opts Options) (*Program, error) {
	out := &Program{Scenario: s, Recording: p.Recording, Origins: p.Origins, Profile: p.Profile, Costly: map[string]int{}}
	c := &compiler{plan: p, out: out, endpoints: map[[2]string]uint16{}, known: map[string]plan.Endpoint{}}
	for _, e := range p.Endpoints {
		c.known[e.Name] = e
	}
	for i := range s.Personas {
		if err := c.persona(s.Personas[i], s, opts); err != nil {
			return nil, err
		}
	}
	if len(out.Groups) == 0 {
		return nil, &ExecutorError{Persona: s.Personas[0].Name, Why: "nobody has anything to do: name the endpoints that are critical"}
	}
	loads := make([]scenario.Load, len(out.Groups))
	for i, g := range out.Groups {
		loads[i] = g.Persona.Load
	}
	out.Names.Phases = pace.Phases(loads)
	out.Needed = slices.Sorted(maps.Keys(c.origins))
	out.Secrets = slices.Sorted(maps.Keys(c.secrets))
	return out, nil
}

type compiler struct {
	plan      *plan.Plan
	out       *Program
	known     map[string]plan.Endpoint
	endpoints map[[2]string]uint16 // name and category → index in Names.Endpoints
	origins   map[string]bool
	secrets   map[string]bool
}

// persona adds the groups of a persona.
func (c *compiler) persona(persona scenario.Persona, s *scenario.Scenario, opts Options) error {
	if err := checkLoad(persona); err != nil {
		return err
	}
	walks, err := c.walks(persona, s)
	if err != nil {
		return err
	}
	for _, w := range walks {
		if err := c.group(w, s, opts); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) group(w walk, s *scenario.Scenario, opts Options) error {
	persona, found, others := w.persona, w.journey, w.others
	fail := &PlanError{Journey: found.Name}
	draft, err := edit(found, persona, fail)
	if err != nil {
		return err
	}
	if err := allowed(draft.journey, persona, s, opts); err != nil {
		return err
	}
	j, err := c.journey(draft, persona, fail)
	if err != nil {
		return err
	}
	g := &Group{Persona: persona, Index: uint16(len(c.out.Groups)), Journey: j, Users: persona.Load.Peak()}
	if g.Gathers, err = gathers(draft.journey, persona); err != nil {
		return err
	}
	for _, o := range others {
		g.Others = append(g.Others, o.Name)
	}
	if needsAccount(j) {
		g.Pool = cmp.Or(persona.Account, persona.Journey.Persona, j.Persona)
	}
	if persona.Load.Executor == scenario.AsRecorded {
		g.Arrivals = share(c.plan.Profile, j.Name)
		if g.Users <= 0 {
			g.Users = len(g.Arrivals) * max(1, persona.Load.Copies)
		}
	}
	j.Index = uint16(len(c.out.Names.Journeys))
	if i := slices.Index(c.out.Names.Journeys, j.Name); i >= 0 {
		j.Index = uint16(i)
	} else {
		c.out.Names.Journeys = append(c.out.Names.Journeys, j.Name)
	}
	c.out.Names.Personas = append(c.out.Names.Personas, persona.Name)
	c.out.Groups = append(c.out.Groups, g)
	for i := range j.Steps {
		if j.Steps[i].Class == plan.Costly {
			c.out.Costly[j.Steps[i].Name]++
		}
	}
	if len(others) > 0 {
		fit := "1 other journey fits as well"
		if n := len(others); n > 1 {
			fit = fmt.Sprintf("%d other journeys fit as well", n)
		}
		c.out.Notes = append(c.out.Notes, fmt.Sprintf("persona %s walks %q (%s); %s", persona.Name, j.Name, plural(j.Sessions, "recorded session"), fit))
	}
	return nil
}

// share is the recorded arrivals that fall to one journey: each arrival goes to
// the journey that is furthest behind its share of the sessions.
func share(p plan.Profile, journey string) []time.Duration {
	total := 0
	for _, n := range p.Journeys {
		total += n
	}
	if total == 0 {
		return p.Arrivals
	}
	names := slices.Sorted(maps.Keys(p.Journeys))
	behind := make([]int, len(names))
	var mine []time.Duration
	for _, at := range p.Arrivals {
		first := 0
		for i, name := range names {
			behind[i] += p.Journeys[name]
			if behind[i] > behind[first] {
				first = i
			}
		}
		behind[first] -= total
		if names[first] == journey {
			mine = append(mine, at)
		}
	}
	return mine
}

func checkLoad(p scenario.Persona) error {
	bad := func(format string, a ...any) error {
		return &ExecutorError{Persona: p.Name, Why: fmt.Sprintf(format, a...)}
	}
	l := p.Load
	switch l.Executor {
	case scenario.ConstantVUs, scenario.RampingVUs, scenario.SharedIterations, scenario.PerVUIterations,
		scenario.ConstantArrivalRate, scenario.RampingArrivalRate:
		if l.Peak() < 1 {
			return bad("it asks for no virtual user")
		}
	case scenario.AsRecorded:
	default:
		return bad("the executor %q is not known", l.Executor)
	}
	switch {
	case l.Executor == scenario.SharedIterations || l.Executor == scenario.PerVUIterations:
		if l.Iterations < 1 {
			return bad("it asks for no iteration")
		}
	case l.Executor == scenario.ConstantArrivalRate && l.Rate <= 0:
		return bad("the rate is not above 0")
	}
	if l.Executor != scenario.AsRecorded && l.Length() <= 0 {
		return bad("it lasts no time")
	}
	return nil
}

// choose is the journey with the most recorded sessions of those that fit, and the others.
func choose(p *plan.Plan, persona scenario.Persona, s *scenario.Scenario) (*plan.Journey, []*plan.Journey, error) {
	var fit []*plan.Journey
	for i := range p.Journeys {
		if j := &p.Journeys[i]; len(j.Steps) > 0 && selects(persona.Journey, j) {
			fit = append(fit, j)
		}
	}
	slices.SortStableFunc(fit, func(a, b *plan.Journey) int { return b.Sessions - a.Sessions })
	if len(fit) > 0 {
		return fit[0], fit[1:], nil
	}
	e := &NoJourneyError{Scenario: s.Name, File: s.File, Line: persona.Line, Persona: persona.Name, Selector: persona.Journey, Recording: p.Recording.Name}
	for i := range p.Journeys {
		j := &p.Journeys[i]
		f := Found{Name: j.Name, Persona: j.Persona, Sessions: j.Sessions, Marks: j.Marks}
		for k := range j.Steps {
			if !slices.Contains(f.Endpoints, j.Steps[k].Endpoint) {
				f.Endpoints = append(f.Endpoints, j.Steps[k].Endpoint)
			}
		}
		e.Journeys = append(e.Journeys, f)
	}
	return nil, nil, e
}

func selects(s scenario.Selector, j *plan.Journey) bool {
	if s.Name != "" && s.Name != j.Name || s.Persona != "" && s.Persona != j.Persona || s.Mark != "" && !slices.Contains(j.Marks, s.Mark) {
		return false
	}
	for _, pattern := range s.Has {
		if findStep(pattern, j) < 0 {
			return false
		}
	}
	return !slices.ContainsFunc(s.Lacks, func(pattern string) bool { return findStep(pattern, j) >= 0 })
}

func allowed(j *plan.Journey, persona scenario.Persona, s *scenario.Scenario, opts Options) error {
	e := &NotAllowedError{Persona: persona.Name, Journey: j.Name}
	for i := range j.Steps {
		class := j.Steps[i].Class
		if persona.Login != scenario.LoginEach && slices.Contains(j.Logout, i) {
			continue // never sent
		}
		if class != plan.Destructive && class != plan.Costly || slices.Contains(opts.Allow, class) {
			continue
		}
		if text := string(class) + ": " + j.Steps[i].Endpoint; !slices.Contains(e.Steps, text) {
			e.Steps = append(e.Steps, text)
		}
		if !slices.Contains(e.Classes, class) {
			e.Classes = append(e.Classes, class)
		}
		e.ByScenario = e.ByScenario || slices.Contains(s.Allow, string(class))
	}
	if len(e.Steps) == 0 {
		return nil
	}
	return e
}

func needsAccount(j *Journey) bool {
	var uses func(s *Source) bool
	uses = func(s *Source) bool {
		return s.Kind == plan.FromAccount || slices.ContainsFunc(s.Parts, func(p Source) bool { return uses(&p) })
	}
	for i := range j.Steps {
		for _, slot := range j.Steps[i].Slots {
			if slices.ContainsFunc(slot.Sources, func(s Source) bool { return uses(&s) }) {
				return true
			}
		}
	}
	return false
}

// endpoint is the index of a step's endpoint, with the step's own category.
func (c *compiler) endpoint(st *plan.Step) uint16 {
	key := [2]string{st.Endpoint, string(st.Category)}
	if i, ok := c.endpoints[key]; ok {
		return i
	}
	i := uint16(len(c.out.Names.Endpoints))
	c.endpoints[key] = i
	class := cmp.Or(st.Class, c.known[st.Endpoint].Class)
	category := cmp.Or(st.Category, c.known[st.Endpoint].Category, plan.Other)
	c.out.Names.Endpoints = append(c.out.Names.Endpoints, sample.Endpoint{Name: st.Endpoint, Category: string(category), Class: string(class)})
	return i
}
