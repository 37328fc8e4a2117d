package program

import (
	"cmp"
	"fmt"
	"strings"

	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

// usage gives its owner the exit code for wrong usage.
type usage struct{}

// ExitCode marks it as a matter of usage.
func (usage) ExitCode() int { return 2 }

// NoJourneyError says that the recording has no journey that fits a persona of
// the scenario, and what it has.
type NoJourneyError struct {
	usage
	Scenario  string
	File      string
	Line      int
	Persona   string // of the scenario
	Selector  scenario.Selector
	Recording string
	Journeys  []Found // what the recording has, heaviest first
}

// Found is a journey that a recording has.
type Found struct {
	Name, Persona string
	Sessions      int
	Marks         []string
	Endpoints     []string // each once, in order of the steps
}

func (e *NoJourneyError) Error() string {
	return fmt.Sprintf("%spersona %q needs a journey with %s, and %s has none", place(e.File, e.Line), e.Persona, describe(e.Selector), cmp.Or(e.Recording, "the recording"))
}

// place is "file:line: ", as far as it is known.
func place(file string, line int) string {
	switch {
	case file == "":
		return ""
	case line == 0:
		return file + ": "
	}
	return fmt.Sprintf("%s:%d: ", file, line)
}

// Hint lists what the recording has.
func (e *NoJourneyError) Hint() string {
	if len(e.Journeys) == 0 {
		return "the recording has no journey at all: record a session of this persona first"
	}
	var b strings.Builder
	b.WriteString("the recording has:\n")
	for _, j := range e.Journeys {
		fmt.Fprintf(&b, "  %s (persona %s, %s", j.Name, cmp.Or(j.Persona, "unknown"), plural(j.Sessions, "session"))
		if len(j.Marks) > 0 {
			fmt.Fprintf(&b, ", marks %s", strings.Join(j.Marks, ", "))
		}
		b.WriteString(")\n")
		for _, name := range j.Endpoints {
			fmt.Fprintf(&b, "      %s\n", name)
		}
	}
	b.WriteString("record a session that does this, or name another journey in the scenario")
	return b.String()
}

func describe(s scenario.Selector) string {
	var parts []string
	if s.Name != "" {
		parts = append(parts, fmt.Sprintf("the name %q", s.Name))
	}
	if s.Persona != "" {
		parts = append(parts, fmt.Sprintf("persona %q", s.Persona))
	}
	parts = append(parts, s.Has...)
	for _, pattern := range s.Lacks {
		parts = append(parts, "no "+pattern)
	}
	if s.Mark != "" {
		parts = append(parts, fmt.Sprintf("the mark %q", s.Mark))
	}
	if len(parts) == 0 {
		return "any steps"
	}
	return strings.Join(parts, " and ")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// NotAllowedError says that a journey holds steps of a class that was not allowed.
type NotAllowedError struct {
	usage
	Persona, Journey string
	Classes          []plan.Class
	Steps            []string // "destructive: DELETE /api/v1/courses/{id}"
	ByScenario       bool     // the scenario itself says that it needs them
}

func (e *NotAllowedError) Error() string {
	return fmt.Sprintf("persona %q would walk %q, which has steps that were not allowed: %s", e.Persona, e.Journey, strings.Join(e.Steps, "; "))
}

// Hint names the flag.
func (e *NotAllowedError) Hint() string {
	var names []string
	for _, c := range e.Classes {
		names = append(names, string(c))
	}
	flag := strings.Join(names, ",")
	if e.ByScenario {
		return fmt.Sprintf("the scenario needs them: allow them with --allow %s if the target may take it", flag)
	}
	return fmt.Sprintf("allow them with --allow %s, leave their endpoints out in the overlay, or choose another journey", flag)
}

// NoStepError says that a pattern of the scenario fits no step of the chosen journey.
type NoStepError struct {
	usage
	Persona, Journey string
	Key              string // "only", "repeat", "rendezvous", "set"
	Pattern          string
	Have             []string // what there is: endpoints, or fields
}

func (e *NoStepError) Error() string {
	what := "step"
	if e.Key == "set" {
		what = "field"
	}
	return fmt.Sprintf("persona %q: %s: %q is no %s of journey %q", e.Persona, e.Key, e.Pattern, what, e.Journey)
}

// Hint lists what there is.
func (e *NoStepError) Hint() string {
	if len(e.Have) == 0 {
		return "the journey has none"
	}
	return "it has: " + strings.Join(e.Have, ", ")
}

// ExecutorError says that a persona's load cannot be driven.
type ExecutorError struct {
	usage
	Persona, Why string
}

func (e *ExecutorError) Error() string { return fmt.Sprintf("persona %q: load: %s", e.Persona, e.Why) }

// PlanError says that a plan does not hold together.
type PlanError struct {
	Journey, Step, At string
	Err               error
}

func (e *PlanError) Error() string {
	s := fmt.Sprintf("the plan's journey %q, step %s", e.Journey, e.Step)
	if e.At != "" {
		s += ", " + e.At
	}
	return s + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *PlanError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *PlanError) Hint() string {
	return "make the plan anew from the recording (replayer plan), and look whether the overlay fits it"
}
