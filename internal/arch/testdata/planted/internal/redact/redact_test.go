package redact_test

import (
	"os"
	"planted/internal/load"
	"time"
)

var _ = time.Now
