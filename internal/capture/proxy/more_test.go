package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
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

	"github.com/google/go-cmp/cmp"
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

// echo is an application that upgrades to a protocol of lines: what it hears, it
// says, until it hears "bye".
func echo(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.Error(w, "no upgrade", http.StatusUpgradeRequired)
		return
	}
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
	rw.Flush()
	for {
		line, err := rw.ReadString('\n')
		if err != nil || line == "bye\n" {
			return
		}
		io.WriteString(c, line)
	}
}

func TestWebSocketsPassAndAreCounted(t *testing.T) {
	app := application(t, echo)
	tlsApp := httptest.NewTLSServer(http.HandlerFunc(echo))
	t.Cleanup(tlsApp.Close)
	pool := x509.NewCertPool()
	pool.AddCert(tlsApp.Certificate())

	handshake := func(t *testing.T, c net.Conn, host string) *bufio.Reader {
		t.Helper()
		fmt.Fprintf(c, "GET /socket HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n", host)
		r := bufio.NewReader(c)
		res, err := http.ReadResponse(r, nil)
		if err != nil || res.StatusCode != 101 {
			t.Fatalf("handshake: %v %v", res, err)
		}
		io.WriteString(c, "ping!\n")
		if line, err := r.ReadString('\n'); line != "ping!\n" {
			t.Fatalf("echo %q %v", line, err)
		}
		return r
	}
	judge := func(t *testing.T, s *stage) {
		t.Helper()
		x := s.only()
		if x.Status() != 101 || x.Failure != nil || x.Request.Body.Size != 6 || x.Response.Body.Size != 6 || x.Response.Body.Cut != "" {
			t.Errorf("taken status %d, failure %v, %+v %+v", x.Status(), x.Failure, x.Request.Body, x.Response.Body)
		}
	}
	t.Run("reverse", func(t *testing.T) {
		s := reverse(t, app, nil)
		c, err := net.Dial("tcp", strings.TrimPrefix(s.Routes()[0].URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		handshake(t, c, "x")
		c.Close()
		judge(t, s)
	})
	t.Run("reverse, ended by the application", func(t *testing.T) {
		s := reverse(t, app, nil)
		c, err := net.Dial("tcp", strings.TrimPrefix(s.Routes()[0].URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r := handshake(t, c, "x")
		io.WriteString(c, "bye\n")
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("the application hung up, and the client reads %v", err)
		}
		if x := s.only(); x.Request.Body.Size != 10 || x.Response.Body.Size != 6 {
			t.Errorf("taken %+v %+v", x.Request.Body, x.Response.Body)
		}
	})
	t.Run("reverse, ended by shutdown", func(t *testing.T) {
		s := reverse(t, app, nil)
		c, err := net.Dial("tcp", strings.TrimPrefix(s.Routes()[0].URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r := handshake(t, c, "x")
		began := time.Now()
		judge(t, s)
		if d := time.Since(began); d > time.Second {
			t.Errorf("shutdown waited %v for a socket that never ends", d)
		}
		if _, err := r.ReadByte(); err == nil {
			t.Error("the client's connection is still open")
		}
	})
	t.Run("tunnel", func(t *testing.T) {
		s, hc := forwardStage(t, pool, nil)
		raw, err := net.Dial("tcp", s.Forward())
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		host := strings.TrimPrefix(tlsApp.URL, "https://")
		fmt.Fprintf(raw, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", host, host)
		if res, err := http.ReadResponse(bufio.NewReader(raw), nil); err != nil || res.StatusCode != 200 {
			t.Fatalf("CONNECT: %v %v", res, err)
		}
		conf := hc.Transport.(*http.Transport).TLSClientConfig.Clone()
		conf.ServerName = "127.0.0.1"
		c := tls.Client(raw, conf)
		handshake(t, c, host)
		c.Close()
		judge(t, s)
	})
}

// A browser that believes in the listener's address uses an application that
// believes in its own: cookies, Origin, redirects and CORS.
func TestABrowserAndAnApplicationAgreeAboutWhereTheyAre(t *testing.T) {
	var api *httptest.Server
	var seen http.Header
	web, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		if origin := r.Header.Get("Origin"); origin != "" && origin != "https://"+r.Host {
			http.Error(w, "wrong origin "+origin, http.StatusForbidden)
			return
		}
		w.Header().Add("Set-Cookie", "__Host-sid=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned")
		w.Header().Add("Set-Cookie", "all=2; Domain=.example.org; Path=/; Secure; SameSite=Strict")
		w.Header().Set("Location", "https://"+r.Host+"/next?x#y")
		w.WriteHeader(http.StatusFound)
	})
	api = application(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != web.URL {
			http.Error(w, "wrong origin "+r.Header.Get("Origin"), http.StatusForbidden)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Location", "//"+strings.TrimPrefix(web.URL, "https://")+"/")
	})
	webURL, _ := url.Parse(web.URL)
	apiURL, _ := url.Parse(api.URL)
	s := start(t, proxy.Options{RootCAs: pool, Targets: []proxy.Target{
		{Name: "web", URL: webURL, Listen: "127.0.0.1:0"}, {Name: "api", URL: apiURL, Listen: "127.0.0.1:0"}}})
	webSeen := strings.Replace(s.Routes()[0].URL, "127.0.0.1", "localhost", 1)
	apiSeen := strings.Replace(s.Routes()[1].URL, "127.0.0.1", "localhost", 1)
	c := client(t, "")

	res, body := send(t, c, "POST", webSeen+"/login", strings.NewReader("x"), "Origin", webSeen, "Referer", webSeen+"/login?a", "Cookie", "a=b; firedrill__Host-sid=1")
	if res.StatusCode != http.StatusFound {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if seen.Get("Referer") != web.URL+"/login?a" || seen.Get("Cookie") != "a=b; __Host-sid=1" {
		t.Errorf("the application saw Referer %q, Cookie %q", seen.Get("Referer"), seen.Get("Cookie"))
	}
	if got := res.Header.Get("Location"); got != webSeen+"/next?x#y" {
		t.Errorf("the browser is sent to %q", got)
	}
	want := []string{"firedrill__Host-sid=1; Path=/; HttpOnly; SameSite=Lax", "all=2; Path=/; SameSite=Strict"}
	if diff := cmp.Diff(want, res.Header["Set-Cookie"]); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	res, body = get(t, c, apiSeen+"/x", "Origin", webSeen)
	if res.StatusCode != 200 || res.Header.Get("Access-Control-Allow-Origin") != webSeen {
		t.Errorf("CORS: %d %s, allowed origin %q, want %q", res.StatusCode, body, res.Header.Get("Access-Control-Allow-Origin"), webSeen)
	}

	all := s.stop()
	if len(all) != 2 {
		t.Fatalf("%d were taken", len(all))
	}
	for _, f := range []struct {
		fields []exchange.Field
		name   string
		want   string
	}{
		{all[0].Request.Header, "Origin", web.URL},
		{all[0].Request.Header, "Cookie", "a=b; __Host-sid=1"},
		{all[0].Response.Header, "Location", web.URL + "/next?x#y"},
		{all[0].Response.Header, "Set-Cookie", "__Host-sid=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"},
		{all[1].Response.Header, "Access-Control-Allow-Origin", web.URL},
	} {
		if got, _ := exchange.Get(f.fields, f.name); got != f.want {
			t.Errorf("taken %s %q, want the application's view %q", f.name, got, f.want)
		}
	}
	if all[0].Request.Origin() != web.URL || all[0].Target != "web" || all[1].Target != "api" {
		t.Errorf("taken for %s %s", all[0].Request.Origin(), all[0].Target)
	}
}

func TestForeignAddressesStayAsTheyAre(t *testing.T) {
	var seen http.Header
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		w.Header().Set("Location", "https://other.test/")
		w.Header().Set("Access-Control-Allow-Origin", "*")
	})
	s := reverse(t, app, nil)
	res, _ := get(t, client(t, ""), s.Routes()[0].URL+"/", "Origin", "null", "Referer", "http://other.test/")
	if seen.Get("Origin") != "null" || seen.Get("Referer") != "http://other.test/" || res.Header.Get("Location") != "https://other.test/" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("seen %v, got %v", seen, res.Header)
	}
}

func TestShutdownLetsExchangesFinishAndCutsTheRest(t *testing.T) {
	asked, release := make(chan bool, 2), make(chan bool)
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- true
		if r.URL.Path == "/slow" {
			<-release
		} else {
			<-r.Context().Done()
		}
		io.WriteString(w, "done")
	})
	s := reverse(t, app, func(o *proxy.Options) { o.Grace = 300 * time.Millisecond })
	answers := make(chan string, 2)
	for _, path := range []string{"/slow", "/never"} {
		go func() {
			res, err := client(t, "").Get(s.Routes()[0].URL + path)
			if err != nil {
				answers <- path + " failed"
				return
			}
			b, _ := io.ReadAll(res.Body)
			res.Body.Close()
			answers <- path + " " + res.Status + " " + string(b)
		}()
		<-asked
	}
	go func() {
		time.Sleep(50 * time.Millisecond) // shutdown is under way
		close(release)
	}()
	all := s.stop()
	got := map[string]bool{<-answers: true, <-answers: true}
	if !got["/slow 200 OK done"] {
		t.Errorf("an exchange in flight was not let finish: %v", got)
	}
	if len(all) != 2 || all[0].Status() != 200 || all[1].Failure == nil || all[1].Failure.Reason != "recorder stopped" {
		t.Errorf("taken %+v", all)
	}
	if _, err := net.DialTimeout("tcp", strings.TrimPrefix(s.Routes()[0].URL, "http://"), time.Second); err == nil {
		t.Error("still listening")
	}
}

func TestShutdownDoesNotWaitForIdleConnections(t *testing.T) {
	app, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {})
	s, c := forwardStage(t, pool, func(o *proxy.Options) { o.Grace = 5 * time.Second })
	get(t, c, app.URL+"/") // the tunnel stays open
	idle, err := net.Dial("tcp", s.Forward())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	began := time.Now()
	s.only()
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("shutdown took %v", d)
	}
}

// An application that refuses an upload answers before it has read it.
func TestAnAnswerThatComesBeforeTheRequestIsWhole(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		r.Body.Read(make([]byte, 10))
		http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		io.WriteString(w, "too large")
		w.(http.Flusher).Flush()
		io.Copy(io.Discard, r.Body)
	})
	s := reverse(t, app, nil)
	upload, send := io.Pipe()
	req, _ := http.NewRequest("POST", s.Routes()[0].URL+"/", upload)
	go send.Write(make([]byte, 100))
	res, err := client(t, "").Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 9)
	if _, err := io.ReadFull(res.Body, b); err != nil || string(b) != "too large" {
		t.Errorf("the client read %q, %v", b, err)
	}
	send.Write(make([]byte, 100))
	send.Close()
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Error(err)
	}
	res.Body.Close()
	if x := s.only(); x.Failure != nil || x.Request.Body.Size != 200 || x.Request.Body.Cut != "" || x.Status() != 413 {
		t.Errorf("status %d, failure %+v, request %+v", x.Status(), x.Failure, x.Request.Body)
	}
}

func TestStartSaysWhatCannotWork(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	u, _ := url.Parse("http://localhost:1")
	sink := func(context.Context, *exchange.Exchange) error { return nil }
	for name, opt := range map[string]proxy.Options{
		"nothing":      {Sink: sink},
		"no sink":      {Targets: []proxy.Target{{URL: u, Listen: "127.0.0.1:0"}}},
		"no authority": {Sink: sink, Forward: "127.0.0.1:0", AllowAny: true},
		"open relay":   {Sink: sink, Forward: "127.0.0.1:0", Authority: authority(t)},
		"no address":   {Sink: sink, Targets: []proxy.Target{{URL: &url.URL{Scheme: "ftp", Host: "x"}, Listen: "127.0.0.1:0"}}},
	} {
		var usage *proxy.UsageError
		if _, err := proxy.Start(t.Context(), opt); !errors.As(err, &usage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var listen *proxy.ListenError
	_, err = proxy.Start(t.Context(), proxy.Options{Sink: sink, Targets: []proxy.Target{{URL: u, Listen: "127.0.0.1:0"}, {URL: u, Listen: taken.Addr().String()}}})
	if !errors.As(err, &listen) || listen.Hint() == "" {
		t.Errorf("a port that is taken: %v", err)
	}
}
