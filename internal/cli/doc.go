// Package cli is the edge that the three commands share: exit codes and their
// precedence, signals, the one place that prints errors, and what a command may
// know of the terminal.
//
//	cmd/x/main.go ─▶ cli.Main ─▶ cobra command ─▶ drill
//
// An error anywhere in firedrill may implement ExitCode() int and Hint() string;
// cli finds both, however deep they are wrapped or joined. An error without a
// code is an internal error (1). What goes wrong before a command runs (flags,
// arguments, unknown commands) is wrong usage (2).
//
// Main may be called once per process at a time: it owns SIGINT and SIGTERM.
package cli
