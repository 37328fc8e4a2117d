// Package app is the school as a running application: its API, its pages, its log-ins, and what it says about itself.
//
//	client ─▶ net/http ─▶ endpoint (request id, query meter, faults, log-in, CSRF, role) ─▶ handler ─▶ store
//	                         └─▶ headers, access record ─▶ answer
//
// [Start] seeds the school, listens and serves until its context ends or [School.Close] is called; [School.Wait]
// returns when everything has stopped. It can be embedded: several schools in one process share nothing.
//
// Every request ends as one [Access], handed to Options.OnAccess and written to Options.AccessLog before the last byte
// of its answer leaves: a client that has read its answer finds it recorded. Durations run from the reading of the
// request's header to that moment. OnAccess is called from the goroutine of the request, many at once.
//
// Log-in. With Options.Auth "session" the API takes the cookie school_session, and every POST needs the session's CSRF
// token in X-CSRF-Token. With "jwt" the API takes "Authorization: Bearer" with a token that lives Options.AccessTTL, and
// no cookie; refresh tokens rotate. The pages use a session cookie in both cases: under "jwt" their script asks
// GET /session/token for a bearer token.
//
// What streams. POST /api/v1/ai/generate answers with server-sent events (start, delta many times, done), each flushed;
// its record is written before the last of them. While it runs it holds nothing but its place at the writing machine's
// gate: no lock, no worker of --capacity, no connection to the database. A text that breaks off, because the client left
// or because it was asked for (fault.Config.Cut), closes the connection without an end; its record says status 200 and
// code "client_gone" or "injected". Who finds no place is told 429 with Retry-After; see package writer for how often.
//
// What a request costs the database is constant in what it finds: the count in X-DB-Query-Count depends on the route, on
// how the request ends, and for two routes on what was sent: work handed in with files takes two statements more, a file
// for a unit plan one.
//
// With Options.Web the pages have an origin of their own; the API then answers that origin's preflights and refuses
// writes of any other origin.
package app
