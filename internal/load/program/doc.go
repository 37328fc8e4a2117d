// Package program turns a plan and a scenario into what virtual users can walk:
// it chooses a journey for each persona by evidence, applies what the scenario
// decides (only, repeat, set, think, log-in cadence), and resolves every name to
// an index and every part to a compiled template.
//
//	plan.Plan ─┐
//	           ├─▶ Compile ─▶ Program ─▶ vuser
//	scenario  ─┘
//
// A persona that calls the critical endpoints becomes one group for each journey
// that it takes to reach all of them.
//
// For each step it also works out what later steps need from its answer, so that
// an answer is only parsed when something in it is wanted, and only what is
// wanted is kept.
//
// A Program is immutable after Compile and shared by all virtual users. Compile
// is pure. Its errors name what a person can change and carry exit code 2, but
// *PlanError, which means that the plan and this program do not fit.
package program
