package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/yamldoc"
)

// findEach finds the tag each:… in a threshold's metric: where the tag begins,
// where its value does, and where both end; ok is false where there is none.
func findEach(metric string) (tag, value, end int, ok bool) {
	for at := strings.IndexByte(metric, '{'); at >= 0 && at < len(metric); at++ {
		if metric[at] != '{' && metric[at] != ',' {
			continue
		}
		tag = at + 1 + spaces(metric[at+1:])
		rest, found := strings.CutPrefix(metric[tag:], "each")
		if !found || !strings.HasPrefix(rest[spaces(rest):], ":") {
			continue
		}
		value = len(metric) - len(rest) + spaces(rest) + 1
		value += spaces(metric[value:])
		length := strings.IndexAny(metric[value:], ",}")
		if length < 0 {
			continue
		}
		return tag, value, value + len(strings.TrimRight(metric[value:value+length], " ")), true
	}
	return 0, 0, 0, false
}

// spaces is how many spaces text begins with.
func spaces(text string) int { return len(text) - len(strings.TrimLeft(text, " ")) }

// anyEndpoint stands for {each:critical} where a checker looks at it.
const anyEndpoint = "endpoint:GET /"

// checkEach says what is wrong with the tag each of a metric, or nil.
func checkEach(metric string) error {
	_, value, end, ok := findEach(metric)
	if !ok || metric[value:end] == "critical" {
		return nil
	}
	word := metric[value:end]
	fix := yamldoc.DidYouMean(word, []string{"critical"})
	return &SyntaxError{Metric: true, Offset: value, Why: fmt.Sprintf("each cannot be %q", word), Fix: fix}
}

// isEach reports whether a metric stands for one threshold per critical endpoint.
func isEach(metric string) bool {
	_, _, _, ok := findEach(metric)
	return ok
}

// forEndpoint is the metric with {each:critical} replaced by an endpoint.
func forEndpoint(metric, endpoint string) string {
	tag := "endpoint:" + endpoint
	if strings.ContainsAny(endpoint, `,"`) {
		tag = "endpoint:" + strconv.Quote(endpoint)
	}
	from, _, end, _ := findEach(metric)
	return metric[:from] + tag + metric[end:]
}

// checkThreshold lets a checker see a threshold, {each:critical} as that of one endpoint.
func checkThreshold(check Checker, metric, expr string) error {
	from, _, end, ok := findEach(metric)
	if !ok {
		return check(metric, expr)
	}
	seen := metric[:from] + anyEndpoint + metric[end:]
	err := check(seen, expr)
	var s *SyntaxError
	if errors.As(err, &s) && s.Metric && s.Offset > from {
		moved := *s
		moved.Offset = max(from, s.Offset-len(seen)+len(metric))
		return &moved
	}
	return err
}

// Expand fills in the critical endpoints: where a persona calls each of them, or
// a threshold is of each:critical, more (the environment's) is added to Critical,
// and such thresholds become one for each critical endpoint. Where there is none,
// these thresholds are left out, and so are the personas, unless nobody would
// remain; Notes says so. The scenario itself is not changed.
func (s *Scenario) Expand(more []string) *Scenario {
	out := s.clone()
	thresholds := slices.Clone(s.Thresholds)
	if s.Recovery != nil {
		thresholds = append(thresholds, s.Recovery.Thresholds...)
	}
	each := slices.ContainsFunc(thresholds, func(t Threshold) bool { return isEach(t.Metric) })
	calls := slices.ContainsFunc(s.Personas, func(p Persona) bool { return p.Critical })
	if !each && !calls {
		return out
	}
	out.Critical = union(s.Critical, more)
	out.Thresholds = expandEach(s.Thresholds, out.Critical)
	if out.Recovery != nil {
		out.Recovery.Thresholds = expandEach(s.Recovery.Thresholds, out.Critical)
	}
	if len(out.Critical) > 0 {
		return out
	}
	const where = "neither the scenario nor the environment names a critical endpoint"
	if each {
		out.Notes = append(slices.Clone(out.Notes), where+": thresholds of each:critical are not judged")
	}
	rest := slices.DeleteFunc(slices.Clone(out.Personas), func(p Persona) bool { return p.Critical })
	if calls && len(rest) > 0 {
		for _, p := range out.Personas {
			if p.Critical {
				out.Notes = append(slices.Clone(out.Notes), where+": persona "+p.Name+" has nothing to call and is left out")
			}
		}
		out.Personas = rest
	}
	return out
}

func expandEach(all []Threshold, critical []string) []Threshold {
	var out []Threshold
	for _, t := range all {
		if !isEach(t.Metric) {
			out = append(out, t)
			continue
		}
		for _, endpoint := range critical {
			one := t
			one.Metric = forEndpoint(t.Metric, endpoint)
			out = append(out, one)
		}
	}
	return out
}

// union is a and what b adds to it; the names of parameters make no difference.
func union(a, b []string) []string {
	var all, seen []string
	for _, name := range slices.Concat(a, b) {
		key := nameless(name)
		if !slices.Contains(seen, key) {
			all, seen = append(all, name), append(seen, key)
		}
	}
	return all
}

// nameless is an endpoint without the names of its parameters.
func nameless(endpoint string) string {
	var out strings.Builder
	for {
		before, rest, open := strings.Cut(endpoint, "{")
		_, after, closed := strings.Cut(rest, "}")
		if !open || !closed {
			return out.String() + endpoint
		}
		out.WriteString(before + "{}")
		endpoint = after
	}
}
