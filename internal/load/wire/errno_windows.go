package wire

import "syscall"

// What a refused and a reset connection are called here: Winsock has numbers of
// its own (WSAECONNREFUSED, WSAECONNRESET).
const (
	connRefused = syscall.Errno(10061)
	connReset   = syscall.Errno(10054)
)
