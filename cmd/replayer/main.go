// Replayer turns recorded sessions into the school's worst days and measures
// how the platform answers.
//
//	scenario + recording ─▶ journeys ─▶ virtual users ─▶ target ─▶ runs/*.db
package main

import (
	"os"

	"firedrill/cmd/replayer/command"
	"firedrill/internal/cli"
)

func main() { os.Exit(cli.Main(command.Root)) }
