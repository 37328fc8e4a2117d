package proxy_test

import (
	"context"
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
)

func TestAFailedUpstreamIsTakenAndAnswered(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	hangsUp := application(t, func(w http.ResponseWriter, r *http.Request) {
		c, _, _ := w.(http.Hijacker).Hijack()
		c.Close()
	})
	tlsApp := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tlsApp.Close)
	for _, c := range []struct{ target, accept, stage, reason, contentType string }{
		{"http://" + dead.Addr().String(), "text/html", "dial", "refused", "text/html; charset=utf-8"},
		{hangsUp.URL, "application/json", "wait", "closed", "application/json"},
		{tlsApp.URL, "*/*", "tls", "unknown authority", "text/plain; charset=utf-8"},
		{strings.Replace(hangsUp.URL, "http:", "https:", 1), "", "tls", "not TLS", "text/plain; charset=utf-8"},
	} {
		s := reverse(t, &httptest.Server{URL: c.target}, nil)
		res, body := get(t, client(t, ""), s.Routes()[0].URL+"/x", "Accept", c.accept)
		if res.StatusCode != 502 || !strings.Contains(body, c.reason) || res.Header.Get("Content-Type") != c.contentType {
			t.Errorf("%s: the client got %d %s %q", c.target, res.StatusCode, res.Header.Get("Content-Type"), body)
		}
		x := s.only()
		if x.Response != nil || x.Failure == nil || x.Failure.Stage != c.stage || x.Failure.Reason != c.reason || x.Timing.End <= 0 {
			t.Errorf("%s: taken %+v, failure %+v, want %s %s", c.target, x.Response, x.Failure, c.stage, c.reason)
		}
		if s.Stats().Failures != 1 {
			t.Errorf("stats %+v", s.Stats())
		}
	}
}

func TestHalfAnAnswerStaysHalf(t *testing.T) {
	for _, head := range []string{"Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"} {
		app := application(t, func(w http.ResponseWriter, r *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"+head+"\r\n4\r\nhalf\r\n")
			c.Close()
		})
		s := reverse(t, app, nil)
		res, err := client(t, "").Get(s.Routes()[0].URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
		if err == nil {
			t.Errorf("%s: the client took half an answer for a whole one", head)
		}
		x := s.only()
		if x.Failure == nil || x.Failure.Stage != "body" || x.Response == nil || x.Response.Body.Cut != "aborted" || !strings.Contains(string(x.Response.Body.Data), "half") {
			t.Errorf("%s: failure %+v, answer %+v", head, x.Failure, x.Response)
		}
	}
}

func TestAClientThatGoesAwayIsTaken(t *testing.T) {
	asked, gone := make(chan bool), make(chan bool)
	app := application(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- true
		<-r.Context().Done()
		close(gone)
	})
	s := reverse(t, app, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, "GET", s.Routes()[0].URL+"/slow", nil)
		_, err := client(t, "").Do(req)
		done <- err
	}()
	<-asked
	cancel()
	<-done
	<-gone
	if x := s.only(); x.Failure == nil || x.Failure.Stage != "client" || x.Failure.Reason != "went away" {
		t.Errorf("failure %+v", x.Failure)
	}
}

func TestAPipelineThatCannotKeepUpHoldsBackAndThenCounts(t *testing.T) {
	app := application(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })
	u, _ := url.Parse(app.URL)
	block := make(chan bool)
	tk := &taken{}
	p, err := proxy.Start(t.Context(), proxy.Options{
		Targets: []proxy.Target{{Name: "app", URL: u, Listen: "127.0.0.1:0"}}, QueueBytes: 40 << 10, Patience: 30 * time.Millisecond,
		Sink: func(ctx context.Context, x *exchange.Exchange) error { <-block; return tk.sink(ctx, x) }, Lose: tk.lose,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, "")
	for range 4 {
		get(t, c, p.Routes()[0].URL+"/")
	}
	close(block)
	p.Shutdown(context.Background())
	if len(tk.all)+tk.lost[proxy.LostBehind] != 4 || tk.lost[proxy.LostBehind] == 0 {
		t.Errorf("%d were taken and %v lost, of 4", len(tk.all), tk.lost)
	}
}
