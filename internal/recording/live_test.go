package recording_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"firedrill/internal/recording"
)

// private gives the test a folder of sockets of its own, short enough for one.
func private(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	return dir
}

func held(t *testing.T, r *recording.Reader) int {
	t.Helper()
	n := 0
	for x, err := range r.Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; x.Request.Method == "" {
			t.Fatal("an exchange without a method")
		}
	}
	return n
}

// A recording is read while it grows: each Open sees what had been committed.
func TestReadWhileItGrows(t *testing.T) {
	defer goleak.VerifyNone(t)
	private(t)
	t.Setenv("TMPDIR", t.TempDir())
	w, path := create(t, manifest, recording.Options{})
	before := -1
	for round := range 3 {
		for i := range 100 {
			appendAll(t, w, sample(100*round+i))
		}
		r, err := recording.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		n := held(t, r)
		if !r.Live() || r.Manifest().Closed || n < before || n > 100*(round+1) || n != r.Len() {
			t.Errorf("round %d: live %v, closed %v, %d exchanges of %d, %d before", round, r.Live(), r.Manifest().Closed, n, r.Len(), before)
		}
		before = n
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	report, err := recording.Check(path)
	if err != nil || len(report.Problems) > 0 || report.Path != path {
		t.Errorf("%+v, %v", report, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := recording.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := held(t, r); n != 300 || r.Live() || !r.Manifest().Closed {
		t.Errorf("%d exchanges at the end, live %v", n, r.Live())
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A reader that does not read ends with the Writer and holds it up no longer.
func TestStalledReader(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := private(t)
	w, _ := create(t, manifest, recording.Options{})
	for i := range 2000 {
		appendAll(t, w, sample(i))
	}
	sockets, err := filepath.Glob(filepath.Join(dir, "*", "*.sock"))
	if err != nil || len(sockets) != 1 {
		t.Fatal(sockets, err)
	}
	if info, err := os.Stat(filepath.Dir(sockets[0])); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others can enter the folder of the socket: %v, %v", info.Mode(), err)
	}
	conn, err := net.Dial("unix", sockets[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(sockets[0]); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// Where the folder of sockets could be somebody else's, nothing is asked there.
func TestForeignFolder(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := private(t)
	w, path := create(t, manifest, recording.Options{})
	defer w.Close()
	folders, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	if err := os.Chmod(folders[0], 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := recording.Open(path); !isA[*recording.InUseError](err) {
		t.Errorf("%v", err)
	}
}

// A copy that breaks off is no recording.
func TestBrokenCopy(t *testing.T) {
	dir := private(t)
	w, path := create(t, manifest, recording.Options{})
	defer w.Close()
	sockets, _ := filepath.Glob(filepath.Join(dir, "*", "*.sock"))
	if len(sockets) != 1 || os.Remove(sockets[0]) != nil {
		t.Fatal(sockets)
	}
	l, err := net.Listen("unix", sockets[0])
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			io.Copy(conn, bytes.NewReader([]byte{0, 0, 0, 0, 0, 1, 0, 0, 'x'}))
			conn.Close()
		}
	}()
	if _, err := recording.Open(path); !isA[*recording.InUseError](err) {
		t.Errorf("%v", err)
	}
}
