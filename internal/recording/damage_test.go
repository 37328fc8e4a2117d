package recording_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedrill/internal/recording"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	w, good := create(t, manifest, recording.Options{})
	for i := range 500 {
		appendAll(t, w, sample(i))
	}
	w.Close()
	locked, err := bolt.Open(good, 0o600, nil) // by somebody who gives no copies
	if err != nil {
		t.Fatal(err)
	}
	if _, err := recording.Open(good); !isA[*recording.InUseError](err) {
		t.Errorf("while somebody holds it: %v", err)
	}
	if err := locked.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer.db")
	change(t, file("newer.db", whole), func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("format"), []byte("2"))
	})
	foreign := filepath.Join(dir, "plan.db")
	change(t, foreign, func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("plan")); return err })
	badManifest := file("manifest.db", whole)
	change(t, badManifest, func(tx *bolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("manifest"), []byte("{")) })

	for _, c := range []struct{ path, why string }{
		{file("empty.db", nil), "is empty"},
		{file("text.db", []byte(strings.Repeat("GET / HTTP/1.1\n", 2000))), "not a recording"},
		{file("tiny.db", []byte("x")), "not a recording"},
		{file("cut-head.db", whole[:5000]), "truncated"},
		{file("cut-middle.db", whole[:40_000]), "truncated"},
		{newer, "format 2"},
		{foreign, "not a recording"},
		{badManifest, "damaged"},
	} {
		_, err := recording.Open(c.path)
		var bad *recording.FormatError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.why) || bad.Hint() == "" || bad.ExitCode() != 2 {
			t.Errorf("%s: %v (want *FormatError with %q and a hint)", filepath.Base(c.path), err, c.why)
		}
		if _, err := recording.Check(c.path); err == nil {
			t.Errorf("%s: Check opened it", filepath.Base(c.path))
		}
	}
	for _, path := range []string{filepath.Join(dir, "absent.db"), dir} {
		if _, err := recording.Open(path); !isA[*recording.OpenError](err) {
			t.Errorf("%s: %v, want *OpenError", path, err)
		}
	}
}

func isA[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// change edits a file as no recorder would.
func change(t *testing.T, path string, f func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(f), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(*bolt.Tx) error
		want   string
	}{
		"missing":      {func(tx *bolt.Tx) error { return tx.Bucket([]byte("exchanges")).Delete(key(2)) }, "3 stands where 2 should"},
		"last missing": {func(tx *bolt.Tx) error { return tx.Bucket([]byte("exchanges")).Delete(key(3)) }, "2 exchanges can be read, 3 were counted"},
		"garbled": {func(tx *bolt.Tx) error {
			v := append([]byte(nil), tx.Bucket([]byte("exchanges")).Get(key(2))...)
			v[len(v)-3] ^= 0x55
			return tx.Bucket([]byte("exchanges")).Put(key(2), v)
		}, "exchange 0000000000000002"},
		"coding": {func(tx *bolt.Tx) error {
			v := append([]byte(nil), tx.Bucket([]byte("exchanges")).Get(key(2))...)
			v[0] = 77
			return tx.Bucket([]byte("exchanges")).Put(key(2), v)
		}, "unknown coding 77"},
		"head": {func(tx *bolt.Tx) error {
			v := append([]byte(nil), tx.Bucket([]byte("exchanges")).Get(key(2))...)
			v[8]++
			return tx.Bucket([]byte("exchanges")).Put(key(2), v)
		}, "its head says"},
		"short": {func(tx *bolt.Tx) error { return tx.Bucket([]byte("exchanges")).Put(key(2), []byte{0}) }, "1 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r.db")
			w, err := recording.Create(path, manifest, recording.Options{})
			if err != nil {
				t.Fatal(err)
			}
			appendAll(t, w, sample(1), sample(2), sample(3))
			w.Close()
			change(t, path, c.damage)
			report, err := recording.Check(path)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(report.Problems, "\n"); !strings.Contains(all, c.want) {
				t.Errorf("problems %q, want one with %q", all, c.want)
			}
		})
	}
}

func key(i byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, i} }

// Any cut and any flipped byte is answered with an error or a report, never with
// a panic or a fault, and never with an exchange that was not recorded.
func TestDamageNeverCrashes(t *testing.T) {
	w, path := create(t, manifest, recording.Options{})
	for i := range 200 {
		appendAll(t, w, sample(i))
	}
	w.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := len(strings.TrimRight(string(whole), "\x00"))
	broken := filepath.Join(t.TempDir(), "broken.db")
	try := func(what string, content []byte) {
		t.Helper()
		if err := os.WriteFile(broken, content, 0o600); err != nil {
			t.Fatal(err)
		}
		recording.Check(broken)
		r, err := recording.Open(broken)
		if err != nil {
			return
		}
		defer r.Close()
		for x, err := range r.Exchanges() {
			if err != nil {
				continue
			}
			x.Seq = 0
			if i := int(x.Start.Sub(morning) / time.Second); !cmp.Equal(x, sample(i)) {
				t.Errorf("%s: an exchange that was never recorded: %+v", what, x)
			}
		}
	}
	for cut := 1; cut < end; cut += 3001 {
		try(fmt.Sprintf("cut at %d", cut), whole[:cut])
	}
	for at := 17; at < end; at += 787 {
		content := append([]byte(nil), whole...)
		content[at] ^= 0xFF
		try(fmt.Sprintf("flipped at %d", at), content)
	}
}

func TestFixtureOfFormat1(t *testing.T) {
	report := mustBeSound(t, "testdata/v1.db")
	if report.Exchanges != 3 || report.Manifest.Format != 1 || report.Manifest.Who != "a teacher" {
		t.Errorf("report %+v", report)
	}
	i := 0
	for x, err := range open(t, "testdata/v1.db").Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		want := sample(i)
		want.Seq = uint64(i + 1)
		if diff := cmp.Diff(want, x); diff != "" {
			t.Errorf("exchange %d (-want +got):\n%s", i, diff)
		}
		i++
	}
}
