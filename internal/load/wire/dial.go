package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"firedrill/internal/sample"
)

// route is the way to an origin.
type route struct {
	address string // host:port that stands at its end
	fixed   bool   // Options.Resolve chose it
	proxied bool   // by way of the proxy
	tunnel  bool   // with CONNECT
}

// route chooses the way. What this machine serves itself is never asked of a proxy.
// Plain HTTP is forwarded by the proxy, unless Resolve chose the address: a proxy
// would look up the name by itself, so it is told the address with CONNECT.
func (o *Options) route(scheme, dial string) route {
	r := route{address: dial}
	r.address, r.fixed = o.address(dial)
	if o.Proxy == nil {
		return r
	}
	if host, _, err := net.SplitHostPort(r.address); err == nil && !Loopback(host) {
		r.proxied, r.tunnel = true, scheme == "https" || r.fixed
	}
	return r
}

// Way is how the origin of u is reached: the host:port that stands at the end,
// whether Resolve chose it, and whether the proxy is asked.
func (o *Options) Way(u *url.URL) (address string, chosen, proxied bool) {
	r := o.route(u.Scheme, HostPort(u))
	return r.address, r.fixed, r.proxied
}

// HostPort is the host:port of a URL; without a port that of its scheme.
func HostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		if port = "80"; u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Reach makes a connection to the origin of u and closes it again: nothing is sent
// but what makes the way. The error is an *Error.
func (c *Client) Reach(ctx context.Context, u *url.URL) error {
	o := &origin{scheme: u.Scheme, dial: HostPort(u), route: c.opt.route(u.Scheme, HostPort(u))}
	k, err := c.dial(ctx, o, &Timing{}, time.Time{})
	if err != nil {
		return &Error{Kind: kind(ctx, err, false), Err: err}
	}
	return k.net.Close()
}

// address is what is connected to for a host:port, and whether Resolve says so.
func (o *Options) address(dial string) (string, bool) {
	host, port, err := net.SplitHostPort(strings.ToLower(dial))
	if err != nil || len(o.Resolve) == 0 {
		return dial, false
	}
	to, ok := o.Resolve[net.JoinHostPort(host, port)]
	if !ok {
		if to, ok = o.Resolve[host]; !ok {
			return dial, false
		}
	}
	if whole, err := netip.ParseAddrPort(to); err == nil {
		return whole.String(), true
	}
	return net.JoinHostPort(strings.Trim(to, "[]"), port), true
}

// Loopback reports whether a host, a name or an address, can only be this machine.
func Loopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

// stageError carries the kind of an error that only its stage tells.
type stageError struct {
	kind sample.ErrorKind
	err  error
}

func (e *stageError) Error() string { return e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }

// dial makes a connection over which a request to the origin can be sent.
func (c *Client) dial(ctx context.Context, o *origin, t *Timing, deadline time.Time) (*conn, error) {
	limit := c.opt.DialTimeout
	if limit <= 0 {
		limit = 30 * time.Second
	}
	until := time.Now().Add(limit)
	if !deadline.IsZero() && deadline.Before(until) {
		until = deadline
	}
	dctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	start := time.Now()
	raw, over, err := c.reach(dctx, o.route, t)
	t.Connect = time.Since(start) - t.DNS
	if err != nil {
		return nil, err
	}
	k := &conn{net: over, raw: raw, at: o}
	if o.scheme == "https" {
		start := time.Now()
		tc, err := handshake(dctx, over, c.tlsConfig(o.dial))
		t.TLS = time.Since(start)
		if err != nil {
			_ = raw.Close()
			return nil, err
		}
		k.net = tc
	}
	if err := k.net.SetDeadline(deadline); err != nil {
		_ = k.net.Close()
		return nil, err
	}
	return k, nil
}

// reach makes the way to the target, or to the proxy that forwards to it. raw is
// the socket; over is what is written to: the same, or TLS with the proxy.
func (c *Client) reach(ctx context.Context, r route, t *Timing) (raw, over net.Conn, err error) {
	address := r.address
	if r.proxied {
		address, _ = c.opt.address(HostPort(c.opt.Proxy))
	}
	raw, err = connect(ctx, address, t)
	if err != nil || !r.proxied {
		return raw, raw, c.atProxy(r, err)
	}
	over = raw
	if c.opt.Proxy.Scheme == "https" {
		if over, err = handshake(ctx, raw, c.tlsConfig(HostPort(c.opt.Proxy))); err != nil {
			_ = raw.Close()
			return nil, nil, c.atProxy(r, err)
		}
	}
	if r.tunnel {
		if err := c.tunnel(ctx, over, r.address); err != nil {
			_ = raw.Close()
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return nil, nil, c.atProxy(r, err)
		}
	}
	return raw, over, nil
}

// connect opens a TCP connection; the look-up of the name is timed apart.
func connect(ctx context.Context, address string, t *Timing) (net.Conn, error) {
	var looked, found time.Time
	trace := &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { looked = time.Now() },
		DNSDone:  func(httptrace.DNSDoneInfo) { found = time.Now() },
	}
	var d net.Dialer
	raw, err := d.DialContext(httptrace.WithClientTrace(ctx, trace), "tcp", address)
	if !looked.IsZero() && !found.IsZero() {
		t.DNS = found.Sub(looked)
	}
	return raw, err
}

// handshake puts TLS over a connection. Its error is the context's, or of kind TLS.
func handshake(ctx context.Context, over net.Conn, config *tls.Config) (net.Conn, error) {
	tc := tls.Client(over, config)
	if err := tc.HandshakeContext(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &stageError{sample.TLS, err}
	}
	return tc, nil
}

func (c *Client) tlsConfig(dial string) *tls.Config {
	config := &tls.Config{}
	if c.opt.TLS != nil {
		config = c.opt.TLS.Clone()
	}
	if config.ServerName == "" {
		if host, _, err := net.SplitHostPort(dial); err == nil {
			config.ServerName = host
		}
	}
	config.NextProtos = []string{"http/1.1"}
	return config
}

// atProxy says that an error is about the way to the proxy. A *ProxyError says so itself.
func (c *Client) atProxy(r route, err error) error {
	var said *ProxyError
	if err == nil || !r.proxied || errors.As(err, &said) {
		return err
	}
	return fmt.Errorf("proxy %s: %w", c.opt.Proxy.Host, err)
}
