// Package queryfact is what is known of the database queries that requests
// caused: how many, how long, which statements, and how exactly it is known.
//
//	dbwatch ─▶ ‖ queryfact.Fact ‖ ─▶ runs ─▶ analysis
//
// Unknown is never zero: a request without a Fact had no data. Two sources are
// never mixed in one comparison. No literal of a statement is ever kept.
package queryfact
