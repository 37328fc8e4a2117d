package runs_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"firedrill/internal/runs"
	"firedrill/internal/runs/runstest"
	"firedrill/internal/sample"
)

// TestMain is the writing child of the crash test when it is started as one.
func TestMain(m *testing.M) {
	if path := os.Getenv("FIREDRILL_RUNS_CHILD"); path != "" {
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child writes samples for ever and says on standard output up to which number
// they are committed.
func child(path string) error {
	w, err := runs.Create(path, runstest.Manifest(runstest.Options{}))
	if err != nil {
		return err
	}
	fmt.Println(0)
	for n := 1; ; n++ {
		w.Sample(&sample.Sample{Seq: uint64(n), VU: uint32(n), End: time.Duration(n) * time.Millisecond})
		if n%50 == 0 {
			if err := w.Flush(context.Background()); err != nil {
				return err
			}
			fmt.Println(n)
		}
	}
}

// TestKilledWhileWriting ends a writing process with SIGKILL at many moments: the
// file opens each time and holds all that was committed, without a hole.
func TestKilledWhileWriting(t *testing.T) {
	for i, after := range []int{0, 1, 2, 5, 11, 23} {
		path := file(t)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "FIREDRILL_RUNS_CHILD="+path)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		committed := 0
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			committed, err = strconv.Atoi(lines.Text())
			must(t, err)
			if n == after {
				break
			}
		}
		must(t, cmd.Process.Kill())
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		got := read(t, path)
		if got.End != nil {
			t.Error("a killed run has an ending")
		}
		if len(got.Requests) < committed {
			t.Errorf("kill %d: %d samples, but %d were committed", i, len(got.Requests), committed)
		}
		for j, s := range got.Requests {
			if s.Seq != uint64(j+1) {
				t.Fatalf("kill %d: sample %d has number %d", i, j+1, s.Seq)
			}
		}
	}
}
