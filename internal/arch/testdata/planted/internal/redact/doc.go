// Package redact looks at the clock, under another name and as a value.
package redact

import (
	"net/http"
	"planted/internal/exchange"
	clock "time"
)

func look() {
	now := clock.Now
	_ = now
	clock.Sleep(clock.Second)
	time.After() // no import of this file: somebody's own variable
}
