// Package compose finds what sessions have in common: it orders a session's
// requests so that chance does not show, folds repeated runs into loops, and
// puts sessions of one persona and one shape together.
//
//	sessions ─▶ compose ─▶ Group: steps × recorded occurrences ─▶ correlate
//
// A shape is a tree of endpoints and loops without the number of turns: a
// teacher who graded three submissions and one who graded five walked the same
// way. Folding is a pure function of the sessions; it keeps every event once.
package compose
