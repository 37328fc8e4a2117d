// Package runstest makes runs for tests: graders at work, from a seed, without a
// clock or a network, and with the troubles that a test asks for.
//
//	Options ─▶ Grading ─▶ Run ─▶ analysis.Judge, or Save ─▶ a run file
//
// The same options give the same run. Import it from tests only.
package runstest
