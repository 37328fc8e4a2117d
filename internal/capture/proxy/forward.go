package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/elazarl/goproxy"
)

// forwardHandler serves the forward proxy: requests in absolute form, and CONNECT.
// goproxy answers what is neither.
func (p *Proxy) forwardHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect && r.URL.IsAbs() {
			f := p.launch(r, nil, connOf(r), w)
			r = r.WithContext(context.WithValue(r.Context(), flightKey{}, f))
		}
		p.goproxy.ServeHTTP(w, r)
	})
}

func connOf(r *http.Request) *trackedConn {
	c, _ := r.Context().Value(connKey{}).(*trackedConn)
	return c
}

// onConnect opens every tunnel to an allowed host.
func (p *Proxy) onConnect(host string, ctx *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
	if why := p.forbidden(host, "443"); why != "" {
		ctx.Resp = errorResponse(ctx.Req, http.StatusForbidden, why)
		ctx.Resp.Close = true
		return goproxy.RejectConnect, host
	}
	ctx.UserData = connOf(ctx.Req)
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	return &goproxy.ConnectAction{Action: goproxy.ConnectMitm,
		TLSConfig: func(string, *goproxy.ProxyCtx) (*tls.Config, error) { return p.opt.Authority.Config(name), nil },
	}, host
}

// onRequest prepares every request, in goproxy's order before hop-by-hop fields
// are removed; an answer from here is not the application's and is not recorded.
func (p *Proxy) onRequest(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
	f, _ := r.Context().Value(flightKey{}).(*flight)
	if f == nil { // inside a tunnel
		conn, _ := ctx.UserData.(*trackedConn)
		f = p.launch(r, nil, conn, nil)
		r = r.WithContext(context.WithValue(r.Context(), flightKey{}, f))
		ctx.Req = r
	}
	if f.route == nil {
		// Inside a tunnel too: the Host field, not the tunnel, says where a request goes.
		port := "80"
		if r.URL.Scheme == "https" {
			port = "443"
		}
		if why := p.forbidden(r.URL.Host, port); why != "" {
			f.drop()
			if r.Body != nil {
				r.Body.Close()
			}
			return r, errorResponse(r, http.StatusForbidden, why)
		}
	}
	f.labels = r.Header.Values(markField)
	delete(r.Header, markField)
	removeHopByHop(r.Header)
	ctx.RoundTripper = goproxy.RoundTripperFunc(p.roundTrip)
	return r, nil
}

// removeHopByHop removes what belongs to the client's connection. goproxy sees to
// Connection itself, which a WebSocket handshake needs.
func removeHopByHop(h http.Header) {
	upgrade := false
	for _, line := range h.Values("Connection") {
		for _, name := range strings.Split(line, ",") {
			if name = strings.TrimSpace(name); strings.EqualFold(name, "upgrade") {
				upgrade = true
			} else {
				h.Del(name)
			}
		}
	}
	if !upgrade || !strings.EqualFold(h.Get("Upgrade"), "websocket") {
		h.Del("Upgrade")
	}
	h.Del("Keep-Alive")
	if h.Get("Te") != "trailers" {
		h.Del("Te")
	}
}

// forbidden says why the forward proxy does not connect to host, "" if it does.
func (p *Proxy) forbidden(host, port string) string {
	if h, o, err := net.SplitHostPort(host); err == nil {
		host, port = h, o
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if p.isOurs(host, port) {
		return "that address is the recorder itself"
	}
	if p.allow.has(host, port) {
		return ""
	}
	p.mu.Lock()
	if len(p.refused) < 1000 || p.refused[host] > 0 {
		p.refused[host]++
	}
	p.mu.Unlock()
	return "the recorder may not connect to " + host + " (recorder --allow-host names the hosts it may)"
}

// isOurs recognises our own listeners, which would make a circle.
func (p *Proxy) isOurs(host, port string) bool {
	ip := net.ParseIP(host)
	if !(host == "localhost" || strings.HasSuffix(host, ".localhost") || (ip != nil && (ip.IsLoopback() || ip.IsUnspecified()))) {
		return false
	}
	if _, ours, err := net.SplitHostPort(p.forward); err == nil && ours == port {
		return true
	}
	for _, r := range p.routes {
		if strconv.Itoa(r.addr.Port) == port {
			return true
		}
	}
	return false
}

// allowList is where the forward proxy may connect to.
type allowList struct {
	any   bool
	exact map[string]bool // host, or host:port
	below []string        // ".school.test"
}

func newAllowList(o Options) *allowList {
	a := &allowList{any: o.AllowAny, exact: map[string]bool{}}
	for _, h := range o.AllowHost {
		h = strings.ToLower(h)
		if rest, ok := strings.CutPrefix(h, "*."); ok {
			a.below = append(a.below, "."+rest)
		} else {
			a.exact[strings.Trim(h, "[]")] = true
		}
	}
	if len(o.AllowHost) == 0 {
		for _, t := range o.Targets {
			port := t.URL.Port()
			if port == "" {
				port = map[string]string{"http": "80", "https": "443"}[t.URL.Scheme]
			}
			a.exact[net.JoinHostPort(strings.ToLower(t.URL.Hostname()), port)] = true
		}
	}
	return a
}

func (a *allowList) has(host, port string) bool {
	if a.any || a.exact[host] || a.exact[net.JoinHostPort(host, port)] {
		return true
	}
	for _, suffix := range a.below {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}
