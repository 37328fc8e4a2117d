package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elazarl/goproxy"
)

// Proxy is a running recorder's front. Start makes one, Shutdown ends it.
type Proxy struct {
	opt       Options
	routes    []*route
	forward   string // the forward proxy's address, "" without one
	allow     *allowList
	goproxy   *goproxy.ProxyHttpServer
	transport *http.Transport
	pipeline  *pipeline
	servers   []*http.Server
	serving   sync.WaitGroup
	dialing   context.Context // ends when exchanges in flight are cut off
	cutOff    context.CancelFunc

	lastConn   atomic.Uint64
	bodyBytes  atomic.Int64 // held by exchanges in flight
	exchanges  atomic.Int64
	failures   atomic.Int64
	handshakes atomic.Int64

	mu      sync.Mutex
	conns   map[*trackedConn]struct{} // both legs
	flights map[*flight]struct{}
	linksOf map[way]*links
	landed  chan struct{} // closed and set to nil when flights becomes empty; nil while nobody waits
	refused map[string]int
	cut     bool // exchanges in flight are being cut off
}

// Stats is a Proxy's account of this moment.
type Stats struct {
	Exchanges  int            // finished, well or not
	Failures   int            // of them, without a whole answer
	InFlight   int            //
	Refused    map[string]int // requests that were refused, by host
	Handshakes int            // TLS handshakes that clients broke off: they do not trust the authority
}

// route is a reverse proxy's listener and where it leads.
type route struct {
	name   string
	target *url.URL
	addr   *net.TCPAddr
	listen string // host that was asked for
}

// Start listens on every address and serves until Shutdown. ctx bounds the
// listening alone. An address that cannot be listened on is *ListenError.
func Start(ctx context.Context, opt Options) (*Proxy, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	p := &Proxy{
		opt:     opt,
		allow:   newAllowList(opt),
		conns:   map[*trackedConn]struct{}{},
		flights: map[*flight]struct{}{},
		refused: map[string]int{},
	}
	p.dialing, p.cutOff = context.WithCancel(context.Background())
	p.transport = p.newTransport()
	p.goproxy = p.newGoproxy()
	type place struct {
		listener net.Listener
		handler  http.Handler
	}
	var places []place
	fail := func(err error) (*Proxy, error) {
		for _, pl := range places {
			pl.listener.Close()
		}
		p.cutOff()
		return nil, err
	}
	for _, t := range opt.Targets {
		l, err := listen(ctx, t.Listen)
		if err != nil {
			return fail(err)
		}
		host, _, _ := net.SplitHostPort(t.Listen)
		r := &route{name: t.Name, target: t.URL, addr: l.Addr().(*net.TCPAddr), listen: host}
		p.routes = append(p.routes, r)
		places = append(places, place{l, p.reverseHandler(r)})
	}
	if opt.Forward != "" {
		l, err := listen(ctx, opt.Forward)
		if err != nil {
			return fail(err)
		}
		p.forward = l.Addr().String()
		places = append(places, place{l, p.forwardHandler()})
	}
	p.pipeline = newPipeline(opt)
	for _, pl := range places {
		p.serve(pl.listener, pl.handler)
	}
	return p, nil
}

// ListenError says that an address cannot be listened on.
type ListenError struct {
	Addr string
	Err  error
}

func (e *ListenError) Error() string { return fmt.Sprintf("listen on %s: %v", e.Addr, e.Err) }
func (e *ListenError) Unwrap() error { return e.Err }
func (e *ListenError) ExitCode() int { return 2 } // ExitCode is that of wrong usage.

// Hint says what to do.
func (e *ListenError) Hint() string {
	return "another program may have the port: choose one with --listen 127.0.0.1:PORT (port 0 takes any that is free)"
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, &ListenError{Addr: addr, Err: err}
	}
	return l, nil
}

// Route says where a target can be reached through the recorder.
type Route struct {
	Name   string
	Target string // URL of the application
	URL    string // URL of the listener, as a client on this machine writes it
	Addr   string // what it listens on: "0.0.0.0:8080"
}

// Routes are the reverse proxies, in the order of Options.Targets.
func (p *Proxy) Routes() []Route {
	var all []Route
	for _, r := range p.routes {
		host := r.listen
		if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
			host = "127.0.0.1"
		}
		all = append(all, Route{Name: r.name, Target: r.target.String(), Addr: r.addr.String(), URL: "http://" + net.JoinHostPort(host, fmt.Sprint(r.addr.Port))})
	}
	return all
}

// Forward is the address of the forward proxy, "" without one.
func (p *Proxy) Forward() string { return p.forward }

// Stats returns the counts of this moment.
func (p *Proxy) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{
		Exchanges: int(p.exchanges.Load()), Failures: int(p.failures.Load()), InFlight: len(p.flights),
		Refused: maps.Clone(p.refused), Handshakes: int(p.handshakes.Load()),
	}
}

func (p *Proxy) newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: nil, // what the environment names might be ourselves
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(p.dialing, cancel)()
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return p.track(c), nil
		},
		TLSClientConfig:       &tls.Config{RootCAs: p.opt.RootCAs, InsecureSkipVerify: p.opt.Insecure, MinVersion: tls.VersionTLS10},
		TLSHandshakeTimeout:   10 * time.Second,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // the client's own Accept-Encoding is what the application shall see
		MaxIdleConns:          1024,
		MaxIdleConnsPerHost:   512, // the default of 2 makes a new connection for most exchanges
		IdleConnTimeout:       4 * time.Second,
		ExpectContinueTimeout: time.Second,
	} // IdleConnTimeout: shorter than the 5 s after which common servers close, or a POST would meet a closed connection
}

func (p *Proxy) newGoproxy() *goproxy.ProxyHttpServer {
	g := goproxy.NewProxyHttpServer()
	g.Tr = p.transport
	g.ConnectDial = nil // by default taken from the environment
	g.KeepAcceptEncoding = true
	g.AllowHTTP2 = true
	g.Logger = (*goproxyLog)(p)
	g.NonproxyHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writePage(w, r, http.StatusBadRequest, "this port is a forward proxy, not a web site: set it as the proxy of your browser")
	})
	g.OnRequest().HandleConnectFunc(p.onConnect)
	g.OnRequest().DoFunc(p.onRequest)
	return g
}

// goproxyLog hears what goproxy says. Its messages may hold parts of the traffic
// and are dropped; one kind is worth a count: clients that do not trust us.
type goproxyLog Proxy

func (l *goproxyLog) Printf(format string, args ...any) {
	if strings.Contains(format, "Cannot handshake client") {
		l.handshakes.Add(1)
	}
}

func (p *Proxy) serve(l net.Listener, handler http.Handler) {
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // its messages may hold parts of the traffic
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c.(*trackedConn))
		},
	}
	p.servers = append(p.servers, s)
	p.serving.Go(func() {
		if err := s.Serve(trackingListener{l, p}); !errors.Is(err, http.ErrServerClosed) {
			p.opt.Log.Error("listener ended", "addr", l.Addr().String(), "err", err)
		}
	})
}

type connKey struct{}

// trackedConn is a connection that Shutdown can cut: http.Server forgets those
// that were taken over for a tunnel, and the transport does not give its own.
type trackedConn struct {
	net.Conn
	p  *Proxy
	id uint64 // clients' connections are numbered from 1; 0 = the application's leg
}

func (c *trackedConn) Close() error {
	c.p.mu.Lock()
	delete(c.p.conns, c)
	c.p.mu.Unlock()
	return c.Conn.Close()
}

func (p *Proxy) track(c net.Conn) *trackedConn {
	t := &trackedConn{Conn: c, p: p}
	p.mu.Lock()
	p.conns[t] = struct{}{}
	cut := p.cut
	p.mu.Unlock()
	if cut {
		t.Close()
	}
	return t
}

type trackingListener struct {
	net.Listener
	p *Proxy
}

func (l trackingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t := l.p.track(c)
	t.id = l.p.lastConn.Add(1)
	return t, nil
}

// Shutdown stops listening, lets exchanges in flight finish for Options.Grace
// (WebSockets and idle connections are closed at once), cuts off the rest, and
// returns when every exchange has been given to Sink or counted as lost. ctx ends
// the grace early.
func (p *Proxy) Shutdown(ctx context.Context) {
	grace, cancel := context.WithTimeout(ctx, p.opt.Grace)
	defer cancel()
	stopping, stopped := context.WithCancel(context.Background())
	var stops sync.WaitGroup
	for _, s := range p.servers {
		stops.Go(func() { s.Shutdown(stopping) })
	}
	p.hangUp(func(f *flight) bool { return f.upgraded.Load() })
	select {
	case <-p.empty():
		// What was handed over in the last moment is still on its way to the clients;
		// connections on which nothing was ever asked must not hold us longer.
		patience := time.AfterFunc(300*time.Millisecond, stopped)
		stops.Wait()
		patience.Stop()
	case <-grace.Done():
	}
	stopped()
	stops.Wait()
	p.cutAll()
	p.serving.Wait()
	select {
	case <-p.empty():
	case <-time.After(2 * time.Second):
	}
	if left := p.abandon(); left > 0 {
		p.opt.Lose(LostUnfinished, left)
	}
	p.pipeline.close()
	p.transport.CloseIdleConnections()
}

// empty returns a channel that is closed as soon as nothing is in flight.
func (p *Proxy) empty() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.flights) == 0 {
		none := make(chan struct{})
		close(none)
		return none
	}
	if p.landed == nil {
		p.landed = make(chan struct{})
	}
	return p.landed
}

// abandon takes what is still in flight out of the account and says how many they are.
func (p *Proxy) abandon() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.flights)
	clear(p.flights)
	return n
}

// hangUp closes the client's connection of the flights that match.
func (p *Proxy) hangUp(match func(*flight) bool) {
	p.mu.Lock()
	var conns []*trackedConn
	for f := range p.flights {
		if f.conn != nil && match(f) {
			conns = append(conns, f.conn)
		}
	}
	p.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

// cutAll ends everything that is still open, on both legs.
func (p *Proxy) cutAll() {
	p.mu.Lock()
	p.cut = true
	conns := make([]*trackedConn, 0, len(p.conns))
	for c := range p.conns {
		conns = append(conns, c)
	}
	p.mu.Unlock()
	p.cutOff()
	for _, s := range p.servers {
		s.Close()
	}
	for _, c := range conns {
		c.Close()
	}
}

func (p *Proxy) isCut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut
}
