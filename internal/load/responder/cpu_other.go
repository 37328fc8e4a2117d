//go:build !unix

package responder

import "time"

// CPU is not known here.
func CPU() time.Duration { return 0 }
