package har_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/capture/har"
	"firedrill/internal/exchange"
)

const msec = time.Millisecond

func open(t *testing.T, path string) *har.Archive {
	t.Helper()
	a, err := har.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

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

func at(s string) time.Time {
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return v
}

// Each quirk of the file is told in its entry.
func TestQuirks(t *testing.T) {
	a := open(t, "testdata/quirks.har")
	if a.Creator != "WebInspector 537.36" || a.Sanitized {
		t.Errorf("creator %q, sanitized %v", a.Creator, a.Sanitized)
	}
	if d := cmp.Diff(map[string]int{"answered by the browser's cache": 1, "not http": 1}, a.Skipped); d != "" {
		t.Error(d)
	}
	want := []*exchange.Exchange{
		{ // over first: the order is that of the ends
			Start: at("2026-11-02T08:00:00.6Z"), Conn: 1,
			Request:  exchange.Request{Method: "GET", Scheme: "https", Host: "school.example.org", Target: "/", Proto: "HTTP/1.1"},
			Response: &exchange.Response{Status: 200, Proto: "HTTP/1.1", Header: []exchange.Field{{Name: "Content-Type", Value: "image/png"}, {Name: "Content-Encoding", Value: "gzip"}}, Body: exchange.Body{Size: 2, Decoded: 3, Encoding: "gzip", Data: []byte{0, 0xff, 0x80}}},
			Timing:   exchange.Timing{RequestEnd: msec, FirstByte: 5 * msec, End: 10 * msec},
		},
		{
			Start: at("2026-11-02T08:00:00.5Z"), Conn: 1,
			Request: exchange.Request{Method: "POST", Scheme: "https", Host: "school.example.org", Target: "/api/v1/login?next=%2Fhome", Proto: "HTTP/2.0",
				Header: []exchange.Field{{Name: "content-type", Value: "application/x-www-form-urlencoded"}, {Name: "cookie", Value: "a=1; b=2"}},
				Body:   exchange.Body{Size: 29, Decoded: 29, Data: []byte("e+mail=t%40x.test&p%26w=a+b")}},
			Response: &exchange.Response{Status: 302, Proto: "HTTP/2.0", Header: []exchange.Field{{Name: "set-cookie", Value: "sid=s1; Path=/; HttpOnly"}, {Name: "set-cookie", Value: "csrf=c1; Path=/"}, {Name: "location", Value: "/home"}}},
			Timing:   exchange.Timing{RequestEnd: 12500 * time.Microsecond, FirstByte: 112500 * time.Microsecond, End: 120500 * time.Microsecond},
		},
		{
			Start:   at("2026-11-02T08:00:02Z"),
			Request: exchange.Request{Method: "GET", Scheme: "http", Host: "gone.example.org", Target: "/x", Proto: "HTTP/1.1"},
			Failure: &exchange.Failure{Stage: "wait", Reason: "refused"},
			Timing:  exchange.Timing{RequestEnd: 5 * msec, End: 5 * msec},
		},
		{
			Start: at("2026-11-02T08:00:03Z"),
			Request: exchange.Request{Method: "POST", Scheme: "https", Host: "school.example.org", Target: "/api/v1/uploads", Proto: "HTTP/1.1",
				Header: []exchange.Field{{Name: "Content-Type", Value: "multipart/form-data; boundary=xx"}},
				Body:   exchange.Body{Size: 300, Decoded: 180, Data: []byte("--xx\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nsubmission\r\n--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--xx--\r\n")}},
			Response: &exchange.Response{Status: 201, Proto: "HTTP/1.1", Header: []exchange.Field{{Name: "Set-Cookie", Value: "k=v; Path=/; Domain=example.org; Expires=Fri, 01 Jan 2027 00:00:00 GMT; Secure; HttpOnly"}}, Body: exchange.Body{Size: 44, Decoded: 44, Cut: "opaque"}},
			Timing:   exchange.Timing{RequestEnd: msec, FirstByte: 19 * msec, End: 20 * msec},
		},
		{
			Start:    at("2026-11-02T08:00:01Z"),
			Request:  exchange.Request{Method: "GET", Scheme: "https", Host: "school.example.org", Target: "/live", Proto: "HTTP/1.1", Header: []exchange.Field{{Name: "Cookie", Value: "sid=s1"}}},
			Response: &exchange.Response{Status: 101, Proto: "HTTP/1.1"},
			Timing:   exchange.Timing{FirstByte: 5 * msec, End: 3 * time.Second},
			Frames:   []exchange.Frame{{At: 250 * msec, ToHost: true, Opcode: 1, Size: 5, Data: []byte("hello")}, {At: 500 * msec, Opcode: 2, Size: 2, Data: []byte{1, 2}}},
		},
	}
	for i := range want {
		want[i].Request.Body.Decoded = int64(len(want[i].Request.Body.Data))
		if want[i].Request.Body.Size != 300 {
			want[i].Request.Body.Size = want[i].Request.Body.Decoded
		}
	}
	got := collect(t, a.Exchanges())
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b exchange.Frame) bool {
		return a.ToHost == b.ToHost && a.Opcode == b.Opcode && bytes.Equal(a.Data, b.Data) && (a.At-b.At).Abs() < msec
	})); d != "" {
		t.Error(d)
	}
	if len(got) != a.Len() {
		t.Errorf("Len %d of %d", a.Len(), len(got))
	}
}

func TestSanitized(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bom.har")
	text := "\xef\xbb\xbf" + `{"log":{"entries":[{"startedDateTime":"2026-11-02T08:00:00Z","time":1,"request":{"method":"GET","url":"http://x.test/"},"response":{"status":200,"content":{}},"timings":{"send":0,"wait":1,"receive":0}}]}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if a := open(t, file); !a.Sanitized || a.Len() != 1 || len(collect(t, a.Exchanges())) != 1 {
		t.Errorf("sanitized %v, %d entries", a.Sanitized, a.Len())
	}
}

func TestBadFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		text         string
		line, column int
		why          string
	}{
		"not JSON":          {"{\"log\": {\n \"entries\": [nope]}}", 2, 14, "not JSON"},
		"cut":               {"{\"log\": {\"entries\": [{\"startedDateTime\":", 1, 22, "ends in the middle"},
		"another file":      {`{"a": 1}`, 1, 9, `no "log"`},
		"a list":            {`[1]`, 1, 2, "something else stands where \"{\" should begin"},
		"no time":           {"{\"log\":{\"entries\":[\n  {\"startedDateTime\":\"yesterday\",\"request\":{\"url\":\"http://x/\"}}]}}", 2, 3, "is no time"},
		"a wrong kind":      {"{\"log\":{\"entries\":[\n\n {\"time\":\"long\"}]}}", 3, 2, "time is a string"},
		"entries no list":   {`{"log":{"entries":{}}}`, 1, 20, `where "[" should begin`},
		"nothing":           {"", 1, 1, "ends in the middle"},
		"no method":         {"{\"log\":{\"entries\":[\n{\"startedDateTime\":\"2026-11-02T08:00:00Z\",\"request\":{\"url\":\"http://x/\"}}]}}", 2, 1, "no method"},
		"a lying base64":    {`{"log":{"entries":[{"startedDateTime":"2026-11-02T08:00:00Z","request":{"method":"GET","url":"http://x/"},"response":{"status":200,"content":{"text":"*","encoding":"base64"}}}]}}`, 1, 20, "base64"},
		"an unreadable URL": {`{"log":{"entries":[{"startedDateTime":"2026-11-02T08:00:00Z","request":{"method":"GET","url":"http://x/%zz"}}]}}`, 1, 20, "request.url"},
	} {
		file := filepath.Join(t.TempDir(), "x.har")
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := har.Open(file)
		if err == nil {
			for _, e := range a.Exchanges() {
				if err == nil {
					err = e
				}
			}
			a.Close()
		}
		var bad *har.SyntaxError
		if !errors.As(err, &bad) || bad.ExitCode() != 2 || bad.Hint() == "" || bad.File != file {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if bad.Line != tt.line || bad.Column != tt.column || !strings.Contains(bad.Why, tt.why) {
			t.Errorf("%s: %d:%d %s, want %d:%d …%s…", name, bad.Line, bad.Column, bad.Why, tt.line, tt.column, tt.why)
		}
	}
}

// What is written is read again as it was, but for what a HAR has no place for.
func TestRoundTrip(t *testing.T) {
	before := collect(t, open(t, "testdata/quirks.har").Exchanges())
	before[0].Labels = []string{"period 3"}
	file := filepath.Join(t.TempDir(), "again.har")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := har.Write(f, har.Maker{Name: "recorder", Version: "1"}, "a test", seq(before)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	a := open(t, file)
	if a.Creator != "recorder 1" || len(a.Skipped) != 0 {
		t.Errorf("%q, %v", a.Creator, a.Skipped)
	}
	before[0].Labels = nil
	after := collect(t, a.Exchanges())
	if d := cmp.Diff(before, after, cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() < 2*time.Microsecond })); d != "" {
		t.Error(d)
	}
}

func TestWriteFails(t *testing.T) {
	broken := errors.New("broken")
	fail := func(yield func(*exchange.Exchange, error) bool) { yield(nil, broken) }
	if err := har.Write(io.Discard, har.Maker{}, "", fail); !errors.Is(err, broken) {
		t.Error(err)
	}
	if err := har.Write(full{}, har.Maker{}, "", seq(nil)); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func seq(all []*exchange.Exchange) iter.Seq2[*exchange.Exchange, error] {
	return func(yield func(*exchange.Exchange, error) bool) {
		for _, x := range all {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// Whatever is in a file: no panic, and what can be read can be written and read again.
func FuzzOpen(f *testing.F) {
	quirks, err := os.ReadFile("testdata/quirks.har")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(quirks)
	f.Add([]byte(`{"log":{"entries":[{"startedDateTime":"2026-11-02T08:00:00Z","time":1e300,"request":{"method":"GET","url":"http://x/"},"response":{"status":1,"content":{"size":-5}}}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := har.New("first.har", bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		var all []*exchange.Exchange
		for x, err := range a.Exchanges() {
			if err != nil {
				return
			}
			if (x.Response == nil) == (x.Failure == nil) || x.Timing.End < x.Timing.FirstByte || x.Timing.RequestEnd < 0 {
				t.Fatalf("%+v", x)
			}
			all = append(all, x)
		}
		var b bytes.Buffer
		if err := har.Write(&b, har.Maker{}, "", seq(all)); err != nil {
			t.Fatal(err)
		}
		again, err := har.New("second.har", bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if n := len(slices.Collect(first2(again.Exchanges()))); n != len(all) {
			t.Fatalf("%d exchanges, then %d", len(all), n)
		}
	})
}

func first2[A, B any](seq iter.Seq2[A, B]) iter.Seq[A] {
	return func(yield func(A) bool) {
		for a := range seq {
			if !yield(a) {
				return
			}
		}
	}
}
