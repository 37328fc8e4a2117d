// Package coding undoes content-codings of bodies that were seen on the wire, for
// looking into them: what is passed on to clients stays as it was.
//
//	bytes as transferred ─▶ Decode ─▶ content
//
// It is a pure function of its arguments and may be called from many goroutines.
// A bomb ends at the bound that the caller gives; a body that broke off gives what
// could be decoded of it.
package coding
