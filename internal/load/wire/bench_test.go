package wire_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firedrill/internal/load/responder"
	"firedrill/internal/load/wire"
)

const users = 64

// closedLoop lets 64 users send as fast as they can and reports the client's CPU time.
func closedLoop(b *testing.B, user func() (send func() error, stop func())) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	before := responder.CPU()
	for range users {
		all.Go(func() {
			send, stop := user()
			defer stop()
			for left.Add(-1) >= 0 {
				if err := send(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64((responder.CPU()-before).Microseconds())/float64(b.N), "cpu-µs/req")
}

// BenchmarkClosedLoop is a request of 64 users without think time, beside the
// same with a net/http Transport for each user:
//
//	go test -bench ClosedLoop -benchtime 3s ./internal/load/wire
func BenchmarkClosedLoop(b *testing.B) {
	header := []wire.Field{{Name: "User-Agent", Value: "Mozilla/5.0"}, {Name: "Accept", Value: "application/json"}, {Name: "Cookie", Value: "session=0123456789abcdef"}}
	for _, size := range []int{200, 8 << 10} {
		addr := responder.Start(b, strings.Repeat("x", size))
		b.Run(fmt.Sprintf("wire/%d", size), func(b *testing.B) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			closedLoop(b, func() (func() error, func()) {
				c := wire.New(nil)
				req := &wire.Request{Method: "GET", Scheme: "http", Authority: addr, Dial: addr, Target: "/", Header: header, Timeout: time.Minute}
				var res wire.Response
				return func() error { return c.Do(ctx, req, &res) }, c.Close
			})
		})
		b.Run(fmt.Sprintf("nethttp/%d", size), func(b *testing.B) {
			closedLoop(b, func() (func() error, func()) {
				t := &http.Transport{}
				c := &http.Client{Transport: t, Timeout: time.Minute}
				return func() error {
					req, err := http.NewRequest("GET", "http://"+addr+"/", nil)
					if err != nil {
						return err
					}
					for _, f := range header {
						req.Header.Set(f.Name, f.Value)
					}
					res, err := c.Do(req)
					if err != nil {
						return err
					}
					_, err = io.Copy(io.Discard, res.Body)
					res.Body.Close()
					return err
				}, t.CloseIdleConnections
			})
		})
	}
}

// BenchmarkIdleUsers is the memory of a user who has a connection and thinks,
// beside one with a net/http Transport: bytes of heap and stacks.
func BenchmarkIdleUsers(b *testing.B) {
	const n = 2000
	addr := responder.Start(b, strings.Repeat("x", 200))
	memory := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapInuse + m.StackInuse)
	}
	b.Run("wire", func(b *testing.B) {
		before := memory()
		clients := make([]*wire.Client, n)
		for i := range clients {
			clients[i] = wire.New(nil)
			var res wire.Response
			req := &wire.Request{Method: "GET", Scheme: "http", Authority: addr, Dial: addr, Target: "/", Timeout: time.Minute}
			if err := clients[i].Do(context.Background(), req, &res); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric((memory()-before)/n, "bytes/user")
		for _, c := range clients {
			c.Close()
		}
	})
	b.Run("nethttp", func(b *testing.B) {
		before := memory()
		transports := make([]*http.Transport, n)
		for i := range transports {
			transports[i] = &http.Transport{}
			res, err := (&http.Client{Transport: transports[i]}).Get("http://" + addr + "/")
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		b.ReportMetric((memory()-before)/n, "bytes/user")
		for _, t := range transports {
			t.CloseIdleConnections()
		}
	})
}
