package wire

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"sync"
	"time"
)

// Options configure a Client. The zero value is usable.
type Options struct {
	TLS          *tls.Config       // base configuration, as Trust.Config makes it; ServerName is set per connection when empty; nil = defaults
	Proxy        *url.URL          // http:// or https:// proxy for all addresses but loopback ones; its user and password are sent as Basic credentials; nil = none
	Resolve      map[string]string // host or host:port, in lower case → IP or IP:port that is connected to instead; the Host field and TLS names stay
	MaxPerOrigin int               // connections to one origin at a time; 0 = 6, as browsers do
	DialTimeout  time.Duration     // connecting, through a proxy too, and TLS handshake; 0 = 30 s; the request's own time-out holds as well
}

const defaultPerOrigin = 6

// Client is a Doer over HTTP/1.1. The zero value is not usable: call New.
type Client struct {
	opt         *Options
	credentials string // for the proxy; "" = none

	mu      sync.Mutex
	origins []*origin // a handful
	closed  bool
}

// New is a Client that shares opt, read-only, with other Clients.
func New(opt *Options) *Client {
	if opt == nil {
		opt = &Options{}
	}
	return &Client{opt: opt, credentials: credentials(opt.Proxy)}
}

// origin is the connections to one place.
type origin struct {
	scheme, dial string
	route        route
	idle         []*conn // last used last
	open         int     // idle, in use and being dialled
	waiting      []chan *conn
}

// conn is one connection. Its owner is the request that uses it, or its origin.
type conn struct {
	net  net.Conn // TLS over raw, or raw
	raw  net.Conn
	at   *origin
	used time.Time // when it became idle
	in   int64     // bytes read, counted for one request at a time
}

// Read counts.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.net.Read(p)
	c.in += int64(n)
	return n, err
}

// Close closes idle connections, and those in use once they come back.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, o := range c.origins {
		for _, k := range o.idle {
			_ = k.net.Close()
		}
		o.open -= len(o.idle)
		o.idle = nil
	}
}

// Open is the number of connections that are open or being opened.
func (c *Client) Open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, o := range c.origins {
		n += o.open
	}
	return n
}

func (c *Client) origin(scheme, dial string) *origin {
	for _, o := range c.origins {
		if o.scheme == scheme && o.dial == dial {
			return o
		}
	}
	o := &origin{scheme: scheme, dial: dial, route: c.opt.route(scheme, dial)}
	c.origins = append(c.origins, o)
	return o
}

// idleCheck is how long a connection must have been idle to be looked at before use.
const idleCheck = 50 * time.Millisecond

// acquire is an idle connection, or a new one, or nil with an error.
func (c *Client) acquire(ctx context.Context, req *Request, t *Timing, deadline time.Time) (k *conn, reused bool, err error) {
	for {
		k, o, err := c.take(ctx, req, deadline)
		if err != nil {
			return nil, false, err
		}
		if k == nil {
			k, err = c.dial(ctx, o, t, deadline)
			if err != nil {
				c.gone(o)
				return nil, false, err
			}
			return k, false, nil
		}
		if err := k.net.SetDeadline(deadline); err == nil && (t.Start.Sub(k.used) < idleCheck || !closedByPeer(k.raw)) {
			return k, true, nil
		}
		_ = k.net.Close()
		c.gone(o)
	}
}

// take is an idle connection, or nil with the permission to dial one.
func (c *Client) take(ctx context.Context, req *Request, deadline time.Time) (*conn, *origin, error) {
	c.mu.Lock()
	o := c.origin(req.Scheme, req.Dial)
	if n := len(o.idle); n > 0 {
		k := o.idle[n-1]
		o.idle[n-1], o.idle = nil, o.idle[:n-1]
		c.mu.Unlock()
		return k, o, nil
	}
	limit := c.opt.MaxPerOrigin
	if limit <= 0 {
		limit = defaultPerOrigin
	}
	if o.open < limit {
		o.open++
		c.mu.Unlock()
		return nil, o, nil
	}
	turn := make(chan *conn, 1)
	o.waiting = append(o.waiting, turn)
	c.mu.Unlock()

	var expired <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		expired = timer.C
	}
	err := error(context.DeadlineExceeded)
	select {
	case k := <-turn:
		return k, o, nil
	case <-expired:
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case k := <-turn: // it came all the same: pass it on
		if k != nil {
			c.giveLocked(k)
		} else {
			c.goneLocked(o)
		}
	default:
		for i, w := range o.waiting {
			if w == turn {
				o.waiting = append(o.waiting[:i], o.waiting[i+1:]...)
				break
			}
		}
	}
	return nil, o, err
}

// give takes a usable connection back.
func (c *Client) give(k *conn) {
	k.used = time.Now()
	c.mu.Lock()
	c.giveLocked(k)
	c.mu.Unlock()
}

func (c *Client) giveLocked(k *conn) {
	o := k.at
	switch {
	case c.closed:
		_ = k.net.Close()
		c.goneLocked(o)
	case len(o.waiting) > 0:
		turn := o.waiting[0]
		o.waiting = o.waiting[1:]
		turn <- k
	default:
		o.idle = append(o.idle, k)
	}
}

// gone tells that a connection of o is no more: who waits may dial one.
func (c *Client) gone(o *origin) {
	c.mu.Lock()
	c.goneLocked(o)
	c.mu.Unlock()
}

func (c *Client) goneLocked(o *origin) {
	if len(o.waiting) > 0 {
		turn := o.waiting[0]
		o.waiting = o.waiting[1:]
		turn <- nil
		return
	}
	o.open--
}
