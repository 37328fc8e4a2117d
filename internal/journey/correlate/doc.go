// Package correlate finds, for every value in a journey's requests, where it
// came from. Nobody writes rules: the recorded sessions are the evidence.
//
//	compose.Group ─▶ correlate ─▶ slots, picks, literals of plan.Steps
//
// # How
//
// Each place in a request that might hold a value (a position) has been recorded
// several times: by session and by turn of its loops. For each recorded value the
// earlier answers of that session are searched; whatever part held it is a
// hypothesis "this position is filled from that part". A hypothesis is judged by
// how well it predicts all recorded values of the position, in bits: the less it
// leaves to chance, the better. Against it stand the hypotheses that the value is
// a constant, was typed by a person, made by the client, or is the time.
//
//   - A value that says much (a token, a UUID) is found nowhere by accident; a
//     small number is, so it needs names that fit (/courses/17 ← courses[].id).
//   - What was in an answer only after the value had first been used is an echo:
//     never the reason.
//   - An element of a list costs as many bits as the choice among its elements,
//     unless a rule (the next one, those with status "submitted") explains it.
//     Several values from one element are one choice.
//   - What holds for one account may be chance; each further account counts.
//
// Nothing here knows an application. Names matter by likeness to other names.
//
// Find is pure and deterministic. It looks at a bounded number of sessions and
// turns per journey (Options), so that its cost does not grow with the recording.
package correlate
