//go:build unix

package load

import (
	"syscall"
	"time"
)

// ownCPU is the processor time of this process so far; 0: not known.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
