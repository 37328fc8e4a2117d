// Package responder is the fast target that benchmarks of load are run against:
// the test binary once more, as a process of its own, so that the CPU time that
// is reported is the client's alone.
//
//	func TestMain(m *testing.M) { responder.Main(); … }
//	addr := responder.Start(b, body)
//
// It answers every read with the same bytes and understands no HTTP: requests
// must fit into one write and follow one another. It is for tests only.
package responder
