// Package recording keeps exchanges in a bbolt file and gives them back.
//
//	capture ─▶ redact ─▶ ‖ recording.Writer ─▶ file ─▶ recording.Reader ‖ ─▶ journey
//
// One file is one stretch of recording. Several files made with one pseudonym
// key are one recording set; OpenSet reads them as if they were one.
// docs/formats/recording.md describes the file for other programs.
//
// # Concurrency
//
// A Writer may be used from any number of goroutines; one goroutine of its own
// owns the database and commits in groups. A Reader and a Set may be read from
// several goroutines at once. A file that is being written is locked; Open gets a
// copy of it, as it stood at one commit, from its Writer, which gives copies to
// processes of the same user over a Unix socket.
//
// # Durability
//
// What Append accepted is on the disk after at most Options.Linger and one fsync.
// A process that is killed loses what was still queued and nothing else: the file
// opens, holds a prefix of what was appended, and says that it was not closed.
//
// # Nothing is lost silently
//
// What could not be stored is counted by cause (Writer.Lose counts what others
// could not capture), and the counts are in the file with every commit.
//
// # Units
//
// Sizes are bytes. Times are wall clock with nanoseconds, in UTC.
//
// # Hazards
//
// Nothing here redacts: what is appended is on the disk. Damaged files are
// answered with errors, but the file is mapped into memory: one that is cut
// while it is being read can only be noticed, not repaired.
package recording
