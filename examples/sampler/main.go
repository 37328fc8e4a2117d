// Sampler makes recordings/sample-school.db: it starts the school, puts the
// recorder before it, and lets real browsers (headless Chromium) be used by
// synthetic teachers and students.
//
//	Chromium ─▶ recorder ─▶ school
//
// It needs Debian's chromium. Run it from the repository's root:
//
//	go run ./examples/sampler
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"go.etcd.io/bbolt"

	recorder "firedrill/cmd/recorder/command"
	"firedrill/examples/people"
	"firedrill/examples/school/app"
	"firedrill/internal/cli"
)

func main() {
	out := flag.String("out", "recordings/sample-school.db", "recording to make; one that is there is replaced")
	browser := flag.String("browser", "", "path of Chromium (default: found)")
	only := flag.String("only", "", "record only the visits whose description contains this, like \"AI\" (default: all)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := sample(ctx, *out, *browser, func(does string) bool { return strings.Contains(does, *only) }); err != nil {
		cli.Report(os.Stderr, "sampler", err)
		os.Exit(cli.Code(err))
	}
}

// sample records the visits whose description wanted accepts, two browsers at a time.
func sample(ctx context.Context, out, browser string, wanted func(does string) bool) error {
	school, err := app.Start(ctx, app.Options{Teachers: 50, Students: 500})
	if err != nil {
		return err
	}
	defer school.Close()
	base := strings.TrimSuffix(out, filepath.Ext(out))
	for _, name := range []string{out, base + ".db.key", out + ".key", base + ".plan"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	listen, err := people.FreeAddress()
	if err != nil {
		return err
	}
	recording, done := context.WithCancel(ctx)
	defer done()
	ended := make(chan error, 1)
	go func() {
		code := cli.Run(recording, cli.Process(), []string{"--listen", listen, "--target", "api=" + school.URL(), "--out", out,
			"--who", "firedrill", "--why", "sample of a school day, synthetic people"}, recorder.Root)
		if code != cli.OK {
			ended <- fmt.Errorf("the recorder ended with %d", code)
			return
		}
		ended <- nil
	}()
	if err := people.AwaitDoor(ctx, listen); err != nil {
		return err
	}
	b, err := openBrowser(ctx, browser, "http://"+listen)
	if err != nil {
		return err
	}
	defer b.close()
	problem := b.visitAll(ctx, wanted)
	done()
	if err := errors.Join(problem, <-ended); err != nil {
		return err
	}
	return shrink(out)
}

// shrink leaves out the room that the recording's file has for more, and throws its pseudonym key away: nothing will be
// added to it.
func shrink(path string) error {
	small := path + ".small"
	if err := compact(path, small); err != nil {
		return errors.Join(fmt.Errorf("compacting %s: %w", path, err), os.Remove(small))
	}
	return errors.Join(os.Rename(small, path), os.Remove(path+".key"))
}

func compact(from, to string) (err error) {
	src, err := bbolt.Open(from, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := bbolt.Open(to, 0o644, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	dst.AllocSize = 16 << 10 // the file grows by no more than this
	return bbolt.Compact(dst, src, 1<<20)
}
