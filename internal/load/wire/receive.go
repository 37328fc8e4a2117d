package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

const (
	maxHead    = 1 << 20 // bytes of one head
	maxInterim = 32      // 1xx answers before the final one
	growth     = 64 << 10
)

func protocol(format string, a ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, a...))
}

// receive reads interim answers and the final one.
func (x *exchange) receive() error {
	if err := x.final(); err != nil {
		return err
	}
	err := cut(x.readBody())
	if err != nil && brokeOff(err) {
		x.res.Truncated = true
	}
	return err
}

// final reads heads up to that of the final answer.
func (x *exchange) final() error {
	res := x.res
	for {
		if _, err := x.br.Peek(1); err != nil {
			return err
		}
		res.Timing.FirstByte = time.Now()
		if err := x.readHead(); err != nil {
			return cut(err)
		}
		if err := res.parseHead(string(x.head)); err != nil {
			return err
		}
		if res.Status >= 200 {
			return nil
		}
		if res.Status == 101 {
			return protocol("the target changed to another protocol, unasked")
		}
		if res.Interim = append(res.Interim, res.Status); len(res.Interim) > maxInterim {
			return protocol("more than %d interim answers", maxInterim)
		}
	}
}

// cut makes the end of the connection inside an answer an unexpected one.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readHead reads up to and including the empty line into x.head.
func (x *exchange) readHead() error {
	x.head = x.head[:0]
	lineStart := 0
	for {
		part, err := x.br.ReadSlice('\n')
		x.head = append(x.head, part...)
		if len(x.head) > maxHead {
			return protocol("the head is longer than %d bytes", maxHead)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return err
		}
		line := x.head[lineStart:]
		if len(line) == 1 || len(line) == 2 && line[0] == '\r' {
			if lineStart == 0 { // an empty line before the status line, as some servers send
				x.head = x.head[:0]
				continue
			}
			x.head = x.head[:lineStart]
			return nil
		}
		lineStart = len(x.head)
	}
}

func (r *Response) parseHead(head string) error {
	line, rest, _ := strings.Cut(head, "\n")
	line = strings.TrimSuffix(line, "\r")
	if len(line) < len("HTTP/1.1 200") || !strings.HasPrefix(line, "HTTP/1.") || line[8] != ' ' {
		return protocol("the status line is wrong")
	}
	r.Proto = line[:8]
	status, ok := digits(line[9:12])
	if !ok || status < 100 || len(line) > 12 && line[12] != ' ' {
		return protocol("the status is no number from 100 to 999")
	}
	r.Status = status
	r.Header, ok = parseFields(r.Header[:0], rest)
	if !ok {
		return protocol("a header field is wrong")
	}
	return nil
}

func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0
}

// parseFields reads header lines. Folded lines, which are obsolete, continue the value before them.
func parseFields(fields []Field, text string) ([]Field, bool) {
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(fields) == 0 || !plain(line, 0) {
				return fields, false
			}
			last := &fields[len(fields)-1]
			last.Value = trim(last.Value + " " + trim(line))
			continue
		}
		colon := strings.IndexByte(line, ':')
		if colon <= 0 {
			return fields, false
		}
		name := line[:colon]
		if !plain(name, ' ') || !plain(line, 0) {
			return fields, false
		}
		fields = append(fields, Field{name, trim(line[colon+1:])})
	}
	return fields, true
}

func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// frame is what the head says about the body that follows (RFC 9112, section 6.3).
type frame struct {
	length     int64 // -1: until the connection ends
	chunked    bool
	persistent bool
}

func (r *Response) frame(method string) (frame, error) {
	f := frame{length: -1, persistent: r.Proto == "HTTP/1.1"}
	stream := false
	for i := range r.Header {
		h := &r.Header[i]
		switch len(h.Name) {
		case len("Connection"):
			if strings.EqualFold(h.Name, "Connection") {
				f.persistent = persistent(h.Value, f.persistent)
			}
		case len("Content-Type"):
			if strings.EqualFold(h.Name, "Content-Type") {
				stream = eventStream(h.Value)
			}
		case len("Content-Length"):
			if !strings.EqualFold(h.Name, "Content-Length") {
				continue
			}
			n, err := strconv.ParseInt(h.Value, 10, 64)
			if err != nil || n < 0 || h.Value[0] == '+' || f.length >= 0 && f.length != n {
				return f, protocol("Content-Length is wrong")
			}
			f.length = n
		case len("Transfer-Encoding"):
			if !strings.EqualFold(h.Name, "Transfer-Encoding") {
				continue
			}
			if !strings.EqualFold(h.Value, "chunked") {
				return f, protocol("Transfer-Encoding is not chunked")
			}
			f.chunked = true
		}
	}
	if method == "HEAD" || r.Status == 204 || r.Status == 304 {
		return frame{persistent: f.persistent}, nil
	}
	r.Stream = stream
	if f.chunked && f.length >= 0 { // ambiguous: the coding wins and the connection is not trusted again
		f.length, f.persistent = -1, false
	}
	if f.length < 0 && !f.chunked {
		f.persistent = false
	}
	return f, nil
}

func persistent(value string, now bool) bool {
	for option := range strings.SplitSeq(value, ",") {
		switch strings.ToLower(trim(option)) {
		case "close":
			return false
		case "keep-alive":
			now = true
		}
	}
	return now
}

func eventStream(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(trim(media), "text/event-stream")
}

func (x *exchange) readBody() error {
	f, err := x.res.frame(x.req.Method)
	if err != nil {
		return err
	}
	x.res.bound = x.req.MaxBody
	if x.res.bound <= 0 {
		x.res.bound = DefaultMaxBody
	}
	in := intake{br: x.br, res: x.res, discard: x.req.Discard}
	switch {
	case f.chunked:
		err = in.chunked()
	case f.length >= 0:
		err = in.fixed(f.length)
	default:
		err = in.untilEnd()
	}
	x.keep = err == nil && f.persistent
	return err
}

// intake moves a body from the connection into the response.
type intake struct {
	br      *bufio.Reader
	res     *Response
	discard bool
	events  eventScanner
}

func (in *intake) room(n int64) error {
	if n > in.res.bound-in.res.size {
		return ErrTooLarge
	}
	return nil
}

// fixed reads n bytes.
func (in *intake) fixed(n int64) error {
	if err := in.room(n); err != nil {
		return err
	}
	for n > 0 {
		got, err := in.some(n)
		n -= int64(got)
		if err != nil {
			return err
		}
	}
	return nil
}

// some reads at least one and at most n bytes.
func (in *intake) some(n int64) (int, error) {
	res := in.res
	if in.discard || res.Stream { // what is there, through the reader's own buffer
		if _, err := in.br.Peek(1); err != nil {
			return 0, err
		}
		p, _ := in.br.Peek(int(min(n, int64(in.br.Buffered()))))
		if res.Stream {
			in.events.feed(res, p, time.Now())
		}
		if !in.discard {
			res.body = append(res.body, p...)
		}
		res.size += int64(len(p))
		return in.br.Discard(len(p))
	}
	have := len(res.body)
	res.body = grow(res.body, int(min(n, growth)))
	got, err := io.ReadAtLeast(in.br, res.body[have:have+int(min(n, growth))], 1)
	res.body = res.body[:have+got]
	res.size += int64(got)
	return got, err
}

// grow makes room for n more bytes.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) < n {
		b = append(b[:cap(b)], make([]byte, max(n, cap(b))-(cap(b)-len(b)))...)[:len(b)]
	}
	return b[:len(b)+n]
}

func (in *intake) untilEnd() error {
	for {
		if err := in.room(1); err != nil {
			return err
		}
		_, err := in.some(in.res.bound - in.res.size)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			// Nothing says where such a body ends; a stream does not end inside a line.
			in.res.Truncated = in.res.Stream && in.events.column > 0
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (in *intake) chunked() error {
	for {
		n, err := in.chunkSize()
		if err != nil {
			return err
		}
		if n == 0 {
			return in.trailer()
		}
		if err := in.fixed(n); err != nil {
			return err
		}
		if err := in.lineEnd(); err != nil {
			return err
		}
	}
}

func (in *intake) line() (string, error) {
	p, err := in.br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", protocol("a line of the chunked body is too long")
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(p[:len(p)-1]), "\r"), nil
}

func (in *intake) chunkSize() (int64, error) {
	line, err := in.line()
	if err != nil {
		return 0, err
	}
	size, _, _ := strings.Cut(line, ";")
	size = trim(size)
	if len(size) == 0 || len(size) > 15 || size[0] == '+' || size[0] == '-' {
		return 0, protocol("a chunk's size is wrong")
	}
	n, err := strconv.ParseInt(size, 16, 64)
	if err != nil {
		return 0, protocol("a chunk's size is wrong")
	}
	return n, nil
}

func (in *intake) lineEnd() error {
	c, err := in.br.ReadByte()
	if err == nil && c == '\r' {
		c, err = in.br.ReadByte()
	}
	if err == nil && c != '\n' {
		return protocol("a chunk is longer than its size")
	}
	return err
}

func (in *intake) trailer() error {
	total := 0
	for {
		line, err := in.line()
		if err != nil {
			return err
		}
		if line == "" {
			return nil
		}
		if total += len(line); total > maxHead {
			return protocol("the trailer is longer than %d bytes", maxHead)
		}
		var ok bool
		if in.res.Trailer, ok = parseFields(in.res.Trailer, line); !ok {
			return protocol("a trailer field is wrong")
		}
	}
}
