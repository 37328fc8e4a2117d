package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"firedrill/internal/sample"
)

// script is a connection that reads what a broken server sent and then ends.
type script struct {
	net.Conn
	r io.Reader
}

func (s *script) Read(p []byte) (int, error)       { return s.r.Read(p) }
func (s *script) Write(p []byte) (int, error)      { return len(p), nil }
func (s *script) Close() error                     { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return os.ErrInvalid }

// once sends one request on a connection that answers so.
func once(answer []byte, small, discard bool, method string) (*Response, error) {
	var r io.Reader = bytes.NewReader(answer)
	if small { // one byte at a time
		r = iotestOneByte{r}
	}
	c := New(nil)
	o := c.origin("http", "x:80")
	o.open = 1
	o.idle = []*conn{{net: &script{r: r}, raw: &script{}, at: o, used: time.Now()}}
	res := &Response{}
	err := c.Do(context.Background(), &Request{
		Method: method, Scheme: "http", Authority: "x", Dial: "x:80", Target: "/", MaxBody: 1 << 16, Discard: discard,
	}, res)
	return res, err
}

type iotestOneByte struct{ r io.Reader }

func (r iotestOneByte) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return r.r.Read(p[:1])
}

// FuzzAnswer: whatever a server sends, there is no panic, the result is either an
// answer that makes sense or a typed error, and neither how the bytes arrive nor
// whether the body is kept changes it.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.0 301 Moved\r\nLocation: /x\r\n folded\r\n\r\nuntil the end",
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\ndata: b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx",
		"\x16\x03\x01", "", "\r\n\r\n\r\n",
	} {
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, answer []byte, head bool) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		whole, err := once(answer, false, false, method)
		checkInvariants(t, whole, err, len(answer))
		for _, other := range []struct{ small, discard bool }{{true, false}, {false, true}, {true, true}} {
			res, err2 := once(answer, other.small, other.discard, method)
			if (err == nil) != (err2 == nil) || res.Status != whole.Status || err == nil && res.Size() != whole.Size() {
				t.Fatalf("small %v, discard %v: status %d, size %d, %v; first status %d, size %d, %v",
					other.small, other.discard, res.Status, res.Size(), err2, whole.Status, whole.Size(), err)
			}
			if whole.Events != res.Events {
				t.Fatalf("%d events, then %d", whole.Events, res.Events)
			}
		}
	})
}

func checkInvariants(t *testing.T, res *Response, err error, sent int) {
	t.Helper()
	if err != nil {
		var we *Error
		if !errors.As(err, &we) {
			t.Fatalf("%T is no *Error", err)
		}
		switch we.Kind {
		case sample.Reset, sample.BrokeOff, sample.Protocol, sample.OtherError:
		default:
			t.Fatalf("kind %v: %v", we.Kind, err)
		}
		return
	}
	if res.Status < 200 || res.Status > 999 {
		t.Fatalf("status %d", res.Status)
	}
	if int64(len(res.Body())) != res.Size() || res.Size() > 1<<16 || res.BytesIn > int64(sent) {
		t.Fatalf("body of %d, size %d, %d in of %d sent", len(res.Body()), res.Size(), res.BytesIn, sent)
	}
	for _, f := range res.Header {
		if f.Name == "" || strings.ContainsAny(f.Name, " \r\n:") || strings.ContainsAny(f.Value, "\r\n\x00") {
			t.Fatalf("field %q: %q", f.Name, f.Value)
		}
	}
	if res.Timing.End.Before(res.Timing.FirstByte) || res.Timing.FirstByte.Before(res.Timing.Start) {
		t.Fatalf("times out of order: %+v", res.Timing)
	}
	content, err := res.Content()
	var ce *CodingError
	if err != nil && !errors.As(err, &ce) {
		t.Fatalf("%T is no *CodingError", err)
	}
	if len(content) > 1<<16+4<<10 {
		t.Fatalf("decoded %d bytes", len(content))
	}
}
