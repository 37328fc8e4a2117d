// Package ci has no code of its own: its tests run ci/smoke.sh as a pipeline does,
// against schools that are well and schools that are not, and read what it leaves:
//
//	school ◀─ ci/smoke.sh ─▶ exit code, reports, history, summary, annotations, outputs
//
// They also hold the action and the workflow to the rules that keep a pipeline safe.
package ci
