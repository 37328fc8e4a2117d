// Package runs keeps what a run measured: one bbolt file per run, written while
// the run lasts and readable at any moment after.
//
//	load, metric ─▶ Writer ─▶ runs/2026-11-23-0900-grading-rush-x7k2.db ─▶ Reader ─▶ analysis
//
// The file holds the manifest (what was to be run) as JSON, samples, iterations
// and events in blocks of protocol-buffer records compressed with zstd,
// one-second histograms per endpoint, and at the end the ending. docs/formats/run.md
// and run.proto describe it.
//
// # Crash safety
//
// A Writer commits at least once a second, and a commit is synced. A process that
// is killed at any moment leaves a file that opens and holds all that was
// committed; it has no Ending, which is how a reader knows.
//
// # Concurrency
//
// Writer's Sample, Iteration, Drop and Users may be called from any number of
// goroutines: they copy the value into a buffer and return. One goroutine of the
// Writer's own compresses and commits; Close waits for it. Only when MaxBuffered
// bytes wait for the disk do producers wait too, and that is counted, because a
// run whose generator waited for its own disk is not a measurement.
//
// A Reader is for one goroutine at a time; values that its iterators yield are
// valid until the next is asked for.
//
// # Hazards
//
// bbolt locks a file while it is written: reading a run under way gives a
// *FormatError that says so. The file is memory-mapped: do not truncate it while
// it is open.
package runs
