package scenario

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/yamldoc"
)

// SyntaxError is what is wrong with an expression, a distribution, an endpoint
// pattern or a threshold, and where in its text.
type SyntaxError struct {
	Offset int    // in bytes from the start of the text
	Metric bool   // for a Checker: the fault is in the metric's name, where Offset counts
	Why    string //
	Fix    string // may be empty
}

// Error says what is wrong and at which character.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s (at character %d)", e.Why, e.Offset+1) }

// Hint says what to do.
func (e *SyntaxError) Hint() string { return e.Fix }

// ExitCode is that of wrong input.
func (e *SyntaxError) ExitCode() int { return 2 }

// The bounds of what is generated and waited for.
const (
	maxWords    = 2000
	maxThink    = 24 * time.Hour
	maxDuration = 30 * 24 * time.Hour
	maxStages   = 1000
	exact       = 1 << 53 // integers up to here are exact in a float64
)

func exprKinds() []string {
	return []string{"int", "float", "oneof", "text", "phrase", "uuid", "now", "const", "file"}
}

func distKinds() []string { return []string{"uniform", "exponential", "lognormal"} }

// ParseExpr reads a generator expression. The error is a *SyntaxError.
func ParseExpr(text string) (Expr, error) {
	c, err := readCall(text, "const")
	if err != nil {
		return Expr{}, err
	}
	kinds := exprKinds()
	switch c.name {
	case "phrase", "uuid", "now":
		if c.args != nil || c.called {
			return Expr{}, &SyntaxError{Offset: len(c.name), Why: c.name + " takes no values", Fix: "write just " + c.name}
		}
		return Expr{Kind: c.name}, nil
	case "const":
		if err := c.need(1, "const(TEXT)"); err != nil {
			return Expr{}, err
		}
		return Expr{Kind: "const", Of: []string{c.args[0].text}}, nil
	case "oneof":
		if len(c.args) == 0 {
			return Expr{}, &SyntaxError{Offset: c.end, Why: "oneof takes at least one word", Fix: "write it as in oneof(a, b, c)"}
		}
		e := Expr{Kind: "oneof"}
		for _, a := range c.args {
			if a.text == "" && !a.quoted {
				return Expr{}, &SyntaxError{Offset: a.at, Why: "a word is missing", Fix: `write "" for an empty text, or remove the comma`}
			}
			e.Of = append(e.Of, a.text)
		}
		return e, nil
	case "file":
		return c.file()
	case "int":
		return c.between("int(60, 99)", 0)
	case "float":
		return c.between("float(0, 10.5)", 1)
	case "text":
		return c.words()
	}
	fix := yamldoc.DidYouMean(c.name, kinds)
	if yamldoc.Suggest(c.name, kinds) == "" {
		fix = fmt.Sprintf("write const(%s) for a fixed text, or one of int(LOW, HIGH), float(LOW, HIGH), oneof(a, b), text(WORDS), phrase, uuid, now, file(BYTES, TYPE)", strings.TrimSpace(text))
	}
	return Expr{}, &SyntaxError{Offset: c.at, Why: fmt.Sprintf("%q is not a generator", c.name), Fix: fix}
}

// between reads two bounds with at most so many decimal places.
func (c call) between(like string, places int) (Expr, error) {
	if err := c.need(2, like); err != nil {
		return Expr{}, err
	}
	var bounds [2]float64
	for i, a := range c.args {
		v, err := strconv.ParseFloat(a.text, 64)
		_, fraction, _ := strings.Cut(a.text, ".")
		plain := strings.Trim(strings.TrimPrefix(a.text, "-"), "0123456789.") == ""
		switch {
		case err != nil || !plain:
			return Expr{}, &SyntaxError{Offset: a.at, Why: fmt.Sprintf("%q is not a number", a.text), Fix: "write it as in " + like}
		case len(fraction) > places && places == 0:
			return Expr{}, &SyntaxError{Offset: a.at, Why: a.text + " is not a whole number", Fix: "write whole numbers, or use float"}
		case len(fraction) > places:
			return Expr{}, &SyntaxError{Offset: a.at, Why: a.text + " has more than one decimal place", Fix: "write one decimal place"}
		case math.Abs(v) > exact/16:
			return Expr{}, &SyntaxError{Offset: a.at, Why: a.text + " is too large", Fix: "write a number that is exact in a float64"}
		}
		bounds[i] = v
	}
	if bounds[0] > bounds[1] {
		return Expr{}, &SyntaxError{Offset: c.args[0].at, Why: fmt.Sprintf("the low end %s is above the high end %s", c.args[0].text, c.args[1].text), Fix: "swap them"}
	}
	return Expr{Kind: c.name, Low: bounds[0], High: bounds[1]}, nil
}

func (c call) words() (Expr, error) {
	if err := c.need(1, "text(12)"); err != nil {
		return Expr{}, err
	}
	n, err := strconv.ParseUint(c.args[0].text, 10, 32)
	if err != nil || n < 1 || n > maxWords {
		return Expr{}, &SyntaxError{Offset: c.args[0].at, Why: fmt.Sprintf("text takes a number of words from 1 to %d", maxWords), Fix: "write it as in text(12)"}
	}
	return Expr{Kind: "text", Low: float64(n)}, nil
}

// ParseDist reads a distribution of think times. The error is a *SyntaxError.
func ParseDist(text string) (Dist, error) {
	if t := strings.TrimSpace(text); t != "" && (t[0] >= '0' && t[0] <= '9' || t[0] == '-' || t[0] == '+' || t[0] == '.') {
		at := strings.Index(text, t)
		d, err := thinkTime(argument{text: t, at: at})
		return Dist{Kind: "constant", A: d}, err
	}
	c, err := readCall(text, "")
	if err != nil {
		return Dist{}, err
	}
	want, like := 2, map[string]string{"uniform": "uniform(3s, 8s)", "exponential": "exponential(5s)", "lognormal": "lognormal(4s, 9s)"}[c.name]
	switch c.name {
	case "exponential":
		want = 1
	case "uniform", "lognormal":
	default:
		fix := yamldoc.DidYouMean(c.name, distKinds())
		if yamldoc.Suggest(c.name, distKinds()) == "" {
			fix = "write 3s, uniform(3s, 8s), exponential(5s) or lognormal(4s, 9s)"
		}
		return Dist{}, &SyntaxError{Offset: c.at, Why: fmt.Sprintf("%q is not a distribution", c.name), Fix: fix}
	}
	if err := c.need(want, like); err != nil {
		return Dist{}, err
	}
	d := Dist{Kind: c.name}
	if d.A, err = thinkTime(c.args[0]); err != nil {
		return Dist{}, err
	}
	if want == 2 {
		if d.B, err = thinkTime(c.args[1]); err != nil {
			return Dist{}, err
		}
	}
	return d, d.check(c)
}

func (d Dist) check(c call) error {
	switch {
	case d.Kind == "uniform" && d.A > d.B:
		return &SyntaxError{Offset: c.args[0].at, Why: fmt.Sprintf("the low end %s is above the high end %s", c.args[0].text, c.args[1].text), Fix: "swap them"}
	case d.Kind != "uniform" && d.A <= 0:
		return &SyntaxError{Offset: c.args[0].at, Why: fmt.Sprintf("%s needs a time above zero", d.Kind), Fix: "write 0s for no think time"}
	case d.Kind == "lognormal" && d.B <= d.A:
		return &SyntaxError{Offset: c.args[1].at, Why: fmt.Sprintf("the 95th percentile %s is not above the median %s", c.args[1].text, c.args[0].text), Fix: "write lognormal(MEDIAN, P95)"}
	}
	return nil
}

func thinkTime(a argument) (time.Duration, error) {
	d, t := readDuration(a.text, maxThink)
	if t != nil {
		return 0, &SyntaxError{Offset: a.at + t.Offset, Why: t.Why, Fix: t.Fix}
	}
	return d, nil
}

// readDuration reads a Go duration from zero to most.
func readDuration(text string, most time.Duration) (time.Duration, *yamldoc.Trouble) {
	const fix = "write a number and a unit, such as 500ms, 30s, 5m or 1h30m"
	d, err := time.ParseDuration(text)
	switch {
	case text == "":
		return 0, &yamldoc.Trouble{Why: "a duration is missing", Fix: fix}
	case err != nil && strings.Trim(text, "0123456789.") == "":
		return 0, &yamldoc.Trouble{Why: fmt.Sprintf("%q has no unit", text), Fix: fmt.Sprintf("write for instance %ss", text)}
	case err != nil:
		return 0, &yamldoc.Trouble{Why: fmt.Sprintf("%q is not a duration", text), Fix: fix}
	case d < 0:
		return 0, &yamldoc.Trouble{Why: fmt.Sprintf("%q is negative", text), Fix: fix}
	case d > most:
		return 0, &yamldoc.Trouble{Why: fmt.Sprintf("%q is longer than %s", text, FormatDuration(most)), Fix: "write " + FormatDuration(most) + " or less"}
	}
	return d, nil
}

// call is NAME or NAME(ARGUMENT, ...).
type call struct {
	name   string
	at     int // where the name begins
	args   []argument
	called bool // there were brackets
	end    int
}

type argument struct {
	text   string
	at     int
	quoted bool
}

// need checks the number of arguments.
func (c call) need(n int, like string) error {
	if len(c.args) == n {
		return nil
	}
	at := c.end
	if len(c.args) > n {
		at = c.args[n].at
	}
	return &SyntaxError{Offset: at, Why: fmt.Sprintf("%s takes %s, and has %d", c.name, plural(n, "value"), len(c.args)), Fix: "write it as in " + like}
}

// readCall reads a call. The function named raw takes everything between the
// first and the last bracket as its one argument.
func readCall(text, raw string) (call, error) {
	start := len(text) - len(strings.TrimLeft(text, " "))
	end := start
	for end < len(text) && (text[end] == '_' || text[end] >= 'a' && text[end] <= 'z' || text[end] >= 'A' && text[end] <= 'Z') {
		end++
	}
	c := call{name: text[start:end], at: start, end: end}
	rest := strings.TrimRight(text[end:], " ")
	switch {
	case c.name == "":
		if strings.TrimSpace(text) == "" {
			return c, &SyntaxError{Why: "the expression is empty", Fix: "write for instance phrase, or const(TEXT) for a fixed text"}
		}
		return c, &SyntaxError{Offset: start, Why: fmt.Sprintf("%q is neither a generator nor a distribution", strings.TrimSpace(text)), Fix: fmt.Sprintf("for a fixed text write const(%s)", strings.TrimSpace(text))}
	case rest == "":
		return c, nil
	case rest[0] != '(':
		return c, &SyntaxError{Offset: start, Why: fmt.Sprintf("%q is neither a generator nor a distribution", strings.TrimSpace(text)), Fix: fmt.Sprintf("for a fixed text write const(%s)", strings.TrimSpace(text))}
	}
	c.called = true
	if c.name == raw {
		if rest[len(rest)-1] != ')' || len(rest) < 2 {
			return c, &SyntaxError{Offset: end + len(rest), Why: `")" is missing`, Fix: "close the bracket"}
		}
		c.args = []argument{{text: rest[1 : len(rest)-1], at: end + 1}}
		return c, nil
	}
	return readArguments(c, text[:end+len(rest)], end+1)
}

var errUnclosed = errors.New("unclosed")

func readArguments(c call, text string, at int) (call, error) {
	unclosed := &SyntaxError{Offset: len(text), Why: `")" is missing`, Fix: "close the bracket; inside { } or [ ] the whole expression needs quotes, for a comma ends it there"}
	for first := true; ; first = false {
		for at < len(text) && text[at] == ' ' {
			at++
		}
		if first && at < len(text) && text[at] == ')' {
			break
		}
		a, next, err := readArgument(text, at)
		if errors.Is(err, errUnclosed) {
			return c, unclosed
		}
		if err != nil {
			return c, err
		}
		c.args = append(c.args, a)
		at = next
		if text[at] == ')' {
			break
		}
		at++ // the comma
	}
	c.end = at
	if rest := strings.TrimLeft(text[at+1:], " "); rest != "" {
		return c, &SyntaxError{Offset: len(text) - len(rest), Why: fmt.Sprintf("%q is not expected after the closing bracket", rest), Fix: "remove it"}
	}
	return c, nil
}

// readArgument reads up to the comma or bracket that ends an argument; next is its place.
func readArgument(text string, at int) (a argument, next int, err error) {
	a.at = at
	if at < len(text) && text[at] == '"' {
		a.quoted = true
		var b strings.Builder
		for at++; at < len(text) && text[at] != '"'; at++ {
			if text[at] == '\\' && at+1 < len(text) {
				at++
			}
			b.WriteByte(text[at])
		}
		if at >= len(text) {
			return a, at, &SyntaxError{Offset: a.at, Why: "the quoted text is not closed", Fix: `close it with "`}
		}
		a.text = b.String()
		for at++; at < len(text) && text[at] == ' '; at++ {
		}
		if at < len(text) && text[at] != ',' && text[at] != ')' {
			return a, at, &SyntaxError{Offset: at, Why: fmt.Sprintf("%q is not expected after the quoted text", firstRune(text[at:])), Fix: "put a comma between two words"}
		}
	} else {
		for at < len(text) && text[at] != ',' && text[at] != ')' {
			if text[at] == '(' || text[at] == '"' {
				return a, at, &SyntaxError{Offset: at, Why: fmt.Sprintf("%q is not expected here", text[at:at+1]), Fix: `put the word in quotes: "..."`}
			}
			at++
		}
		a.text = strings.TrimRight(text[a.at:at], " ")
	}
	if at >= len(text) {
		return a, at, errUnclosed
	}
	return a, at, nil
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
