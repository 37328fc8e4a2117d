package wire_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// The responder runs as a process of its own (this test binary again), so that
// the CPU time that is reported is the client's alone.
const responderEnv = "FIREDRILL_TEST_RESPONDER"

// asResponder is what TestMain does first: in the responder's process it never returns.
func asResponder() {
	size := 0
	if n, _ := fmt.Sscanf(os.Getenv(responderEnv), "%d", &size); n == 1 {
		respond(size)
		os.Exit(0)
	}
}

// respond answers every request head at once until its standard input ends.
func respond(size int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	answer := []byte(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: 0123456789\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size)))
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			buf, end := make([]byte, 8192), []byte("\r\n\r\n")
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				if bytes.HasSuffix(buf[:n], end) {
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}
		}()
	}
}
