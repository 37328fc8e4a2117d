// Package wire sees what load may not.
package wire

import (
	"net"
	"planted/internal/exchange"
	"planted/internal/recording"
)
