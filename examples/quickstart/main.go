// Quickstart runs the whole loop on an embedded school, with nothing but Go:
//
//	school ─▶ recorder ─▶ replayer --scenario grading-rush ─▶ analyze report
//
// It prints each command as one would type it and runs that very command.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"firedrill/internal/cli"
)

func main() {
	var t tour
	flag.StringVar(&t.dir, "dir", "runs/quickstart", "folder for the recording, the run and the report")
	flag.DurationVar(&t.duration, "duration", 45*time.Second, "length of the replay")
	flag.IntVar(&t.teachers, "scale", 20, "teachers who grade at once")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "quickstart runs the whole loop on an embedded school: record, replay, report.\n\nflags:")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := t.run(ctx); err != nil {
		cli.Report(os.Stderr, "quickstart", err)
		os.Exit(cli.Code(err))
	}
}
