// Package scenario is what a rehearsal is: who, how many, when, and judged how.
//
//	scenarios/*.yaml ─▶ scenario.Scenario ─┐
//	               plan.Plan ──────────────┼─▶ load ─▶ run
//
// A Scenario names its personas' journeys by evidence (which endpoints they
// contain), never by where they stand in a recording, so that the same file fits
// every recording that shows the behaviour. It is plain data: parsed strictly
// from YAML (an unknown key is an error with file, line and column), validated,
// and read-only afterwards.
//
// Durations are Go's ("90s", "10m"). The thresholds' grammar is k6's; package
// metric parses and evaluates it.
package scenario
