// Package load imports another wing.
package load

import (
	"planted/internal/load/wire"
	"planted/internal/redact"
	"planted/internal/report"
)
