// Package loop has no code of its own: its tests walk the whole street, from a
// recorded session to the school's own database, and look at both ends.
//
//	people ─▶ recorder ─▶ plan ─▶ replayer ─▶ school (its truth, its access log)
package loop
