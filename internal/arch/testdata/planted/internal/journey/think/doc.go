// Package think hides the clock behind a dot.
package think

import (
	"os"
	"planted/internal/exchange"
	. "time"
)
