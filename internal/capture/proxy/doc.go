// Package proxy stands between clients and applications and takes exchanges:
// a reverse proxy per target, and a forward proxy that opens TLS with a
// certificate authority of its own.
//
//	client ─▶ listener ─▶ goproxy ─▶ roundTrip ─▶ application
//	                                    │ tee
//	                                    ▼
//	                      flight ─▶ pipeline (decode, redact) ─▶ Options.Sink
//
// goproxy carries the traffic; exchanges are taken in its RoundTripper, so that
// one that failed is taken too. Bodies pass in the pieces in which they arrive
// and are copied on the way, up to a cap. Everything that costs time (undoing
// content-codings, redaction, storing) happens after the exchange is over, in
// goroutines of the pipeline. When these cannot keep up, clients are held back
// for Options.Patience, and after that exchanges are lost and counted.
//
// What the recorder keeps is the application's view: in reverse mode Host, Origin
// and Referer are rewritten before, and Location, Set-Cookie, CORS fields and
// absolute links in bodies after the tee, so that a browser that believes in http://127.0.0.1:8080 can use an
// application that believes in https://staging.example.org.
//
// # Known limits
//
// net/http keeps header fields by name: they are recorded in the order of their
// names, repeated ones in the order in which they came. Interim answers reach the
// client in plain HTTP and are only counted inside a CONNECT tunnel. Of protocols
// after an upgrade, only WebSocket passes. Its messages are kept when the
// connection ends: one that is open when the recorder is killed is lost.
//
// # Concurrency
//
// Options.Redact and then Sink are called from one goroutine, in the order in
// which exchanges were completed; Client from several; Lose from any. Shutdown
// waits for all of them.
package proxy
