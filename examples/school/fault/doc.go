// Package fault makes the school worse on purpose, so that a rehearsal can be seen to notice it.
//
//	request ─▶ Enter (capacity) ─▶ Delay (stalls, slowness) ─▶ Fails? ─▶ handler (asks Naive)
//
// Routes go by the short names that the application gives them ("grade", "gradebook"). A [Config] says what is wrong,
// [Faults] does it. All methods may be called by any number of goroutines; every wait ends when its context does.
//
// Hazard: what is slowed or stalled keeps its place among the workers of Capacity, as it would in a real pool.
package fault
