// Package load replays a plan as a scenario wants it: many virtual users at once,
// each a person of their own, measured from the outside.
//
//	plan × scenario ─▶ Compile ─▶ Program ─▶ Run ─▶ Sink (samples, iterations, drops, users)
//	                                          └───▶ Outcome
//
// The floors below it: pace (when), wire (one request), program (what), vuser
// (one user), engine (all users), progress (what a person sees meanwhile). A
// caller needs this package, and wire for the connections' options.
//
// # Ends
//
// A run ends when its loads are over, or early: its context ends (a person), a
// value arrives on Config.Abort (a threshold), or the run sees for itself that
// going on is pointless: nobody ever got an answer, all first log-ins were
// refused, or a target that answered died. Outcome.End says which; Valid says
// whether the measurements mean anything.
//
// # Its own health
//
// A generator that cannot keep up measures itself. Outcome.Self says how late
// planned requests began, how long the garbage collector paused, how long
// goroutines waited for a processor, what share of the processors this process
// and the whole machine used, how many descriptors were open, and whether the
// wall clock stepped; Self.Overloaded is the verdict and names the cause. What a
// machine does not say (all but Linux say less) is 0 and judged nowhere.
//
// Times are offsets from Outcome.Start on the monotonic clock. A Sink is called
// from many goroutines and must not block; every value given to it is its own.
package load
