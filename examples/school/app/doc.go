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
// With Options.Web the pages have an origin of their own; the API then answers that origin's preflights and refuses
// writes of any other origin.
package app
