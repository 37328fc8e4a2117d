// Package engine drives virtual users through a scenario's loads: k6's executors
// with k6's meaning.
//
//	pace (schedules) ─▶ Run ─▶ Walker.Iterate, one goroutine for each running user
//	                     │
//	                     └─▶ Hooks: iterations, dropped starts, numbers of users
//
// Two nested contexts end a run: soft ends the starting of iterations, hard cuts
// those that run. Each load has both of its own inside those of the run: its
// scheduled end is soft, and its graceful stop later is hard. A user who is to
// leave on a ramp-down may finish within the graceful ramp-down.
//
// In a closed load a user's iterations follow one another, or its pacing: then the
// tick is the intended start of the next one. An iteration that outlasts its tick
// is followed at once; the ticks that passed are counted (Iteration.Missed) and
// never made up for in a burst. A start offset is drawn anew each time a user comes.
//
// What was scheduled and could not start is a Drop, never a late start: an
// arrival without a free user, and iterations of a pool that were not begun in
// time. Arrivals create users as they need them, up to the greatest number; one that
// waits for its user to be made is meant to have started when it arrived.
//
// A Walker is used by one goroutine at a time. Hooks are called from many. Run
// returns when every goroutine that it started has ended.
package engine
