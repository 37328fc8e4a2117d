package runs_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"firedrill/internal/runs"
	"firedrill/internal/runs/runstest"
	"firedrill/internal/sample"
)

var update = flag.Bool("update", false, "make testdata anew; never for a format that was released")

// file is a path in a new directory that is checked when the test is over.
func file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.db")
	t.Cleanup(func() {
		if _, err := os.Stat(path); err != nil {
			return
		}
		if err := runs.Check(path); err != nil {
			t.Error(err)
		}
	})
	return path
}

// read is everything of a run file.
func read(t *testing.T, path string) *runstest.Run {
	t.Helper()
	r, err := runs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := &runstest.Run{Head: r.Manifest()}
	got.Head.Names = r.Names()
	if e, ok := r.Ending(); ok {
		got.End = &e
	}
	for v, err := range r.Samples() {
		must(t, err)
		got.Requests = append(got.Requests, *v)
	}
	for v, err := range r.Iterations() {
		must(t, err)
		got.Turns = append(got.Turns, *v)
	}
	for v, err := range r.Drops() {
		must(t, err)
		got.Missed = append(got.Missed, *v)
	}
	for v, err := range r.Users() {
		must(t, err)
		got.Curve = append(got.Curve, *v)
	}
	return got
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRoundTrip(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, c := range []struct {
		why string
		run *runstest.Run
	}{
		{"a whole run", runstest.Grading(runstest.Options{})},
		{"more than a block", runstest.Grading(runstest.Options{Users: 200, Length: 5 * time.Minute})},
		{"nothing at all", &runstest.Run{Head: runstest.Manifest(runstest.Options{}), End: &runs.Ending{End: runs.Completed}}},
		{"killed", runstest.Grading(runstest.Options{Killed: true, Users: 2})},
	} {
		path := file(t)
		c.run.Missed = []sample.Drop{{At: 5, Persona: 0, Count: 3}}
		must(t, c.run.Save(path))
		want := *c.run
		want.Head.Format = runs.Format
		if diff := cmp.Diff(&want, read(t, path)); diff != "" {
			t.Errorf("%s: (-written +read)\n%s", c.why, diff)
		}
	}
}

func TestManyProducers(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := file(t)
	w, err := runs.Create(path, runstest.Manifest(runstest.Options{}))
	must(t, err)
	var wg sync.WaitGroup
	for vu := range uint32(40) {
		wg.Go(func() {
			s := sample.Sample{VU: vu, Queries: -1}
			for i := range 1000 {
				s.End = time.Duration(i) * time.Millisecond
				w.Sample(&s) // without a Seq: the writer counts
				w.Users(s.End, 0, i)
			}
			w.Iteration(sample.Iteration{VU: vu})
			w.Drop(sample.Drop{Count: 1})
		})
	}
	wg.Wait()
	must(t, w.Finish(runs.Ending{End: runs.Completed}))
	must(t, w.Close())
	got := read(t, path)
	if len(got.Requests) != 40_000 || len(got.Turns) != 40 || len(got.Missed) != 40 || len(got.Curve) != 40_000 {
		t.Errorf("%d samples, %d iterations, %d drops, %d users", len(got.Requests), len(got.Turns), len(got.Missed), len(got.Curve))
	}
	last := map[uint32]time.Duration{}
	for _, s := range got.Requests {
		if s.End < last[s.VU] {
			t.Fatalf("user %d went back in time", s.VU)
		}
		last[s.VU] = s.End
	}
}

func TestSecondsAddUp(t *testing.T) {
	path := file(t)
	run := runstest.Grading(runstest.Options{DiesAt: time.Minute})
	must(t, run.Save(path))
	r, err := runs.Open(path)
	must(t, err)
	defer r.Close()
	var requests, failed int
	var answered int64
	for s, err := range r.Seconds() {
		must(t, err)
		requests, failed = requests+int(s.Requests), failed+int(s.Failed)
		h := s.Histogram()
		answered += h.TotalCount()
		for _, b := range s.Bars { // a bar is a bucket of that histogram
			if !h.ValuesAreEquivalent(b.Value, h.ValueAtQuantile(100)) && b.Value > h.Max() {
				t.Fatalf("bar at %d is beyond %d", b.Value, h.Max())
			}
		}
	}
	want, bad, none := len(run.Requests), 0, int64(0)
	for _, s := range run.Requests {
		if s.Has(sample.Failed) {
			bad++
		}
		if s.Status == 0 {
			none++
		}
	}
	if requests != want || failed != bad || answered != int64(want)-none {
		t.Errorf("%d requests (want %d), %d failed (want %d), %d answered (want %d)", requests, want, failed, bad, answered, int64(want)-none)
	}
}

func TestNamesThatGrewSurviveAKill(t *testing.T) {
	path := file(t)
	m := runstest.Manifest(runstest.Options{})
	all := m.Names
	m.Names.Endpoints = nil
	w, err := runs.Create(path, m)
	must(t, err)
	w.SetNames(all)
	w.Sample(&sample.Sample{Endpoint: 2})
	must(t, w.Close())
	if got := read(t, path); len(got.Head.Names.Endpoints) != len(all.Endpoints) || got.End != nil {
		t.Errorf("%+v, ending %v", got.Head.Names, got.End)
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	path := file(t)
	must(t, runstest.Grading(runstest.Options{Users: 1}).Save(path))
	_, err := runs.Create(path, runs.Manifest{})
	var exists *runs.ExistsError
	if !errors.As(err, &exists) || exists.ExitCode() != 2 || exists.Hint() == "" {
		t.Errorf("%v", err)
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	if len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestFilesThatAreNotRuns(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.db")
	must(t, runstest.Grading(runstest.Options{Users: 3}).Save(whole))
	src, err := os.ReadFile(whole)
	must(t, err)
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, b, 0o600))
		return path
	}
	change := func(name string, change func(*bolt.Tx) error) string {
		path := put(name, src)
		db, err := bolt.Open(path, 0o600, nil)
		must(t, err)
		must(t, errors.Join(db.Update(change), db.Close()))
		return path
	}
	for _, c := range []struct{ why, path, says string }{
		{"empty", put("empty.db", nil), "is empty"},
		{"text", put("text.db", []byte(strings.Repeat("not a database ", 9000))), "is not a run file"},
		{"cut in the first page", put("cut1.db", src[:3000]), "was cut short"},
		{"cut behind the meta pages", put("cut2.db", src[:9000]), "was cut short"},
		{"cut by a page", put("cut3.db", src[:len(src)/2]), "was cut short"},
		{"a directory", dir, "is a directory"},
		{"another program's", change("foreign.db", func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("meta")) }), "not a run of firedrill"},
		{"from a newer firedrill", change("newer.db", func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("format"), []byte("7")) }), "has format 7"},
		{"without a format", change("format.db", func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Delete([]byte("format")) }), "is damaged"},
		{"with a bad manifest", change("manifest.db", func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("manifest"), []byte("{")) }), "is damaged"},
		{"with a missing bucket", change("bucket.db", func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("seconds")) }), "is damaged"},
	} {
		_, err := runs.Open(c.path)
		var bad *runs.FormatError
		if !errors.As(err, &bad) || !strings.Contains(bad.Why, c.says) || bad.Hint() == "" || bad.ExitCode() != 2 {
			t.Errorf("%s: %v", c.why, err)
		}
	}
	if _, err := runs.Open(filepath.Join(dir, "none.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	path := change("block.db", func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("samples")).Put([]byte("\x00\x00\x00\x00\x00\x00\x00\x01"), []byte("no zstd"))
	})
	if err := runs.Check(path); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("a bad block: %v", err)
	}
}

func TestARunUnderWayIsLocked(t *testing.T) {
	path := file(t)
	w, err := runs.Create(path, runstest.Manifest(runstest.Options{}))
	must(t, err)
	_, err = runs.Open(path)
	var bad *runs.FormatError
	if !errors.As(err, &bad) || !strings.Contains(bad.Why, "being written") {
		t.Errorf("%v", err)
	}
	must(t, w.Close())
}

// TestDamageNeverPanics flips bytes all over a file and reads it.
func TestDamageNeverPanics(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	must(t, runstest.Grading(runstest.Options{Users: 5}).Save(path))
	src, err := os.ReadFile(path)
	must(t, err)
	random := rand.New(rand.NewPCG(1, 1))
	seen := 0
	for range 300 {
		b := slices.Clone(src)
		for range 1 + random.IntN(8) {
			b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
		}
		must(t, os.WriteFile(path, b, 0o600))
		r, err := runs.Open(path)
		if err != nil {
			seen++
			continue
		}
		for _, err := range r.Samples() {
			if err != nil {
				seen++
			}
		}
		for _, err := range r.Users() {
			if err != nil {
				seen++
			}
		}
		must(t, r.Close())
	}
	if seen == 0 {
		t.Error("no damage was ever noticed")
	}
}

func TestAConsumersPanicIsItsOwn(t *testing.T) {
	path := file(t)
	must(t, runstest.Grading(runstest.Options{Users: 1}).Save(path))
	r, err := runs.Open(path)
	must(t, err)
	defer r.Close()
	defer func() {
		if recover() != "mine" {
			t.Error("the panic was swallowed")
		}
	}()
	for range r.Samples() {
		panic("mine")
	}
}

func TestStoppingEarly(t *testing.T) {
	path := file(t)
	must(t, runstest.Grading(runstest.Options{}).Save(path))
	r, err := runs.Open(path)
	must(t, err)
	defer r.Close()
	for range 3 { // each starts anew, and none leaves a transaction open
		n := 0
		for s := range r.Samples() {
			if n++; n == 5 {
				if s.Seq != 5 {
					t.Errorf("the fifth is %d", s.Seq)
				}
				break
			}
		}
	}
}

// TestFixtures reads the files of every format that was released.
func TestFixtures(t *testing.T) {
	const v1 = "testdata/v1.db"
	run := runstest.Grading(runstest.Options{Users: 3, Length: 40 * time.Second, Seed: 7})
	run.Missed = []sample.Drop{{At: time.Second, Count: 2}}
	if *update {
		_ = os.Remove(v1)
		must(t, run.Save(v1))
	}
	must(t, runs.Check(v1))
	run.Head.Format = 1
	if diff := cmp.Diff(run, read(t, v1)); diff != "" {
		t.Errorf("v1.db reads differently (-then +now)\n%s", diff)
	}
}

func TestListAndNewest(t *testing.T) {
	dir := t.TempDir()
	_, err := runs.Newest(dir)
	var none *runs.NoRunsError
	if !errors.As(err, &none) || none.ExitCode() != 2 || none.Hint() == "" {
		t.Errorf("%v", err)
	}
	if list, err := runs.List(filepath.Join(dir, "nowhere")); err != nil || list != nil {
		t.Errorf("%v, %v", list, err)
	}
	for i, name := range []string{"b.db", "c.db", "a.db"} { // the time in the manifest decides, not the name
		m := runstest.Manifest(runstest.Options{})
		m.Started = m.Started.Add(time.Duration(i) * time.Hour)
		w, err := runs.Create(filepath.Join(dir, name), m)
		must(t, err)
		must(t, w.Close())
	}
	must(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600))
	if got, err := runs.Newest(dir); err != nil || filepath.Base(got) != "a.db" {
		t.Errorf("newest is %s, %v", got, err)
	}
	if list, err := runs.List(dir); err != nil || len(list) != 3 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestFileName(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 5, 7, 0, time.FixedZone("", 3600))
	if got := runs.FileName(at, "Grading Rush/..", "x7k2"); got != "2026-11-23-080507-grading-rush-x7k2.db" {
		t.Error(got)
	}
	if a, b := runs.NewID(), runs.NewID(); a == b || len(a) != 8 {
		t.Error(a, b)
	}
}
