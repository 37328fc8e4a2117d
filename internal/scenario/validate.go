package scenario

import (
	"fmt"
	"math"
	"slices"
	"time"

	"firedrill/internal/yamldoc"
)

// fault is something that only the meaning of a scenario tells. path leads to the
// node that is at fault: keys by name, entries of a list by number.
type fault struct {
	path []any // string or int
	key  bool  // the key itself is at fault, not its value
	why  string
	fix  string
}

// at is the fault as an error at its place in the file.
func (f *fault) at(root *yamldoc.Node) *yamldoc.Error {
	n := root
	for i, step := range f.path {
		var next *yamldoc.Node
		switch step := step.(type) {
		case string:
			next = n.Get(step)
			if f.key && i == len(f.path)-1 {
				next = n.Key(step)
			}
		case int:
			if each := n.Each(); step < len(each) {
				next = each[step]
			}
		}
		if next == nil {
			break
		}
		n = next
	}
	return n.Errorf(f.why, f.fix)
}

// Validate checks what the fields of a scenario mean together, as Parse does:
// for scenarios that were made or changed in memory. The error is a *ParseError
// whose line is that of the persona.
func (s *Scenario) Validate() error {
	if err := s.complete(); err != nil {
		return err
	}
	f := s.check()
	if f == nil {
		return nil
	}
	e := &ParseError{File: s.File, Line: 1, Column: 1, Why: f.why, Fix: f.fix}
	if len(f.path) > 1 && f.path[0] == "personas" {
		for _, p := range s.Personas {
			if p.Name == f.path[1] {
				e.Line = max(p.Line, 1)
			}
		}
	}
	return e
}

// complete checks what the language guarantees for a file.
func (s *Scenario) complete() error {
	bad := func(line int, why string) error {
		return &ParseError{File: s.File, Line: max(line, 1), Column: 1, Why: why}
	}
	if t := checkName(s.Name); t != nil {
		return bad(1, "name: "+t.Why)
	}
	if len(s.Personas) == 0 {
		return bad(1, "no personas")
	}
	for i, p := range s.Personas {
		switch {
		case checkKey(p.Name) != nil:
			return bad(p.Line, fmt.Sprintf("%q is not a name for a persona", p.Name))
		case slices.ContainsFunc(s.Personas[:i], func(q Persona) bool { return q.Name == p.Name }):
			return bad(p.Line, fmt.Sprintf("persona %q stands here twice", p.Name))
		case p.Login != LoginOnce && p.Login != LoginEach:
			return bad(p.Line, fmt.Sprintf("personas.%s.login cannot be %q", p.Name, p.Login))
		case !slices.ContainsFunc(executorCases(), func(c yamldoc.Case) bool { return c.Value == string(p.Load.Executor) }):
			return bad(p.Line, fmt.Sprintf("personas.%s.load.executor cannot be %q", p.Name, p.Load.Executor))
		}
	}
	return nil
}

// check returns the first thing that is wrong with the meaning of the scenario, or nil.
func (s *Scenario) check() *fault {
	for i, a := range s.Aliases {
		if a == s.Name {
			return &fault{path: []any{"aliases", i}, why: fmt.Sprintf("the alias %q is the scenario's own name", a), fix: "remove it"}
		}
	}
	for _, p := range s.Personas {
		if f := p.check(); f != nil {
			f.path = append([]any{"personas", p.Name}, f.path...)
			return f
		}
	}
	return s.Recovery.check()
}

// check returns what is wrong with a recovery; nothing where there is none.
func (r *Recovery) check() *fault {
	bad := func(key, why, fix string) *fault {
		return &fault{path: []any{"recovery", key}, why: "recovery." + key + " " + why, fix: fix}
	}
	switch {
	case r == nil:
		return nil
	case r.After == "":
		return bad("after", "names no phase", "write the phase, such as step 2")
	case len(r.Thresholds) == 0:
		return bad("thresholds", "are none", "write what a target that is well again satisfies")
	}
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"within", r.Within}, {"window", r.Window}, {"keep", r.Keep}} {
		if d.d < time.Second {
			return bad(d.key, fmt.Sprintf("is %s and must be at least 1s", FormatDuration(d.d)), "a shorter time measures nothing")
		}
	}
	return nil
}

func (p Persona) check() *fault {
	where := "personas." + p.Name
	if p.Critical && (p.Journey.given() || len(p.Only)+len(p.Repeat)+len(p.Gather) > 0) {
		return &fault{path: []any{"critical"}, key: true, why: where + ".critical stands beside what chooses its own steps", fix: "remove journey, only, repeat and rendezvous"}
	}
	if !p.Critical && !p.Journey.given() {
		return &fault{path: []any{"journey"}, why: where + ".journey says nothing about the journey", fix: "give at least one of persona, has, name, mark"}
	}
	for i, endpoint := range p.Journey.Lacks {
		if slices.Contains(p.Journey.Has, endpoint) {
			return &fault{path: []any{"journey", "lacks", i}, why: fmt.Sprintf("%s.journey has and lacks %q", where, endpoint), fix: "remove one of the two"}
		}
	}
	for i, r := range p.Repeat {
		if slices.ContainsFunc(p.Repeat[:i], func(q Repeat) bool { return q.Step == r.Step }) {
			return &fault{path: []any{"repeat", i, "step"}, why: fmt.Sprintf("%s.repeat names %q twice", where, r.Step), fix: "remove one of the two"}
		}
	}
	for i, g := range p.Gather {
		if slices.ContainsFunc(p.Gather[:i], func(q Gather) bool { return q.Step == g.Step }) {
			return &fault{path: []any{"rendezvous", i, "step"}, why: fmt.Sprintf("%s.rendezvous names %q twice", where, g.Step), fix: "remove one of the two"}
		}
		if g.Within <= 0 {
			return &fault{path: []any{"rendezvous", i, "within"}, why: where + ".rendezvous.within must be above zero", fix: "write how long the first to come waits, such as 30s"}
		}
	}
	if p.Retry.Times > 0 && p.Retry.Longest <= 0 {
		return &fault{path: []any{"retry", "longest"}, why: where + ".retry.longest must be above zero", fix: "write the longest Retry-After that is waited for, such as 60s"}
	}
	if f := p.Load.check(where + ".load"); f != nil {
		f.path = append([]any{"load"}, f.path...)
		return f
	}
	return nil
}

// given reports whether the selector says anything.
func (s Selector) given() bool {
	return s.Persona != "" || len(s.Has)+len(s.Lacks) > 0 || s.Name != "" || s.Mark != ""
}

// check returns what is wrong with the numbers of a load, k6's rules among them.
func (l Load) check(where string) *fault {
	bad := func(key, why, fix string) *fault {
		return &fault{path: []any{key}, why: fmt.Sprintf("%s.%s %s", where, key, why), fix: fix}
	}
	short := func(key string, d time.Duration) *fault {
		if d >= time.Second {
			return nil
		}
		return bad(key, fmt.Sprintf("is %s and must be at least 1s", FormatDuration(d)), "a shorter load measures nothing")
	}
	var f *fault
	switch l.Executor {
	case ConstantVUs:
		f = short("duration", l.Duration)
	case RampingVUs, RampingArrivalRate:
		f = l.checkStages(bad)
	case SharedIterations:
		f = short("max_duration", l.MaxDuration)
		if f == nil && l.Iterations < l.VUs {
			f = bad("iterations", fmt.Sprintf("is %d, fewer than the %d users that share them", l.Iterations, l.VUs), "give each user at least one iteration")
		}
	case PerVUIterations:
		f = short("max_duration", l.MaxDuration)
		if f == nil && l.Iterations < 1 {
			f = bad("iterations", "must be at least 1", "")
		}
	case ConstantArrivalRate:
		f = short("duration", l.Duration)
		if f == nil && !(l.Rate > 0) {
			f = bad("rate", "must be above zero", "write how many iterations start per time_unit")
		}
	case AsRecorded:
		if l.Duration != 0 {
			f = short("duration", l.Duration)
		}
	}
	if f == nil {
		f = l.checkUsers(bad)
	}
	return f
}

func (l Load) checkUsers(bad func(key, why, fix string) *fault) *fault {
	switch l.Executor {
	case ConstantVUs, SharedIterations, PerVUIterations:
		if l.VUs < 1 || l.VUs > maxCount {
			return bad("vus", fmt.Sprintf("is %d and must be from 1 to %d", l.VUs, maxCount), "")
		}
	case ConstantArrivalRate, RampingArrivalRate:
		switch {
		case l.PreAllocatedVUs < 1:
			return bad("pre_allocated_vus", "must be at least 1", "")
		case l.MaxVUs < l.PreAllocatedVUs:
			return bad("max_vus", fmt.Sprintf("is %d, fewer than pre_allocated_vus %d", l.MaxVUs, l.PreAllocatedVUs), "raise it, or leave it out")
		case l.TimeUnit <= 0:
			return bad("time_unit", "must be above zero", "write 1s or 1m")
		}
	}
	return nil
}

func (l Load) checkStages(bad func(key, why, fix string) *fault) *fault {
	if len(l.Stages) > maxStages {
		return bad("stages", fmt.Sprintf("are %d, more than %d", len(l.Stages), maxStages), "")
	}
	top := l.StartRate
	if l.Executor == RampingVUs {
		top = float64(l.StartVUs)
	}
	for i, s := range l.Stages {
		if l.Executor == RampingVUs && s.Target != math.Trunc(s.Target) {
			f := bad("stages", fmt.Sprintf("has the target %s, which is not a whole number of users", plainNumber(s.Target)), "write whole users; rates belong to ramping-arrival-rate")
			f.path = []any{"stages", i, "target"}
			return f
		}
		top = max(top, s.Target)
	}
	switch length := l.Length(); {
	case length < time.Second:
		return bad("stages", fmt.Sprintf("last %s together and must last at least 1s", FormatDuration(length)), "a shorter load measures nothing")
	case length > maxDuration:
		return bad("stages", fmt.Sprintf("last longer than %s", FormatDuration(maxDuration)), "")
	case !(top > 0):
		return bad("stages", "never rise above zero", "give one of them a target")
	}
	return nil
}
