// Package endpoint turns recorded requests into kinds of request: method and
// path template, with the category and class that each kind belongs to, and says
// which requests are no part of a journey at all.
//
//	exchanges ─▶ endpoint ─▶ plan.Endpoint
//
// A template is decided segment by segment from the segment alone (a number, a
// UUID, a date, something unguessable is a parameter; a word is a word). It
// therefore never changes when more traffic is seen, and the template of a
// template is itself.
//
// A Table is not safe for concurrent use; the functions are pure.
package endpoint
