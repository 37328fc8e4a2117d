package proxy_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"firedrill/internal/capture/proxy"
	"firedrill/internal/exchange"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func TestAnExchangeIsTakenAsTheApplicationSawIt(t *testing.T) {
	var seen *http.Request
	var body string
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		seen, body = r, string(b)
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":7}`)
	})
	s := reverse(t, app, nil)
	before := time.Now()
	res, answer := send(t, client(t, ""), "POST", s.Routes()[0].URL+"/api/v1/x%2Fy?q=a+b&q=%C3%A9", strings.NewReader(`{"n":1}`),
		"Content-Type", "application/json", "X-Firedrill-Mark", "period 3", "Connection", "X-Hop", "X-Hop", "1", "Accept-Encoding", "br")
	if res.StatusCode != 201 || answer != `{"id":7}` || res.ContentLength != 8 || len(res.Header["Set-Cookie"]) != 2 {
		t.Errorf("the client got %d %q, length %d, %v", res.StatusCode, answer, res.ContentLength, res.Header)
	}
	if seen.Header.Get("X-Firedrill-Mark") != "" || seen.Header.Get("X-Hop") != "" || seen.Header.Get("Accept-Encoding") != "br" ||
		seen.RequestURI != "/api/v1/x%2Fy?q=a+b&q=%C3%A9" || body != `{"n":1}` || "http://"+seen.Host != app.URL || seen.Header.Get("X-Forwarded-For") != "" {
		t.Errorf("the application got %s %q host %s %v", seen.RequestURI, body, seen.Host, seen.Header)
	}
	x := s.only()
	if x.Start.Before(before.Add(-time.Second)) || x.Start.Location() != time.UTC || x.Timing.RequestEnd <= 0 ||
		x.Timing.FirstByte < x.Timing.RequestEnd || x.Timing.End < x.Timing.FirstByte {
		t.Errorf("start %v, timing %+v", x.Start, x.Timing)
	}
	x.Start, x.Timing = time.Time{}, exchange.Timing{}
	for i, f := range x.Response.Header {
		if f.Name == "Date" {
			x.Response.Header[i].Value = "now"
		}
	}
	want := &exchange.Exchange{
		Target: "app", Client: "client of 127.0.0.1", Conn: 1, Labels: []string{"period 3"},
		Request: exchange.Request{Method: "POST", Scheme: "http", Host: strings.TrimPrefix(app.URL, "http://"), Target: "/api/v1/x%2Fy?q=a+b&q=%C3%A9", Proto: "HTTP/1.1",
			Header: []exchange.Field{{Name: "Accept-Encoding", Value: "br"}, {Name: "Content-Length", Value: "7"}, {Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent", Value: "Go-http-client/1.1"}},
			Body:   exchange.Body{Size: 7, Decoded: 7, Data: []byte(`{"n":1}`)}, Trailer: []exchange.Field{}},
		Response: &exchange.Response{Status: 201, Proto: "HTTP/1.1",
			Header: []exchange.Field{{Name: "Content-Length", Value: "8"}, {Name: "Content-Type", Value: "application/json"}, {Name: "Date", Value: "now"},
				{Name: "Set-Cookie", Value: "a=1"}, {Name: "Set-Cookie", Value: "b=2"}},
			Body: exchange.Body{Size: 8, Decoded: 8, Data: []byte(`{"id":7}`)}, Trailer: []exchange.Field{}},
	}
	if diff := cmp.Diff(want, x); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
}

func TestContentCodingsPassUntouchedAndAreTakenDecoded(t *testing.T) {
	text := strings.Repeat(`{"title":"Unit"},`, 500)
	coded := func(coding string) []byte {
		var b bytes.Buffer
		var w io.WriteCloser
		switch coding {
		case "gzip":
			w = gzip.NewWriter(&b)
		case "br":
			w = brotli.NewWriter(&b)
		case "zstd":
			w, _ = zstd.NewWriter(&b)
		default:
			return []byte(text)
		}
		io.WriteString(w, text)
		w.Close()
		return b.Bytes()
	}
	for _, coding := range []string{"gzip", "br", "zstd", "identity", "rot13"} {
		t.Run(coding, func(t *testing.T) {
			app := application(t, func(w http.ResponseWriter, r *http.Request) {
				got, _ := io.ReadAll(r.Body)
				if !bytes.Equal(got, coded(coding)) {
					t.Errorf("the request's body changed on the way")
				}
				w.Header().Set("Content-Encoding", coding)
				w.Write(coded(coding))
			})
			s := reverse(t, app, nil)
			_, got := send(t, client(t, ""), "PUT", s.Routes()[0].URL+"/", bytes.NewReader(coded(coding)), "Content-Encoding", coding)
			if got != string(coded(coding)) {
				t.Error("the answer's body changed on the way")
			}
			x := s.only()
			for name, b := range map[string]exchange.Body{"request": x.Request.Body, "answer": x.Response.Body} {
				if coding == "rot13" {
					if b.Data != nil || b.Cut != "undecodable" || b.Size != int64(len(text)) {
						t.Errorf("%s: %d bytes kept, cut %q", name, len(b.Data), b.Cut)
					}
					continue
				}
				if string(b.Data) != text || b.Decoded != int64(len(text)) || b.Size != int64(len(coded(coding))) || b.Encoding != coding || b.Cut != "" {
					t.Errorf("%s: kept %d bytes, size %d, decoded %d, coding %q, cut %q", name, len(b.Data), b.Size, b.Decoded, b.Encoding, b.Cut)
				}
			}
		})
	}
}

func TestStreamsPassAtOnceWithTheirTimes(t *testing.T) {
	for _, coding := range []string{"", "gzip"} {
		t.Run("coding="+coding, func(t *testing.T) {
			step := make(chan bool)
			app := application(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				var out io.Writer = w
				flush := func() {}
				if coding != "" {
					w.Header().Set("Content-Encoding", "gzip")
					zip := gzip.NewWriter(w)
					defer zip.Close()
					out, flush = zip, func() { zip.Flush() }
				}
				for i := 0; <-step; i++ {
					fmt.Fprintf(out, "data: word %d\n\n", i)
					flush()
					w.(http.Flusher).Flush()
				}
			})
			s := reverse(t, app, nil)
			go func() { step <- true }()
			res, err := client(t, "").Get(s.Routes()[0].URL + "/stream")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var in io.Reader = res.Body
			if coding != "" {
				if in, err = gzip.NewReader(in); err != nil {
					t.Fatal(err)
				}
			}
			lines := bufio.NewReader(in)
			const events = 4
			for i := range events {
				// The application does not go on before the client has this event.
				line, err := lines.ReadString('\n')
				if want := fmt.Sprintf("data: word %d\n", i); line != want || err != nil {
					t.Fatalf("event %d: %q, %v", i, line, err)
				}
				lines.ReadString('\n')
				time.Sleep(5 * time.Millisecond)
				step <- i < events-1
			}
			if _, err := io.ReadAll(lines); err != nil {
				t.Error(err)
			}
			body := s.only().Response.Body
			if string(body.Data) != "data: word 0\n\ndata: word 1\n\ndata: word 2\n\ndata: word 3\n\n" {
				t.Errorf("kept %q", body.Data)
			}
			var events0, size int
			last := -time.Hour
			for _, c := range body.Chunks {
				if c.Size == len("data: word 0\n\n") && c.At-last >= 5*time.Millisecond {
					events0++
				}
				if c.At < last {
					t.Errorf("times go back: %v", body.Chunks)
				}
				last = c.At
				size += c.Size
			}
			if events0 != events || size != len(body.Data) {
				t.Errorf("chunks %v, want %d events apart in time, and %d bytes", body.Chunks, events, len(body.Data))
			}
		})
	}
}

func TestAnswersWithoutABody(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/204":
			w.WriteHeader(204)
		case "/304":
			w.Header().Set("Etag", `"x"`)
			w.WriteHeader(304)
		case "/head":
			w.Header().Set("Content-Length", "1234")
		case "/empty":
			w.Header().Set("Content-Length", "0")
		}
	})
	s := reverse(t, app, nil)
	c := client(t, "")
	for path, want := range map[string]int{"/204": 204, "/304": 304, "/empty": 200} {
		res, body := get(t, c, s.Routes()[0].URL+path)
		if res.StatusCode != want || body != "" {
			t.Errorf("%s: %d %q", path, res.StatusCode, body)
		}
		if _, invented := res.Header["Content-Type"]; invented {
			t.Errorf("%s: a Content-Type was invented", path)
		}
	}
	res, _ := send(t, c, "HEAD", s.Routes()[0].URL+"/head", nil)
	if res.ContentLength != 1234 {
		t.Errorf("HEAD: length %d, want 1234", res.ContentLength)
	}
	all := s.stop()
	if len(all) != 4 {
		t.Fatalf("%d were taken, want 4", len(all))
	}
	for _, x := range all {
		if x.Failure != nil || x.Response.Body.Size != 0 || x.Response.Body.Cut != "" || x.Conn != 1 {
			t.Errorf("%s: failure %v, body %+v, connection %d (one was kept alive)", x.Request.Target, x.Failure, x.Response.Body, x.Conn)
		}
	}
}

func TestNothingIsInvented(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		w.Header()["Date"] = nil
		io.WriteString(w, "<html>")
	})
	s := reverse(t, app, nil)
	res, _ := get(t, client(t, ""), s.Routes()[0].URL+"/")
	for _, name := range []string{"Content-Type", "Date"} {
		if v, ok := res.Header[name]; ok {
			t.Errorf("%s %q was invented", name, v)
		}
	}
	if h := s.only().Response.Header; len(h) != 1 {
		t.Errorf("taken %v", h)
	}
}

func TestALongBodyIsCutAtTheCapAndPassesWhole(t *testing.T) {
	whole := bytes.Repeat([]byte("0123456789"), 10_000)
	app := application(t, func(w http.ResponseWriter, r *http.Request) { w.Write(whole) })
	key := []byte("k")
	s := reverse(t, app, func(o *proxy.Options) {
		o.BodyCap = 1000
		o.Digest = func() hash.Hash { return hmac.New(sha256.New, key) }
	})
	if _, got := get(t, client(t, ""), s.Routes()[0].URL+"/"); got != string(whole) {
		t.Errorf("the client got %d bytes", len(got))
	}
	b := s.only().Response.Body
	mac := hmac.New(sha256.New, key)
	mac.Write(whole)
	if want := fmt.Sprintf("%x", mac.Sum(nil)[:16]); b.Digest != want || b.Cut != "cap" || string(b.Data) != string(whole[:1000]) || b.Size != int64(len(whole)) {
		t.Errorf("kept %d of %d, cut %q, digest %s, want %s", len(b.Data), b.Size, b.Cut, b.Digest, want)
	}
}

func TestExpectContinue(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			w.Header()["Content-Type"] = nil
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		io.Copy(w, r.Body)
	})
	s := reverse(t, app, nil)
	ask := func(path string) (string, net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.Routes()[0].URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", path)
		r := bufio.NewReader(c)
		line, _ := r.ReadString('\n')
		return line, c, r
	}
	if line, _, r := ask("/refuse"); !strings.Contains(line, "417") {
		t.Errorf("a refused expectation: %q", line)
	} else if res, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader(line), r)), nil); err != nil || res.Header.Get("Content-Type") != "" {
		t.Errorf("a Content-Type was invented: %v %v", res, err)
	}
	line, c, r := ask("/take")
	if !strings.Contains(line, "100") {
		t.Fatalf("the client waits for 100 and got %q", line)
	}
	r.ReadString('\n')
	io.WriteString(c, "hello")
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(res.Body); string(b) != "hello" {
		t.Errorf("echo %q", b)
	}
	all := s.stop()
	if len(all) != 2 || all[0].Status() != 417 || all[1].Status() != 200 {
		t.Fatalf("taken %+v", all)
	}
	if diff := cmp.Diff([]int{100}, all[1].Response.Interim); diff != "" {
		t.Errorf("interim answers: %s", diff)
	}
}

func TestInterimAnswersPass(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		io.WriteString(w, "done")
	})
	s := reverse(t, app, nil)
	c, err := net.Dial("tcp", strings.TrimPrefix(s.Routes()[0].URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	b, _ := io.ReadAll(c)
	head, rest, _ := strings.Cut(string(b), "\r\n\r\n")
	if !strings.Contains(head, "103") || !strings.Contains(head, "a.css") || strings.Contains(rest, "a.css") || !strings.HasSuffix(rest, "done") {
		t.Errorf("the client got %q", b)
	}
	if diff := cmp.Diff([]int{103}, s.only().Response.Interim); diff != "" {
		t.Error(diff)
	}
}

func TestTrailersPass(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, "body")
		w.Header().Set("X-Sum", r.Trailer.Get("X-Ask"))
	})
	s := reverse(t, app, nil)
	req, _ := http.NewRequest("POST", s.Routes()[0].URL+"/", io.MultiReader(strings.NewReader("chunked")))
	req.Trailer = http.Header{"X-Ask": {"7"}}
	res, err := client(t, "").Do(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if res.Trailer.Get("X-Sum") != "7" {
		t.Errorf("trailer %v", res.Trailer)
	}
	x := s.only()
	if v, _ := exchange.Get(x.Response.Trailer, "X-Sum"); v != "7" {
		t.Errorf("taken trailer %v", x.Response.Trailer)
	}
	if v, _ := exchange.Get(x.Request.Trailer, "X-Ask"); v != "7" {
		t.Errorf("taken trailer of the request %v", x.Request.Trailer)
	}
}

func TestEveryExchangeOnceFromManyClients(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	s := reverse(t, app, nil)
	const clients, each = 12, 40
	var wg sync.WaitGroup
	for n := range clients {
		c := client(t, "")
		wg.Go(func() {
			for i := range each {
				text := fmt.Sprintf("%d.%d", n, i)
				if _, got := send(t, c, "POST", s.Routes()[0].URL+"/"+text, strings.NewReader(text)); got != text {
					t.Errorf("%s got %q", text, got)
				}
			}
		})
	}
	wg.Wait()
	seen, conns := map[string]int{}, map[uint64]bool{}
	for _, x := range s.stop() {
		seen[x.Request.Target]++
		conns[x.Conn] = true
		if want := strings.TrimPrefix(x.Request.Target, "/"); string(x.Request.Body.Data) != want || string(x.Response.Body.Data) != want {
			t.Errorf("%s: bodies %q %q", want, x.Request.Body.Data, x.Response.Body.Data)
		}
	}
	if len(seen) != clients*each || len(conns) < clients || len(conns) > 2*clients {
		t.Errorf("%d different exchanges on %d connections, want %d on %d", len(seen), len(conns), clients*each, clients)
	}
	for target, n := range seen {
		if n != 1 {
			t.Errorf("%s was taken %d times", target, n)
		}
	}
}
