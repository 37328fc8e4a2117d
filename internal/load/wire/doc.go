// Package wire is what stands under a virtual user: it sends one request and
// measures what comes back.
//
//	vuser ─▶ Doer ─▶ Client ─▶ own connections ─▶ (proxy) ─▶ target
//
// A Client is one user's browser as the target sees it: its connections are its
// own, at most six to an origin, kept alive between requests. It speaks HTTP/1.1
// with a codec of its own, because the order and the spelling of header fields,
// the instants of sending and of the first byte, and the arrival of streamed
// events are part of what is replayed and measured. Buffers are held only while
// a request is under way: a thinking user costs its sockets.
//
// The way to a target is what Options say: whom TLS believes (Trust), an outbound
// proxy that is never asked for what stands on this machine, and addresses that
// stand in for names. The Host field and the TLS name stay those of the target.
//
// Do makes one attempt. It follows no redirects (each recorded request is a step
// of its own), keeps no cookies and repeats nothing: an *Error says whether
// another attempt would be safe. HTTP/2 will stand behind the same Doer.
//
// Times are from time.Now; sizes are bytes on the wire, heads included, before
// TLS. Answers are untrusted: a wrong one is a typed error, within the time-out.
//
// A Client may be used by several goroutines at once (parallel requests of one
// page). A Response belongs to the caller and is filled by one Do at a time.
package wire
