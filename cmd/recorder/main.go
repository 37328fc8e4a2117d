// Command recorder records what people do with a web application: it stands
// between their browsers and the application and keeps every exchange, redacted,
// in a file.
package main

import (
	"os"

	"firedrill/cmd/recorder/command"
	"firedrill/internal/cli"
)

func main() { os.Exit(cli.Main(command.Root)) }
