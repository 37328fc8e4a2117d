package scenario

import (
	"errors"
	"slices"
	"time"

	"firedrill/internal/yamldoc"
)

// ParseError says what is wrong with a file, where, and what to do about it.
type ParseError = yamldoc.Error

// Checker says what is wrong with a threshold, or nil. An error that is or wraps
// a *SyntaxError is shown at its exact place; any other at the expression's beginning.
type Checker func(metric, expr string) error

// Parse reads a scenario file. It is strict: whatever it does not understand is a
// *ParseError with line and column. file is for messages; each Checker sees
// every threshold. What the file leaves out has its default.
func Parse(file string, src []byte, checkers ...Checker) (*Scenario, error) {
	root, bad := yamldoc.Parse(file, src)
	if bad == nil {
		bad = language().Conform(root)
	}
	if bad != nil {
		return nil, bad
	}
	s := &Scenario{
		Name: root.Get("name").String(), About: root.Get("about").String(), Aliases: root.Get("aliases").Strings(),
		Critical: root.Get("critical").Strings(), Allow: root.Get("allow").Strings(),
		File: file, Source: slices.Clone(src),
	}
	for _, p := range root.Get("personas").Pairs {
		s.Personas = append(s.Personas, persona(p.Key, p.Value))
	}
	if thresholds := root.Get("thresholds"); thresholds != nil {
		if s.Thresholds, bad = readThresholds(thresholds, checkers); bad != nil {
			return nil, bad
		}
	}
	if f := s.check(); f != nil {
		return nil, f.at(root)
	}
	return s, nil
}

func persona(key, n *yamldoc.Node) Persona {
	journey := n.Get("journey")
	p := Persona{
		Name: key.Text, Line: key.Line, Account: n.Get("account").String(),
		Journey: Selector{Persona: journey.Get("persona").String(), Has: journey.Get("has").Strings(), Name: journey.Get("name").String(), Mark: journey.Get("mark").String()},
		Login:   Cadence(or(n.Get("login").String(), string(LoginOnce))),
		Only:    n.Get("only").Strings(),
		Load:    readLoad(n.Get("load")),
	}
	for _, r := range n.Get("repeat").Each() {
		p.Repeat = append(p.Repeat, Repeat{Step: r.Get("step").String(), Times: count(r.Get("times"), 0)})
	}
	if set := n.Get("set"); set != nil {
		for _, pair := range set.Pairs {
			e, _ := ParseExpr(pair.Value.Text) // checked by the language
			p.Set = append(p.Set, Assignment{Field: pair.Key.Text, Expr: e})
		}
	}
	if think := n.Get("think"); think != nil {
		d, _ := ParseDist(think.Text) // checked by the language
		p.Think = &d
	}
	return p
}

// readLoad fills in the defaults of the executor.
func readLoad(n *yamldoc.Node) Load {
	l := Load{
		Executor:        Executor(n.Get("executor").String()),
		VUs:             count(n.Get("vus"), 0),
		Duration:        duration(n.Get("duration"), 0),
		Iterations:      count(n.Get("iterations"), 0),
		Rate:            decimal(n.Get("rate")),
		StartRate:       decimal(n.Get("start_rate")),
		PreAllocatedVUs: count(n.Get("pre_allocated_vus"), 0),
		StartTime:       duration(n.Get("start_time"), 0),
		GracefulStop:    duration(n.Get("graceful_stop"), 30*time.Second),
	}
	for _, s := range n.Get("stages").Each() {
		l.Stages = append(l.Stages, Stage{Duration: duration(s.Get("duration"), 0), Target: decimal(s.Get("target"))})
	}
	switch l.Executor {
	case RampingVUs:
		l.StartVUs = count(n.Get("start_vus"), 1)
		l.GracefulRampDown = duration(n.Get("graceful_ramp_down"), 30*time.Second)
	case SharedIterations, PerVUIterations:
		l.MaxDuration = duration(n.Get("max_duration"), 10*time.Minute)
	case ConstantArrivalRate, RampingArrivalRate:
		l.TimeUnit = duration(n.Get("time_unit"), time.Second)
		l.MaxVUs = count(n.Get("max_vus"), l.PreAllocatedVUs)
	}
	return l
}

func readThresholds(n *yamldoc.Node, checkers []Checker) ([]Threshold, *yamldoc.Error) {
	var all []Threshold
	for _, p := range n.Pairs {
		for _, entry := range p.Value.Each() {
			t, expr := Threshold{Metric: p.Key.Text}, entry
			if entry.Kind == yamldoc.Map {
				expr = entry.Get("threshold")
				t.AbortOnFail = entry.Get("abort_on_fail").String() == "true"
				t.DelayAbortEval = duration(entry.Get("delay_abort_eval"), 0)
			}
			t.Expr = expr.Text
			t.Line, t.Column = expr.Position(0)
			for _, check := range checkers {
				if err := check(t.Metric, t.Expr); err != nil {
					return nil, thresholdError(p.Key, expr, err)
				}
			}
			all = append(all, t)
		}
	}
	return all, nil
}

func thresholdError(metric, expr *yamldoc.Node, err error) *yamldoc.Error {
	var s *SyntaxError
	if errors.As(err, &s) {
		at := expr
		if s.Metric {
			at = metric
		}
		return at.Trouble(&yamldoc.Trouble{Offset: s.Offset, Why: "threshold: " + s.Why, Fix: s.Fix})
	}
	fix := ""
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		fix = h.Hint()
	}
	return expr.Trouble(&yamldoc.Trouble{Why: "threshold: " + err.Error(), Fix: fix})
}

// The readers of scalars: what is absent gets the default; the language has
// checked the rest.

func count(n *yamldoc.Node, absent int) int {
	if v, ok := n.Number(); ok {
		return int(v)
	}
	return absent
}

func decimal(n *yamldoc.Node) float64 {
	v, _ := n.Number()
	return v
}

func duration(n *yamldoc.Node, absent time.Duration) time.Duration {
	if n == nil {
		return absent
	}
	d, _ := readDuration(n.Text, maxDuration)
	return d
}
