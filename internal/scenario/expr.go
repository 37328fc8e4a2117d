package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Expr generates a value for a request's field. The zero Expr is invalid.
//
//	int(LOW, HIGH)   an integer, both ends included, uniform
//	float(LOW, HIGH) one decimal place, both ends included, uniform
//	oneof(a, b, c)   one of the words
//	text(WORDS)      that many words of neutral prose
//	phrase           a short neutral sentence
//	uuid             a random UUID (version 4)
//	now              the time, RFC 3339
//	const(TEXT)      that text
//	file(BYTES, TYPE) the content of a file of so many bytes; TYPE, such as application/pdf, may be left out
type Expr struct {
	Kind string   // "int", "float", "oneof", "text", "phrase", "uuid", "now", "const", "file"
	Low  float64  // int, float, text, file
	High float64  // int, float
	Of   []string // oneof; const has one; file has one where its type is given
}

// Dist is a distribution of think times.
//
//	3s               constant
//	uniform(3s, 8s)
//	exponential(5s)  by its mean
//	lognormal(4s, 9s) by its median and its 95th percentile
type Dist struct {
	Kind string        // "constant", "uniform", "exponential", "lognormal"
	A, B time.Duration // constant: A; uniform: A..B; exponential: mean A; lognormal: median A, p95 B
}

// String is the expression as ParseExpr reads it.
func (e Expr) String() string {
	switch e.Kind {
	case "int", "float":
		return fmt.Sprintf("%s(%s, %s)", e.Kind, plainNumber(e.Low), plainNumber(e.High))
	case "text":
		return fmt.Sprintf("text(%s)", plainNumber(e.Low))
	case "file":
		return "file(" + strings.Join(append([]string{plainNumber(e.Low)}, e.Of...), ", ") + ")"
	case "oneof":
		words := make([]string, len(e.Of))
		for i, w := range e.Of {
			words[i] = quoteWord(w)
		}
		return "oneof(" + strings.Join(words, ", ") + ")"
	case "const":
		return "const(" + strings.Join(e.Of, "") + ")"
	}
	return e.Kind
}

// String is the distribution as ParseDist reads it.
func (d Dist) String() string {
	switch d.Kind {
	case "uniform", "lognormal":
		return fmt.Sprintf("%s(%s, %s)", d.Kind, FormatDuration(d.A), FormatDuration(d.B))
	case "exponential":
		return fmt.Sprintf("exponential(%s)", FormatDuration(d.A))
	}
	return FormatDuration(d.A)
}

// FormatDuration prints a duration as people write it: "10m" where Go prints "10m0s".
func FormatDuration(d time.Duration) string {
	s := d.String()
	if d >= time.Minute {
		if t, ok := strings.CutSuffix(s, "m0s"); ok {
			s = t + "m"
		}
	}
	if d >= time.Hour {
		if t, ok := strings.CutSuffix(s, "h0m"); ok {
			s = t + "h"
		}
	}
	return s
}

// quoteWord quotes a word of oneof that could not be read otherwise.
func quoteWord(w string) string {
	if w != "" && w == strings.TrimSpace(w) && !strings.ContainsAny(w, `,()"\`) {
		return w
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w) + `"`
}

func plainNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
