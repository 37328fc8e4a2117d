// Package report shows a verdict: as text for a terminal, Markdown for a review,
// JSON for machines, JUnit XML and GitHub's annotations for CI, a page of HTML, and
// as the baselines document that a project commits.
//
//	verdict.Report ─▶ Text, Markdown, JSON, JUnit, GitHub, HTML, Baselines ─▶ people, CI
//
// Every writer is a pure function of the report: nothing here judges, reads a
// clock or a file, and the same report gives the same bytes. docs/formats/report.md
// describes the JSON, which others may build on; the other formats are for people
// and may change.
//
// Names of endpoints and reasons come from traffic: each writer escapes them for
// its format. Functions may be called concurrently.
package report
