package proxy

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// shield goes before the names of cookies that browsers accept over TLS alone:
// the client gets another name, and the application its own back.
const shield = "firedrill"

// demandsTLS says whether a cookie's name does (RFC 6265bis section 4.1.3).
func demandsTLS(name string) bool {
	for _, prefix := range [...]string{"__Host-", "__Secure-"} {
		if len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

// reverseHandler serves the reverse proxy of one target: the request becomes one
// for the application, which goproxy carries like any proxy request.
func (p *Proxy) reverseHandler(rt *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			writePage(w, r, http.StatusMethodNotAllowed, "this port stands for "+rt.target.String()+" and is no forward proxy (recorder --forward is one)")
			return
		}
		f := p.launch(r, rt, connOf(r), w)
		r = r.WithContext(context.WithValue(r.Context(), flightKey{}, f))
		to := *r.URL
		to.Scheme, to.Host, to.User = rt.target.Scheme, rt.target.Host, nil
		r.URL, r.Host = &to, rt.target.Host
		p.rewriteRequest(f, r.Header)
		p.relinkRequest(f, r)
		p.goproxy.ServeHTTP(w, r)
	})
}

// rewriteRequest makes the fields in which a browser says where it is say what
// they would say to the application itself.
func (p *Proxy) rewriteRequest(f *flight, h http.Header) {
	for _, name := range [...]string{"Origin", "Referer"} {
		for i, v := range h[name] {
			h[name][i] = p.toTarget(v, f.visited)
		}
	}
	for i, line := range h["Cookie"] {
		if strings.Contains(line, shield) {
			h["Cookie"][i] = renameCookies(line)
		}
	}
}

func renameCookies(line string) string {
	pairs := strings.Split(line, ";")
	for i, pair := range pairs {
		name := strings.TrimLeft(pair, " ")
		if own, ok := strings.CutPrefix(name, shield); ok && demandsTLS(own) {
			pairs[i] = pair[:len(pair)-len(name)] + own
		}
	}
	return strings.Join(pairs, ";")
}

// toTarget turns an address at one of our listeners into the application's;
// visited is the Host under which the client knows us. Other addresses stay.
func (p *Proxy) toTarget(address, visited string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return address
	}
	host, _, err := net.SplitHostPort(visited)
	if err != nil {
		host = visited
	}
	for _, r := range p.routes {
		if portOf(u) == strconv.Itoa(r.addr.Port) && (strings.EqualFold(u.Hostname(), strings.Trim(host, "[]")) || isLoopback(u.Hostname())) {
			return replaceOrigin(address, u, r.target.Scheme+"://"+r.target.Host)
		}
	}
	return address
}

// toClient turns an address at one of the applications into that of its listener,
// under the host by which the client knows us. Other addresses stay.
func (p *Proxy) toClient(f *flight, address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address // relative: it is right as it is
	}
	scheme := u.Scheme
	if scheme == "" {
		scheme = f.route.target.Scheme
	}
	for _, r := range p.routes {
		if strings.EqualFold(scheme, r.target.Scheme) && strings.EqualFold(u.Hostname(), r.target.Hostname()) &&
			portOr(u, scheme) == portOr(r.target, r.target.Scheme) {
			host, _, err := net.SplitHostPort(f.visited)
			if err != nil {
				host = f.visited
			}
			return replaceOrigin(address, u, "http://"+net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(r.addr.Port)))
		}
	}
	return address
}

// replaceOrigin keeps every byte after the authority.
func replaceOrigin(address string, u *url.URL, origin string) string {
	start := strings.Index(address, "//") + 2
	end := strings.IndexAny(address[start:], "/?#")
	if end < 0 {
		return origin
	}
	return origin + address[start+end:]
}

func portOf(u *url.URL) string { return portOr(u, u.Scheme) }

func portOr(u *url.URL, scheme string) string {
	if port := u.Port(); port != "" {
		return port
	}
	if strings.EqualFold(scheme, "https") {
		return "443"
	}
	return "80"
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

// rewriteAnswer makes an answer's head true for the client: it has been copied
// for the recording before.
func (p *Proxy) rewriteAnswer(f *flight, h http.Header) {
	for _, name := range [...]string{"Location", "Content-Location", "Access-Control-Allow-Origin"} {
		for i, v := range h[name] {
			h[name][i] = p.toClient(f, v)
		}
	}
	for i, v := range h["Set-Cookie"] {
		h["Set-Cookie"][i] = rewriteSetCookie(v)
	}
	for _, name := range [...]string{"Content-Security-Policy", "Content-Security-Policy-Report-Only"} {
		for i, v := range h[name] {
			h[name][i] = p.relinkPolicy(p.links(f, false, false), v)
		}
	}
	for _, name := range [...]string{"Link", "Refresh"} {
		for i, v := range h[name] {
			h[name][i] = string(p.links(f, false, false).to(v))
		}
	}
}

// rewriteSetCookie makes a cookie one that a browser keeps for a plain http host
// that is not the application's: without Domain, Secure and Partitioned, SameSite
// None (which demands Secure) as Lax, and names that demand TLS as others.
func rewriteSetCookie(line string) string {
	parts := strings.Split(line, ";")
	if name := strings.TrimLeft(parts[0], " "); demandsTLS(name) {
		parts[0] = shield + name
	}
	kept := parts[:1]
	for _, part := range parts[1:] {
		attribute, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(strings.TrimSpace(attribute)) {
		case "domain", "secure", "partitioned":
			continue
		case "samesite":
			if strings.EqualFold(strings.TrimSpace(value), "none") {
				part = " SameSite=Lax"
			}
		}
		kept = append(kept, part)
	}
	return strings.Join(kept, ";")
}
