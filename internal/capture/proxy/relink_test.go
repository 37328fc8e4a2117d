package proxy_test

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"firedrill/internal/capture/proxy"
	"firedrill/internal/exchange"
)

// gzipped is text as a server sends it compressed.
func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

// What an application says about its own address is true for the client; the
// recording keeps what the application said; what it does not say stays byte for byte.
func TestAbsoluteLinksFollow(t *testing.T) {
	const page = `<script src="%[1]s/app.js"></script><a href="%[1]s/next?back=%[1]s">`
	app, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {
		own := "https://" + r.Host
		html := fmt.Sprintf(page, own)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/known":
			w.Header().Set("Content-Length", strconv.Itoa(len(html)))
			io.WriteString(w, html)
		case "/chunked":
			for _, piece := range []string{html[:20], html[20:30], html[30:]} {
				io.WriteString(w, piece)
				w.(http.Flusher).Flush()
			}
		case "/coded":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(gzipped(html))
		case "/plain-coded":
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/json")
			w.Write(gzipped(`{"items":[]}`))
		case "/picture":
			w.Header().Set("Content-Type", "image/png")
			io.WriteString(w, html)
		case "/large":
			w.Header().Set("Content-Encoding", "gzip")
			z, _ := gzip.NewWriterLevel(w, gzip.NoCompression)
			z.Write(bytes.Repeat([]byte("x"), 5<<20))
			z.Close()
		}
	})
	s := reverseTLS(t, app, pool)
	c := client(t, "")
	base := s.Routes()[0].URL
	want := fmt.Sprintf(page, base)
	for _, path := range []string{"/known", "/chunked", "/coded"} {
		res, body := get(t, c, base+path, "Accept-Encoding", "gzip")
		if body != want || res.Header.Get("Content-Encoding") != "" || res.ContentLength >= 0 && res.ContentLength != int64(len(want)) {
			t.Errorf("%s: coding %q, length %d:\n%s\nwant\n%s", path, res.Header.Get("Content-Encoding"), res.ContentLength, body, want)
		}
	}
	res, body := get(t, c, base+"/plain-coded", "Accept-Encoding", "gzip")
	if plain := string(gzipped(`{"items":[]}`)); body != plain || res.Header.Get("Content-Encoding") != "gzip" || res.ContentLength != int64(len(plain)) {
		t.Errorf("an answer that names no address changed: %d bytes, %v", len(body), res.Header)
	}
	if _, body := get(t, c, base+"/picture"); body != fmt.Sprintf(page, app.URL) {
		t.Errorf("a picture changed: %s", body)
	}
	res, body = get(t, c, base+"/large", "Accept-Encoding", "gzip")
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil || res.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal(err, res.Header)
	}
	if n, err := io.Copy(io.Discard, z); n != 5<<20 || err != nil {
		t.Errorf("a large answer came with %d bytes, %v", n, err)
	}
	for _, x := range s.stop() {
		switch x.Request.Target {
		case "/known", "/chunked", "/coded":
			if got := string(x.Response.Body.Data); got != fmt.Sprintf(page, app.URL) {
				t.Errorf("taken of %s: %s", x.Request.Target, got)
			}
		}
	}
}

// A page is allowed to go where its links lead now, and is not held to the hash of
// a script that has changed.
func TestPoliciesFollow(t *testing.T) {
	app, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; connect-src https://"+r.Host+" wss://"+r.Host+" https://cdn.example.org; img-src "+r.Host+"; upgrade-insecure-requests")
		w.Header().Set("Link", "<https://"+r.Host+"/app.css>; rel=preload")
		io.WriteString(w, `<script src="/app.js" integrity="sha384-abc" crossorigin></script>`)
	})
	s := reverseTLS(t, app, pool)
	base := s.Routes()[0].URL
	res, body := get(t, client(t, ""), base)
	want := "default-src 'self'; connect-src " + base + " ws" + strings.TrimPrefix(base, "http") + " https://cdn.example.org; img-src " + base
	if got := res.Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("policy %q, want %q", got, want)
	}
	if got := res.Header.Get("Link"); got != "<"+base+"/app.css>; rel=preload" {
		t.Errorf("link %q", got)
	}
	if want := `<script src="/app.js" data-integrity="sha384-abc" crossorigin></script>`; body != want {
		t.Errorf("page %q", body)
	}
	x := s.only()
	if got, _ := exchange.Get(x.Response.Header, "Content-Security-Policy"); !strings.Contains(got, "connect-src "+app.URL) || !strings.Contains(string(x.Response.Body.Data), " integrity=") {
		t.Errorf("taken %q, %s", got, x.Response.Body.Data)
	}
}

// Each event of a stream passes at once, changed.
func TestLinksInStreams(t *testing.T) {
	next := make(chan bool)
	app, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 3 {
			fmt.Fprintf(w, "data: https://%s/x\n\n", r.Host)
			w.(http.Flusher).Flush()
			<-next
		}
	})
	s := reverseTLS(t, app, pool)
	res, err := client(t, "").Get(s.Routes()[0].URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	want := "data: " + s.Routes()[0].URL + "/x\n\n"
	for range 3 {
		got := make([]byte, len(want))
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != want {
			t.Fatalf("%q, %v", got, err)
		}
		next <- true // only now does the application go on
	}
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Error(err)
	}
}

// Half an answer does not look like a whole one because it was held.
func TestHeldAnswersBreakOff(t *testing.T) {
	app, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", "1000")
		fmt.Fprintf(w, "<a href=https://%s>", r.Host)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	s := reverseTLS(t, app, pool)
	res, err := client(t, "").Get(s.Routes()[0].URL)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("the client saw a whole answer")
	}
	if x := s.only(); x.Failure == nil || x.Response == nil || x.Response.Body.Cut == "" {
		t.Errorf("taken %+v", x)
	}
}

// reverseTLS is a proxy in front of an application that speaks TLS.
func reverseTLS(t *testing.T, app *httptest.Server, pool *x509.CertPool) *stage {
	t.Helper()
	return reverse(t, app, func(o *proxy.Options) { o.RootCAs = pool })
}

// What a page has learned of our address and says in a request is the
// application's address there, and in the recording.
func TestLinksComeBack(t *testing.T) {
	type heard struct{ query, body, length string }
	said := make(chan heard, 10)
	app, pool := tlsApplication(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		said <- heard{r.URL.RawQuery, string(b), r.Header.Get("Content-Length")}
	})
	s := reverseTLS(t, app, pool)
	c := client(t, "")
	base := s.Routes()[0].URL
	own := app.URL
	for _, tt := range []struct{ kind, body, want string }{
		{"application/json", `{"description":"see ` + base + `/x, not ` + base + `0"}`, `{"description":"see ` + own + `/x, not ` + base + `0"}`},
		{"application/x-www-form-urlencoded", "next=" + url.QueryEscape(base+"/y"), "next=" + url.QueryEscape(own+"/y")},
		{"application/octet-stream", base, base},
		{"application/json", `{"nothing":"of ours"}`, `{"nothing":"of ours"}`},
	} {
		send(t, c, "POST", base+"/save?redirect_uri="+url.QueryEscape(base+"/cb"), strings.NewReader(tt.body), "Content-Type", tt.kind)
		got := <-said
		if got.body != tt.want || got.query != "redirect_uri="+url.QueryEscape(own+"/cb") {
			t.Errorf("%s: the application heard %q of %s, want %q; query %q", tt.kind, got.body, got.length, tt.want, got.query)
		}
	}
	for i, x := range s.stop() {
		if strings.Contains(x.Request.Target, "127.0.0.1%3A"+s.Routes()[0].URL[len("http://127.0.0.1:"):]) || i == 0 && !strings.Contains(string(x.Request.Body.Data), own+"/x") {
			t.Errorf("taken %s %s", x.Request.Target, x.Request.Body.Data)
		}
	}
}
