package skipped

import "planted/internal/exchange"

var _ = exchange.X
