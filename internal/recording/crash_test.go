package recording_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"firedrill/internal/recording"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// With this variable set the test binary is a recorder that appends until it is killed.
const childVar = "FIREDRILL_TEST_APPEND_TO"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVar); path != "" {
		appendForever(path)
	}
	goleak.VerifyTestMain(m)
}

func appendForever(path string) {
	w, err := recording.Create(path, manifest, recording.Options{Linger: time.Millisecond})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		if err := w.Append(context.Background(), sample(i)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func TestAKilledRecorderLeavesAPrefix(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	stored := 0
	for turn := range 8 {
		path := filepath.Join(t.TempDir(), "killed.db")
		child := exec.Command(self, "-test.run=^$")
		child.Env = append(os.Environ(), childVar+"="+path)
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		// Wait for the file to hold something in most turns; the first is killed at any moment.
		if turn > 0 {
			waitForSize(t, path, 64<<10)
		}
		time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		child.Wait()
		if child.ProcessState.ExitCode() == 1 {
			t.Fatal("the recorder ended by itself")
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			continue // killed before there was a file
		}
		report := mustBeSound(t, path)
		if report.Manifest.Closed {
			t.Error("a killed recording says that it was closed")
		}
		i := 0
		for x, err := range open(t, path).Exchanges() {
			if err != nil {
				t.Fatal(err)
			}
			want := sample(i)
			i++
			want.Seq = uint64(i)
			if !cmp.Equal(want, x) {
				t.Fatalf("turn %d: exchange %d is not what was appended there:\n%s", turn, i, cmp.Diff(want, x))
			}
		}
		stored += i
	}
	if stored == 0 {
		t.Error("no recording held anything: the test killed too early")
	}
}

func waitForSize(t *testing.T, path string, size int64) {
	t.Helper()
	for range 5000 {
		if info, err := os.Stat(path); err == nil && info.Size() >= size {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the recorder wrote nothing in 5 s")
}
