package proxy_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedrill/internal/capture/ca"
	"firedrill/internal/capture/proxy"
	"firedrill/internal/exchange"
)

func authority(t *testing.T) *ca.Authority {
	t.Helper()
	a, _, err := ca.Load(filepath.Join(t.TempDir(), "ca"))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// forwardStage is a forward proxy and a client that trusts it.
func forwardStage(t *testing.T, apps *x509.CertPool, change func(*proxy.Options)) (*stage, *http.Client) {
	t.Helper()
	opt := proxy.Options{Forward: "127.0.0.1:0", AllowHost: []string{"127.0.0.1", "localhost"}, Authority: authority(t), RootCAs: apps, Grace: 2 * time.Second}
	if change != nil {
		change(&opt)
	}
	s := start(t, opt)
	c := client(t, s.Forward())
	roots := x509.NewCertPool()
	roots.AddCert(opt.Authority.Certificate())
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	return s, c
}

func tlsApplication(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	app := httptest.NewUnstartedServer(handler)
	app.EnableHTTP2 = true
	app.StartTLS()
	t.Cleanup(app.Close)
	pool := x509.NewCertPool()
	pool.AddCert(app.Certificate())
	return app, pool
}

func TestForwardProxyTakesPlainRequests(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host+r.RequestURI) })
	s, c := forwardStage(t, nil, nil)
	_, body := get(t, c, app.URL+"/a%2Fb?c", "Proxy-Authorization", "Basic x", "Origin", "http://elsewhere")
	if want := strings.TrimPrefix(app.URL, "http://") + "/a%2Fb?c"; body != want {
		t.Errorf("the application saw %q, want %q", body, want)
	}
	x := s.only()
	if x.Target != "" || x.Request.Scheme != "http" || x.Request.Target != "/a%2Fb?c" || x.Request.Host != strings.TrimPrefix(app.URL, "http://") {
		t.Errorf("taken %+v", x.Request)
	}
	if _, ok := exchange.Get(x.Request.Header, "Proxy-Authorization"); ok {
		t.Error("what was meant for the proxy was taken")
	}
}

func TestForwardProxyOpensTLS(t *testing.T) {
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(version, func(t *testing.T) {
			app, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "text/plain")
				fmt.Fprintf(w, "%s %s", r.Method, r.RequestURI)
			})
			s, c := forwardStage(t, pool, nil)
			c.Transport.(*http.Transport).ForceAttemptHTTP2 = version == "HTTP/2.0"
			for i := range 3 {
				res, body := send(t, c, "POST", fmt.Sprintf("%s/x?%d", app.URL, i), strings.NewReader("ask"))
				if body != fmt.Sprintf("POST /x?%d", i) || res.Proto != version {
					t.Errorf("%d: %s %q", i, res.Proto, body)
				}
			}
			all := s.stop()
			if len(all) != 3 {
				t.Fatalf("%d were taken", len(all))
			}
			for _, x := range all {
				if x.Request.Scheme != "https" || x.Failure != nil || string(x.Request.Body.Data) != "ask" || x.Response.Proto != "HTTP/2.0" ||
					x.Conn == 0 || x.Conn > 3 || !strings.HasPrefix(string(x.Response.Body.Data), "POST /x") {
					t.Errorf("taken %+v %+v", x, x.Response)
				}
			}
		})
	}
}

func TestStreamsPassAtOnceInsideATunnel(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		step := make(chan bool)
		app, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for i := 0; <-step; i++ {
				fmt.Fprintf(w, "data: %d\n", i)
				w.(http.Flusher).Flush()
			}
		})
		s, c := forwardStage(t, pool, nil)
		c.Transport.(*http.Transport).ForceAttemptHTTP2 = h2
		go func() { step <- true }()
		res, err := c.Get(app.URL)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(res.Body)
		for i := range 3 {
			if line, err := lines.ReadString('\n'); line != fmt.Sprintf("data: %d\n", i) {
				t.Fatalf("h2 %t: %q %v", h2, line, err)
			}
			step <- i < 2
		}
		res.Body.Close()
		if x := s.only(); len(x.Response.Body.Chunks) != 3 || len(x.Response.Body.Data) != 24 {
			t.Errorf("h2 %t: kept %+v", h2, x.Response.Body)
		}
	}
}

func TestHalfAnAnswerStaysHalfInsideATunnel(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		app, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		})
		s, c := forwardStage(t, pool, nil)
		c.Transport.(*http.Transport).ForceAttemptHTTP2 = h2
		res, err := c.Get(app.URL)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		if err == nil {
			t.Errorf("h2 %t: the client took half an answer for a whole one", h2)
		}
		if x := s.only(); x.Failure == nil || x.Failure.Stage != "body" || x.Response.Body.Cut != "aborted" {
			t.Errorf("h2 %t: failure %+v of %+v", h2, x.Failure, x.Response)
		}
	}
}

func TestAFailedUpstreamInsideATunnel(t *testing.T) {
	app, _ := tlsApplication(t, func(http.ResponseWriter, *http.Request) {})
	for _, h2 := range []bool{false, true} {
		s, c := forwardStage(t, nil, nil) // does not know the application's authority
		c.Transport.(*http.Transport).ForceAttemptHTTP2 = h2
		res, body := get(t, c, app.URL+"/x")
		if res.StatusCode != 502 || !strings.Contains(body, "unknown authority") {
			t.Errorf("h2 %t: %d %q", h2, res.StatusCode, body)
		}
		if x := s.only(); x.Failure == nil || x.Failure.Stage != "tls" || x.Response != nil {
			t.Errorf("h2 %t: taken %+v", h2, x)
		}
	}
}

func TestTheForwardProxyIsNoOpenRelay(t *testing.T) {
	reached := 0
	app, pool := tlsApplication(t, func(http.ResponseWriter, *http.Request) { reached++ })
	plain := application(t, func(http.ResponseWriter, *http.Request) { reached++ })
	u, _ := url.Parse(app.URL)
	s, c := forwardStage(t, pool, func(o *proxy.Options) {
		o.AllowHost = []string{"school.test", "*.example.org", "localhost:" + u.Port()}
	})

	if res, err := c.Get(app.URL); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("a tunnel to a host that is not allowed: %v %v", res, err)
	}
	if res, body := get(t, c, plain.URL+"/"); res.StatusCode != 403 || !strings.Contains(body, "--allow-host") {
		t.Errorf("a request to a host that is not allowed: %d %q", res.StatusCode, body)
	}
	// Inside an allowed tunnel, the Host field must not lead elsewhere.
	req, _ := http.NewRequest("GET", strings.Replace(app.URL, "127.0.0.1", "localhost", 1), nil)
	req.Host = "127.0.0.1:" + u.Port()
	if res, err := c.Do(req); err != nil || res.StatusCode != 403 {
		t.Errorf("another host inside the tunnel: %v %v", res, err)
	} else {
		res.Body.Close()
	}
	if res, body := get(t, c, "http://"+s.Forward()+"/"); res.StatusCode != 403 || !strings.Contains(body, "itself") {
		t.Errorf("through itself to itself: %d %q", res.StatusCode, body)
	}
	if res, body := get(t, client(t, ""), "http://"+s.Forward()+"/"); res.StatusCode != 400 || !strings.Contains(body, "forward proxy") {
		t.Errorf("visited like a site: %d %q", res.StatusCode, body)
	}
	if all := s.stop(); len(all) != 0 || reached != 0 {
		t.Errorf("%d exchanges were taken and %d reached an application", len(all), reached)
	}
	if got := s.Stats(); got.Refused["127.0.0.1"] != 3 || got.InFlight != 0 {
		t.Errorf("stats %+v", got)
	}
}

func TestAllowedHosts(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) {})
	u, _ := url.Parse(app.URL)
	s := start(t, proxy.Options{Forward: "127.0.0.1:0", Authority: authority(t), Targets: []proxy.Target{{Name: "a", URL: u, Listen: "127.0.0.1:0"}}})
	c := client(t, s.Forward())
	if res, _ := get(t, c, app.URL+"/"); res.StatusCode != 200 {
		t.Errorf("a target's host through the forward proxy: %d", res.StatusCode)
	}
	if res, _ := get(t, c, "http://other.test/"); res.StatusCode != 403 {
		t.Errorf("another host: %d", res.StatusCode)
	}
}

func TestAClientThatDoesNotTrustUsIsCounted(t *testing.T) {
	app, pool := tlsApplication(t, func(http.ResponseWriter, *http.Request) {})
	s, c := forwardStage(t, pool, nil)
	c.Transport.(*http.Transport).TLSClientConfig = nil
	if _, err := c.Get(app.URL); err == nil {
		t.Fatal("a client that does not know the authority believes it")
	}
	s.stop()
	for range 100 {
		if s.Stats().Handshakes > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("stats %+v", s.Stats())
}
