// Package writer is the school's writing machine: it decides who may have a text now, what the text says, and when
// each piece of it arrives.
//
//	app ─▶ [Gate] (429 or a place) ─▶ [Writer] ─▶ [Script]: pieces and their times ─▶ app sends them
//
// There is no model behind it. A text is drawn from the school's seed and from how many were written before it, so one
// seed and one order of requests give the same texts, the same lengths and the same times.
//
// How busy it gets. A text takes Time on average times 1.05 (drawn uniformly between 0.6 and 1.5 times Time): 4.2 s at
// 4 s. With N teachers who each pause for Z between two texts, one who asks finds the K places of [DefaultConcurrent]
// taken with the probability that Engset gives for N-1 others and a = 4.2 s / Z:
//
//	B = C(N-1, K) a^K / Σ(k = 0..K) C(N-1, k) a^k
//
// For N = 15 and K = 8: pauses of 10 to 20 s (Z = 15 s, a = 0.28) give 0.4 %; a text begun every 10 to 20 s (Z = 10.8 s,
// a = 0.39) gives 1.6 %. Seven places would give 1.5 % and 4.7 %, but 15 teachers who all sit down in the same second
// stay in step for a while: scenario ai-gateway with all 15 from the start had 11 of 74 refused in 80 s at seven places
// and 1 of 62 at eight, and none in its full length, where they come one by one. With those who come again when told
// to it becomes 0.6 to 2.5 % (TestFifteenTeachers). So 15 busy teachers meet some refusals, and fewer than
// one in ten. The other limit, [DefaultPerMinute] per teacher, is for somebody who does not pause: a text every 10 s is
// 6 in a minute.
//
// A [Gate] and a [Writer] may be used by any number of goroutines.
package writer
