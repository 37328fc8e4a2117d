// Package analysis turns a run into a verdict: what broke first, whether the run
// counts at all, and every number beside what it is judged by.
//
//	runs.Reader, baseline.Baselines ─▶ Judge ─▶ verdict.Report ─▶ report
//
// Judge reads the samples once, in the order in which they were written, and
// keeps of each some 40 bytes: response and service times for exact percentiles.
// The same samples go, at their own times, through metric.Live, so that a
// threshold or target that broke says when it did, by the same rule as during the
// run. Nothing here reads a clock or a file; the same run gives the same report.
//
// # What is judged by what
//
//	thresholds     all samples of the run, as in k6
//	baselines      response times in hold phases, per category; not at another speed than recorded
//	concurrency    response times and errors in hold phases, by a run of that scenario with that many users
//	query budgets  every request
//
// No data is a failure: a threshold without samples, a category whose requests
// were never answered, a critical endpoint that was never called. A category that
// the run does not touch, or only while users ramp, is listed and not judged.
//
// Units: nanoseconds inside, milliseconds in the report. One goroutine per call.
package analysis
