package drill

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"firedrill/internal/cli"
	"firedrill/internal/environment"
	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
)

// way reads how the environment's targets are reached: certificates, proxy and
// chosen addresses. What is of no use is an error of usage (2).
func (p place) way(now time.Time) (*wire.Options, error) {
	trust := wire.Trust{Insecure: p.TLS.Insecure}
	for _, part := range []struct {
		key, value string
		into       *[]byte
	}{{"ca", p.TLS.CA, &trust.CA}, {"cert", p.TLS.Cert, &trust.Cert}, {"key", p.TLS.Key, &trust.Key}} {
		if part.value == "" {
			continue
		}
		text, err := p.pem(part.key, part.value)
		if err != nil {
			return nil, err
		}
		*part.into = text
	}
	config, err := trust.Config(now)
	var useless *wire.TrustError
	if errors.As(err, &useless) {
		value := map[string]string{"ca": p.TLS.CA, "cert": p.TLS.Cert, "key": p.TLS.Key}[useless.Part]
		return nil, cli.Usagef("%s: %w", p.nameOfPEM(useless.Part, value), err).With("%s", useless.Fix)
	}
	if err != nil {
		return nil, err
	}
	proxy, err := p.proxy()
	if err != nil {
		return nil, err
	}
	return &wire.Options{TLS: config, Proxy: proxy, Resolve: p.Resolve}, nil
}

// nameOfPEM names a part of tls: for a message: the file or variable, and the key.
func (p place) nameOfPEM(key, value string) string {
	at := fmt.Sprintf("tls.%s of environment %q", key, p.Name)
	if name, ok := strings.CutPrefix(value, "env:"); ok {
		return fmt.Sprintf("the variable %s (%s)", name, at)
	}
	return fmt.Sprintf("%s (%s)", p.path(strings.TrimPrefix(value, "file:")), at)
}

// pem is the PEM text that a value of tls: stands for.
func (p place) pem(key, value string) ([]byte, error) {
	where := fmt.Sprintf("tls.%s of environment %q", key, p.Name)
	if name, ok := strings.CutPrefix(value, "env:"); ok {
		text := os.Getenv(name)
		if text == "" {
			return nil, cli.Usagef("%s: the environment variable %s is not set", where, name).
				With("export it with the PEM text itself, or change tls.%s in %s", key, p.config)
		}
		return []byte(text), nil
	}
	path := p.path(strings.TrimPrefix(value, "file:"))
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, cli.Usagef("%s: %w", where, err).With("paths in %s are relative to it; it must be a PEM file that you may read", p.config)
	}
	if len(text) == 0 {
		return nil, cli.Usagef("%s: %s is empty", where, path).With("it must be a PEM file")
	}
	return text, nil
}

// proxy is the outbound proxy; nil = none. Messages never hold its URL, which may
// hold a password.
func (p place) proxy() (*url.URL, error) {
	if p.Proxy == "" {
		return nil, nil
	}
	text, err := p.elsewhere("proxy", p.Proxy)
	if err != nil {
		return nil, err
	}
	if why, fix := environment.CheckProxy(text); why != "" {
		return nil, cli.Usagef("proxy of environment %q: %s", p.Name, why).With("%s", fix)
	}
	u, err := url.Parse(text)
	if err != nil { // not reached: CheckProxy parsed it
		return nil, cli.Usagef("proxy of environment %q is not a URL", p.Name)
	}
	return u, nil
}

// sayWay is what the first lines of a run say of the way: one line per target, then
// the proxy, then the trust.
func (r *rehearsal) sayWay(out *lines) {
	for i, name := range slices.Sorted(maps.Keys(r.targets)) {
		u := r.targets[name]
		address, chosen, proxied := r.way.Way(u)
		text := fmt.Sprintf("%s = %s", name, u)
		if chosen {
			text += ", connected to at " + address
		}
		if proxied {
			text += ", through the proxy"
		}
		out.put("%-10s %s", map[bool]string{true: "target"}[i == 0], text)
	}
	if proxy := r.way.Proxy; proxy != nil {
		text := proxy.Scheme + "://" + proxy.Host
		if proxy.User != nil {
			text += ", as " + proxy.User.Username()
		}
		if !r.anyTarget(func(u *url.URL) bool { _, _, proxied := r.way.Way(u); return proxied }) {
			text += "; not needed: all targets are on this machine"
		}
		out.put("proxy      %s", text)
	}
	for _, line := range r.trustText() {
		out.put("tls        %s", line)
	}
	for _, host := range slices.Sorted(maps.Keys(r.way.Resolve)) {
		if !r.anyTarget(func(u *url.URL) bool { return names(host, u) }) {
			out.put("note       resolve: no target of this run is %s", host)
		}
	}
}

// names reports whether host, a host or host:port, is that of u.
func names(host string, u *url.URL) bool {
	own := strings.ToLower(u.Hostname())
	return host == own || host == net.JoinHostPort(own, portOf(u))
}

func portOf(u *url.URL) string {
	_, port, _ := net.SplitHostPort(wire.HostPort(u)) // made by JoinHostPort
	return port
}

func (r *rehearsal) anyTarget(fits func(*url.URL) bool) bool {
	for _, u := range r.targets {
		if fits(u) {
			return true
		}
	}
	return false
}

// trustText says whom https targets are believed by and what is shown to them.
func (r *rehearsal) trustText() []string {
	var all []string
	t := r.env.TLS
	if t.Insecure {
		all = append(all, insecureText)
	}
	var parts []string
	if t.CA != "" {
		parts = append(parts, fmt.Sprintf("authorities of %s besides the machine's", t.CA))
	}
	if own := r.way.TLS.Certificates; len(own) > 0 {
		leaf := own[0].Leaf
		parts = append(parts, fmt.Sprintf("shows %q until %s", leaf.Subject, leaf.NotAfter.UTC().Format(time.DateOnly)))
	}
	if len(parts) > 0 {
		all = append(all, strings.Join(parts, "; "))
	}
	return all
}

// insecureText is said with each run that trusts any certificate.
const insecureText = "ANY certificate is trusted (tls.insecure): nobody knows whether these are the targets that are meant"

// wayHint says what to do about a target that cannot be reached; "" = nothing is known.
func (p place) wayHint(u *url.URL, err error) string {
	config := fallback(p.config, ConfigName)
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var proxy *wire.ProxyError
	var we *wire.Error
	var record tls.RecordHeaderError
	if !errors.As(err, &we) {
		return ""
	}
	switch {
	case errors.As(err, &proxy) && proxy.Status == 407:
		return fmt.Sprintf("give user and password in proxy: of environment %q in %s, as http://user:password@host:port", p.Name, config)
	case errors.As(err, &proxy):
		return fmt.Sprintf("the proxy is up and does not let this through: is %s the right address, and may this machine go there?", u)
	case errors.As(err, &unknown):
		return fmt.Sprintf("its certificate comes from an authority that this machine does not know: name it with tls: {ca: PATH} of environment %q in %s", p.Name, config)
	case errors.As(err, &name):
		return "its certificate is for other names: is this the right address, and does resolve: lead to the right machine?"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate is not valid today: it must be renewed there"
	case errors.As(err, &record):
		return fmt.Sprintf("something there answers, but not over TLS: is it http:// and not %s?", u)
	case we.Kind == sample.TLS:
		return fmt.Sprintf("does it want a client certificate? Then name one with tls: {cert: PATH, key: PATH} of environment %q in %s", p.Name, config)
	case we.Kind == sample.NoHost:
		return fmt.Sprintf("is %s spelt right? A host without a name is given its address with resolve: in %s", u.Hostname(), config)
	}
	return fmt.Sprintf("is %s running, and is this the right address?", u)
}

// diagnose looks why a run reached no target: the first that a connection cannot be
// made to, with the reason. Nothing is sent.
func (r *rehearsal) diagnose(ctx context.Context) (why string, hint string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c := wire.New(r.way)
	defer c.Close()
	for _, name := range slices.Sorted(maps.Keys(r.targets)) {
		u := r.targets[name]
		if err := c.Reach(ctx, u); err != nil {
			return fmt.Sprintf("%s: %v", name, err), r.env.wayHint(u, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.targets)) {
		if u := r.targets[name]; u.Scheme == "https" && len(r.way.TLS.Certificates) == 0 {
			return fmt.Sprintf("%s lets connections in and breaks them off", name), r.env.wayHint(u, &wire.Error{Kind: sample.TLS, Err: errors.New("")})
		}
	}
	return "", ""
}
