package wire_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
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
		{name: "reset in the body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", end: reset, kind: sample.BrokeOff, truncated: true},
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
