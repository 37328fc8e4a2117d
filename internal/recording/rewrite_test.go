package recording_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/exchange"
	"firedrill/internal/recording"
)

func recorded(t *testing.T, n int) string {
	t.Helper()
	w, path := create(t, manifest, recording.Options{})
	for i := range n {
		appendAll(t, w, sample(i))
	}
	w.Lose("a test", 3)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRewrite(t *testing.T) {
	private(t)
	path := recorded(t, 50)
	before, err := recording.Check(path)
	if err != nil {
		t.Fatal(err)
	}
	removed, err := recording.Rewrite(t.Context(), path, "every second", func(x *exchange.Exchange) bool { return x.Seq%2 == 1 })
	if err != nil || removed != 25 {
		t.Fatal(removed, err)
	}
	after := mustBeSound(t, path)
	m := after.Manifest
	if len(m.Purges) != 1 || m.Purges[0].Removed != 25 || m.Purges[0].Why != "every second" || m.Purges[0].At.IsZero() {
		t.Errorf("purges %+v", m.Purges)
	}
	m.Purges = nil
	if d := cmp.Diff(before.Manifest, m, cmp.Transformer("empty", func(l []recording.Purge) int { return len(l) })); d != "" {
		t.Errorf("the manifest changed: %s", d)
	}
	i := 0
	for x, err := range open(t, path).Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		want := sample(2 * i)
		i++
		if want.Seq = uint64(i); !cmp.Equal(want, x) {
			t.Fatalf("exchange %d: %s", i, cmp.Diff(want, x))
		}
	}
	if left, _ := filepath.Glob(path + ".*"); i != 25 || len(left) > 0 {
		t.Errorf("%d exchanges, left behind %v", i, left)
	}
}

func TestRewriteLeavesTheOldFile(t *testing.T) {
	private(t)
	path := recorded(t, 10)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	same := func(why string) {
		t.Helper()
		after, err := os.ReadFile(path)
		if err != nil || !cmp.Equal(before, after) {
			t.Errorf("%s: the file changed (%v)", why, err)
		}
		if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
			t.Errorf("%s: left behind %v", why, left)
		}
	}
	if n, err := recording.Rewrite(t.Context(), path, "nothing", func(*exchange.Exchange) bool { return true }); n != 0 || err != nil {
		t.Error(n, err)
	}
	same("nothing to remove")
	ctx, cancel := context.WithCancel(t.Context())
	_, err = recording.Rewrite(ctx, path, "interrupted", func(x *exchange.Exchange) bool {
		if x.Seq == 5 {
			cancel()
		}
		return false
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	same("interrupted")
	if _, err := recording.Rewrite(t.Context(), filepath.Join(t.TempDir(), "absent.db"), "", nil); !isA[*recording.OpenError](err) {
		t.Error(err)
	}
	w, live := create(t, manifest, recording.Options{})
	defer w.Close()
	if _, err := recording.Rewrite(t.Context(), live, "", nil); !isA[*recording.InUseError](err) {
		t.Error(err)
	}
}
