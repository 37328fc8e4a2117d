package metric

import (
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/sample"
)

// Selector narrows a metric to some samples. The zero value takes all.
type Selector struct {
	Tags []Tag // in the order written; all must hold
}

// Tag is one condition of a Selector.
type Tag struct{ Key, Value string }

// String is the selector as it is written, braces included; "" when it takes all.
func (s Selector) String() string {
	if len(s.Tags) == 0 {
		return ""
	}
	parts := make([]string, len(s.Tags))
	for i, t := range s.Tags {
		value := t.Value
		if nextTag(value, 0) >= 0 || strings.HasPrefix(value, `"`) || strings.TrimSpace(value) != value || value == "" {
			value = strconv.Quote(value)
		}
		parts[i] = t.Key + ":" + value
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// The keys, and which of them an iteration, a drop and a number of users have.
var (
	sampleKeys    = []string{"endpoint", "category", "persona", "journey", "phase", "status", "hold"}
	iterationKeys = []string{"persona", "phase", "hold"}
	perUserKeys   = []string{"endpoint", "persona", "phase", "hold"}
	userKeys      = []string{"persona"}
)

// keys are those that the metric's events have.
func (m *Metric) keys() []string {
	switch {
	case m.perUser:
		return perUserKeys
	case m.sampled():
		return sampleKeys
	case m.ofIteration != nil:
		return iterationKeys
	}
	return userKeys
}

// HasPhases is whether the metric can be narrowed to a phase of the run.
func (m *Metric) HasPhases() bool { return slices.Contains(m.keys(), "phase") }

// nextTag is the offset of the first comma at or behind from that a known key
// and a colon follow; −1 when there is none.
func nextTag(text string, from int) int {
	for i := from; i < len(text); i++ {
		if text[i] != ',' {
			continue
		}
		rest := strings.TrimLeft(text[i+1:], " ")
		if key, _, ok := strings.Cut(rest, ":"); ok && isWord(strings.TrimSpace(key)) {
			return i
		}
	}
	return -1
}

// isWord is whether s could be a key, known or misspelt.
func isWord(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return s != ""
}

// parseSelector reads what stands between the braces; offset is where it begins in input.
func parseSelector(m *Metric, input, text string, offset int) (Selector, error) {
	var sel Selector
	fail := func(at int, fix, why string) (Selector, error) {
		return Selector{}, &SyntaxError{Input: input, Offset: offset + at, Why: why, Fix: fix}
	}
	for at := 0; ; {
		lead := len(text[at:]) - len(strings.TrimLeft(text[at:], " "))
		at += lead
		key, rest, ok := strings.Cut(text[at:], ":")
		key = strings.TrimRight(key, " ")
		if !ok || key == "" {
			return fail(at, "write {endpoint:GET /api/v1/me}", "a key and a colon should stand here")
		}
		if known := m.keys(); !slices.Contains(known, key) {
			return fail(at, didYouMean(key, known)+m.Name+" can be narrowed by "+strings.Join(known, ", "), "unknown key "+strconv.Quote(key))
		}
		start := len(text) - len(rest)
		value, end, why := tagValue(text, start)
		if why != "" {
			return fail(start, "", why)
		}
		if why, fix := checkValue(key, value); why != "" {
			return fail(start, fix, why)
		}
		sel.Tags = append(sel.Tags, Tag{key, value})
		if end == len(text) {
			return sel, nil
		}
		at = end + 1
	}
}

// tagValue reads the value that begins at start and says where it ends (at a comma or the end).
func tagValue(text string, start int) (value string, end int, why string) {
	trimmed := strings.TrimLeft(text[start:], " ")
	if strings.HasPrefix(trimmed, `"`) {
		quoted, err := strconv.QuotedPrefix(trimmed)
		if err != nil {
			return "", 0, "the quoted value has no end"
		}
		value, _ = strconv.Unquote(quoted)
		rest := trimmed[len(quoted):]
		after := strings.TrimLeft(rest, " ")
		end = len(text) - len(after)
		if after != "" && after[0] != ',' {
			return "", 0, "a comma should stand behind the quoted value"
		}
		return value, end, ""
	}
	if end = nextTag(text, start); end < 0 {
		end = len(text)
	}
	value = strings.TrimSpace(text[start:end])
	if value == "" {
		return "", 0, "a value should stand here"
	}
	return value, end, ""
}

// checkValue says what is wrong with a value that is not a name, and what to do.
func checkValue(key, value string) (why, fix string) {
	switch key {
	case "status":
		if _, ok := statusRange(value); !ok {
			return "a status is a number, a class or none", `write status:404, status:5xx or status:none`
		}
	case "hold":
		if value != "true" && value != "false" {
			return "hold is true or false", "write hold:true for the phases in which the load is steady"
		}
	}
	return "", ""
}

// statusRange is the lowest and the highest status that a value names.
func statusRange(value string) ([2]uint16, bool) {
	if value == "none" || value == "0" {
		return [2]uint16{0, 0}, true
	}
	if len(value) == 3 && value[0] >= '1' && value[0] <= '5' && strings.EqualFold(value[1:], "xx") {
		low := uint16(value[0]-'0') * 100
		return [2]uint16{low, low + 99}, true
	}
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n < 100 || n > 599 {
		return [2]uint16{}, false
	}
	return [2]uint16{uint16(n), uint16(n)}, true
}

// CategoryOf is the category that a sample is judged in: auth for what belongs to
// a log-in, else its endpoint's. "" where the endpoint is not among names.
func CategoryOf(s *sample.Sample, names *sample.Names) string {
	if s.Has(sample.Login) {
		return "auth"
	}
	if int(s.Endpoint) < len(names.Endpoints) {
		return names.Endpoints[s.Endpoint].Category
	}
	return ""
}
