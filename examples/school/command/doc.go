// Package command is the command line of the school: flags in, a running school, an exit code out.
//
//	main ─▶ [command] ─▶ app.Start
//
// Results go to stdout, complaints to stderr. Exit codes: 0 stopped as asked, 1 an error, 2 wrong usage.
package command
