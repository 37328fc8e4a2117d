// Package pgtest gives a test a PostgreSQL of its own, from the programs that are installed on the machine.
//
//	test ─▶ [Start] ─▶ initdb, pg_ctl (as user postgres when the test runs as root) ─▶ a data source name
//
// Each call makes a new cluster in a temporary directory, listening on a free port of the loopback interface, and ends
// it with the test: about a second and a half. Start may be called by tests that run in parallel.
//
// Hazard: nothing in the cluster is safe (no fsync, no password); it is for tests.
package pgtest
