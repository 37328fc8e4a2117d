// Package vuser is one virtual user: a person with an account, a browser of
// their own and a random stream of their own, who walks a journey.
//
//	engine ─▶ User.Iterate ─▶ wire.Doer ─▶ target
//	              │
//	              └─▶ sample.Sample, one for each attempt
//
// A Run is what the users of one persona share; it is read-only while they run.
// A User belongs to one goroutine: Iterate walks one iteration and returns how
// it ended. Requests that were recorded as parallel are sent concurrently inside
// Iterate, which waits for all of them.
//
// # A choice that led to nothing
//
// Where a list holds nothing to choose (a course in which nothing is left to
// grade), the choice that led to the list is made again, without what was chosen,
// and the user goes on from the step that first used it: a few times in an
// iteration, before it counts as starved. Nothing that writes is sent twice for
// it, and a list that was worked off in a loop is no such case.
//
// # Meeting and coming back
//
// Before a step that is a rendezvous a user waits until all who are here have
// come, or the first to come has waited long enough; the instant at which they go
// on is the intended start of the step, so the wait is no latency. Who is here is
// told by Run.Here. A user who is told to come back later (429, or 503 with
// Retry-After) does so where the scenario says: each attempt has a sample of its
// own, meant to start when the wait was over.
//
// # Randomness
//
// Everything that a user draws comes from (seed, user number, iteration): each
// step and each choice gets a stream of its own, handed out in the journey's
// order, so that with one seed two runs make the same steps, draws and generated
// values per user, in order, whatever the timing and whatever runs in parallel.
//
// # What is kept
//
// Of an answer only what later steps need is kept, as copies. Accounts and live
// values exist in memory only and are never logged; reasons for ended iterations
// name parts, steps and accounts by number, never a value.
//
// Times in samples are offsets from Run.Start.
package vuser
