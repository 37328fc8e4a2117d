// Package drill calls its caller.
package drill

import (
	"net/http"
	"planted/cmd/recorder/command"
	"planted/internal/cli"
	"planted/internal/load"
	"planted/internal/report"
	"planted/internal/yamldoc/langtest"
	"time"
)

var now = time.Now
