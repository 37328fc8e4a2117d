// Package recording knows who makes its values.
package recording

import (
	"planted/internal/exchange"
	"planted/internal/journey/think"
)
