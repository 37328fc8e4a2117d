// Package command reaches around drill, and into another command.
package command

import (
	"planted/cmd/recorder/command"
	"planted/internal/drill"
	"planted/internal/load"
)
