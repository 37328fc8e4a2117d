package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// buffers are what an attempt needs while it is under way.
type buffers struct {
	br   *bufio.Reader
	out  []byte
	head []byte
}

var pool = sync.Pool{New: func() any {
	return &buffers{br: bufio.NewReaderSize(nil, 4096)}
}}

func (b *buffers) put() {
	b.br.Reset(nil)
	if cap(b.out) <= maxKept && cap(b.head) <= maxKept {
		pool.Put(b)
	}
}

// Do sends req and reads its answer into res.
func (c *Client) Do(ctx context.Context, req *Request, res *Response) error {
	res.Reset()
	t := &res.Timing
	t.Start = time.Now()
	fail := func(err error, e Error) error {
		if t.End.IsZero() {
			t.End = time.Now()
		}
		e.Err = err
		e.Kind = kind(ctx, err, e.Answered)
		return &e
	}
	b := pool.Get().(*buffers)
	defer b.put()
	var err error
	var via forward
	if c.opt.Proxy != nil {
		via = c.forward(req)
	}
	if b.out, err = appendHead(b.out[:0], req, via); err != nil {
		return fail(err, Error{})
	}
	if err := ctx.Err(); err != nil {
		return fail(err, Error{})
	}
	var deadline time.Time
	if req.Timeout > 0 {
		deadline = t.Start.Add(req.Timeout)
	}
	k, reused, err := c.acquire(ctx, req, t, deadline)
	if err != nil {
		return fail(err, Error{})
	}
	res.Reused = reused
	stop := func() bool { return true }
	if ctx.Done() != nil {
		stop = context.AfterFunc(ctx, func() { _ = k.net.SetDeadline(time.Unix(1, 0)) })
	}
	x := exchange{buffers: b, k: k, req: req, res: res, deadline: deadline}
	k.in = 0
	b.br.Reset(k)
	err = x.run()
	if err == nil && via.host != "" && res.Status == 407 {
		err = c.refusal(res.Status, req.Dial)
	}
	res.BytesIn = k.in
	t.End = time.Now()
	if !stop() || err != nil || !x.keep || b.br.Buffered() > 0 {
		_ = k.net.Close()
		c.gone(k.at)
	} else {
		c.give(k)
	}
	if err != nil {
		return fail(err, Error{Sent: res.BytesOut > 0, Answered: k.in > 0, Reused: reused})
	}
	return nil
}

// exchange is one request and its answer on one connection.
type exchange struct {
	*buffers
	k        *conn
	req      *Request
	res      *Response
	deadline time.Time
	keep     bool // the connection may be used again
}

func (x *exchange) run() error {
	sending := time.Now()
	whole, err := x.send()
	x.res.Timing.Sending = time.Since(sending)
	if err != nil {
		if x.res.BytesOut == 0 {
			return err
		}
		// The target may have answered without reading it all, and hung up.
		if errors.Is(err, os.ErrDeadlineExceeded) || x.receive() != nil {
			return err
		}
		x.keep = false
		return nil
	}
	if whole {
		x.res.Timing.Sent = sending.Add(x.res.Timing.Sending)
	}
	err = x.receive()
	x.keep = x.keep && whole
	return err
}

// send writes the request; whole is false when the answer to an expectation
// ("100-continue") made the body needless.
func (x *exchange) send() (whole bool, err error) {
	body := x.req.Body
	if len(body) > 0 && expects(x.req.Header) {
		if err := x.write(x.out); err != nil {
			return false, err
		}
		if !x.goAhead() {
			return false, nil
		}
		return true, x.write(body)
	}
	if len(body) > 0 && len(body) <= 16<<10 {
		x.out = append(x.out, body...)
		body = nil
	}
	if err := x.write(x.out); err != nil {
		return false, err
	}
	if len(body) > 0 {
		return true, x.write(body)
	}
	return true, nil
}

func (x *exchange) write(p []byte) error {
	n, err := x.k.net.Write(p)
	x.res.BytesOut += int64(n)
	return err
}

// continueWait is how long a client that expects "100 Continue" waits before it sends all the same.
const continueWait = time.Second

// goAhead reports whether the body is wanted: the target said so, or nothing in time.
func (x *exchange) goAhead() bool {
	wait := time.Now().Add(continueWait)
	if !x.deadline.IsZero() && x.deadline.Before(wait) {
		wait = x.deadline
	}
	_ = x.k.net.SetReadDeadline(wait)
	p, err := x.br.Peek(len("HTTP/1.1 100"))
	_ = x.k.net.SetReadDeadline(x.deadline)
	if err != nil {
		var timeout net.Error
		return errors.As(err, &timeout) && timeout.Timeout()
	}
	return string(p[len(p)-3:]) == "100"
}

func expects(header []Field) bool {
	for i := range header {
		if len(header[i].Name) == len("Expect") && strings.EqualFold(header[i].Name, "Expect") {
			return strings.EqualFold(header[i].Value, "100-continue")
		}
	}
	return false
}

// FieldError is a part of a request that cannot be written.
type FieldError struct{ Part string }

func (e *FieldError) Error() string {
	return fmt.Sprintf("the request's %s holds a character that may not be there", e.Part)
}

// appendHead writes the request line and the fields; to a forwarding proxy with
// the target as a whole URL.
func appendHead(b []byte, req *Request, via forward) ([]byte, error) {
	if req.Method == "" || !plain(req.Method, ' ') {
		return b, &FieldError{"method"}
	}
	if req.Target == "" || !plain(req.Target, ' ') {
		return b, &FieldError{"target"}
	}
	b = append(b, req.Method...)
	b = append(b, ' ')
	if via.host != "" {
		b = append(b, "http://"...)
		b = append(b, via.host...)
	}
	b = append(b, req.Target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, req.Authority...)
	b = append(b, "\r\n"...)
	b = appendCredentials(b, via.credentials)
	if len(req.Body) > 0 || req.Method == "POST" || req.Method == "PUT" || req.Method == "PATCH" {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(req.Body)), 10)
		b = append(b, "\r\n"...)
	}
	for i := range req.Header {
		f := &req.Header[i]
		if framing(f.Name) {
			continue
		}
		if f.Name == "" || !plain(f.Name, ':') || !plain(f.Value, 0) {
			return b, &FieldError{"field " + strconv.Quote(f.Name)}
		}
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...), nil
}

// framing reports whether the client writes that field itself.
func framing(name string) bool {
	switch len(name) {
	case 4:
		return strings.EqualFold(name, "Host")
	case 14:
		return strings.EqualFold(name, "Content-Length")
	case 17:
		return strings.EqualFold(name, "Transfer-Encoding")
	}
	return false
}

// plain reports whether s has no line breaks, no NUL and not the byte not.
func plain(s string, not byte) bool {
	for i := range len(s) {
		if c := s[i]; c == '\r' || c == '\n' || c == 0 || c == not {
			return false
		}
	}
	return true
}
