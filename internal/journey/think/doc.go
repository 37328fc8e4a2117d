// Package think measures how long people took: from the end of the answer they
// were waiting for to their next request. Requests that overlapped are parallel
// and wait for the same answer.
//
//	session events ─▶ think ─▶ plan.Think
//
// What is waited for is the answer that ended last before the request began: a
// browser's script or a person can only have acted on what was there. All
// functions are pure; times are wall-clock times of one recorder.
package think
