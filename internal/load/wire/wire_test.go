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
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"firedrill/internal/load/responder"
	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
)

func TestMain(m *testing.M) {
	responder.Main()
	goleak.VerifyTestMain(m)
}

// serve runs handle for each connection to a listener on loopback, until the test ends.
func serve(t testing.TB, handle func(n int, c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	all.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			all.Go(func() {
				defer c.Close()
				handle(n, c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return l.Addr().String()
}

// head reads a request's head.
func head(br *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := br.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String(), err
		}
	}
}

// canned answers every request on a connection with the same bytes and keeps it open.
func canned(answer string, after func(net.Conn)) func(int, net.Conn) {
	return func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		for {
			if _, err := head(br); err != nil {
				return
			}
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
			if after != nil {
				after(c)
				return
			}
		}
	}
}

func hangUp(net.Conn) {}

func request(addr string) *wire.Request {
	return &wire.Request{Method: "GET", Scheme: "http", Authority: addr, Dial: addr, Target: "/", Timeout: 5 * time.Second}
}

func client(t testing.TB, o *wire.Options) *wire.Client {
	c := wire.New(o)
	t.Cleanup(c.Close)
	return c
}

func TestRequestBytes(t *testing.T) {
	got := make(chan string, 1)
	addr := serve(t, func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		h, _ := head(br)
		body := make([]byte, 5)
		_, _ = io.ReadFull(br, body)
		got <- h + string(body)
		_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
	})
	req := request(addr)
	req.Method, req.Authority, req.Target, req.Body = "POST", "school.test:4000", "/a%20b?c=1&c=2", []byte("hello")
	req.Header = []wire.Field{
		{"sec-ch-ua", `"Chromium";v="1"`}, {"X-CSRF-Token", "T"}, {"content-length", "99"}, {"accept", "*/*"}, {"Host", "other"}, {"accept", "again"}, {"Transfer-Encoding", "chunked"},
	}
	var res wire.Response
	if err := client(t, nil).Do(context.Background(), req, &res); err != nil {
		t.Fatal(err)
	}
	want := "POST /a%20b?c=1&c=2 HTTP/1.1\r\nHost: school.test:4000\r\nContent-Length: 5\r\n" +
		"sec-ch-ua: \"Chromium\";v=\"1\"\r\nX-CSRF-Token: T\r\naccept: */*\r\naccept: again\r\n\r\nhello"
	if d := cmp.Diff(want, <-got); d != "" {
		t.Error(d)
	}
	if res.BytesOut != int64(len(want)) {
		t.Errorf("BytesOut %d, sent %d", res.BytesOut, len(want))
	}
}

func TestRequestsThatCannotBeWritten(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*wire.Request)
	}{
		{"line break in a value", func(r *wire.Request) { r.Header = []wire.Field{{"X-A", "b\r\nX-Evil: 1"}} }},
		{"NUL in a value", func(r *wire.Request) { r.Header = []wire.Field{{"X-A", "\x00"}} }},
		{"line break in a name", func(r *wire.Request) { r.Header = []wire.Field{{"X\nA", "b"}} }},
		{"space in the target", func(r *wire.Request) { r.Target = "/a b" }},
		{"no target", func(r *wire.Request) { r.Target = "" }},
		{"method", func(r *wire.Request) { r.Method = "GET /" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := request("127.0.0.1:1")
			tt.edit(req)
			var res wire.Response
			err := client(t, nil).Do(context.Background(), req, &res)
			var field *wire.FieldError
			if !errors.As(err, &field) {
				t.Errorf("error %v, want a *FieldError", err)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, tt := range []struct {
		name, method, answer string
		end                  func(net.Conn)
		status               int
		body                 string
		interim              []int
		reuse                bool
		trailer              []wire.Field
	}{
		{name: "length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", status: 200, body: "hello", reuse: true},
		{name: "long", answer: "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + long, status: 200, body: long, reuse: true},
		{name: "no reason phrase", answer: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", status: 200, reuse: true},
		{name: "bare line feeds", answer: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", status: 200, body: "ok", reuse: true},
		{name: "empty lines before", answer: "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", reuse: true},
		{name: "chunked", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", status: 200, body: "abc0123456789", reuse: true},
		{name: "trailer", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nServer-Timing: db;dur=1\r\n\r\n", status: 200, body: "x", reuse: true,
			trailer: []wire.Field{{"Server-Timing", "db;dur=1"}}},
		{name: "until the end", answer: "HTTP/1.1 200 OK\r\n\r\nall of it", end: hangUp, status: 200, body: "all of it"},
		{name: "1.0", answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", end: hangUp, status: 200, body: "ok"},
		{name: "1.0 kept alive", answer: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", reuse: true},
		{name: "close", answer: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok"},
		{name: "head", method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", status: 200, reuse: true},
		{name: "not modified", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", status: 304, reuse: true},
		{name: "interim", answer: "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", interim: []int{103, 102}, reuse: true},
		{name: "coding and length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", status: 200, body: "x"},
		{name: "bytes too many", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200", status: 200, body: "ok"},
	} {
		for _, discard := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s discard=%v", tt.name, discard), func(t *testing.T) {
				c := client(t, nil)
				req := request(serve(t, canned(tt.answer, tt.end)))
				req.Discard = discard
				if tt.method != "" {
					req.Method = tt.method
				}
				var res wire.Response
				if err := c.Do(context.Background(), req, &res); err != nil {
					t.Fatal(err)
				}
				body := tt.body
				if discard {
					body = ""
				}
				if res.Status != tt.status || string(res.Body()) != body || res.Size() != int64(len(tt.body)) {
					t.Errorf("status %d, body of %d, size %d; want %d, %d, %d", res.Status, len(res.Body()), res.Size(), tt.status, len(body), len(tt.body))
				}
				if d := cmp.Diff(tt.trailer, res.Trailer); d != "" && len(tt.trailer)+len(res.Trailer) > 0 {
					t.Error(d)
				}
				if d := cmp.Diff(tt.interim, res.Interim); d != "" && len(tt.interim)+len(res.Interim) > 0 {
					t.Error(d)
				}
				if open := c.Open(); (open == 1) != tt.reuse {
					t.Errorf("%d connections are kept, want reuse %v", open, tt.reuse)
				}
				if res.BytesIn < int64(len(tt.answer))-14 || res.BytesIn > int64(len(tt.answer)) {
					t.Errorf("BytesIn %d of %d", res.BytesIn, len(tt.answer))
				}
			})
		}
	}
}

func TestBrokenAnswers(t *testing.T) {
	reset := func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }
	stall := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for _, tt := range []struct {
		name, answer string
		end          func(net.Conn)
		kind         sample.ErrorKind
		truncated    bool
	}{
		{name: "hangs up", end: hangUp, kind: sample.Reset},
		{name: "resets", end: reset, kind: sample.Reset},
		{name: "hangs up in the head", answer: "HTTP/1.1 200 OK\r\nConte", end: hangUp, kind: sample.BrokeOff},
		{name: "body too short", answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", end: hangUp, kind: sample.BrokeOff, truncated: true},
		{name: "reset in the body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", end: reset, kind: sample.BrokeOff},
		{name: "no last chunk", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", end: hangUp, kind: sample.BrokeOff, truncated: true},
		{name: "chunk too short", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc", end: hangUp, kind: sample.BrokeOff, truncated: true},
		{name: "stalls", end: stall, kind: sample.TimedOut},
		{name: "stalls in the head", answer: "HTTP/1.1 200 OK\r\n", end: stall, kind: sample.TimedOut},
		{name: "stalls in the body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", end: stall, kind: sample.TimedOut},
		{name: "garbage", answer: "\x00\x01\x02\x03 not http at all\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "another protocol", answer: "SSH-2.0-OpenSSH_9.2\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "http 2", answer: "HTTP/2 200\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "status", answer: "HTTP/1.1 2x0 OK\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "status 99", answer: "HTTP/1.1 099 OK\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "field without colon", answer: "HTTP/1.1 200 OK\r\nhello\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "space in a field name", answer: "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx", end: hangUp, kind: sample.Protocol},
		{name: "two lengths", answer: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy", end: hangUp, kind: sample.Protocol},
		{name: "negative length", answer: "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "signed length", answer: "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx", end: hangUp, kind: sample.Protocol},
		{name: "chunk size", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", end: hangUp, kind: sample.Protocol},
		{name: "chunk size negative", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", end: hangUp, kind: sample.Protocol},
		{name: "chunk too long", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "transfer coding", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "upgrade", answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", end: hangUp, kind: sample.Protocol},
		{name: "endless interim", answer: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100), end: hangUp, kind: sample.Protocol},
		{name: "endless head", answer: "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: "+strings.Repeat("y", 1000)+"\r\n", 2000), end: hangUp, kind: sample.Protocol},
		{name: "lies about its length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 9000000000000\r\n\r\nx", end: hangUp, kind: sample.OtherError},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := request(serve(t, canned(tt.answer, tt.end)))
			req.Timeout = 200 * time.Millisecond
			var res wire.Response
			c := client(t, nil)
			began := time.Now()
			err := c.Do(context.Background(), req, &res)
			var we *wire.Error
			if !errors.As(err, &we) {
				t.Fatalf("error %v, want a *wire.Error", err)
			}
			if we.Kind != tt.kind {
				t.Errorf("kind %v (%v), want %v", we.Kind, err, tt.kind)
			}
			if !we.Sent || we.Reused || we.MayRetry("GET") {
				t.Errorf("sent %v, reused %v, retry %v: it was sent on a new connection", we.Sent, we.Reused, we.MayRetry("GET"))
			}
			if we.Answered != (tt.answer != "") {
				t.Errorf("answered %v", we.Answered)
			}
			if res.Truncated != tt.truncated {
				t.Errorf("truncated %v", res.Truncated)
			}
			if took := time.Since(began); took > 2*time.Second || res.Timing.End.Sub(res.Timing.Start) > took {
				t.Errorf("took %v", took)
			}
			if c.Open() != 0 {
				t.Error("the connection was kept")
			}
		})
	}
}

func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var res wire.Response
	err = client(t, nil).Do(context.Background(), request(l.Addr().String()), &res)
	var we *wire.Error
	if !errors.As(err, &we) || we.Kind != sample.Refused || we.Sent {
		t.Errorf("got %v", err)
	}
}

func TestTimings(t *testing.T) {
	addr := serve(t, func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		if _, err := head(br); err != nil {
			return
		}
		time.Sleep(30 * time.Millisecond)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
		time.Sleep(20 * time.Millisecond)
		_, _ = io.WriteString(c, "k")
	})
	var res wire.Response
	if err := client(t, nil).Do(context.Background(), request(addr), &res); err != nil {
		t.Fatal(err)
	}
	g := res.Timing
	if g.Connect <= 0 || g.DNS != 0 || g.TLS != 0 {
		t.Errorf("connect %v, DNS %v, TLS %v", g.Connect, g.DNS, g.TLS)
	}
	if w := g.FirstByte.Sub(g.Sent); w < 25*time.Millisecond {
		t.Errorf("waited %v for the first byte", w)
	}
	if w := g.End.Sub(g.FirstByte); w < 15*time.Millisecond {
		t.Errorf("received for %v", w)
	}
	if g.Sent.Before(g.Start) || g.Sending <= 0 {
		t.Errorf("start %v, sent %v, sending %v", g.Start, g.Sent, g.Sending)
	}
}

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

func TestEarlyAnswer(t *testing.T) {
	addr := serve(t, func(_ int, c net.Conn) {
		_, _ = head(bufio.NewReaderSize(c, 16))
		_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<20))
	})
	req := request(addr)
	req.Method, req.Body = "POST", make([]byte, 4<<20)
	var res wire.Response
	c := client(t, nil)
	if err := c.Do(context.Background(), req, &res); err != nil {
		var we *wire.Error
		if !errors.As(err, &we) || we.Kind != sample.Reset { // the reset may overtake the answer
			t.Fatal(err)
		}
	} else if res.Status != 413 {
		t.Errorf("status %d", res.Status)
	}
	if c.Open() != 0 {
		t.Error("the connection was kept")
	}
}

func TestExpectContinue(t *testing.T) {
	for _, tt := range []struct {
		name, first string
		status      int
		body        bool
	}{
		{"wanted", "HTTP/1.1 100 Continue\r\n\r\n", 200, true},
		{"refused", "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", 417, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := make(chan int, 1)
			addr := serve(t, func(_ int, c net.Conn) {
				br := bufio.NewReader(c)
				_, _ = head(br)
				early := br.Buffered()
				_, _ = io.WriteString(c, tt.first)
				if !tt.body {
					got <- early
					_, _ = io.Copy(io.Discard, c)
					return
				}
				n, _ := io.ReadFull(br, make([]byte, 5))
				got <- early*100 + n
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			})
			req := request(addr)
			req.Method, req.Body, req.Header = "PUT", []byte("hello"), []wire.Field{{"Expect", "100-continue"}}
			var res wire.Response
			c := client(t, nil)
			if err := c.Do(context.Background(), req, &res); err != nil {
				t.Fatal(err)
			}
			want := 0
			if tt.body {
				want = 5
			}
			if n := <-got; n != want || res.Status != tt.status {
				t.Errorf("status %d, %d bytes of the body (early ones times 100), want %d", res.Status, n, want)
			}
			if (c.Open() == 1) != tt.body {
				t.Errorf("%d connections are kept", c.Open())
			}
		})
	}
}

func TestEventStream(t *testing.T) {
	addr := serve(t, func(_ int, c net.Conn) {
		_, _ = head(bufio.NewReader(c))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n: ping\n\n")
		for _, piece := range []string{"data: on", "e\n\n", "event: x\r\ndata: two\r\n\r\nid: 3\n\n", "data:\n\n", "data: four\r\r", "data: cut"} {
			time.Sleep(20 * time.Millisecond)
			_, _ = io.WriteString(c, piece)
		}
	})
	var res wire.Response
	if err := client(t, nil).Do(context.Background(), request(addr), &res); err != nil {
		t.Fatal(err)
	}
	if !res.Stream || res.Events != 3 {
		t.Errorf("stream %v, %d events, want 3: one, two, four", res.Stream, res.Events)
	}
	if at := res.FirstEvent.Sub(res.Timing.FirstByte); at < 30*time.Millisecond || at > time.Second {
		t.Errorf("first event after %v", at)
	}
	if res.MaxGap < 30*time.Millisecond || res.MaxGap > time.Second {
		t.Errorf("longest gap %v", res.MaxGap)
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

func TestCodings(t *testing.T) {
	text := []byte(strings.Repeat("firedrill ", 1000))
	for _, coding := range []string{"", "identity", "gzip", "x-gzip", "br", "zstd", "deflate", "gzip, br"} {
		body, err := wire.Encode(coding, text)
		if err != nil {
			t.Fatal(err)
		}
		addr := serve(t, canned(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", coding, len(body), body), nil))
		var res wire.Response
		c := client(t, nil)
		for range 2 { // pooled decoders work again
			if err := c.Do(context.Background(), request(addr), &res); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				got, err := res.Content()
				if err != nil || string(got) != string(text) {
					t.Errorf("%q: %d bytes, %v", coding, len(got), err)
				}
			}
		}
		if coding != "" && coding != "identity" && len(body) >= len(text) {
			t.Errorf("%q did not shrink it", coding)
		}
	}
}

func TestBadCodings(t *testing.T) {
	bomb, err := wire.Encode("gzip", make([]byte, 3<<20))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ coding, body string }{
		"unknown":   {"compress", "x"},
		"broken":    {"gzip", "not gzip at all"},
		"br":        {"br", "\xff\xff\xff\xff"},
		"zstd":      {"zstd", "nothing"},
		"truncated": {"gzip", string(bomb[:100])},
		"bomb":      {"gzip", string(bomb)},
	} {
		addr := serve(t, canned(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", tt.coding, len(tt.body), tt.body), nil))
		req := request(addr)
		req.MaxBody = 1 << 20
		var res wire.Response
		if err := client(t, nil).Do(context.Background(), req, &res); err != nil {
			t.Fatal(err)
		}
		var ce *wire.CodingError
		if _, err := res.Content(); !errors.As(err, &ce) {
			t.Errorf("%s: %v, want a *CodingError", name, err)
		}
	}
	if _, err := wire.Encode("lzma", []byte("x")); err == nil {
		t.Error("an unknown coding was applied")
	}
}

func TestTooLarge(t *testing.T) {
	body := strings.Repeat("x", 5000)
	for name, answer := range map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + body,
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + body + "\r\n0\r\n\r\n",
		"end":     "HTTP/1.1 200 OK\r\n\r\n" + body,
	} {
		req := request(serve(t, canned(answer, hangUp)))
		req.MaxBody = 4999
		var res wire.Response
		if err := client(t, nil).Do(context.Background(), req, &res); !errors.Is(err, wire.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
