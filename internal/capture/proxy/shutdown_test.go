package proxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"firedrill/internal/capture/proxy"
	"firedrill/internal/exchange"
)

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
