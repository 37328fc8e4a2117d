// Package session puts the exchanges of one person's visit together: by what
// the client holds (session cookies, bearer tokens, whatever an answer gave it
// and it later showed), not by its address. Two people behind one address come
// apart; one person keeps her session when the cookie is renamed or renewed at
// the log-in.
//
//	exchanges ─▶ session ─▶ compose, correlate
//
// Group is a pure pass; every exchange it is given is in exactly one Session.
// Sessions end at a log-out, at a log-in of another account, and where nothing
// happened for longer than the idle gap.
//
// An Event parses its messages when first asked; it is not safe for concurrent use.
package session
