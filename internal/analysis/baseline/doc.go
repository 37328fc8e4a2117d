// Package baseline is what a run's numbers are judged by: latency targets per
// category, concurrency targets, and query budgets per endpoint.
//
//	baselines.yaml ─▶ Parse ─▶ Baselines ─▶ analysis.Judge
//
// The file is for people to review, one line per category, target and endpoint:
//
//	latency:
//	  auth: {p50: 100ms, p95: 300ms, p99: 500ms}
//	concurrency:
//	  grading rush: {scenario: grading-rush, users: 20, p95: 1s, errors: 2%}
//	queries:
//	  "GET /api/v1/courses/{id}/gradebook": 12
//
// What a file does not mention keeps its default; a row set to `none` is not
// judged. Parsing is strict: an unknown key is an error with file, line and column.
// Values are plain and safe to read from several goroutines.
package baseline
