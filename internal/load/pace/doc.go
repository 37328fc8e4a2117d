// Package pace decides when things happen in a run: pure schedules of users and
// arrivals, think times drawn from distributions, the run's phases, and the one
// clock that everybody in load waits on.
//
//	scenario.Load ─▶ Steps, Arrivals, Phases ─▶ engine
//	plan.Think ─▶ Draw ─▶ vuser
//
// Schedules follow k6's executors to the letter: ramps are linear and change at
// the instants at which k6 changes; arrivals are evenly spaced; a ramping
// arrival rate places the i-th arrival where the area under the rate reaches i.
//
// With Poisson the gaps between arrivals are drawn. Whatever is drawn comes from a
// Stream with a key of its own, so that a seed gives the same schedule every time.
//
// Everything but the clocks is a pure function of its arguments. Times are offsets
// from the load's own start unless said otherwise. All waits are until absolute
// times: relative sleeps add up their overshoot and drift.
package pace
