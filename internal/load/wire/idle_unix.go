//go:build unix

package wire

import (
	"errors"
	"net"
	"syscall"
)

// closedByPeer reports whether an idle connection has something to read: the
// other side's end, or bytes that nobody asked for. Both make it useless. It
// looks without taking and without waiting.
func closedByPeer(c net.Conn) bool {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	alive := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		alive = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return err != nil || !alive
}
