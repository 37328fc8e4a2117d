// Package people are teachers, students and the office, who use the school as the
// scripts of its pages do, over plain HTTP: they log in, look around, search,
// grade, take a quiz, hand in work with files, plan lessons, have texts written,
// create courses.
//
//	people ─▶ recorder ─▶ school
//
// They are for recordings where no browser is at hand (the quickstart, tests).
// What they read they really use: a teacher grades a submission that her own
// gradebook lists. A Person is used by one goroutine.
package people
