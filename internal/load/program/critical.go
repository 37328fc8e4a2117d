package program

import (
	"cmp"
	"fmt"
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

// critical deals the scenario's critical endpoints out to journeys: each endpoint
// once, to the journey with the most recorded sessions that has it. Journeys are
// in the order of their first endpoint, endpoints in the scenario's.
func (c *compiler) critical(persona scenario.Persona, s *scenario.Scenario) ([]walk, error) {
	var out []walk
	seen := map[string]bool{}
	for _, pattern := range s.Critical {
		if seen[pattern] {
			continue
		}
		seen[pattern] = true
		j := c.heaviest(pattern, persona.Journey.Persona)
		if j == nil {
			return nil, &CriticalError{File: s.File, Line: persona.Line, Persona: persona.Name, Endpoint: pattern,
				Recording: c.plan.Recording.Name, Have: c.everyEndpoint()}
		}
		at := -1
		for i := range out {
			if out[i].journey == j {
				at = i
			}
		}
		if at < 0 {
			at = len(out)
			p := persona
			p.Only = nil
			out = append(out, walk{persona: p, journey: j})
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

// heaviest is the journey with the most recorded sessions that has an endpoint;
// of several the first of the plan; nil when none has it. A persona, if given,
// limits the choice.
func (c *compiler) heaviest(pattern, persona string) (best *plan.Journey) {
	for i := range c.plan.Journeys {
		j := &c.plan.Journeys[i]
		if persona != "" && j.Persona != persona || findStep(pattern, j) < 0 {
			continue
		}
		if best == nil || j.Sessions > best.Sessions {
			best = j
		}
	}
	return best
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
