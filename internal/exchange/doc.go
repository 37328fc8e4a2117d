// Package exchange is the first waist of the street: what happened on the wire
// between one client and one application, after redaction.
//
//	client ─▶ capture ─▶ ‖ exchange.Exchange ‖ ─▶ journey ─▶ plan …
//
// An Exchange is a plain value. It says what was seen and when; it draws no
// conclusion (no session, no endpoint, no persona), because whatever is derived
// here could never be derived better later.
//
// Units: every duration is in nanoseconds from the exchange's Start; sizes are
// bytes. An Exchange is immutable once it has been handed on: whoever wants to
// change one calls Clone first.
//
// Hazard: nothing in this package redacts. What is in an Exchange reaches the
// disk, so only package redact may turn live traffic into one.
package exchange
