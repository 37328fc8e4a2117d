package recording_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedrill/internal/exchange"
	"firedrill/internal/recording"
)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// answer is an exchange as a browser causes it, with a JSON body of about size
// bytes that has the redundancy of real lists and no more.
func answer(i, size int) *exchange.Exchange {
	x := sample(i)
	x.Request.Header = []exchange.Field{
		{Name: "Accept", Value: "application/json"}, {Name: "Accept-Encoding", Value: "gzip, deflate, br, zstd"}, {Name: "Accept-Language", Value: "en-US,en;q=0.9"},
		{Name: "Cookie", Value: fmt.Sprintf("session=%x", i*7919)}, {Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"},
	}
	var b strings.Builder
	for n := i; b.Len() < size; n += 31 {
		fmt.Fprintf(&b, `{"id":"%08x","title":"Unit %d: reading","status":"published","score":%d,"updated_at":"2026-09-0%dT0%d:%02d:00Z"},`, n*2654435761, n%97, n%101, n%9+1, n%10, n%60)
	}
	body := b.String()[:size]
	x.Response.Body = exchange.Body{Size: int64(size), Decoded: int64(size), Data: []byte(body)}
	return x
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{200, 1024, 8192} {
		b.Run(fmt.Sprintf("body=%d", size), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "r.db")
			w, err := recording.Create(path, manifest, recording.Options{Patience: 1 << 40})
			if err != nil {
				b.Fatal(err)
			}
			xs := make([]*exchange.Exchange, 512)
			for i := range xs {
				xs[i] = answer(i, size)
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if err := w.Append(b.Context(), xs[n%len(xs)]); err != nil {
					b.Fatal(err)
				}
				n++
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(w.Stats().Stored)/float64(n), "stored-B/op")
			if info, err := os.Stat(path); err == nil && n > 1000 {
				b.ReportMetric(float64(info.Size())/float64(n), "file-B/op")
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "r.db")
	w, err := recording.Create(path, manifest, recording.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 2000 {
		if err := w.Append(b.Context(), answer(i, 1024)); err != nil {
			b.Fatal(err)
		}
	}
	w.Close()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r, err := recording.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range r.Exchanges() {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		r.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/exchange")
}
