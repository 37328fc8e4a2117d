package scenario

import (
	"errors"
	"slices"
	"strings"
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
	if s.Thresholds, bad = readThresholds(root.Get("thresholds"), checkers); bad != nil {
		return nil, bad
	}
	if bad = s.judges(root, checkers); bad != nil {
		return nil, bad
	}
	if f := s.check(); f != nil {
		return nil, f.at(root)
	}
	return s, nil
}

func persona(key, n *yamldoc.Node) Persona {
	journey := n.Get("journey")
	p := Persona{
		Name: key.Text, Line: key.Line, Account: n.Get("account").String(), Critical: n.Get("critical") != nil,
		Journey: Selector{Persona: journey.Get("persona").String(), Has: journey.Get("has").Strings(), Lacks: journey.Get("lacks").Strings(), Name: journey.Get("name").String(), Mark: journey.Get("mark").String()},
		Login:   Cadence(or(n.Get("login").String(), string(LoginOnce))),
		Only:    n.Get("only").Strings(),
		Load:    readLoad(n.Get("load")),
	}
	for _, r := range n.Get("repeat").Each() {
		p.Repeat = append(p.Repeat, Repeat{Step: r.Get("step").String(), Times: count(r.Get("times"), 0)})
	}
	for _, g := range n.Get("rendezvous").Each() {
		p.Gather = append(p.Gather, Gather{Step: g.Get("step").String(), Within: duration(g.Get("within"), 30*time.Second)})
	}
	if retry := n.Get("retry"); retry != nil {
		p.Retry = Retry{Times: count(retry.Get("times"), 0), Longest: duration(retry.Get("longest"), time.Minute)}
	}
	if set := n.Get("set"); set != nil {
		for _, pair := range set.Pairs {
			e, _ := ParseExpr(pair.Value.Text) // checked by the language
			p.Set = append(p.Set, Assignment{Field: pair.Key.Text, Expr: e})
		}
	}
	p.Think = distribution(n.Get("think"))
	return p
}

// judges reads steps, recovery and drift.
func (s *Scenario) judges(root *yamldoc.Node, checkers []Checker) (bad *yamldoc.Error) {
	if n := root.Get("steps"); n != nil {
		s.Steps = &Steps{MustHold: count(n.Get("must_hold"), 0)}
	}
	if n := root.Get("drift"); n != nil {
		s.Drift = &Drift{P95: percent(n.Get("p95"), 0.10), Errors: percent(n.Get("errors"), 0.01), Queries: percent(n.Get("queries"), 0.05)}
	}
	if n := root.Get("recovery"); n != nil {
		s.Recovery = &Recovery{After: n.Get("after").String(), Within: duration(n.Get("within"), time.Minute),
			Window: duration(n.Get("window"), 10*time.Second), Keep: duration(n.Get("keep"), 30*time.Second)}
		s.Recovery.Thresholds, bad = readThresholds(n.Get("thresholds"), checkers)
	}
	return bad
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
		Poisson:         n.Get("arrivals").String() == "poisson",
		Pacing:          distribution(n.Get("pacing")),
		StartOffset:     distribution(n.Get("start_offset")),
		Speed:           decimal(n.Get("speed")),
		Copies:          count(n.Get("copies"), 0),
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

// readThresholds reads a mapping of thresholds; none where n is nil.
func readThresholds(n *yamldoc.Node, checkers []Checker) ([]Threshold, *yamldoc.Error) {
	if n == nil {
		return nil, nil
	}
	var all []Threshold
	for _, p := range n.Pairs {
		if err := checkEach(p.Key.Text); err != nil {
			return nil, thresholdError(p.Key, p.Value, err)
		}
		for _, entry := range p.Value.Each() {
			t, expr := Threshold{Metric: p.Key.Text}, entry
			if entry.Kind == yamldoc.Map {
				expr = entry.Get("threshold")
				t.MinSamples = count(entry.Get("min_samples"), 0)
				t.AbortOnFail = strings.EqualFold(entry.Get("abort_on_fail").String(), "true")
				t.DelayAbortEval = duration(entry.Get("delay_abort_eval"), 0)
			}
			t.Expr = expr.Text
			t.Line, t.Column = expr.Position(0)
			for _, check := range checkers {
				if err := checkThreshold(check, t.Metric, t.Expr); err != nil {
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

// distribution is nil where there is none.
func distribution(n *yamldoc.Node) *Dist {
	if n == nil {
		return nil
	}
	d, _ := ParseDist(n.Text) // checked by the language
	return &d
}

func percent(n *yamldoc.Node, absent float64) float64 {
	if n == nil {
		return absent
	}
	v, _ := readPercent(n.Text) // checked by the language
	return v
}

func duration(n *yamldoc.Node, absent time.Duration) time.Duration {
	if n == nil {
		return absent
	}
	d, _ := readDuration(n.Text, maxDuration)
	return d
}
