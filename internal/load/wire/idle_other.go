//go:build !unix

package wire

import "net"

// closedByPeer cannot look here: a dead connection shows when it is used.
func closedByPeer(net.Conn) bool { return false }
