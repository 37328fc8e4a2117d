package exchange

import (
	"slices"
	"time"
)

// Exchange is one request and what came of it, as the recorder saw them.
// Exactly one of Response and Failure is set.
type Exchange struct {
	Seq       uint64     // 1-based, in order of completion, unique within a recording set; 0 = not yet stored
	Start     time.Time  // wall clock when the request's head had arrived
	Target    string     // name of the --target it was for; "" when it came through the forward proxy
	Client    string     // pseudonym of the client's address: equal addresses have equal pseudonyms within a recording set
	Conn      uint64     // the client's connection, numbered from 1 within the recording
	Labels    []string   // marks in force when it started (recorder mark, X-Firedrill-Mark), oldest first
	Request   Request    //
	Response  *Response  // nil when nothing came back
	Failure   *Failure   // why nothing (whole) came back; may stand beside a Response that broke off
	Timing    Timing     //
	Relations []Relation // how redacted values in this exchange were made from one another
	Frames    []Frame    // messages of an upgraded (WebSocket) connection, oldest first
}

// Request is the request as it was sent to the application (the upstream leg:
// scheme, host, Origin and Referer are the application's, not the proxy's).
type Request struct {
	Method  string  // as sent, e.g. "GET"
	Scheme  string  // "http" or "https"
	Host    string  // authority, with the port only where it is not the scheme's default
	Target  string  // request-target in origin form: path and query, escaped as sent, e.g. "/courses?page=2"
	Proto   string  // "HTTP/1.1", "HTTP/2.0"
	Header  []Field // in order, duplicates kept; hop-by-hop fields left out
	Trailer []Field
	Body    Body
}

// Origin is scheme and authority, e.g. "https://api.staging.example.org".
func (r *Request) Origin() string { return r.Scheme + "://" + r.Host }

// Response is the application's final answer (interim 1xx answers are counted in Interim).
type Response struct {
	Status  int
	Proto   string
	Interim []int   // 1xx statuses that came before, in order
	Header  []Field // in order, duplicates kept (Set-Cookie!)
	Trailer []Field
	Body    Body
}

// Field is one header field. Name keeps the case it was seen in; compare names
// with strings.EqualFold.
type Field struct{ Name, Value string }

// Body is a message body: its content with the content-coding undone, redacted.
type Body struct {
	Size     int64   // bytes on the wire, as transferred (content-coding applied, chunking undone)
	Decoded  int64   // bytes after the content-coding was undone, before redaction; equals Size without a coding
	Encoding string  // Content-Encoding as sent: "", "gzip", "br", "zstd", …
	Data     []byte  // decoded and redacted; nil when empty or left out
	Cut      string  // "" = whole; otherwise why Data is not the whole: "cap", "opaque", "undecodable", "aborted"
	Digest   string  // keyed hash of the whole body as decoded; set where Data is not the whole
	Chunks   []Chunk // arrival of a streamed body (event streams); nil for ordinary bodies
}

// Chunk is one piece of a streamed body.
type Chunk struct {
	At   time.Duration // arrival, from the exchange's Start
	Size int           // bytes of Data in this piece
}

// Frame is one WebSocket message.
type Frame struct {
	At     time.Duration // from the exchange's Start
	ToHost bool          // direction: true = client to application
	Opcode uint8         // RFC 6455 section 5.2
	Size   int64         // payload bytes on the wire
	Data   []byte        // redacted payload; nil for control frames and when left out
}

// Timing tells when things happened, each from Start on the recorder's monotonic clock.
// A zero that is not Start itself means "did not happen".
type Timing struct {
	RequestEnd time.Duration // the last byte of the request's body had been read from the client
	FirstByte  time.Duration // the head of the final answer had arrived from the application
	End        time.Duration // the last byte was handed to the client, or the exchange failed
}

// Failure says why an exchange has no whole answer.
type Failure struct {
	Stage  string // "dial", "tls", "send", "wait", "body", "client" (the client went away)
	Reason string // one short class without values from the traffic: "refused", "reset", "timeout", "unknown authority", …
}

// Relation records that one redacted value was made from another, learned while
// the real values were in memory: To = How(From). Both are redacted values as
// they stand in recordings.
type Relation struct {
	From, To string
	How      string // "pct-decode", "pct-encode", "sha256-base64url", "md5-hex", "prefix:N", "part:N"
}

// End is the wall-clock time at which the exchange was over.
func (x *Exchange) End() time.Time { return x.Start.Add(x.Timing.End) }

// Status is the response's status code, or 0 when there was no response.
func (x *Exchange) Status() int {
	if x.Response == nil {
		return 0
	}
	return x.Response.Status
}

// Get returns the first value of the named field and whether there was one.
func Get(fields []Field, name string) (string, bool) {
	for _, f := range fields {
		if equalFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}

// Values returns every value of the named field, in order.
func Values(fields []Field, name string) []string {
	var all []string
	for _, f := range fields {
		if equalFold(f.Name, name) {
			all = append(all, f.Value)
		}
	}
	return all
}

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x != y && lower(x) != lower(y) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Clone returns a copy that shares nothing with x.
func (x *Exchange) Clone() *Exchange {
	c := *x
	c.Labels = slices.Clone(x.Labels)
	c.Request.Header = slices.Clone(x.Request.Header)
	c.Request.Trailer = slices.Clone(x.Request.Trailer)
	c.Request.Body = x.Request.Body.clone()
	if x.Response != nil {
		r := *x.Response
		r.Interim = slices.Clone(r.Interim)
		r.Header = slices.Clone(r.Header)
		r.Trailer = slices.Clone(r.Trailer)
		r.Body = r.Body.clone()
		c.Response = &r
	}
	if x.Failure != nil {
		f := *x.Failure
		c.Failure = &f
	}
	c.Relations = slices.Clone(x.Relations)
	c.Frames = slices.Clone(x.Frames)
	for i := range c.Frames {
		c.Frames[i].Data = slices.Clone(c.Frames[i].Data)
	}
	return &c
}

func (b Body) clone() Body {
	b.Data = slices.Clone(b.Data)
	b.Chunks = slices.Clone(b.Chunks)
	return b
}
