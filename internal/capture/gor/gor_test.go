package gor_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/capture/gor"
	"firedrill/internal/exchange"
)

const sep = "\n🐵🙈🙉\n"

func collect(t *testing.T, seq iter.Seq2[*exchange.Exchange, error]) (all []*exchange.Exchange) {
	t.Helper()
	for x, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	return all
}

func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func traffic() string {
	coded := zipped(`{"id":7}`)
	return "1 aaaa 1793606400000000000 0\nPOST /api/v1/login HTTP/1.1\r\nHost: School.test:80\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello" + sep +
		"1 bbbb 1793606400500000000\nGET /courses?page=2 HTTP/1.1\r\nHost: school.test\r\nX-Forwarded-Proto: https\r\n\r\n" + sep +
		"2 bbbb 1793606400600000000 100000000\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(coded), coded) + sep +
		"3 bbbb 1793606400700000000 1\nHTTP/1.1 500 no\r\n\r\n" + sep +
		"2 zzzz 1793606400700000000 1\nHTTP/1.1 200 OK\r\n\r\n" + sep +
		"2 aaaa 1793606400250000000 250000000\nHTTP/1.1 302 Found\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 10\r\n\r\nhalf" + sep +
		"1 cccc 1793606401000000000 0\nGET /lost HTTP/1.1\r\nHost: school.test\r\n\r\n" + sep +
		"1 dddd 1793606401000000000 0\n\x16\x03\x01 tls" + sep
}

func want() []*exchange.Exchange {
	start := time.Unix(0, 1793606400000000000).UTC()
	return []*exchange.Exchange{
		{Start: start.Add(500 * time.Millisecond),
			Request:  exchange.Request{Method: "GET", Scheme: "https", Host: "school.test", Target: "/courses?page=2", Proto: "HTTP/1.1", Header: []exchange.Field{{Name: "X-Forwarded-Proto", Value: "https"}}},
			Response: &exchange.Response{Status: 200, Proto: "HTTP/1.1", Header: []exchange.Field{{Name: "Content-Encoding", Value: "gzip"}}, Body: exchange.Body{Size: int64(len(zipped(`{"id":7}`))), Decoded: 8, Encoding: "gzip", Data: []byte(`{"id":7}`)}},
			Timing:   exchange.Timing{FirstByte: 100 * time.Millisecond, End: 100 * time.Millisecond}},
		{Start: start,
			Request:  exchange.Request{Method: "POST", Scheme: "http", Host: "school.test", Target: "/api/v1/login", Proto: "HTTP/1.1", Header: []exchange.Field{{Name: "Content-Type", Value: "text/plain"}}, Body: exchange.Body{Size: 5, Decoded: 5, Data: []byte("hello")}},
			Response: &exchange.Response{Status: 302, Proto: "HTTP/1.1", Header: []exchange.Field{{Name: "Set-Cookie", Value: "a=1"}, {Name: "Set-Cookie", Value: "b=2"}}, Body: exchange.Body{Size: 4, Decoded: 4, Data: []byte("half"), Cut: "aborted"}},
			Timing:   exchange.Timing{FirstByte: 250 * time.Millisecond, End: 250 * time.Millisecond}},
		{Start: start.Add(time.Second),
			Request: exchange.Request{Method: "GET", Scheme: "http", Host: "school.test", Target: "/lost", Proto: "HTTP/1.1"},
			Failure: &exchange.Failure{Stage: "wait", Reason: "answer not recorded"}},
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"day.gor": traffic(), "day.gor.gz": zipped(traffic()), "open.gor": strings.TrimSuffix(traffic(), "\n")} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := gor.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want(), collect(t, f.Exchanges())); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if d := cmp.Diff(map[string]int{"answer to a replay": 1, "answer without its request": 1, "not HTTP": 1}, f.Skipped); d != "" || f.Unanswered != 1 {
			t.Errorf("%s: %d unanswered, %s", name, f.Unanswered, d)
		}
		f.Close()
	}
}

func TestBadFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		line int
	}{
		"another file": {"hello\nworld", 1},
		"a wrong time": {traffic() + "1 eeee yesterday 0\nGET / HTTP/1.1\r\n\r\n", 1 + strings.Count(traffic(), "\n")},
		"a wrong kind": {"\n1 a 5\nGET / HTTP/1.1\r\nHost: x\r\n\r\n" + sep + "9 a 5\n", 8},
	} {
		var bad *gor.SyntaxError
		for _, err := range gor.New("x.gor", strings.NewReader(tt.text)).Exchanges() {
			if err != nil && !errors.As(err, &bad) {
				t.Fatal(err)
			}
		}
		if bad == nil || bad.Line != tt.line || bad.File != "x.gor" || bad.ExitCode() != 2 || bad.Hint() == "" {
			t.Errorf("%s: %v, want line %d", name, bad, tt.line)
		}
	}
	path := filepath.Join(t.TempDir(), "x.gor.gz")
	if err := os.WriteFile(path, []byte(traffic()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := gor.Open(path); err == nil || !strings.Contains(err.Error(), "not compressed") {
		t.Error(err)
	}
}

// Requests without answers do not pile up in memory: the oldest are given.
func TestBoundedWaiting(t *testing.T) {
	var b strings.Builder
	body := strings.Repeat("x", 1<<20)
	const n = 80 // more than the bound
	for i := range n {
		fmt.Fprintf(&b, "1 id%d %d 0\nPOST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s%s", i, 1793606400000000000+i, i, len(body), body, sep)
	}
	f := gor.New("x.gor", strings.NewReader(b.String()))
	all := collect(t, f.Exchanges())
	if len(all) != n || f.Unanswered != n || all[0].Request.Target != "/0" || all[n-1].Request.Target != "/79" {
		t.Errorf("%d exchanges, %d unanswered", len(all), f.Unanswered)
	}
}

// Whatever is in a file: no panic, and each exchange has an answer or a failure.
func FuzzRead(f *testing.F) {
	f.Add([]byte(traffic()))
	f.Add([]byte("1 a 1\nGET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n" + sep))
	f.Fuzz(func(t *testing.T, data []byte) {
		for x, err := range gor.New("x.gor", bytes.NewReader(data)).Exchanges() {
			if err != nil {
				return
			}
			if (x.Response == nil) == (x.Failure == nil) || x.Request.Host == "" || x.Timing.End < 0 {
				t.Fatalf("%+v", x)
			}
		}
	})
}
