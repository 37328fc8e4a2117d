package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"firedrill/internal/sample"
)

// Doer sends the requests of one virtual user. Do makes one attempt, fills res
// also when it fails (its times at least), and returns nil or an *Error. Close
// gives up all connections; the Doer is not used again.
type Doer interface {
	Do(ctx context.Context, req *Request, res *Response) error
	Close()
}

// Field is one header field. Its name keeps its spelling.
type Field struct{ Name, Value string }

// Request is what shall be sent. Host and Content-Length are written by the
// client; everything else stands as given, in order.
type Request struct {
	Method    string
	Scheme    string // "http" or "https"
	Authority string // for the Host field: "localhost:4000"
	Dial      string // host:port that is connected to
	Target    string // path and query, escaped
	Header    []Field
	Body      []byte
	Timeout   time.Duration // of the attempt, connecting included; 0 = none
	MaxBody   int64         // longest answer body; 0 = DefaultMaxBody
	Discard   bool          // the answer's body is counted, not kept
}

// DefaultMaxBody bounds the body of an answer, on the wire and decoded.
const DefaultMaxBody = 64 << 20

// Timing is when things happened; zero: did not happen.
type Timing struct {
	Start     time.Time // when Do turned to the request
	Sent      time.Time // when its last byte had been written
	FirstByte time.Time // when the first byte of the final answer came
	End       time.Time // when the last byte came, or the attempt failed

	// On a new connection, 0 on a reused one. Connect lasts until bytes can go to
	// the target: through a proxy it holds the way to the proxy and its CONNECT. DNS
	// is of the name that this machine looks up, the target's or the proxy's. TLS is
	// the handshake with the target.
	DNS, Connect, TLS time.Duration
	Sending           time.Duration // writing the request
}

// Response is an answer. It may be used for one request after another: Do resets it.
type Response struct {
	Status  int // 0: no answer
	Proto   string
	Interim []int // 1xx statuses that came before
	Header  []Field
	Trailer []Field

	Timing            Timing
	Reused            bool  // the connection was open already
	Truncated         bool  // the answer broke off: its other side ended it, not a time-out
	BytesOut, BytesIn int64 // on the wire

	Stream     bool // the answer was an event stream
	Events     int  // events with data
	FirstEvent time.Time
	MaxGap     time.Duration // longest time between two events
	Gaps       []uint32      // times between events in microseconds, the first sample.MaxGaps; made anew for each answer: it may be kept

	body    []byte // as transferred, de-chunked
	size    int64  // of the body, kept or not
	decoded []byte // content-coding undone; valid when isDecoded
	isDecod bool
	bound   int64
}

// maxKept is the largest buffer that a Response keeps for its next use.
const maxKept = 256 << 10

// Reset forgets the answer and keeps its buffers, small ones.
func (r *Response) Reset() {
	body, decoded := r.body[:0], r.decoded[:0]
	if cap(body) > maxKept {
		body = nil
	}
	if cap(decoded) > maxKept {
		decoded = nil
	}
	clear(r.Header)
	*r = Response{Header: r.Header[:0], Trailer: r.Trailer[:0], Interim: r.Interim[:0], body: body, decoded: decoded}
}

// Get is the first value of a header field.
func (r *Response) Get(name string) (string, bool) {
	for i := range r.Header {
		if len(r.Header[i].Name) == len(name) && strings.EqualFold(r.Header[i].Name, name) {
			return r.Header[i].Value, true
		}
	}
	return "", false
}

// Body is the body as it was transferred, content-coding applied. It is valid until
// the Response is used again; nil when it was discarded.
func (r *Response) Body() []byte { return r.body }

// SetBody makes b the body; for Doers that stand in for a target in tests.
func (r *Response) SetBody(b []byte) {
	r.body, r.size, r.isDecod = append(r.body[:0], b...), int64(len(b)), false
}

// Size is the length of the body as transferred, kept or not.
func (r *Response) Size() int64 { return r.size }

// Error is why an attempt has no whole answer.
type Error struct {
	Kind     sample.ErrorKind
	Sent     bool // some of the request had left
	Answered bool // some of the answer had come
	Reused   bool // on a connection that had been kept alive
	Err      error
}

func (e *Error) Error() string { return e.Kind.String() + ": " + e.Err.Error() }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// MayRetry reports whether another attempt is what a careful client does: the
// kept-alive connection was closed by the other side before any of the answer
// came, and the request either never left or changes nothing when it arrives twice.
func (e *Error) MayRetry(method string) bool {
	if !e.Reused || e.Answered || e.Kind != sample.Reset {
		return false
	}
	return !e.Sent || idempotent(method)
}

func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// errProtocol marks answers that are no HTTP.
var errProtocol = errors.New("not an HTTP answer")

// ErrTooLarge is the cause when an answer is longer than it may be.
var ErrTooLarge = errors.New("the answer is longer than allowed")

// brokeOff reports whether err is the other side's end of a connection.
func brokeOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, connReset)
}

// alert reports whether err is a TLS alert of the other side: "certificate
// required" comes after the handshake, in place of the answer.
func alert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// kind names the kind of an error; the stage where it happened may know better.
func kind(ctx context.Context, err error, answered bool) sample.ErrorKind {
	var stage *stageError
	if errors.As(err, &stage) && ctx.Err() == nil {
		return stage.kind
	}
	return classify(ctx, err, answered)
}

// classify names the kind of an error of the network.
func classify(ctx context.Context, err error, answered bool) sample.ErrorKind {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return sample.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return sample.TimedOut
	case errors.As(err, &dns):
		return sample.NoHost
	case errors.As(err, &timeout) && timeout.Timeout():
		return sample.TimedOut
	case alert(err):
		return sample.TLS
	case errors.Is(err, errProtocol):
		return sample.Protocol
	case errors.Is(err, ErrTooLarge):
		return sample.OtherError
	case errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, connRefused):
		return sample.Refused
	case answered:
		return sample.BrokeOff
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, connReset), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return sample.Reset
	}
	return sample.OtherError
}
