// Package progress is what a person sees while a run is under way.
//
//	load.Run ─▶ Meter (counts, seconds) ─▶ View ─▶ Lines (terminal) or Line (everywhere else)
//
// A Meter is a load.Sink: it counts and never blocks. A painter looks at it at
// its own pace, so that events coalesce and a slow terminal never holds up the
// run. On a terminal a few lines are redrawn twice a second; without one, or in
// CI, there is a plain line after five seconds and then every ten.
//
// The formatting is pure; only Paint waits. A Meter is safe for concurrent use.
package progress
