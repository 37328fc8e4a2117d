package front

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
)

// quiet keeps the servers' own complaints out of a test's output.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// Front is a TLS server before an application.
type Front struct {
	*httptest.Server
	mu    sync.Mutex
	hosts []string
}

// Start serves what stands at application over TLS. header is added to each answer.
func Start(application *url.URL, config *tls.Config, header http.Header) *Front {
	f := &Front{}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(application)
			r.Out.Host = r.In.Host
		},
		FlushInterval: -1,
		ErrorLog:      quiet(),
		ModifyResponse: func(r *http.Response) error {
			for name, values := range header {
				r.Header[name] = values
			}
			return nil
		},
	}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.hosts = append(f.hosts, r.TLS.ServerName+" "+r.Host)
		f.mu.Unlock()
		pass.ServeHTTP(w, r)
	}))
	f.Server.TLS, f.Server.Config.ErrorLog = config, quiet()
	f.Server.StartTLS()
	return f
}

// Hosts are the TLS name and the Host field of each request, each pair once, sorted.
func (f *Front) Hosts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.Sorted(slices.Values(f.hosts))
	return slices.Compact(all)
}

// Addr is where it listens.
func (f *Front) Addr() string { return f.Listener.Addr().String() }

// Proxy is an outbound proxy.
type Proxy struct {
	*httptest.Server
	want  string            // Proxy-Authorization; "" = none is asked for
	route map[string]string // host:port that is asked for → host:port that is connected to; others are refused

	mu   sync.Mutex
	seen []string
}

// StartProxy starts a proxy that reaches what route names, for those who give user
// and password where user is not empty; over TLS where config is given.
func StartProxy(user, password string, route map[string]string, config *tls.Config) *Proxy {
	p := &Proxy{route: route}
	if user != "" {
		p.want = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	p.Server = httptest.NewUnstartedServer(p)
	p.Server.Config.ErrorLog = quiet()
	if config == nil {
		p.Server.Start()
		return p
	}
	p.Server.TLS = config
	p.Server.StartTLS()
	return p
}

// Seen are the first lines of the requests that it got, in order.
func (p *Proxy) Seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// ServeHTTP forwards, or makes a tunnel.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r.Method+" "+r.RequestURI)
	p.mu.Unlock()
	if r.Header.Get("Proxy-Authorization") != p.want {
		w.Header().Set("Proxy-Authenticate", `Basic realm="out"`)
		http.Error(w, "who are you?", http.StatusProxyAuthRequired)
		return
	}
	asked := r.Host
	if r.URL.Host != "" {
		asked = r.URL.Host
	}
	if _, _, err := net.SplitHostPort(asked); err != nil {
		asked = net.JoinHostPort(asked, "80")
	}
	to, ok := p.route[asked]
	if !ok {
		http.Error(w, "no way there", http.StatusBadGateway)
		return
	}
	if r.Method == http.MethodConnect {
		tunnel(w, to)
		return
	}
	forward := &httputil.ReverseProxy{ErrorLog: quiet(), Rewrite: func(out *httputil.ProxyRequest) {
		out.SetURL(&url.URL{Scheme: "http", Host: to})
		out.Out.Host = r.URL.Host
		out.Out.Header.Del("Proxy-Authorization")
	}}
	forward.ServeHTTP(w, r)
}

// tunnel passes bytes both ways until one side ends.
func tunnel(w http.ResponseWriter, to string) {
	target, err := net.Dial("tcp", to)
	if err != nil {
		http.Error(w, "nobody is there", http.StatusBadGateway)
		return
	}
	defer target.Close()
	client, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	pipe(client, rw.Reader, target)
}

// pipe ends when either side does, once both directions have stopped.
func pipe(client net.Conn, from *bufio.Reader, target net.Conn) {
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(target, from)
		_ = target.Close()
	})
	both.Go(func() {
		_, _ = io.Copy(client, target)
		_ = client.Close()
	})
	both.Wait()
}
