// Package queries judges how many database queries one request causes.
//
//	sample.Sample ─▶ Tally ─▶ verdict.Queries
//
// Counts are exact numbers, not noisy ones: a single request above its budget is
// a finding. Unknown is never zero: a request whose answer did not say how many
// queries it caused is counted apart. Units: queries per request, nanoseconds.
package queries
