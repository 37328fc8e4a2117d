package metric

import (
	"strings"
	"time"

	"firedrill/internal/plan"
	"firedrill/internal/sample"
)

// matcher tests events against a selector's tags, and remembers what it found
// for each index of Names, so that a name is compared once.
type matcher struct {
	tags []Tag
	seen [4][]int8 // endpoint, persona, journey, phase: 0 unknown, 1 fits, 2 does not
}

// The rows of matcher.seen.
const (
	byEndpoint = iota
	byPersona
	byJourney
	byPhase
)

// forget drops what was remembered; names have changed.
func (m *matcher) forget() { m.seen = [4][]int8{} }

// known is whether row's index fits, found once with find and remembered. An
// index beyond the names (n of them) never fits.
func (m *matcher) known(row, index, n int, find func() bool) bool {
	if index >= n {
		return false
	}
	if len(m.seen[row]) < n {
		m.seen[row] = append(m.seen[row], make([]int8, n-len(m.seen[row]))...)
	}
	if m.seen[row][index] == 0 {
		m.seen[row][index] = 2
		if find() {
			m.seen[row][index] = 1
		}
	}
	return m.seen[row][index] == 1
}

func (m *matcher) sample(s *sample.Sample, names *sample.Names) bool {
	if len(m.tags) == 0 {
		return true
	}
	return m.ofEndpoint(s, names) && m.ofJourney(int(s.Journey), names) &&
		m.ofPersona(int(s.Persona), names) && m.ofPhase(int(s.Phase), names) && m.status(s.Status)
}

func (m *matcher) iteration(it *sample.Iteration, names *sample.Names) bool {
	if len(m.tags) == 0 {
		return true
	}
	return m.ofPersona(int(it.Persona), names) && m.ofPhase(int(it.Phase), names)
}

// has is whether the selector names the key.
func (m *matcher) has(keys ...string) bool {
	for _, t := range m.tags {
		for _, k := range keys {
			if t.Key == k {
				return true
			}
		}
	}
	return false
}

// all is whether fits holds for each tag of the key.
func (m *matcher) all(key string, fits func(value string) bool) bool {
	for _, t := range m.tags {
		if t.Key == key && !fits(t.Value) {
			return false
		}
	}
	return true
}

func (m *matcher) ofEndpoint(s *sample.Sample, names *sample.Names) bool {
	if !m.has("endpoint", "category") {
		return true
	}
	login := s.Has(sample.Login)
	if m.has("category") && login { // its category is not its endpoint's
		return m.all("category", func(v string) bool { return v == "auth" }) &&
			int(s.Endpoint) < len(names.Endpoints) && m.endpointName(names.Endpoints[s.Endpoint].Name)
	}
	return m.known(byEndpoint, int(s.Endpoint), len(names.Endpoints), func() bool {
		e := names.Endpoints[s.Endpoint]
		return m.endpointName(e.Name) && m.all("category", func(v string) bool { return v == e.Category })
	})
}

func (m *matcher) endpointName(name string) bool {
	return m.all("endpoint", func(v string) bool { return plan.MatchEndpoint(v, name) })
}

func (m *matcher) ofPersona(i int, names *sample.Names) bool {
	return !m.has("persona") || m.known(byPersona, i, len(names.Personas), func() bool {
		return m.all("persona", func(v string) bool { return isPersona(v, names.Personas[i]) })
	})
}

func (m *matcher) ofJourney(i int, names *sample.Names) bool {
	return !m.has("journey") || m.known(byJourney, i, len(names.Journeys), func() bool {
		return m.all("journey", func(v string) bool { return v == names.Journeys[i] })
	})
}

func (m *matcher) ofPhase(i int, names *sample.Names) bool {
	return !m.has("phase", "hold") || m.known(byPhase, i, len(names.Phases), func() bool {
		p := names.Phases[i]
		return m.all("phase", func(v string) bool { return isPhase(v, p.Name) }) &&
			m.all("hold", func(v string) bool { return (v == "true") == p.Hold })
	})
}

// isPersona is whether a selector's value names the persona: by its whole name, or
// by what stands before the journey of one that walks several ("calls" of
// "calls (teacher: grades)").
func isPersona(value, name string) bool {
	short, rest, several := strings.Cut(name, " (")
	return value == name || several && value == short && strings.HasSuffix(rest, ")")
}

// isPhase is whether a selector's value names the phase: by its whole name, or by
// what stands before its colon ("step 2" of "step 2: 100 users").
func isPhase(value, name string) bool {
	short, _, _ := strings.Cut(name, ":")
	return value == name || value == short
}

// span is a stretch of the run.
type span struct{ from, to time.Duration }

// spans are the stretches that the selector's phases cover in a run of the given
// length, touching ones joined: all of it where no phase is named.
func (m *matcher) spans(names *sample.Names, length time.Duration) []span {
	if !m.has("phase", "hold") {
		return []span{{0, length}}
	}
	var list []span
	for i, p := range names.Phases {
		to := p.To
		if to < p.From || to == 0 { // open: it lasts to the end
			to = length
		}
		if s := (span{max(0, p.From), min(to, length)}); s.to > s.from && m.ofPhase(i, names) {
			if n := len(list); n > 0 && list[n-1].to == s.from {
				list[n-1].to = s.to
				continue
			}
			list = append(list, s)
		}
	}
	return list
}

func (m *matcher) status(status uint16) bool {
	return m.all("status", func(v string) bool {
		r, ok := statusRange(v)
		return ok && status >= r[0] && status <= r[1]
	})
}

// exists reports whether every name of the selector is one of the run's.
func (m *matcher) exists(names *sample.Names) bool {
	for _, t := range m.tags {
		found := false
		switch t.Key {
		case "endpoint":
			for _, e := range names.Endpoints {
				found = found || plan.MatchEndpoint(t.Value, e.Name)
			}
		case "category":
			found = t.Value == "auth"
			for _, e := range names.Endpoints {
				found = found || e.Category == t.Value
			}
		case "persona":
			for _, p := range names.Personas {
				found = found || isPersona(t.Value, p)
			}
		case "journey":
			for _, j := range names.Journeys {
				found = found || j == t.Value
			}
		case "phase":
			for _, p := range names.Phases {
				found = found || isPhase(t.Value, p.Name)
			}
		default:
			found = true
		}
		if !found {
			return false
		}
	}
	return true
}
