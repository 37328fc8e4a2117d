// Package account has its comment in the wrong file, and imports what values may not.
package account

import (
	"planted/internal/exchange"
	"planted/internal/redact"
)
