package correlate

import (
	"math"
	"strings"

	"firedrill/internal/journey/endpoint"
	"firedrill/internal/redact"
)

// strength says how unlikely it is that two like values are equal by accident.
type strength uint8

const (
	weak   strength = iota // small numbers, booleans, short words
	medium                 // longer numbers and words
	strong                 // tokens, UUIDs, addresses: equal only because they are the same
)

// bitsOf estimates how much a value says: how many bits it costs to guess it.
func bitsOf(v string) float64 {
	switch {
	case v == "":
		return 0.5
	case v == "true", v == "false", v == "null":
		return 1
	case strings.Contains(v, "fd~"):
		return 100
	case endpoint.Unguessable(v):
		return 64
	case redact.IsEmailToken(v):
		return 40
	case strings.Contains(v, "@") && strings.Contains(v, "."):
		return 30
	}
	if digits(v) {
		return min(64, 1+math.Log2(float64(len(v)))+2.6*float64(len(v)))
	}
	letters, others := 0, 0
	for i := range len(v) {
		if c := v[i] | 0x20; c >= 'a' && c <= 'z' {
			letters++
		} else {
			others++
		}
	}
	// words are guessed more easily than their letters
	return min(64, 2+0.7*float64(letters)+2.5*float64(others))
}

func digits(v string) bool {
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
	}
	return v != ""
}

func strengthOf(v string) strength {
	switch b := bitsOf(v); {
	case b >= 28:
		return strong
	case b >= 8.5:
		return medium
	}
	return weak
}

// letters are the letters and digits of a name, lower case: "unit-plans" and "unit_plans" are one.
func letters(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteByte(c)
		}
	}
	return b.String()
}

// words cuts a name at punctuation and capitals: "courseId" → course, id.
func words(name string) []string {
	var list []string
	from := 0
	add := func(to int) {
		if to > from {
			list = append(list, strings.ToLower(name[from:to]))
		}
		from = to
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			if i > 0 && (name[i-1] < 'A' || name[i-1] > 'Z') {
				add(i)
			}
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		default:
			add(i)
			from = i + 1
		}
	}
	add(len(name))
	return list
}
