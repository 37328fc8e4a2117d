// Package arch holds the rules of the street: which package may import which,
// what pure packages may not touch, and how long a file, a function and a main
// may be. It contains nothing but tests.
//
// The rules are data (rules_test.go), each with its reason, and so are the
// exceptions. A rule that is in the way of something good is changed there, in
// one commit that says why.
//
// The checker reads source files only: it needs no build, no network and no
// module cache. Test files may import what they like; they are not part of the street.
package arch
