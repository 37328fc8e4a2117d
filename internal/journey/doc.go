// Package journey turns recorded exchanges into a plan: who did what, how long
// they took to think, and where each value that they sent came from.
//
//	‖ recording ‖ ─▶ endpoint ─▶ session ─▶ compose ─▶ correlate, think ─▶ ‖ plan ‖
//
// Build is a pure pass over exchanges in the order of their start (a recording's
// own order). It needs no rules: see package correlate for how it finds what
// depends on what. What it cannot explain it says, in plan.Step.Literals and
// plan.Plan.Warnings.
//
// Build holds the exchanges in memory until it returns; answers are parsed for a
// bounded number of sessions per journey. The functions are safe for concurrent
// use on sequences of their own.
package journey
