// Command analyze judges runs: percentiles, errors and database queries beside
// their baselines.
package main

import (
	"os"

	"firedrill/cmd/analyze/command"
	"firedrill/internal/cli"
)

func main() { os.Exit(cli.Main(command.Root)) }
