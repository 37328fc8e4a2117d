package wire_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
	"firedrill/tests/front"
)

// whoever answers says how it was asked.
func whoever(t *testing.T) *url.URL {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " ", r.RequestURI, " for ", r.Host, r.Header["Proxy-Authorization"])
	}))
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func authority(t *testing.T) *front.Authority {
	t.Helper()
	a, err := front.NewAuthority("Rehearsal Authority")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// behindTLS is a front of whoever, for the given names.
func behindTLS(t *testing.T, a, clients *front.Authority, names ...string) *front.Front {
	t.Helper()
	config, err := a.Server(clients, names...)
	if err != nil {
		t.Fatal(err)
	}
	f := front.Start(whoever(t), config, nil)
	t.Cleanup(f.Close)
	return f
}

func proxy(t *testing.T, user, password string, route map[string]string) *front.Proxy {
	p := front.StartProxy(user, password, route, nil)
	t.Cleanup(p.Close)
	return p
}

func to(scheme, dial string) *wire.Request {
	return &wire.Request{Method: "GET", Scheme: scheme, Authority: dial, Dial: dial, Target: "/page?x=1", Timeout: 5 * time.Second}
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func trust(t *testing.T, tr wire.Trust) *wire.Options {
	t.Helper()
	config, err := tr.Config(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &wire.Options{TLS: config}
}

// TestWays: for each way to a target, what the proxy and the target are asked for.
func TestWays(t *testing.T) {
	a := authority(t)
	secure := behindTLS(t, a, nil, "school.test")
	plain := whoever(t)
	route := map[string]string{
		"school.test:443": secure.Addr(), "203.0.113.7:443": secure.Addr(), "203.0.113.9:8443": secure.Addr(),
		"school.test:80": plain.Host, "203.0.113.7:80": plain.Host, "school.test:8080": plain.Host,
	}
	_, port, _ := net.SplitHostPort(secure.Addr())
	for _, tt := range []struct {
		name    string
		req     *wire.Request
		resolve map[string]string
		direct  bool // without a proxy
		seen    []string
		body    string
		hosts   string
	}{
		{name: "https by CONNECT", req: to("https", "school.test:443"), seen: []string{"CONNECT school.test:443"},
			body: "GET /page?x=1 for school.test:443[]", hosts: "school.test school.test:443"},
		{name: "http by forwarding", req: to("http", "school.test:80"), seen: []string{"GET http://school.test/page?x=1", "GET http://school.test/page?x=1"}, body: "GET /page?x=1 for school.test[]"},
		{name: "http at another port", req: to("http", "school.test:8080"), seen: []string{"GET http://school.test:8080/page?x=1", "GET http://school.test:8080/page?x=1"},
			body: "GET /page?x=1 for school.test:8080[]"},
		{name: "a resolved name keeps its Host and TLS name", req: to("https", "school.test:443"), resolve: map[string]string{"school.test": "203.0.113.7"},
			seen: []string{"CONNECT 203.0.113.7:443"}, body: "GET /page?x=1 for school.test:443[]", hosts: "school.test school.test:443"},
		{name: "a resolved host:port goes to IP:port", req: to("https", "School.test:443"), resolve: map[string]string{"school.test": "203.0.113.1", "school.test:443": "203.0.113.9:8443"},
			seen: []string{"CONNECT 203.0.113.9:8443"}, body: "GET /page?x=1 for School.test:443[]", hosts: "School.test School.test:443"},
		{name: "a proxy would resolve http by itself, so it gets a tunnel", req: to("http", "school.test:80"), resolve: map[string]string{"school.test": "203.0.113.7"},
			seen: []string{"CONNECT 203.0.113.7:80"}, body: "GET /page?x=1 for school.test:80[]"},
		{name: "loopback needs no proxy", req: to("http", plain.Host), body: "GET /page?x=1 for " + plain.Host + "[]"},
		{name: "nor does a name that is resolved to loopback", req: to("https", "school.test:443"), resolve: map[string]string{"school.test": secure.Addr()},
			body: "GET /page?x=1 for school.test:443[]", hosts: "school.test school.test:443"},
		{name: "resolved without a proxy", direct: true, req: to("https", "school.test:"+port), resolve: map[string]string{"school.test": "127.0.0.1"},
			body: "GET /page?x=1 for school.test:" + port + "[]", hosts: "school.test school.test:" + port},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := proxy(t, "ann", "p@ss:word", route)
			o := trust(t, wire.Trust{CA: a.PEM()})
			o.Resolve = tt.resolve
			if !tt.direct {
				o.Proxy = parse(t, p.URL)
				o.Proxy.User = url.UserPassword("ann", "p@ss:word")
			}
			c := client(t, o)
			for i := range 2 {
				var res wire.Response
				if err := c.Do(context.Background(), tt.req, &res); err != nil {
					t.Fatal(err)
				}
				if res.Status != 200 || string(res.Body()) != tt.body || res.Reused != (i > 0) {
					t.Errorf("%d %q, reused %v; want %q", res.Status, res.Body(), res.Reused, tt.body)
				}
			}
			if d := cmp.Diff(tt.seen, p.Seen()); d != "" {
				t.Errorf("the proxy saw: %s", d)
			}
			if tt.hosts != "" && !contains(secure.Hosts(), tt.hosts) {
				t.Errorf("the target saw %q, want %q", secure.Hosts(), tt.hosts)
			}
		})
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// TestProxyOverTLS: the way to the proxy may be TLS, too, with TLS inside it.
func TestProxyOverTLS(t *testing.T) {
	a := authority(t)
	secure, plain := behindTLS(t, a, nil, "school.test"), whoever(t)
	config, err := a.Server(nil, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	p := front.StartProxy("", "", map[string]string{"school.test:443": secure.Addr(), "school.test:80": plain.Host}, config)
	t.Cleanup(p.Close)
	o := trust(t, wire.Trust{CA: a.PEM()})
	o.Proxy = parse(t, p.URL)
	c := client(t, o)
	for _, req := range []*wire.Request{to("https", "school.test:443"), to("http", "school.test:80")} {
		var res wire.Response
		if err := c.Do(context.Background(), req, &res); err != nil || res.Status != 200 {
			t.Errorf("%s: %d, %v", req.Scheme, res.Status, err)
		}
	}
	if d := cmp.Diff([]string{"CONNECT school.test:443", "GET http://school.test/page?x=1"}, p.Seen()); d != "" {
		t.Error(d)
	}
}

// TestRefusingProxies: what a proxy answers by itself is no answer of the target.
func TestRefusingProxies(t *testing.T) {
	p := proxy(t, "ann", "secret", map[string]string{"school.test:80": whoever(t).Host})
	withUser := parse(t, p.URL)
	withUser.User = url.UserPassword("ann", "secret")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	says := func(answer string) *url.URL {
		return &url.URL{Scheme: "http", Host: serve(t, canned(answer, hangUp))}
	}
	for _, tt := range []struct {
		name, scheme string
		proxy        *url.URL
		kind         sample.ErrorKind
		status       int
	}{
		{"no credentials, tunnel", "https", parse(t, p.URL), sample.OtherError, 407},
		{"no credentials, forwarded", "http", parse(t, p.URL), sample.OtherError, 407},
		{"it does not reach the target", "https", withUser, sample.Refused, 502},
		{"it gave up on the target", "https", says("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n"), sample.TimedOut, 504},
		{"nobody there", "https", &url.URL{Scheme: "http", Host: closed.Addr().String()}, sample.Refused, 0},
		{"no proxy", "https", says("SSH-2.0-OpenSSH_9.2\r\n\r\n"), sample.Protocol, 0},
		{"hangs up", "https", says(""), sample.Reset, 0},
		{"more than its answer", "https", says("HTTP/1.1 200 OK\r\n\r\nhello"), sample.Protocol, 0},
		{"silent", "https", &url.URL{Scheme: "http", Host: serve(t, func(_ int, c net.Conn) { _, _ = io.Copy(io.Discard, c) })}, sample.TimedOut, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := to(tt.scheme, map[string]string{"http": "school.test:80", "https": "school.test:443"}[tt.scheme])
			req.Timeout = 300 * time.Millisecond
			c := client(t, &wire.Options{Proxy: tt.proxy})
			var res wire.Response
			var we *wire.Error
			err := c.Do(context.Background(), req, &res)
			if !errors.As(err, &we) || we.Kind != tt.kind {
				t.Fatalf("error %v, want of kind %v", err, tt.kind)
			}
			var said *wire.ProxyError
			if errors.As(err, &said) != (tt.status != 0) || said != nil && said.Status != tt.status {
				t.Errorf("error %v, want status %d", err, tt.status)
			}
			if c.Open() != 0 {
				t.Errorf("%d connections are kept", c.Open())
			}
		})
	}
}

// TestCancelAtTheProxy: who stops waiting does not wait for a proxy either.
func TestCancelAtTheProxy(t *testing.T) {
	asked := make(chan bool)
	addr := serve(t, func(_ int, c net.Conn) {
		_, _ = head(bufio.NewReader(c))
		asked <- true
		_, _ = io.Copy(io.Discard, c)
	})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-asked
		cancel()
	}()
	req := to("https", "school.test:443")
	req.Timeout = time.Minute
	var res wire.Response
	var we *wire.Error
	if err := client(t, &wire.Options{Proxy: &url.URL{Scheme: "http", Host: addr}}).Do(ctx, req, &res); !errors.As(err, &we) || we.Kind != sample.Canceled || we.Sent {
		t.Errorf("got %v", err)
	}
}

// slowly delays what is read from a connection for the first time.
type slowly struct {
	net.Listener
	by time.Duration
}

func (l slowly) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &slowConn{Conn: c, by: l.by}, err
}

type slowConn struct {
	net.Conn
	by time.Duration
}

func (c *slowConn) Read(p []byte) (int, error) {
	time.Sleep(c.by)
	c.by = 0
	return c.Conn.Read(p)
}

// TestTimesApart: look-up, connecting and TLS are kept apart, through a proxy too:
// none is counted twice and none holds another's delay.
func TestTimesApart(t *testing.T) {
	const slowTLS, slowProxy = 60 * time.Millisecond, 120 * time.Millisecond
	a := authority(t)
	config, err := a.Server(nil, "school.test", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	srv.Listener, srv.TLS = slowly{srv.Listener, slowTLS}, config
	srv.StartTLS()
	t.Cleanup(srv.Close)
	p := front.StartProxy("", "", map[string]string{"school.test:443": srv.Listener.Addr().String()}, nil)
	t.Cleanup(p.Close)
	delayed := serve(t, func(_ int, c net.Conn) { // before the proxy
		up, err := net.Dial("tcp", p.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer up.Close()
		go func() {
			_, _ = io.Copy(up, &slowConn{Conn: c, by: slowProxy})
			up.Close()
		}()
		_, _ = io.Copy(c, up)
	})
	_, port, _ := net.SplitHostPort(delayed)
	_, direct, _ := net.SplitHostPort(srv.Listener.Addr().String())
	for _, tt := range []struct {
		name    string
		dial    string
		proxy   *url.URL
		connect time.Duration
		dns     bool
	}{
		{"through a proxy", "school.test:443", &url.URL{Scheme: "http", Host: delayed}, slowProxy, false},
		{"through a proxy with a name", "school.test:443", &url.URL{Scheme: "http", Host: "localhost:" + port}, slowProxy, true},
		{"straight", "localhost:" + direct, nil, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := trust(t, wire.Trust{CA: a.PEM()})
			o.Proxy = tt.proxy
			c := client(t, o)
			var res wire.Response
			if err := c.Do(context.Background(), to("https", tt.dial), &res); err != nil {
				t.Fatal(err)
			}
			g := res.Timing
			if (g.DNS > 0) != tt.dns || g.Connect < tt.connect || g.TLS < slowTLS {
				t.Errorf("DNS %v, connect %v, TLS %v; want connect %v and TLS %v at least", g.DNS, g.Connect, g.TLS, tt.connect, slowTLS)
			}
			if sum, whole := g.DNS+g.Connect+g.TLS+g.Sending, g.FirstByte.Sub(g.Start); sum > whole {
				t.Errorf("DNS %v + connect %v + TLS %v + sending %v is more than the whole %v", g.DNS, g.Connect, g.TLS, g.Sending, whole)
			}
			if err := c.Do(context.Background(), to("https", tt.dial), &res); err != nil {
				t.Fatal(err)
			}
			if g = res.Timing; !res.Reused || g.DNS+g.Connect+g.TLS != 0 {
				t.Errorf("reused %v: DNS %v, connect %v, TLS %v", res.Reused, g.DNS, g.Connect, g.TLS)
			}
		})
	}
}

// TestReach: a way is tried out without a request.
func TestReach(t *testing.T) {
	a := authority(t)
	secure := behindTLS(t, a, nil, "school.test")
	p := proxy(t, "", "", map[string]string{"school.test:443": secure.Addr()})
	o := trust(t, wire.Trust{CA: a.PEM()})
	o.Proxy = parse(t, p.URL)
	c := client(t, o)
	if err := c.Reach(context.Background(), parse(t, "https://school.test")); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff([]string{"CONNECT school.test:443"}, p.Seen()); d != "" || len(secure.Hosts()) != 0 || c.Open() != 0 {
		t.Errorf("the target got %q, %d connections are open, the proxy saw %s", secure.Hosts(), c.Open(), d)
	}
	var we *wire.Error
	if err := client(t, &wire.Options{Proxy: o.Proxy}).Reach(context.Background(), parse(t, "https://school.test")); !errors.As(err, &we) || we.Kind != sample.TLS {
		t.Errorf("an unknown authority: %v", err)
	}
	if err := c.Reach(context.Background(), parse(t, "https://nowhere.test")); !errors.As(err, &we) || we.Kind != sample.Refused {
		t.Errorf("a target that the proxy does not reach: %v", err)
	}
}

func TestWay(t *testing.T) {
	o := &wire.Options{Proxy: parse(t, "http://proxy.test:3128"), Resolve: map[string]string{"a.test": "10.0.0.5", "b.test": "127.0.0.1:8443", "localhost": "10.0.0.6"}}
	for _, tt := range []struct {
		target, address string
		chosen, proxied bool
	}{
		{"https://a.test", "10.0.0.5:443", true, true},
		{"http://A.test:8080", "10.0.0.5:8080", true, true},
		{"https://b.test", "127.0.0.1:8443", true, false},
		{"http://c.test", "c.test:80", false, true},
		{"http://127.0.0.1:4000", "127.0.0.1:4000", false, false},
		{"http://localhost:4000", "10.0.0.6:4000", true, true},
		{"http://[::1]", "[::1]:80", false, false},
	} {
		address, chosen, proxied := o.Way(parse(t, tt.target))
		if address != tt.address || chosen != tt.chosen || proxied != tt.proxied {
			t.Errorf("%s: %s, chosen %v, proxied %v", tt.target, address, chosen, proxied)
		}
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST.": true, "a.localhost": true, "127.0.0.1": true, "127.8.9.1": true, "::1": true, "[::1]": true, "::ffff:127.0.0.1": true,
		"localhost.example.org": false, "127.0.0.1.example.org": false, "10.0.0.1": false, "::2": false, "": false, "0.0.0.0": false, "notlocalhost": false,
	} {
		if got := wire.Loopback(host); got != want {
			t.Errorf("Loopback(%q) = %v", host, got)
		}
	}
}
