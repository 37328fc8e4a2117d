// Package stage sets up what end-to-end tests have in common: a recording of
// people who use a school through the recorder.
//
//	people ─▶ recorder ─▶ school          (Record)
//
// It is imported by tests only.
package stage
