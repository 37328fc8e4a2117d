// Package sample is the third waist of the street: what was measured, one value
// for each request that a virtual user sent or meant to send.
//
//	load ─▶ ‖ sample.Sample ‖ ─▶ metric, runs ─▶ analysis ─▶ report
//
// # Times
//
// All times are nanoseconds from the run's start on the generator's monotonic
// clock. Intended is when the request should have started: the schedule (an
// arrival, a pacing tick) for the first step of an iteration, and for every other
// step the end of the answer that the user waited for plus the drawn think time.
//
//	ResponseTime = End − Intended   what a person waited; connect and TLS included; baselines judge this
//	Duration     = Sending + Waiting + Receiving   k6's http_req_duration, for comparison with other tools
//
// Both are kept. Nothing is ever back-filled: a request that was not sent is a
// dropped start (see Drop), not a Sample.
//
// Names (endpoint, persona, journey, phase) are indexes into Names, which is kept
// with the run. A Sample holds no text from the traffic.
package sample
