// Command school is a school platform in small, to rehearse on. See package app for what it does, and --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"firedrill/examples/school/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
