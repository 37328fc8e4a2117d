// Package people are teachers and students who use the school as the scripts of
// its pages do, over plain HTTP: they log in, look around, grade, take a quiz,
// hand in work.
//
//	people ─▶ recorder ─▶ school
//
// They are for recordings where no browser is at hand (the quickstart, tests).
// What they read they really use: a teacher grades a submission that her own
// gradebook lists. A Person is used by one goroutine.
package people
