package wire_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
)

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

// TestGaps: all gaps are kept, in order, up to a bound, and are the caller's.
func TestGaps(t *testing.T) {
	const events = sample.MaxGaps + 10
	addr := serve(t, func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		for {
			h, err := head(br)
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
			n, pause := 3, 30*time.Millisecond
			if strings.HasPrefix(h, "GET /many") {
				n, pause = events, 0
			}
			for i := range n {
				if i == 2 {
					time.Sleep(pause)
				}
				_, _ = io.WriteString(c, "9\r\ndata: x\n\n\r\n")
			}
			_, _ = io.WriteString(c, "0\r\n\r\n")
		}
	})
	c := client(t, nil)
	req := request(addr)
	var res wire.Response
	if err := c.Do(context.Background(), req, &res); err != nil {
		t.Fatal(err)
	}
	few := res.Gaps
	if len(few) != 2 || time.Duration(few[1])*time.Microsecond < 30*time.Millisecond || res.MaxGap.Microseconds() != int64(max(few[0], few[1])) || res.Truncated {
		t.Fatalf("gaps %v, the longest %v, truncated %v; the second is 30 ms at least", few, res.MaxGap, res.Truncated)
	}
	second := few[1]
	req.Target = "/many"
	if err := c.Do(context.Background(), req, &res); err != nil {
		t.Fatal(err)
	}
	if res.Events != events || len(res.Gaps) != sample.MaxGaps {
		t.Errorf("%d events with %d gaps kept, want %d and %d", res.Events, len(res.Gaps), events, sample.MaxGaps)
	}
	if few[1] != second {
		t.Error("the next answer wrote over the gaps of the one before")
	}
}

// TestTruncatedStreams: a stream that its sender ended early is told from one that ended.
func TestTruncatedStreams(t *testing.T) {
	const stream, chunked = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", "Transfer-Encoding: chunked\r\n\r\n"
	reset := func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }
	stall := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for _, tt := range []struct {
		name, answer string
		end          func(net.Conn)
		truncated    bool
		kind         sample.ErrorKind
	}{
		{"whole", stream + chunked + "9\r\ndata: x\n\n\r\n0\r\n\r\n", nil, false, sample.None},
		{"whole, the last event without its empty line", stream + chunked + "8\r\ndata: x\n\r\n0\r\n\r\n", nil, false, sample.None},
		{"cut between two chunks", stream + chunked + "9\r\ndata: x\n\n\r\n", hangUp, true, sample.BrokeOff},
		{"reset", stream + chunked + "9\r\ndata: x\n\n\r\n", reset, true, sample.BrokeOff},
		{"ended by the end of the connection", stream + "\r\ndata: x\n\n", hangUp, false, sample.None},
		{"ended by it inside a line", stream + "\r\ndata: x\n\ndata: y", hangUp, true, sample.None},
		{"given up by the client", stream + chunked + "9\r\ndata: x\n\n\r\n", stall, false, sample.TimedOut},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := request(serve(t, canned(tt.answer, tt.end)))
			req.Timeout = 300 * time.Millisecond
			var res wire.Response
			err := client(t, nil).Do(context.Background(), req, &res)
			kind := sample.None
			var we *wire.Error
			if errors.As(err, &we) {
				kind = we.Kind
			}
			if kind != tt.kind || res.Truncated != tt.truncated || !res.Stream {
				t.Errorf("%v (%v), truncated %v; want %v, %v", kind, err, res.Truncated, tt.kind, tt.truncated)
			}
		})
	}
}

func has(text, part string) bool { return strings.Contains(text, part) }

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
