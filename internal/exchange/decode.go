package exchange

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrMalformed is matched by every error of Decode.
var ErrMalformed = errors.New("malformed exchange record")

// DecodeError says which part of a record could not be read. It matches ErrMalformed.
type DecodeError struct {
	Part string // "exchange", "request", "response.body", …
	Err  error
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("malformed exchange record: %s: %v", e.Part, e.Err)
}

// Unwrap gives ErrMalformed and the cause.
func (e *DecodeError) Unwrap() []error { return []error{ErrMalformed, e.Err} }

// Decode reads a record that EncodeTo wrote, by this program or by a newer one:
// fields it does not know are skipped. It never panics, keeps nothing of src, and
// allocates no more than a small multiple of len(src). Its errors match ErrMalformed.
func Decode(src []byte) (*Exchange, error) {
	x := new(Exchange)
	p := parser{b: src}
	for p.next() {
		switch p.tag {
		case xSeq:
			x.Seq = p.u
		case xStart:
			x.Start = p.start()
		case xTarget:
			x.Target = intern(p.p)
		case xClient:
			x.Client = string(p.p)
		case xConn:
			x.Conn = p.u
		case xLabels:
			x.Labels = append(x.Labels, string(p.p))
		case xRequest:
			p.into("request", func(q *parser) { q.request(&x.Request) })
		case xResponse:
			if x.Response == nil {
				x.Response = new(Response)
			}
			p.into("response", func(q *parser) { q.response(x.Response) })
		case xFailure:
			if x.Failure == nil {
				x.Failure = new(Failure)
			}
			p.into("failure", func(q *parser) { q.failure(x.Failure) })
		case xTiming:
			p.into("timing", func(q *parser) { q.timing(&x.Timing) })
		case xRelations:
			x.Relations = append(x.Relations, Relation{})
			p.into("relations", func(q *parser) { q.relation(&x.Relations[len(x.Relations)-1]) })
		case xFrames:
			x.Frames = append(x.Frames, Frame{})
			p.into("frames", func(q *parser) { q.frame(&x.Frames[len(x.Frames)-1]) })
		}
	}
	if p.err != nil {
		part := "exchange"
		if p.part != "" {
			part = p.part
		}
		return nil, &DecodeError{Part: part, Err: p.err}
	}
	return x, nil
}

// parser walks the fields of one message. next leaves a number in u or the bytes
// of a string or message in p (part of b: copy what is kept).
type parser struct {
	b    []byte
	tag  uint64
	u    uint64
	p    []byte
	part string // dotted name of the nested message that failed
	err  error
}

func (p *parser) next() bool {
	if p.err != nil || len(p.b) == 0 {
		return false
	}
	num, typ, n := protowire.ConsumeTag(p.b)
	if n < 0 {
		return p.fail(n)
	}
	p.b = p.b[n:]
	p.tag = uint64(num)<<3 | uint64(typ)
	switch typ {
	case protowire.VarintType:
		p.u, n = protowire.ConsumeVarint(p.b)
	case protowire.BytesType:
		p.p, n = protowire.ConsumeBytes(p.b)
	default:
		n = protowire.ConsumeFieldValue(num, typ, p.b)
	}
	if n < 0 {
		return p.fail(n)
	}
	p.b = p.b[n:]
	return true
}

func (p *parser) fail(n int) bool {
	p.err = protowire.ParseError(n)
	return false
}

// into parses the current field as a message with f.
func (p *parser) into(part string, f func(*parser)) {
	q := parser{b: p.p}
	f(&q)
	if q.err != nil {
		p.err, p.part = q.err, part
		if q.part != "" {
			p.part = part + "." + q.part
		}
	}
}

func (p *parser) start() time.Time {
	var seconds, nanos int64
	p.into("start", func(q *parser) {
		for q.next() {
			switch q.tag {
			case startSeconds:
				seconds = int64(q.u)
			case startNanos:
				nanos = int64(q.u)
			}
		}
	})
	return time.Unix(seconds, nanos).UTC()
}

func (p *parser) request(r *Request) {
	for p.next() {
		switch p.tag {
		case reqMethod:
			r.Method = intern(p.p)
		case reqScheme:
			r.Scheme = intern(p.p)
		case reqHost:
			r.Host = string(p.p)
		case reqTarget:
			r.Target = string(p.p)
		case reqProto:
			r.Proto = intern(p.p)
		case reqHeader:
			r.Header = p.field(r.Header)
		case reqTrailer:
			r.Trailer = p.field(r.Trailer)
		case reqBody:
			p.into("body", func(q *parser) { q.body(&r.Body) })
		}
	}
}

func (p *parser) response(r *Response) {
	for p.next() {
		switch p.tag {
		case resStatus:
			r.Status = int(int32(p.u))
		case resProto:
			r.Proto = intern(p.p)
		case resInterim:
			r.Interim = append(r.Interim, int(int32(p.u)))
		case resInterimPacked:
			for b := p.p; len(b) > 0; {
				v, n := protowire.ConsumeVarint(b)
				if n < 0 {
					p.fail(n)
					return
				}
				r.Interim = append(r.Interim, int(int32(v)))
				b = b[n:]
			}
		case resHeader:
			r.Header = p.field(r.Header)
		case resTrailer:
			r.Trailer = p.field(r.Trailer)
		case resBody:
			p.into("body", func(q *parser) { q.body(&r.Body) })
		}
	}
}

func (p *parser) field(fields []Field) []Field {
	if fields == nil {
		fields = make([]Field, 0, 16)
	}
	var f Field
	p.into("field", func(q *parser) {
		for q.next() {
			switch q.tag {
			case fieldName:
				f.Name = intern(q.p)
			case fieldValue:
				f.Value = intern(q.p)
			}
		}
	})
	return append(fields, f)
}

func (p *parser) body(b *Body) {
	for p.next() {
		switch p.tag {
		case bodySize:
			b.Size = int64(p.u)
		case bodyDecoded:
			b.Decoded = int64(p.u)
		case bodyEncoding:
			b.Encoding = intern(p.p)
		case bodyData:
			b.Data = append([]byte(nil), p.p...)
		case bodyCut:
			b.Cut = string(p.p)
		case bodyDigest:
			b.Digest = string(p.p)
		case bodyChunks:
			var c Chunk
			p.into("chunks", func(q *parser) {
				for q.next() {
					switch q.tag {
					case chunkAt:
						c.At = time.Duration(q.u)
					case chunkSize:
						c.Size = int(int64(q.u))
					}
				}
			})
			b.Chunks = append(b.Chunks, c)
		}
	}
}

func (p *parser) frame(f *Frame) {
	for p.next() {
		switch p.tag {
		case frameAt:
			f.At = time.Duration(p.u)
		case frameToHost:
			f.ToHost = p.u != 0
		case frameOpcode:
			f.Opcode = uint8(p.u)
		case frameSize:
			f.Size = int64(p.u)
		case frameData:
			f.Data = append([]byte(nil), p.p...)
		}
	}
}

func (p *parser) timing(t *Timing) {
	for p.next() {
		switch p.tag {
		case timingRequestEnd:
			t.RequestEnd = time.Duration(p.u)
		case timingFirstByte:
			t.FirstByte = time.Duration(p.u)
		case timingEnd:
			t.End = time.Duration(p.u)
		}
	}
}

func (p *parser) failure(f *Failure) {
	for p.next() {
		switch p.tag {
		case failStage:
			f.Stage = string(p.p)
		case failReason:
			f.Reason = string(p.p)
		}
	}
}

func (p *parser) relation(r *Relation) {
	for p.next() {
		switch p.tag {
		case relFrom:
			r.From = string(p.p)
		case relTo:
			r.To = string(p.p)
		case relHow:
			r.How = string(p.p)
		}
	}
}

// intern returns one shared string for the words that most records repeat, so
// that reading a day of traffic does not allocate "Content-Type" a million times.
func intern(b []byte) string {
	switch string(b) { // compiled to a search without allocation
	case "GET":
		return "GET"
	case "POST":
		return "POST"
	case "http":
		return "http"
	case "https":
		return "https"
	case "HTTP/1.1":
		return "HTTP/1.1"
	case "HTTP/2.0":
		return "HTTP/2.0"
	case "gzip":
		return "gzip"
	case "br":
		return "br"
	case "Accept":
		return "Accept"
	case "Accept-Encoding":
		return "Accept-Encoding"
	case "Accept-Language":
		return "Accept-Language"
	case "Cache-Control":
		return "Cache-Control"
	case "Content-Encoding":
		return "Content-Encoding"
	case "Content-Length":
		return "Content-Length"
	case "Content-Type":
		return "Content-Type"
	case "Cookie":
		return "Cookie"
	case "Date":
		return "Date"
	case "Etag":
		return "Etag"
	case "Origin":
		return "Origin"
	case "Referer":
		return "Referer"
	case "Sec-Fetch-Dest":
		return "Sec-Fetch-Dest"
	case "Sec-Fetch-Mode":
		return "Sec-Fetch-Mode"
	case "Sec-Fetch-Site":
		return "Sec-Fetch-Site"
	case "User-Agent":
		return "User-Agent"
	case "Vary":
		return "Vary"
	case "application/json":
		return "application/json"
	case "*/*":
		return "*/*"
	}
	return string(b)
}
