// Package plan is the second waist of the street: what shall be sent, derived
// from recordings and free of any recorded person.
//
//	recording ─▶ journey ─▶ ‖ plan.Plan ‖ ─▶ load ─▶ run
//
// A Plan holds journeys. A journey is what sessions of one shape have in
// common: steps in order, and for each step its request, the places in it that
// are filled anew (slots) with where each value comes from, the shape of the
// answer that is expected, and the think time before it.
//
// A plan is derived and can be made again at any time. What a person decides
// about it lives in an Overlay, which is applied to each new plan.
//
// Parts of messages are named by the grammar of package message, as strings.
// Durations are time.Duration and print as "1.5s". Everything is plain data:
// a Plan may be copied by value but its slices are shared; treat it as read-only
// once it has left package journey.
package plan
