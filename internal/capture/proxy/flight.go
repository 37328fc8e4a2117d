package proxy

import (
	"context"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"firedrill/internal/capture/websocket"
	"firedrill/internal/exchange"

	"github.com/elazarl/goproxy"
)

// markField is a request field whose value labels the exchange; the application never sees it.
const markField = "X-Firedrill-Mark"

// flight is one exchange under way. It begins when a request's head has arrived
// and lands once, when the answer's body is closed or the request has failed.
type flight struct {
	p        *Proxy
	route    *route // nil in the forward proxy
	conn     *trackedConn
	addr     string              // the client's
	writer   http.ResponseWriter // of plain HTTP; nil inside a CONNECT tunnel
	visited  string              // Host as the client wrote it, before it was rewritten
	started  time.Time
	labels   []string
	secure   bool // the application's leg is TLS
	inServer bool // a panic with http.ErrAbortHandler ends the connection
	upgraded atomic.Bool

	method, host, target string
	header               []exchange.Field
	coding               string
	asking               bool // the request has a body

	mu      sync.Mutex // guards these: the transport may read a request's body beyond the answer
	request capture
	trailer []exchange.Field
	sent    time.Duration // Timing.RequestEnd
	asked   error         // what went wrong while the client sent its body
	settled bool          // the exchange is over: nothing here changes any more

	answer   *exchange.Response // head; nil until it came
	interim  []int
	response capture
	chunks   []exchange.Chunk
	frames   []exchange.Frame // of a WebSocket
	stream   bool             // its chunks are worth keeping
	first    time.Duration
	end      time.Duration
	failure  *exchange.Failure
	landing  sync.Once
}

// capture is a copy of a body on its way.
type capture struct {
	data  []byte
	size  int64 // bytes that passed
	cut   string
	ended bool      // the body was seen to its end
	hash  hash.Hash // of everything, once cut; nil before
}

type flightKey struct{}

// launch begins a flight. w is nil where the client is not served by net/http.
func (p *Proxy) launch(r *http.Request, rt *route, conn *trackedConn, w http.ResponseWriter) *flight {
	f := &flight{p: p, route: rt, conn: conn, addr: r.RemoteAddr, writer: w, visited: r.Host, started: time.Now()}
	if w != nil && r.ContentLength != 0 {
		// An application may answer before it has read everything: net/http would then
		// take the rest of the body away from under the transport.
		http.NewResponseController(w).EnableFullDuplex() // HTTP/2 is it always and says so with an error
	}
	f.inServer = r.Context().Value(http.ServerContextKey) != nil
	p.mu.Lock()
	p.flights[f] = struct{}{}
	p.mu.Unlock()
	return f
}

// since is the time that has passed since the flight began, on the monotonic clock.
func (f *flight) since() time.Duration { return time.Since(f.started) }

// drop ends a flight that was not an exchange with an application.
func (f *flight) drop() { f.landing.Do(func() { f.p.arrive(f) }) }

// arrive takes f out of the account.
func (p *Proxy) arrive(f *flight) {
	p.bodyBytes.Add(-int64(cap(f.request.data) + cap(f.response.data)))
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.flights, f)
	if len(p.flights) == 0 && p.landed != nil {
		close(p.landed)
		p.landed = nil
	}
}

// land ends the flight and gives it to the pipeline, once. settle, which may be
// nil, writes down how it ended.
func (f *flight) land(settle func()) {
	f.landing.Do(func() {
		f.end = f.since()
		if settle != nil {
			settle()
		}
		f.mu.Lock()
		f.settled = true // the transport may still read the request's body: nobody listens any more
		size := int64(len(f.request.data) + len(f.response.data))
		for i := range f.frames {
			size += frameOverhead + int64(len(f.frames[i].Data))
		}
		f.mu.Unlock()
		f.p.exchanges.Add(1)
		if f.failure != nil {
			f.p.failures.Add(1)
		}
		// Given to the pipeline before it leaves the account: Shutdown closes the
		// pipeline when the account is empty.
		if f.p.inAccount(f) {
			f.p.pipeline.submit(f, size)
		}
		f.p.arrive(f)
	})
}

func (p *Proxy) inAccount(f *flight) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.flights[f]
	return ok
}

// fail notes the first thing that went wrong.
func (f *flight) fail(stage, reason string) {
	if f.failure == nil {
		f.failure = &exchange.Failure{Stage: stage, Reason: reason}
	}
}

// roundTrip is goproxy's way to the application: the exchange is taken here.
func (p *Proxy) roundTrip(req *http.Request, _ *goproxy.ProxyCtx) (*http.Response, error) {
	f := req.Context().Value(flightKey{}).(*flight)
	f.method, f.host, f.target = req.Method, req.Host, req.URL.RequestURI()
	if f.host == "" {
		f.host = req.URL.Host
	}
	f.secure = req.URL.Scheme == "https"
	f.coding = req.Header.Get("Content-Encoding")
	f.header = copyFields(req.Header)
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header["User-Agent"] = nil // or the transport invents one
	}
	if req.Body != nil && req.Body != http.NoBody {
		f.asking = true
		req.Body = &askBody{ReadCloser: req.Body, f: f, trailer: &req.Trailer}
	}
	watch := &interims{f: f}
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{Got1xxResponse: watch.got}))
	res, err := p.transport.RoundTrip(req)
	f.interim = watch.stop()
	if err != nil {
		f.fail(f.classify(req.Context(), err, "wait"))
		reason := f.failure.Reason
		f.land(nil)
		return errorResponse(req, http.StatusBadGateway, "no answer from "+req.URL.Scheme+"://"+req.URL.Host+": "+reason), nil
	}
	f.first = f.since()
	f.answer = &exchange.Response{Status: res.StatusCode, Proto: res.Proto, Header: copyFields(res.Header),
		Body: exchange.Body{Encoding: strings.Join(res.Header.Values("Content-Encoding"), ", ")}}
	if f.route != nil {
		p.rewriteAnswer(f, res.Header)
	}
	for _, name := range []string{"Content-Type", "Date"} {
		if _, ok := res.Header[name]; !ok {
			res.Header[name] = nil // or net/http invents one
		}
	}
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		if rw, ok := res.Body.(io.ReadWriteCloser); ok {
			f.upgraded.Store(true)
			agreed := strings.Join(res.Header.Values("Sec-Websocket-Extensions"), ",")
			res.Body = &upgradedBody{ReadWriteCloser: rw, f: f, observer: websocket.New(agreed, p.opt.BodyCap)}
			return res, nil
		}
	case res.Body == nil || res.Body == http.NoBody:
		f.response.ended = true
		f.land(nil)
		return res, nil
	}
	f.stream = res.ContentLength < 0
	if n := res.ContentLength; n > 0 {
		f.response.data = make([]byte, 0, min(n, p.opt.BodyCap, 1<<20))
		p.bodyBytes.Add(int64(cap(f.response.data)))
	}
	body := &answerBody{ReadCloser: res.Body, f: f, res: res}
	res.Body = body
	if f.route != nil {
		p.relink(f, res, body)
	}
	return res, nil
}

// interims hears of 1xx answers in the transport's goroutine and passes them on
// while the handler waits.
type interims struct {
	f    *flight
	mu   sync.Mutex
	over bool
	seen []int
}

func (i *interims) got(code int, header textproto.MIMEHeader) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.over {
		return nil
	}
	i.seen = append(i.seen, code)
	// net/http answers 100 by itself when the body is asked for.
	if w := i.f.writer; w != nil && code != http.StatusContinue {
		h := w.Header()
		for name, values := range header {
			h[name] = values
		}
		w.WriteHeader(code)
		clear(h)
	}
	return nil
}

func (i *interims) stop() []int {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
	return i.seen
}

// copyFields copies header fields that belong to the message and not to the hop.
// Their order is made stable later, off the client's path.
func copyFields(h http.Header) []exchange.Field {
	fields := make([]exchange.Field, 0, len(h)+4)
	for name, values := range h {
		if hopByHop(name) {
			continue
		}
		for _, v := range values {
			fields = append(fields, exchange.Field{Name: name, Value: v})
		}
	}
	return fields
}

func sortFields(fields []exchange.Field) {
	slices.SortStableFunc(fields, func(a, b exchange.Field) int { return strings.Compare(a.Name, b.Name) })
}

// hopByHop says whether a field belongs to one connection (RFC 9110 section 7.6.1).
func hopByHop(name string) bool {
	switch name {
	case "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Transfer-Encoding", "Upgrade", "Trailer":
		return true
	}
	return false
}

// classify says at which stage and why there is no whole answer. later is the
// stage where nothing else speaks for another.
func (f *flight) classify(ctx context.Context, err error, later string) (stage, reason string) {
	f.mu.Lock()
	asked, whole := f.asked, f.sent > 0 || f.request.size == 0 || f.request.ended
	f.mu.Unlock()
	switch {
	case f.p.isCut():
		return later, "recorder stopped"
	case asked != nil:
		return "client", "broke off its request"
	case errors.Is(err, context.Canceled) || ctx.Err() != nil:
		return "client", "went away"
	}
	if stage, reason, ok := dialFailure(err); ok {
		return stage, reason
	}
	if !whole {
		later = "send"
	}
	return later, connFailure(err)
}
