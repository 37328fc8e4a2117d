// Package redact turns live messages into ones that may be kept: before the first
// byte reaches a disk on the recorder's side, before a live answer reaches a plan,
// report or log on the replayer's.
//
//	client ─▶ capture ─▶ redact ─▶ ‖ recording ‖
//	application ─▶ load ─▶ redact ─▶ reports, logs
//
// A Policy, a list of named rules, says what is secret and what it becomes. A
// secret becomes a token, "fd~" and 22 characters of a keyed hash: the same value
// gives the same token wherever it stands, so what belonged together can still be
// found, and nothing but the key leads back. An e-mail address becomes another
// valid address. Structure, numbers, enumerations and surrogate ids stay.
//
// What was once found to be secret is secret wherever it appears afterwards, also
// under an innocent name or inside a longer text. For that a Redactor remembers
// keyed hashes, never values, of the last 65,536 secrets: one that returns after
// more than that many others is judged by its name and form alone. While two
// secrets are in memory it also notes how one was made from the other
// (exchange.Relation), which no one could tell afterwards.
//
// A Redactor is safe for concurrent use. Exchange changes the exchange it is given
// and keeps none of it.
//
// Hazards. What is secret is told by names and by looks: a short secret under an
// innocent name that was never seen under a telling one stays. JSON and html that
// break off lose what follows the break, because names there cannot be read. Bodies
// that are not text are left out. Two different values share a token once in 2^64
// pairs or so.
package redact
