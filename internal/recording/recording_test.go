package recording_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/recording"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
)

var morning = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// sample is the i-th exchange of every test: what it holds follows from i.
func sample(i int) *exchange.Exchange {
	body := strings.Repeat(fmt.Sprintf(`{"id":%d,"title":"Unit"}`, i), i%7)
	x := &exchange.Exchange{
		Start: morning.Add(time.Duration(i) * time.Second), Target: "api", Client: "c1", Conn: uint64(i%3 + 1),
		Request: exchange.Request{Method: "GET", Scheme: "http", Host: "localhost:4000", Target: fmt.Sprintf("/api/v1/units/%d", i), Proto: "HTTP/1.1",
			Header: []exchange.Field{{Name: "Accept", Value: "application/json"}}},
		Response: &exchange.Response{Status: 200, Proto: "HTTP/1.1", Header: []exchange.Field{{Name: "Content-Type", Value: "application/json"}},
			Body: exchange.Body{Size: int64(len(body)), Decoded: int64(len(body)), Data: []byte(body)}},
		Timing: exchange.Timing{FirstByte: time.Millisecond, End: 2 * time.Millisecond},
	}
	if body == "" {
		x.Response.Body.Data = nil
	}
	return x
}

var manifest = recording.Manifest{Set: "set-1", KeyID: "key-1", Created: morning, Tool: "test", Who: "a teacher", Why: "rehearsal",

	Policy: "default", Targets: []recording.Target{{Name: "api", URL: "http://localhost:4000"}}}

// create makes a recording whose file is checked from end to end when the test is over.
func create(t *testing.T, m recording.Manifest, opt recording.Options) (*recording.Writer, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.db")
	w, err := recording.Create(path, m, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Close()
		mustBeSound(t, path)
	})
	return w, path
}

func mustBeSound(t *testing.T, path string) recording.CheckReport {
	t.Helper()
	report, err := recording.Check(path)
	if err != nil {
		t.Errorf("check: %v", err)
	}
	for _, p := range report.Problems {
		t.Errorf("check: %s", p)
	}
	return report
}

func appendAll(t *testing.T, w *recording.Writer, xs ...*exchange.Exchange) {
	t.Helper()
	for _, x := range xs {
		if err := w.Append(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, path string) *recording.Reader {
	t.Helper()
	r, err := recording.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestWhatIsAppendedIsRead(t *testing.T) {
	w, path := create(t, manifest, recording.Options{})
	var want []*exchange.Exchange
	for _, i := range []int{3, 1, 2} { // completed in another order than started
		x := sample(i)
		appendAll(t, w, x)
		if x.Seq != 0 {
			t.Fatalf("Append changed the exchange: Seq %d", x.Seq)
		}
		want = append(want, x)
	}
	w.Lose("body too strange", 2)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := w.Append(t.Context(), sample(9)); !errors.Is(err, recording.ErrClosed) {
		t.Errorf("Append after Close: %v, want ErrClosed", err)
	}

	for i, x := range want {
		x.Seq = uint64(i + 1)
	}
	want = []*exchange.Exchange{want[1], want[2], want[0]}
	r := open(t, path)
	var got []*exchange.Exchange
	for x, err := range r.Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, x)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exchanges, by start (-want +got):\n%s", diff)
	}
	m := r.Manifest()
	if !m.Closed || m.Ended.Before(morning) {
		t.Errorf("closed %t at %v, want a closed file", m.Closed, m.Ended)
	}
	m.Ended = time.Time{}
	expect := manifest
	expect.Format, expect.Closed, expect.Losses = recording.Format, true, map[string]int{"body too strange": 2}
	if diff := cmp.Diff(expect, m); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if r.Len() != 3 || r.Wire() != want[0].Response.Body.Size+want[1].Response.Body.Size+want[2].Response.Body.Size {
		t.Errorf("Len %d Wire %d", r.Len(), r.Wire())
	}
	if _, err := r.Get(4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get(4): %v, want fs.ErrNotExist", err)
	}
}

func TestReadingStopsWhereTheReaderStops(t *testing.T) {
	w, path := create(t, manifest, recording.Options{})
	appendAll(t, w, sample(1), sample(2), sample(3))
	w.Close()
	n := 0
	for range open(t, path).Exchanges() {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d exchanges were yielded after the break", n)
	}
}

func TestEveryExchangeOnceFromManyGoroutines(t *testing.T) {
	w, path := create(t, manifest, recording.Options{Linger: time.Millisecond})
	const clients, each = 16, 50
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				if err := w.Append(t.Context(), sample(c*each+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	var last time.Time
	for x, err := range open(t, path).Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		if x.Start.Before(last) {
			t.Errorf("exchange %d comes after a later one", x.Seq)
		}
		last = x.Start
		seen[x.Request.Target]++
	}
	for i := range clients * each {
		if n := seen[sample(i).Request.Target]; n != 1 {
			t.Errorf("exchange %d was read %d times", i, n)
		}
	}
}

func TestCommitsAreGrouped(t *testing.T) {
	for name, c := range map[string]struct {
		exchanges int
		pause     time.Duration
		most      int
	}{
		"a burst":            {1000, 0, 60},
		"one at a time":      {40, time.Millisecond, 12}, // each waits for company
		"nothing but an end": {0, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			w, path := create(t, manifest, recording.Options{Linger: 30 * time.Millisecond})
			for i := range c.exchanges {
				appendAll(t, w, sample(i))
				time.Sleep(c.pause)
			}
			w.Close()
			if n := transactions(t, path); n > c.most {
				t.Errorf("%d transactions for %d exchanges", n, c.exchanges)
			}
		})
	}
}

func transactions(t *testing.T, path string) int {
	t.Helper()
	db, err := bolt.Open(path, 0, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	return tx.ID()
}

func TestAnExchangeIsOnTheDiskWhileTheRecorderRuns(t *testing.T) {
	w, _ := create(t, manifest, recording.Options{})
	appendAll(t, w, sample(1))
	deadline := time.After(5 * time.Second)
	for w.Stats().Exchanges == 0 {
		select {
		case <-deadline:
			t.Fatal("not committed after 5 s")
		case <-time.After(time.Millisecond):
		}
	}
	if s := w.Stats(); s.Exchanges != 1 || s.Queued != 0 || s.Stored == 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestAFullFileIsSaidAndEverythingIsCounted(t *testing.T) {
	w, path := create(t, manifest, recording.Options{MaxSize: 256 << 10, Linger: time.Millisecond})
	noise := sample(1)
	noise.Response.Body.Data = make([]byte, 30_000)
	for i := range noise.Response.Body.Data {
		noise.Response.Body.Data[i] = byte(i * i >> 3)
	}
	noise.Response.Body.Data = append(noise.Response.Body.Data, randomBytes(30_000)...)
	var appended, refused int
	for range 200 {
		switch err := w.Append(t.Context(), noise); {
		case err == nil:
			appended++
		case errors.Is(err, recording.ErrFailed):
			refused++
		default:
			t.Fatal(err)
		}
		if refused == 3 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	select {
	case <-w.Failed():
	default:
		t.Error("Failed is not closed")
	}
	if w.Err() == nil || w.Close() == nil {
		t.Error("a writer that failed closes without an error")
	}
	r := open(t, path)
	if lost := r.Losses()[recording.LostWriteFailed]; lost+r.Len() != appended+refused {
		t.Errorf("%d lost and %d stored of %d", lost, r.Len(), appended+refused)
	}
	if r.Manifest().Closed {
		t.Error("the file says that it was closed well")
	}
}

func TestSetReadsSeveralFilesAsOne(t *testing.T) {
	a, first := create(t, manifest, recording.Options{})
	appendAll(t, a, sample(1), sample(4))
	a.Lose("x", 1)
	a.Close()
	m := manifest
	m.Created = morning.Add(time.Hour)
	m.Targets = []recording.Target{{Name: "web", URL: "http://localhost:3000"}}
	b, second := create(t, m, recording.Options{})
	appendAll(t, b, sample(2), sample(3))
	b.Lose("x", 2)
	b.Close()

	s, err := recording.OpenSet(first, second)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got []string
	for x, err := range s.Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s seq %d conn %d", x.Request.Target, x.Seq, x.Conn))
	}
	want := []string{ // the first file has 2 exchanges and connections up to 2
		"/api/v1/units/1 seq 1 conn 2", "/api/v1/units/2 seq 3 conn 5", "/api/v1/units/3 seq 4 conn 3", "/api/v1/units/4 seq 2 conn 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for seq, want := range map[uint64]string{1: "/api/v1/units/1", 2: "/api/v1/units/4", 3: "/api/v1/units/2", 4: "/api/v1/units/3"} {
		if x, err := s.Get(seq); err != nil || x.Request.Target != want || x.Seq != seq {
			t.Errorf("Get(%d): %v %v, want %s", seq, x, err, want)
		}
	}
	for _, seq := range []uint64{0, 5} {
		if _, err := s.Get(seq); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Get(%d): %v, want fs.ErrNotExist", seq, err)
		}
	}
	if got := s.Manifest(); len(got.Targets) != 2 || got.Losses["x"] != 3 || !got.Created.Equal(morning) || s.Len() != 4 {
		t.Errorf("manifest %+v, %d exchanges", got, s.Len())
	}

	other := manifest
	other.KeyID = "key-2"
	c, third := create(t, other, recording.Options{})
	c.Close()
	var wrong *recording.SetError
	if _, err := recording.OpenSet(first, third); !errors.As(err, &wrong) || wrong.Path != third {
		t.Errorf("files of two keys: %v", err)
	}
	if _, err := recording.OpenSet(first, first); !errors.As(err, &wrong) {
		t.Errorf("one file twice: %v", err)
	}
	if _, err := recording.OpenSet(); !errors.As(err, &wrong) {
		t.Errorf("no file: %v", err)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	w, path := create(t, manifest, recording.Options{})
	appendAll(t, w, sample(1))
	w.Close()
	before, _ := os.ReadFile(path)
	var exists *recording.ExistsError
	if _, err := recording.Create(path, manifest, recording.Options{}); !errors.As(err, &exists) {
		t.Fatalf("err = %v, want *ExistsError", err)
	}
	if after, _ := os.ReadFile(path); string(before) != string(after) {
		t.Error("the file changed")
	}
	var cannot *recording.OpenError
	if _, err := recording.Create(filepath.Join(t.TempDir(), "no", "r.db"), manifest, recording.Options{}); !errors.As(err, &cannot) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}

func TestCancelledAppend(t *testing.T) {
	w, _ := create(t, manifest, recording.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Append(ctx, sample(1)); err != nil {
		t.Errorf("there is room, and the exchange was refused: %v", err)
	}
}
