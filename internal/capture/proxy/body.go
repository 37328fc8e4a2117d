package proxy

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"firedrill/internal/capture/websocket"
	"firedrill/internal/exchange"
)

// take copies what passed, up to the cap of one body and the budget of all. The
// keyed hash begins where the copy ends: smaller bodies do not pay for it.
func (c *capture) take(p *Proxy, b []byte) {
	c.size += int64(len(b))
	switch {
	case c.hash != nil:
		c.hash.Write(b)
	case c.cut != "":
	case p.bodyBytes.Load() > bodyBudget:
		c.cutAt(p, b, 0)
	case int64(len(b)) > p.opt.BodyCap-int64(len(c.data)):
		c.cutAt(p, b, int(p.opt.BodyCap)-len(c.data))
	default:
		c.keep(p, b)
	}
}

func (c *capture) cutAt(p *Proxy, b []byte, room int) {
	c.cut = "cap"
	if p.opt.Digest != nil {
		c.hash = p.opt.Digest()
		c.hash.Write(c.data)
		c.hash.Write(b)
	}
	c.keep(p, b[:room])
}

func (c *capture) keep(p *Proxy, b []byte) {
	before := cap(c.data)
	c.data = append(c.data, b...)
	if grown := cap(c.data) - before; grown > 0 {
		p.bodyBytes.Add(int64(grown))
	}
}

// askBody is a request's body on its way to the application.
type askBody struct {
	io.ReadCloser
	f       *flight
	trailer *http.Header
	ended   bool
}

func (b *askBody) Read(p []byte) (int, error) {
	if b.ended {
		// Asked once more by the transport, when net/http may have closed the body:
		// that error would make it break the answer that is already on its way.
		return 0, io.EOF
	}
	n, err := b.ReadCloser.Read(p)
	b.ended = err == io.EOF
	f := b.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.settled {
		return n, err
	}
	f.request.take(f.p, p[:n])
	switch {
	case err == io.EOF:
		if f.sent == 0 {
			f.sent = f.since()
			f.request.ended = true
			f.trailer = copyFields(*b.trailer)
		}
	case err != nil && f.asked == nil:
		f.asked = err
	}
	return n, err
}

// answerBody is an answer's body on its way to the client. It is read through
// WriteTo in plain HTTP, through Read inside a tunnel, and closed at the end of
// both, which is the end of the exchange.
type answerBody struct {
	io.ReadCloser
	f      *flight
	res    *http.Response
	broken error // the application broke off
	ended  bool
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.read(p)
	if b.broken != nil && b.f.inServer {
		// An HTTP/2 stream inside a tunnel: goproxy would end it as if it were whole.
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func (b *answerBody) read(p []byte) (int, error) {
	f := b.f
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		f.response.take(f.p, p[:n])
		if f.stream {
			f.chunks = append(f.chunks, exchange.Chunk{At: f.since(), Size: n})
			if len(f.chunks) == maxChunks {
				f.chunks, f.stream = nil, false // a large download of unknown length, not a conversation
			}
		}
	}
	switch {
	case err == io.EOF:
		b.ended = true
	case err != nil && b.broken == nil:
		b.broken = err
	}
	return n, err
}

// maxChunks bounds what is kept of a stream's rhythm.
const maxChunks = 1 << 16

// WriteTo passes the body on piece by piece as it arrives. When the application
// breaks off, the client's connection is broken too: half an answer must not
// look like a whole one.
func (b *answerBody) WriteTo(w io.Writer) (total int64, err error) {
	flusher, _ := w.(http.Flusher)
	pooled := buffers.Get().(*[]byte)
	defer buffers.Put(pooled)
	length := b.res.ContentLength
	for {
		n, readErr := b.read(*pooled)
		if n > 0 {
			written, err := w.Write((*pooled)[:n])
			total += int64(written)
			if err != nil {
				return total, err
			}
			// The last piece of a known length goes out with the end of the answer.
			if flusher != nil && readErr == nil && total != length {
				flusher.Flush()
			}
		}
		if readErr == io.EOF {
			return total, nil
		}
		if readErr != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func (b *answerBody) Close() error {
	err := b.ReadCloser.Close()
	f := b.f
	f.land(func() {
		whole := b.ended || f.response.size == b.res.ContentLength
		f.response.ended = whole
		switch {
		case b.broken != nil:
			f.fail(f.classify(b.res.Request.Context(), b.broken, "body"))
		case !whole:
			f.fail("client", "went away")
		default:
			f.answer.Trailer = copyFields(b.res.Trailer)
		}
	})
	return err
}

// upgradedBody is the application's side of a WebSocket: its messages are read
// while they pass.
type upgradedBody struct {
	io.ReadWriteCloser
	f        *flight
	observer *websocket.Observer
	toHost   atomic.Int64
	toClient atomic.Int64
}

func (b *upgradedBody) Read(p []byte) (int, error) {
	n, err := b.ReadWriteCloser.Read(p)
	b.toClient.Add(int64(n))
	b.observer.ToClient(p[:n], b.f.since())
	return n, err
}

func (b *upgradedBody) Write(p []byte) (int, error) {
	at := b.f.since() // before: the reply may be here sooner than we are back
	n, err := b.ReadWriteCloser.Write(p)
	b.toHost.Add(int64(n))
	b.observer.ToHost(p[:n], at)
	return n, err
}

// Close ends both legs: goproxy leaves the client's open in plain HTTP.
func (b *upgradedBody) Close() error {
	err := b.ReadWriteCloser.Close()
	f := b.f
	f.land(func() {
		f.request.size, f.request.ended = b.toHost.Load(), true
		f.response.size, f.response.ended = b.toClient.Load(), true
		f.frames = b.observer.Frames()
		if b.observer.Broken() || b.observer.Uncounted() > 0 {
			f.response.cut = "opaque"
		}
	})
	if f.conn != nil {
		f.conn.Close()
	}
	return err
}
