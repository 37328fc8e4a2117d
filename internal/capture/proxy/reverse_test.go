package proxy_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"firedrill/internal/capture/proxy"
	"firedrill/internal/exchange"

	"github.com/google/go-cmp/cmp"
)

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

// ping is a text message of six bytes, masked with zeros, and a line.
const ping = "\x81\x86\x00\x00\x00\x00ping!\n"

func TestWebSocketsPassAndAreKept(t *testing.T) {
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
		io.WriteString(c, ping)
		if line, err := r.ReadString('\n'); line != ping {
			t.Fatalf("echo %q %v", line, err)
		}
		return r
	}
	judge := func(t *testing.T, s *stage) {
		t.Helper()
		x := s.only()
		if x.Status() != 101 || x.Failure != nil || x.Request.Body.Size != 12 || x.Response.Body.Size != 12 || x.Response.Body.Cut != "" {
			t.Errorf("taken status %d, failure %v, %+v %+v", x.Status(), x.Failure, x.Request.Body, x.Response.Body)
		}
		if f := x.Frames; len(f) != 2 || !f[0].ToHost || f[1].ToHost || string(f[0].Data) != "ping!\n" || string(f[1].Data) != "ping!\n" || f[0].At <= 0 || f[1].At < f[0].At {
			t.Errorf("messages %+v", f)
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
		if x := s.only(); x.Request.Body.Size != 16 || x.Response.Body.Size != 12 || x.Response.Body.Cut != "opaque" {
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
