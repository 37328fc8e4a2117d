package wire_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
)

func TestConnectionsAreKept(t *testing.T) {
	var conns atomic.Int32
	addr := serve(t, func(n int, c net.Conn) {
		conns.Add(1)
		canned("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", nil)(n, c)
	})
	c := client(t, nil)
	var res wire.Response
	for i := range 5 {
		if err := c.Do(context.Background(), request(addr), &res); err != nil {
			t.Fatal(err)
		}
		if res.Reused != (i > 0) || res.Reused && res.Timing.Connect != 0 {
			t.Errorf("request %d: reused %v, connect %v", i, res.Reused, res.Timing.Connect)
		}
	}
	if conns.Load() != 1 {
		t.Errorf("%d connections", conns.Load())
	}
}

// A connection that the target closed while the user was thinking costs nothing
// but a new one.
func TestClosedWhileThinking(t *testing.T) {
	closed := make(chan bool, 4)
	addr := serve(t, func(n int, c net.Conn) {
		canned("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", hangUp)(n, c)
		c.Close()
		closed <- true
	})
	c := client(t, nil)
	var res wire.Response
	for range 3 {
		if err := c.Do(context.Background(), request(addr), &res); err != nil {
			t.Fatal(err)
		}
		if res.Reused {
			t.Error("reused a closed connection")
		}
		<-closed
		time.Sleep(80 * time.Millisecond) // the user thinks
	}
}

// A connection that the target closes just as the next request arrives cannot be
// seen beforehand: the error says whether trying again is safe.
func TestClosedUnderTheRequest(t *testing.T) {
	addr := serve(t, func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		_, _ = head(br)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		_, _ = head(br)
	})
	c := client(t, nil)
	var res wire.Response
	if err := c.Do(context.Background(), request(addr), &res); err != nil {
		t.Fatal(err)
	}
	err := c.Do(context.Background(), request(addr), &res)
	var we *wire.Error
	if !errors.As(err, &we) || we.Kind != sample.Reset || !we.Reused || we.Answered {
		t.Fatalf("got %#v", err)
	}
	if !we.MayRetry("GET") || !we.MayRetry("PUT") || we.MayRetry("POST") {
		t.Error("GET and PUT may be tried again, POST not: it was sent")
	}
	we.Sent = false
	if !we.MayRetry("POST") {
		t.Error("a POST that never left may be tried again")
	}
}

func TestSixAtATime(t *testing.T) {
	var now, most atomic.Int32
	release := make(chan bool)
	addr := serve(t, func(n int, c net.Conn) {
		br := bufio.NewReader(c)
		for {
			if _, err := head(br); err != nil {
				return
			}
			most.Store(max(most.Load(), now.Add(1)))
			<-release
			now.Add(-1)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	c := client(t, nil)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			var res wire.Response
			if err := c.Do(context.Background(), request(addr), &res); err != nil {
				t.Error(err)
			}
		})
	}
	for range 20 {
		release <- true
	}
	all.Wait()
	if most.Load() > 6 || c.Open() > 6 || c.Open() == 0 {
		t.Errorf("%d at a time, %d open", most.Load(), c.Open())
	}
}

// Those who wait for a connection get one when another's breaks, and give up in time.
func TestWaitingForAConnection(t *testing.T) {
	block := make(chan bool)
	addr := serve(t, func(_ int, c net.Conn) {
		_, _ = head(bufio.NewReader(c))
		<-block
	})
	c := client(t, &wire.Options{MaxPerOrigin: 1})
	var all sync.WaitGroup
	kinds := make(chan sample.ErrorKind, 2)
	do := func(timeout time.Duration) {
		req := request(addr)
		req.Timeout = timeout
		var res wire.Response
		var we *wire.Error
		if err := c.Do(context.Background(), req, &res); errors.As(err, &we) {
			kinds <- we.Kind
		}
	}
	all.Go(func() { do(5 * time.Second) })
	for c.Open() == 0 {
		time.Sleep(time.Millisecond)
	}
	do(50 * time.Millisecond)
	if k := <-kinds; k != sample.TimedOut {
		t.Errorf("who waited in vain: %v", k)
	}
	all.Go(func() { do(5 * time.Second) })
	close(block) // the first is hung up on; the second dials its own
	all.Wait()
	for range 2 {
		if k := <-kinds; k != sample.Reset {
			t.Errorf("kind %v", k)
		}
	}
	if c.Open() != 0 {
		t.Errorf("%d connections are open", c.Open())
	}
}

func TestCancel(t *testing.T) {
	got := make(chan bool)
	addr := serve(t, func(_ int, c net.Conn) {
		_, _ = head(bufio.NewReader(c))
		got <- true
		_, _ = io.Copy(io.Discard, c)
	})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-got
		cancel()
	}()
	var res wire.Response
	req := request(addr)
	req.Timeout = time.Minute
	err := client(t, nil).Do(ctx, req, &res)
	var we *wire.Error
	if !errors.As(err, &we) || we.Kind != sample.Canceled {
		t.Errorf("got %v", err)
	}
	if err := client(t, nil).Do(ctx, req, &res); !errors.As(err, &we) || we.Kind != sample.Canceled || we.Sent {
		t.Errorf("after the end: %v", err)
	}
}

func TestTLS(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto, " ", r.Host)
	}))
	defer srv.Close()
	addr := srv.Listener.Addr().String()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	req := request(addr)
	req.Scheme, req.Authority = "https", "school.test"
	var res wire.Response
	good := client(t, &wire.Options{TLS: &tls.Config{RootCAs: roots}})
	for i := range 2 {
		if err := good.Do(context.Background(), req, &res); err != nil {
			t.Fatal(err)
		}
		if string(res.Body()) != "HTTP/1.1 school.test" || (res.Timing.TLS > 0) != (i == 0) {
			t.Errorf("%q, TLS %v", res.Body(), res.Timing.TLS)
		}
		time.Sleep(60 * time.Millisecond)
	}
	var we *wire.Error
	if err := client(t, nil).Do(context.Background(), req, &res); !errors.As(err, &we) || we.Kind != sample.TLS || we.Sent {
		t.Errorf("unknown authority: %v", err)
	}
	plain := request(serve(t, canned("HTTP/1.1 400 Bad Request\r\n\r\n", hangUp)))
	plain.Scheme = "https"
	plain.Timeout = time.Second
	if err := good.Do(context.Background(), plain, &res); !errors.As(err, &we) || we.Kind != sample.TLS && we.Kind != sample.TimedOut {
		t.Errorf("no TLS there: %v", err)
	}
}
