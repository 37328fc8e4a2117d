// Package drill is firedrill's use cases: record, plan, check, replay, report.
// It is the one place where the wings meet.
//
//	cmd/x ─▶ drill ─▶ capture, journey, load, analysis, report, stores
//
// Each use case is a function from an Options value and a context to a result;
// what a person should see while it works goes to an io.Writer that the caller
// gives. Errors carry the exit code and a hint (see package cli).
package drill
