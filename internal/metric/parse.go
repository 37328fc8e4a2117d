package metric

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/scenario"
)

// Threshold is a parsed condition on a metric. It is read-only and may be shared.
type Threshold struct {
	Name       string // the metric with its selector, as written
	Expr       string // as written
	Metric     Metric
	Selector   Selector
	Method     string  // "count", "rate", "value", "avg", "min", "max", "med" or "p"
	Percentile float64 // of method "p"
	Op         string  // ">", ">=", "<", "<=", "==", "!="
	Limit      float64
	Window     time.Duration // judged over a sliding window of whole seconds; 0 = over the run
	MinSamples int           // fewer observations, of the run or of a window, are no data; 0 = 1, and none for a counter
	Abort      bool          // the run ends when it breaks
	Delay      time.Duration // it is not judged for Abort before
}

// HasWindows is whether the metric can be judged in windows: all can but those that
// are numbers of the moment.
func (m *Metric) HasWindows() bool { return m.Type != Gauge || m.perUser }

// Longest is the longest window.
const Longest = time.Hour

// Unit is that of the measured value and of Limit: "ms", "B", "/s", "B/s" or "".
func (t *Threshold) Unit() string {
	if t.Metric.Type == Counter && t.Method == "rate" {
		return string(t.Metric.Unit) + "/s"
	}
	return string(t.Metric.Unit)
}

// Holds reports whether v satisfies the condition.
func (t *Threshold) Holds(v float64) bool {
	switch t.Op {
	case ">":
		return v > t.Limit
	case ">=":
		return v >= t.Limit
	case "<":
		return v < t.Limit
	case "<=":
		return v <= t.Limit
	case "!=":
		return v != t.Limit
	}
	return v == t.Limit
}

// SyntaxError says what is wrong with a threshold and where.
type SyntaxError struct {
	Input  string // the metric or the expression
	Offset int    // in bytes
	Why    string
	Fix    string // what to write instead; may be empty
	Where  string // "file:line:column"; empty where the text came from no file
}

func (e *SyntaxError) Error() string {
	text := fmt.Sprintf("threshold %q: %s at character %d", e.Input, e.Why, len([]rune(e.Input[:min(e.Offset, len(e.Input))]))+1)
	if e.Where != "" {
		return e.Where + ": " + text
	}
	return text
}

// Hint says what to write instead.
func (e *SyntaxError) Hint() string { return e.Fix }

// ExitCode is that of wrong input.
func (e *SyntaxError) ExitCode() int { return 2 }

// ParseThreshold reads a metric (with its selector) and an expression on it.
// The error is a *SyntaxError.
func ParseThreshold(metric, expr string) (*Threshold, error) {
	t := &Threshold{Name: metric, Expr: expr}
	if err := t.parseMetric(metric); err != nil {
		return nil, err
	}
	p := parser{input: expr}
	if err := p.assertion(t); err != nil {
		return nil, err
	}
	return t, nil
}

// ParseAll reads the thresholds of a scenario; an error names file, line and column.
func ParseAll(file string, list []scenario.Threshold) ([]*Threshold, error) {
	var all []*Threshold
	for _, s := range list {
		t, err := ParseThreshold(s.Metric, s.Expr)
		if err != nil {
			if bad, ok := err.(*SyntaxError); ok && s.Line > 0 {
				bad.Where = fmt.Sprintf("%s:%d:%d", file, s.Line, s.Column)
			}
			return nil, err
		}
		t.MinSamples, t.Abort, t.Delay = s.MinSamples, s.AbortOnFail, s.DelayAbortEval
		all = append(all, t)
	}
	return all, nil
}

func (t *Threshold) parseMetric(text string) error {
	name, rest, narrowed := strings.Cut(text, "{")
	known := Metrics()
	i := slices.IndexFunc(known, func(m Metric) bool { return m.Name == strings.TrimSpace(name) })
	if i < 0 {
		var names []string
		for _, m := range known {
			names = append(names, m.Name)
		}
		return &SyntaxError{Input: text, Why: fmt.Sprintf("there is no metric %q", strings.TrimSpace(name)),
			Fix: didYouMean(strings.TrimSpace(name), names) + "the metrics are " + strings.Join(names, ", ")}
	}
	t.Metric = known[i]
	if !narrowed {
		return nil
	}
	inner, ok := strings.CutSuffix(strings.TrimRight(rest, " "), "}")
	if !ok {
		return &SyntaxError{Input: text, Offset: len(text), Why: "the selector has no closing brace", Fix: "write {endpoint:GET /api/v1/me}"}
	}
	sel, err := parseSelector(&t.Metric, text, inner, len(name)+1)
	t.Selector = sel
	return err
}

// parser reads an assertion from left to right.
type parser struct {
	input string
	at    int
}

func (p *parser) fail(at int, fix, format string, args ...any) error {
	return &SyntaxError{Input: p.input, Offset: at, Why: fmt.Sprintf(format, args...), Fix: fix}
}

func (p *parser) spaces() {
	for p.at < len(p.input) && p.input[p.at] == ' ' {
		p.at++
	}
}

func (p *parser) take(in func(byte) bool) string {
	from := p.at
	for p.at < len(p.input) && in(p.input[p.at]) {
		p.at++
	}
	return p.input[from:p.at]
}

// methods are those that a type has, in k6's order.
func methods(t Type) []string {
	switch t {
	case Counter:
		return []string{"count", "rate"}
	case Gauge:
		return []string{"value"}
	case Rate:
		return []string{"rate"}
	}
	return []string{"avg", "min", "max", "med", "p(N)"}
}

// example is an assertion that the metric could have.
func example(m Metric) string {
	switch m.Type {
	case Counter:
		return "count>0"
	case Gauge:
		return "value<100"
	case Rate:
		return "rate<0.01"
	}
	return "p(95)<500"
}

func (p *parser) assertion(t *Threshold) error {
	if err := p.method(t); err != nil {
		return err
	}
	p.spaces()
	at := p.at
	op := p.take(func(c byte) bool { return c == '<' || c == '>' || c == '=' || c == '!' })
	switch op {
	case "<", "<=", ">", ">=", "==", "!=":
		t.Op = op
	case "===":
		t.Op = "=="
	case "":
		return p.fail(at, "write for example "+example(t.Metric), "a comparison should stand here")
	default:
		return p.fail(at, "the comparisons are < <= > >= == ===  !=", "there is no comparison %q", op)
	}
	p.spaces()
	at = p.at
	limit, err := p.number()
	if err != nil {
		return err
	}
	t.Limit = limit
	if t.Metric.Type == Rate && limit > 1 {
		return p.fail(at, "a rate is a number from 0 to 1: 5 % is 0.05", "a rate is never above 1")
	}
	if rest := strings.TrimLeft(p.input[p.at:], " "); p.at+len(rest) < len(p.input) && strings.HasPrefix(rest, "over") {
		p.at = len(p.input) - len(rest) + len("over")
		return p.over(t)
	}
	if p.at < len(p.input) {
		fix := "nothing may follow the number"
		if t.Metric.Unit == Time {
			fix = "times are plain numbers of milliseconds: p(95)<500"
		} else if t.Metric.Type == Rate {
			fix = "a rate is a number from 0 to 1: rate<0.01"
		}
		return p.fail(p.at, fix, "%q should not stand here", p.input[p.at:])
	}
	return nil
}

// over reads the length of the window, which stands behind the word.
func (p *parser) over(t *Threshold) error {
	const fix = "write for example: over 30s"
	if !t.Metric.HasWindows() {
		return p.fail(p.at-len("over"), "leave it out, or judge another metric", "%s is a number of the moment: it has no window", t.Metric.Name)
	}
	at := p.at
	p.spaces()
	if p.at == at {
		return p.fail(at, fix, "a space and the length of the window should stand behind over")
	}
	at = p.at
	word := p.take(func(c byte) bool { return c >= '0' && c <= '9' || c == 's' || c == 'm' || c == 'h' })
	d, err := time.ParseDuration(word)
	switch {
	case p.at < len(p.input):
		return p.fail(p.at, fix, "%q should not stand here", p.input[p.at:])
	case word == "":
		return p.fail(at, fix, "the length of the window should stand here")
	case err != nil:
		return p.fail(at, fix, "%q is no length of time", word)
	case d < time.Second || d%time.Second != 0 || d > Longest:
		return p.fail(at, fix, "a window is from 1s to %s long, in whole seconds", "1h")
	}
	t.Window = d
	return nil
}

func (p *parser) method(t *Threshold) error {
	at := p.at
	word := p.take(func(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' })
	have := methods(t.Metric.Type)
	called := p.at < len(p.input) && p.input[p.at] == '('
	name := word
	if word == "p" {
		name = "p(N)"
	}
	if !slices.Contains(have, name) {
		fix := fmt.Sprintf("%s%s is a %s: it has %s", didYouMean(word, have), t.Metric.Name, t.Metric.Type, strings.Join(have, ", "))
		if word == "" {
			return p.fail(at, "write for example "+example(t.Metric), "a method should stand here")
		}
		return p.fail(at, fix, "%s has no method %q", t.Metric.Name, word)
	}
	t.Method = word
	if word != "p" {
		if called {
			return p.fail(p.at, "write "+word+" without parentheses", "%s takes no number", word)
		}
		return nil
	}
	if !called {
		return p.fail(p.at, "write p(95)", "p needs a number")
	}
	p.at++
	at = p.at
	n, err := p.number()
	if err != nil {
		return err
	}
	if n > 100 {
		return p.fail(at, "write p(95)", "a percentile is from 0 to 100")
	}
	if p.at >= len(p.input) || p.input[p.at] != ')' {
		return p.fail(p.at, "write p(95)", "the parenthesis is not closed")
	}
	p.at++
	t.Percentile = n
	return nil
}

// number reads digits and an optional fraction.
func (p *parser) number() (float64, error) {
	at := p.at
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	whole := p.take(digit)
	if whole == "" {
		return 0, p.fail(at, "numbers are digits with an optional fraction: 500, 0.01", "a number should stand here")
	}
	if p.at < len(p.input) && p.input[p.at] == '.' {
		p.at++
		if p.take(digit) == "" {
			return 0, p.fail(p.at, "numbers are digits with an optional fraction: 500, 0.01", "digits should stand behind the point")
		}
	}
	n, err := strconv.ParseFloat(p.input[at:p.at], 64)
	if err != nil {
		return 0, p.fail(at, "", "the number is too large")
	}
	return n, nil
}
