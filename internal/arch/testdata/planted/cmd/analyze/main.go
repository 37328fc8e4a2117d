// Command analyze is planted.
package main

import (
	"os"

	"planted/cmd/analyze/command"
	"planted/internal/cli"
)

// main is as long as one line too many.
func main() {
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	_ = 0
	os.Exit(cli.Main(command.Root))
}
