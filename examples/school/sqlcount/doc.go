// Package sqlcount counts the statements that reach a database on behalf of one request, and the time spent on them.
//
//	request ─▶ WithMeter(ctx) ─▶ store ─▶ database/sql ─▶ [sqlcount driver] ─▶ SQLite or PostgreSQL
//
// A [Connector] wraps any driver.Connector. The request's [Meter] travels in the context that the store hands to
// database/sql, so that counts stay right at any concurrency and over any pool.
//
// What counts: every Query and every Exec, one each, also when it fails, and also inside a transaction. What does
// not: BEGIN, COMMIT, ROLLBACK, preparing a statement, pings, and whatever is run with a context that has no meter
// (seeding, reset). Time is the sum of what the calls into the driver took, fetching of rows included; waiting for a
// free connection of the pool is not in it.
//
// A Meter may be used by several goroutines at once.
package sqlcount
