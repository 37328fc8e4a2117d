// Package verdict is what analysis found and report shows: the judged numbers of
// one run, with the warnings that belong to them.
//
//	runs ─▶ analysis ─▶ verdict.Report ─▶ report ─▶ md, html, json, junit
//
// The JSON of Report is the machine-readable report (docs/formats/report.md): fields are
// only ever added; Version counts changes of meaning. Durations are milliseconds
// as float64 where the name ends in MS, and time.Duration in nanoseconds otherwise.
package verdict
