// Package front is what stands before a staging system, for tests: an authority
// that issues certificates, a TLS front that passes on to an application, and an
// outbound proxy.
//
//	replayer ─▶ Proxy (CONNECT, or forwarding) ─▶ Front (TLS, maybe client certificates) ─▶ application
//
// All of it is real, on loopback, and ends with its Close. It is imported by
// tests only.
package front
