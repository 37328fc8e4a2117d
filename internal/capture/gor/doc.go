// Package gor reads the files that GoReplay writes (.gor, .gor.gz).
//
//	traffic.gor ─▶ Open ─▶ exchanges ─▶ redact ─▶ recording
//
// A file is a sequence of records, parted by a line of three monkeys. The first
// line of a record says what it is (1 a request, 2 the answer to it, 3 the answer
// to a replay, which is left out), which exchange it belongs to, and when it was,
// in nanoseconds since 1970; what follows is raw HTTP/1.1. Requests and answers
// may stand in any order.
//
// What is read is raw: it must pass redact before it reaches a disk. Requests wait
// in memory for their answers; one whose answer does not come within maxWaiting
// bytes of others is given without one, as a failure.
//
// GoReplay sees one leg of a connection that may have been secure before it: an
// exchange is https only where X-Forwarded-Proto says so. It cuts long bodies
// silently: a body that is shorter than its head says is marked as cut.
package gor
