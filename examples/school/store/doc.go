// Package store keeps the school: its people, courses, quizzes and submissions, in SQLite or in PostgreSQL.
//
//	app ─▶ [store] ─▶ sqlcount ─▶ SQLite (a file, pure Go) or PostgreSQL (schema "school")
//
// One set of statements serves both, but for the one that looks up words: plain SQL with ? placeholders, rewritten to
// $1, $2 … where the database wants that; instants are whole milliseconds since 1970 in BIGINT, flags are 0 or 1, grades 0..100, averages floats of the
// same unit. SQLite has one connection that writes and several that read (WAL), so nothing waits for a lock that a
// transaction of this program holds.
//
// What can be found by its words lies in the table documents, beside which each database has its own full-text index:
// FTS5 (an extension of the SQLite driver that every connection registers; triggers keep the index up to date) or GIN
// over a generated tsvector. The words are cut out by [Words], so both find the same.
//
// Uploads are rows too: the bytes lie in a table of their own, so that nobody reads them by looking for a name.
//
// [Open] makes the tables and seeds them from a number: the same [Seed] makes the same rows, ids and secrets included.
// What is made afterwards gets ids from crypto/rand; numbers from a thousand million on. Seeded instants lie in the
// autumn term of 2025; whatever is newer happened since.
//
// A [Store] may be used by any number of goroutines. Reset empties it under everybody's feet: requests under way may
// then find nothing.
//
// Hazard: how many statements a method sends is part of its contract, because this application exists to be measured.
// No method's count depends on how many rows it finds, except the Naive variants, which exist to be found out.
package store
