package redact_test

import (
	"fmt"
	"strings"
	"testing"

	"firedrill/internal/exchange"
)

func browserFields() []exchange.Field {
	return []exchange.Field{
		{Name: "Accept", Value: "application/json"}, {Name: "Accept-Language", Value: "en-US,en;q=0.9"}, {Name: "Content-Type", Value: "application/json"}, {Name: "Cookie", Value: "session=q8ZfK2mT4vX9aLw1Bc3De5; theme=dark"},
		{Name: "Referer", Value: "https://school.example/courses/17/gradebook"}, {Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"}, {Name: "X-Csrf-Token", Value: "k3J9xQ2mV7bN5tR1"},
	}
}

func BenchmarkSmallExchange(b *testing.B) {
	x := &exchange.Exchange{Request: exchange.Request{Method: "POST", Target: "/api/v1/submissions/4711/grade", Header: browserFields(), Body: exchange.Body{Data: []byte(`{"grade":88,"feedback":"Well argued, see page 12"}`)}},
		Response: &exchange.Response{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: "application/json"}, {Name: "X-Request-Id", Value: "550e8400-e29b-41d4-a716-446655440000"}}, Body: exchange.Body{Data: []byte(`{"id":4711,"grade":88,"status":"graded","graded_at":"2026-11-23T10:11:12Z"}`)}}}
	benchmark(b, x)
}

func Benchmark8KiBJSON(b *testing.B) {
	var s strings.Builder
	s.WriteString(`{"submissions":[`)
	for i := range 60 {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"id":%d,"student":{"id":%d,"name":"Student Number %d"},"status":"ungraded","score":null,"late":false,"submitted_at":"2026-11-%02dT10:11:12Z"}`, 1000+i, 200+i, i, i%28+1)
	}
	s.WriteString(`],"total":60}`)
	x := &exchange.Exchange{Request: exchange.Request{Method: "GET", Target: "/api/v1/courses/17/submissions", Header: browserFields()},
		Response: &exchange.Response{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: "application/json"}}, Body: exchange.Body{Data: []byte(s.String())}}}
	b.SetBytes(int64(s.Len()))
	benchmark(b, x)
}

func benchmark(b *testing.B, x *exchange.Exchange) {
	r := newRedactor()
	b.ReportAllocs()
	for b.Loop() {
		y, s := *x, *x.Response
		y.Response = &s
		r.Exchange(&y)
	}
}
