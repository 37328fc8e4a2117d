package program

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

// walk is what the users of one group walk: a persona of the scenario in a journey.
type walk struct {
	persona scenario.Persona
	journey *plan.Journey
	others  []*plan.Journey // fit as well and were not taken
}

// walks are the walks of a persona: one, but a critical persona walks each
// journey that has critical endpoints.
func (c *compiler) walks(persona scenario.Persona, s *scenario.Scenario) ([]walk, error) {
	if persona.Critical {
		return c.critical(persona, s)
	}
	found, others, err := choose(c.plan, persona, s)
	if err != nil {
		return nil, err
	}
	return []walk{{persona, found, others}}, nil
}

// critical deals the scenario's critical endpoints out to as few journeys as
// possible, each endpoint once: each journey needs an account of its own. Of
// equally many those that other personas of the scenario walk go first, then
// those with more recorded sessions. Journeys are in the order of their first
// endpoint, endpoints in the scenario's.
func (c *compiler) critical(persona scenario.Persona, s *scenario.Scenario) ([]walk, error) {
	var patterns []string
	for _, pattern := range s.Critical {
		if !slices.Contains(patterns, pattern) {
			patterns = append(patterns, pattern)
		}
	}
	all := c.carriers(persona, s, patterns)
	for i, pattern := range patterns {
		if !slices.ContainsFunc(all, func(k carrier) bool { return k.has[i] }) {
			return nil, &CriticalError{File: s.File, Line: persona.Line, Persona: persona.Name, Endpoint: pattern,
				Recording: c.plan.Recording.Name, Have: c.everyEndpoint()}
		}
	}
	var out []walk
	chosen := fewest(all, len(patterns))
	slices.SortStableFunc(chosen, func(a, b carrier) int { return b.count - a.count }) // what several have goes with most of the others
	for i, pattern := range patterns {
		k := chosen[slices.IndexFunc(chosen, func(k carrier) bool { return k.has[i] })]
		at := slices.IndexFunc(out, func(w walk) bool { return w.journey == k.journey })
		if at < 0 {
			at = len(out)
			p := persona
			p.Only = nil
			out = append(out, walk{persona: p, journey: k.journey})
		}
		out[at].persona.Only = append(out[at].persona.Only, pattern)
	}
	if len(out) == 0 {
		c.out.Notes = append(c.out.Notes, fmt.Sprintf("persona %s calls nothing: no endpoint is critical", persona.Name))
	}
	for i := range out {
		if len(out) > 1 {
			out[i].persona.Name = fmt.Sprintf("%s (%s)", persona.Name, out[i].journey.Name)
		}
	}
	return out, nil
}

// carrier is a journey that has critical endpoints.
type carrier struct {
	journey *plan.Journey
	has     []bool // by pattern
	count   int    // how many it has
	walked  bool   // another persona of the scenario walks it
}

// carriers are the journeys that have any of the endpoints, the best first; of
// those that have the same ones only the best. A persona's selector may limit
// whose journeys they are.
func (c *compiler) carriers(persona scenario.Persona, s *scenario.Scenario, patterns []string) (list []carrier) {
	var walked []*plan.Journey
	for _, p := range s.Personas {
		if j, _, err := choose(c.plan, p, s); !p.Critical && err == nil {
			walked = append(walked, j)
		}
	}
	for i := range c.plan.Journeys {
		j := &c.plan.Journeys[i]
		if persona.Journey.Persona != "" && j.Persona != persona.Journey.Persona {
			continue
		}
		k := carrier{journey: j, has: make([]bool, len(patterns)), walked: slices.Contains(walked, j)}
		for n, pattern := range patterns {
			if k.has[n] = findStep(pattern, j) >= 0; k.has[n] {
				k.count++
			}
		}
		if k.count > 0 {
			list = append(list, k)
		}
	}
	slices.SortStableFunc(list, func(a, b carrier) int {
		if a.walked != b.walked {
			if a.walked {
				return -1
			}
			return 1
		}
		return cmp.Or(b.journey.Sessions-a.journey.Sessions, b.count-a.count)
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(k carrier) bool {
		key := fmt.Sprint(k.has)
		was := seen[key]
		seen[key] = true
		return was
	})
}

// maxCovers bounds how many ways to cover the endpoints are looked at: beyond
// it, which a scenario that people write does not reach, the best so far is taken.
const maxCovers = 20_000

// fewest is the shortest list of carriers that has all endpoints; of several that
// with the better carriers. Each endpoint must be in one of them.
func fewest(all []carrier, patterns int) (best []carrier) {
	covers := 0
	var grow func(now []carrier)
	grow = func(now []carrier) {
		if covers++; covers > maxCovers && best != nil {
			return
		}
		missing, rarest := -1, 0
		for i := range patterns {
			if slices.ContainsFunc(now, func(k carrier) bool { return k.has[i] }) {
				continue
			}
			n := 0
			for _, k := range all {
				if k.has[i] {
					n++
				}
			}
			if missing < 0 || n < rarest {
				missing, rarest = i, n
			}
		}
		if missing < 0 {
			if best == nil || len(now) < len(best) || len(now) == len(best) && better(now, best) {
				best = slices.Clone(now)
			}
			return
		}
		if best != nil && len(now) == len(best) {
			return
		}
		for _, k := range all {
			if k.has[missing] {
				grow(append(slices.Clip(now), k))
			}
		}
	}
	grow(nil)
	return best
}

// better compares two equally long lists: by how many journeys are walked
// anyway, then by how many recorded sessions stand behind them.
func better(a, b []carrier) bool {
	weigh := func(list []carrier) (walked, sessions int) {
		for _, k := range list {
			if k.walked {
				walked++
			}
			sessions += k.journey.Sessions
		}
		return walked, sessions
	}
	w, n := weigh(a)
	v, m := weigh(b)
	return w > v || w == v && n > m
}

// everyEndpoint is the endpoints of all journeys, each once, in the plan's order.
func (c *compiler) everyEndpoint() (names []string) {
	seen := map[string]bool{}
	for i := range c.plan.Journeys {
		for _, name := range endpointsOf(&c.plan.Journeys[i]) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

// CriticalError says that no journey of the recording has a critical endpoint.
type CriticalError struct {
	usage
	File      string
	Line      int // of the persona that was to call it
	Persona   string
	Endpoint  string
	Recording string
	Have      []string // endpoints of all journeys
}

func (e *CriticalError) Error() string {
	return fmt.Sprintf("%spersona %q: the critical endpoint %q is in no journey of %s", place(e.File, e.Line), e.Persona, e.Endpoint, cmp.Or(e.Recording, "the recording"))
}

// Hint lists what there is.
func (e *CriticalError) Hint() string {
	if len(e.Have) == 0 {
		return "the recording has no journey at all: record a session first"
	}
	return "record a session that calls it, or name another one; the recording has:\n  " + strings.Join(e.Have, "\n  ")
}
