package proxy

import (
	"context"
	"encoding/hex"
	"hash"
	"mime"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"

	bodycoding "firedrill/internal/capture/coding"
	"firedrill/internal/exchange"
)

// expansion bounds what a coded body may decode to, as a multiple of the cap.
const expansion = 4

// jobOverhead is what a finished exchange counts for beside its bodies; it bounds
// how many can wait.
const jobOverhead = 16 << 10

// frameOverhead is what a message of a WebSocket counts for beside its payload.
const frameOverhead = 64

// pipeline turns finished flights into exchanges, away from the clients' path:
//
//	submit ─▶ work (several goroutines: decode) ─▶ order (one: Redact, Sink)
//
// Both queues hold every job, in the order of submission. Redaction keeps that
// order: what an answer taught it to be secret must be known when the request
// that uses it comes by.
type pipeline struct {
	opt   Options
	work  chan *job
	order chan *job
	wg    sync.WaitGroup

	mu     sync.Mutex
	queued int64         // bytes
	room   chan struct{} // closed and replaced when queued goes down
}

type job struct {
	f    *flight
	size int64
	x    *exchange.Exchange
	done chan struct{} // closed when x is ready
}

func newPipeline(opt Options) *pipeline {
	most := int(opt.QueueBytes/jobOverhead) + 1
	l := &pipeline{opt: opt, work: make(chan *job, most), order: make(chan *job, most), room: make(chan struct{})}
	for range min(4, runtime.GOMAXPROCS(0)) {
		l.wg.Go(func() {
			for j := range l.work {
				j.x = j.f.exchange()
				j.f = nil
				close(j.done)
			}
		})
	}
	l.wg.Go(func() {
		for j := range l.order {
			<-j.done
			opt.Redact(j.x)
			// Its error has been counted by whoever gave it.
			opt.Sink(context.Background(), j.x)
			l.release(j.size)
		}
	})
	return l
}

// submit queues f, holding the caller back while there is no room. After Patience
// the exchange is lost, and counted.
func (l *pipeline) submit(f *flight, size int64) {
	j := &job{f: f, size: size + jobOverhead, done: make(chan struct{})}
	var patience *time.Timer
	for {
		l.mu.Lock()
		if l.queued == 0 || l.queued+j.size <= l.opt.QueueBytes {
			l.queued += j.size
			l.order <- j // never waits: room is bounded by jobOverhead
			l.work <- j
			l.mu.Unlock()
			return
		}
		room := l.room
		l.mu.Unlock()
		if patience == nil {
			patience = time.NewTimer(l.opt.Patience)
			defer patience.Stop()
		}
		select {
		case <-room:
		case <-patience.C:
			l.opt.Lose(LostBehind, 1)
			return
		}
	}
}

func (l *pipeline) release(size int64) {
	l.mu.Lock()
	l.queued -= size
	close(l.room)
	l.room = make(chan struct{})
	l.mu.Unlock()
}

// close waits until everything that was submitted has reached Sink. Nothing may
// be submitted any more.
func (l *pipeline) close() {
	close(l.work)
	close(l.order)
	l.wg.Wait()
}

// exchange makes the value from a flight that has landed.
func (f *flight) exchange() *exchange.Exchange {
	f.mu.Lock() // the transport may still look at its side
	defer f.mu.Unlock()
	x := &exchange.Exchange{
		Start: f.started.UTC(), Labels: f.labels,
		Request: exchange.Request{Method: f.method, Scheme: "http", Host: f.host, Target: f.target, Proto: "HTTP/1.1",
			Header: f.header, Trailer: f.trailer},
		Response: f.answer, Failure: f.failure, Frames: f.frames,
		Timing: exchange.Timing{RequestEnd: f.sent, FirstByte: f.first, End: f.end},
	}
	if f.secure {
		x.Request.Scheme = "https"
	}
	x.Request.Host = withoutDefaultPort(x.Request.Host, x.Request.Scheme)
	if f.route != nil {
		x.Target = f.route.name
	}
	if f.conn != nil {
		x.Conn = f.conn.id
	}
	if host, _, err := net.SplitHostPort(f.addr); err == nil {
		x.Client = f.p.opt.Client(host)
	} else if f.addr != "" {
		x.Client = f.p.opt.Client(f.addr)
	}
	sortFields(x.Request.Header)
	most := f.p.opt.BodyCap * expansion
	f.request.ended = f.request.ended || !f.asking
	x.Request.Body = f.request.body(f.coding, nil, most)
	if res := x.Response; res != nil {
		if strings.HasPrefix(res.Proto, "HTTP/2") {
			x.Request.Proto = res.Proto // one connection, one protocol
		}
		res.Interim = f.interim
		sortFields(res.Header)
		var chunks []exchange.Chunk
		if f.isStream() {
			chunks = f.chunks
		}
		res.Body = f.response.body(res.Body.Encoding, chunks, most)
	}
	return x
}

// streamPause is how long after its first piece the last of a body of unknown
// type must arrive for its rhythm to be worth keeping.
const streamPause = 250 * time.Millisecond

// isStream says whether the answer is a stream by its type or by how it came.
func (f *flight) isStream() bool {
	if len(f.chunks) == 0 {
		return false
	}
	contentType, _ := exchange.Get(f.answer.Header, "Content-Type")
	media, _, _ := mime.ParseMediaType(contentType)
	switch media {
	case "text/event-stream", "application/x-ndjson", "application/jsonl", "application/stream+json", "application/json-seq":
		return true
	}
	return f.chunks[len(f.chunks)-1].At-f.chunks[0].At >= streamPause
}

// body makes the recorded body from what was copied.
func (c *capture) body(coding string, chunks []exchange.Chunk, most int64) exchange.Body {
	b := exchange.Body{Size: c.size, Decoded: c.size, Encoding: coding, Cut: c.cut, Data: c.data}
	if coded := coding != "" && !strings.EqualFold(coding, "identity"); coded && len(c.data) > 0 {
		var cut string
		b.Data, b.Chunks, cut = bodycoding.Decode(coding, c.data, c.cut != "" || !c.ended, chunks, most)
		b.Decoded = int64(len(b.Data))
		if cut != "" && b.Cut == "" {
			b.Cut = cut
		}
	} else {
		b.Chunks = fitting(chunks, len(c.data))
		b.Digest = sum(c.hash)
	}
	if !c.ended {
		b.Digest = "" // it would be of a part
		if b.Cut != "undecodable" {
			b.Cut = "aborted"
		}
	}
	if len(b.Data) == 0 {
		b.Data = nil
	}
	return b
}

// fitting are the chunks that lie within the first n bytes.
func fitting(chunks []exchange.Chunk, n int) []exchange.Chunk {
	for i := range chunks {
		if chunks[i].Size > n {
			chunks[i].Size = n
			return chunks[:i+1]
		}
		n -= chunks[i].Size
	}
	return chunks
}

func sum(h hash.Hash) string {
	if h == nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func withoutDefaultPort(host, scheme string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}
