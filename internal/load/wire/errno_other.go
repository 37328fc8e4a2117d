//go:build !windows

package wire

import "syscall"

// What a refused and a reset connection are called here.
const (
	connRefused = syscall.ECONNREFUSED
	connReset   = syscall.ECONNRESET
)
