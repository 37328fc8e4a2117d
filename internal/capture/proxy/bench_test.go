package proxy_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"firedrill/internal/capture/proxy"
	"firedrill/internal/exchange"

	"github.com/elazarl/goproxy"
)

// BenchmarkProxy compares a small exchange without a proxy, through a bare goproxy
// with a tuned transport, and through the recorder with a sink that keeps nothing.
// Compare within one run: client, proxy and application share the machine.
func BenchmarkProxy(b *testing.B) {
	answer := []byte(strings.Repeat(`{"id":42}`, 22))
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(answer)
	}))
	defer app.Close()
	target, _ := url.Parse(app.URL)

	bare := goproxy.NewProxyHttpServer()
	bare.Logger = log.New(io.Discard, "", 0)
	bare.Tr = &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true}
	bare.KeepAcceptEncoding = true
	bare.NonproxyHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Scheme, r.URL.Host, r.Host = "http", target.Host, target.Host
		bare.ServeHTTP(w, r)
	})
	bareServer := httptest.NewServer(bare)
	defer bareServer.Close()

	recorder, err := proxy.Start(b.Context(), proxy.Options{
		Targets: []proxy.Target{{Name: "app", URL: target, Listen: "127.0.0.1:0"}}, Patience: time.Minute,
		Sink: func(context.Context, *exchange.Exchange) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer recorder.Shutdown(context.Background())

	for _, c := range []struct{ name, address string }{
		{"direct", app.URL}, {"goproxy", bareServer.URL}, {"recorder", recorder.Routes()[0].URL},
	} {
		b.Run(c.name, func(b *testing.B) {
			to, _ := url.Parse(c.address)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				conn, err := net.Dial("tcp", to.Host)
				if err != nil {
					b.Error(err)
					return
				}
				defer conn.Close()
				ask := []byte("GET /api/v1/courses/42 HTTP/1.1\r\nHost: " + to.Host + "\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\nCookie: session=0123456789abcdef\r\nUser-Agent: bench\r\n\r\n")
				buf := make([]byte, 4096)
				for pb.Next() {
					if _, err := conn.Write(ask); err != nil {
						b.Error(err)
						return
					}
					for got := 0; got < len(answer)+50; { // head and body come in one piece or two
						n, err := conn.Read(buf)
						if err != nil {
							b.Error(err)
							return
						}
						if got += n; strings.HasSuffix(string(buf[:n]), `{"id":42}`) {
							break
						}
					}
				}
			})
		})
	}
}
