package drill_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"firedrill/internal/drill"
)

// BenchmarkRecord is a small exchange through the whole recorder: proxy,
// redaction, compression, file. Client, recorder and application share the machine.
func BenchmarkRecord(b *testing.B) {
	answer := strings.Repeat(`{"id":42}`, 22)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "["+strings.Repeat(`{"id":42},`, 22)+`{"id":42}]`)
	}))
	defer app.Close()
	said := newTalk()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan drill.RecordResult, 1)
	go func() {
		r, err := drill.Record(ctx, drill.RecordOptions{Targets: []string{app.URL}, Listen: []string{"127.0.0.1:0"}, Out: filepath.Join(b.TempDir(), "r.db"), Talk: said})
		if err != nil {
			b.Error(err)
		}
		done <- r
	}()
	address := strings.TrimPrefix(said.wait(b, `open (http://\S+)`)[1], "http://")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		buf := make([]byte, 4096)
		for i := 0; pb.Next(); i++ {
			fmt.Fprintf(conn, "GET /api/v1/courses/%d HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\nCookie: session=0123456789abcdef%d\r\nUser-Agent: bench\r\n\r\n", i, address, i%7)
			for got := 0; got < len(answer); {
				n, err := conn.Read(buf)
				if err != nil {
					b.Error(err)
					return
				}
				if got += n; strings.HasSuffix(string(buf[:n]), "]") {
					break
				}
			}
		}
	})
	cancel()
	r := <-done
	if r.Exchanges+total(r.Losses) < b.N {
		b.Errorf("%d stored and %v lost of %d", r.Exchanges, r.Losses, b.N)
	}
	b.ReportMetric(float64(total(r.Losses)), "lost")
	b.ReportMetric(float64(r.Size)/float64(max(1, r.Exchanges)), "file-B/op")
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
