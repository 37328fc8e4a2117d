// Package analysis turns a run into a verdict: what broke first and why, whether
// the run counts at all, and every number beside what it is judged by.
//
//	runs.Reader, baseline.Baselines ─▶ Judge ─▶ verdict.Report ─▶ report
//
// Judge reads the samples in the order in which they were written, and keeps of
// each some 40 bytes: response and service times for exact percentiles. The same
// samples go, at their own times, through metric.Live, so that a threshold or target
// that broke says when it did, by the same rule as during the run. Where something
// broke it reads them once more, to say why. Nothing here reads a clock or a file;
// the same run gives the same report.
//
// # What is judged by what
//
//	thresholds     all samples of the run, as in k6, unless they name a phase; with a window, each window
//	steps          each hold phase on its own, where the scenario asks how many users are carried
//	recovery       windows that begin after the flood: the first that hold and go on holding
//	drift          a line through equal windows of the hold phases (package drift)
//	baselines      response times in hold phases, per category; not at another speed than recorded
//	concurrency    response times and errors in hold phases, by a run of that scenario with that many users
//	query budgets  every request
//
// Of a scenario of steps, baselines and thresholds are judged by the steps that must
// hold: what breaks above is the answer that the scenario was run for, and no
// failure. The flood that a target shall recover from, and the time that it has for
// it, do not count for baselines. A scenario whose users are never steady is judged
// as a whole.
//
// Users who are refused at the log-in, or whose iterations come to nothing, are no
// load: they are taken off every number of users, a level that lacks more than one
// in twenty is not that level, and a run that lacks as many for their accounts' sake
// does not count.
//
// No data is a failure: a threshold without samples, a category whose requests
// were never answered, a critical endpoint that was never called, a step that must
// hold and was not reached, a run too short for a trend. A category that the run
// does not touch, or only while users ramp, is listed and not judged.
//
// # Why it broke
//
// A stall is the cause of what would have held without the requests that waited in
// it: they are left out and it is computed again. Of endpoints, the one is named
// whose own work takes long, and not those that wait for it in the same queue
// (blame says how that is told apart). Causes stand before what they caused.
//
// Units: nanoseconds inside, milliseconds in the report. One goroutine per call.
package analysis
