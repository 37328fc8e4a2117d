package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	analyze "firedrill/cmd/analyze/command"
	recorder "firedrill/cmd/recorder/command"
	replayer "firedrill/cmd/replayer/command"
	"firedrill/examples/people"
	"firedrill/examples/school/app"
	"firedrill/internal/cli"
)

// tour is one walk through the loop.
type tour struct {
	dir      string
	duration time.Duration
	teachers int
}

func (t *tour) run(ctx context.Context) error {
	if err := t.clear(); err != nil {
		return err
	}
	title("A small school platform, with 50 teachers and 500 students (examples/school)")
	school, err := app.Start(ctx, app.Options{})
	if err != nil {
		return fmt.Errorf("starting the school: %w", err)
	}
	defer school.Close()
	fmt.Printf("it listens on %s; log in as teacher1@test.local / password\n", school.URL())

	recording := filepath.Join(t.dir, "school-day.db")
	if err := t.record(ctx, school.URL(), recording); err != nil {
		return err
	}
	title("Who was recorded?")
	if err := command(ctx, "recorder", recorder.Root, "sessions", recording); err != nil {
		return err
	}
	title(fmt.Sprintf("The worst evening: %d teachers grade at once, each with an account of her own", t.teachers))
	run := filepath.Join(t.dir, "grading-rush.db")
	verdict := command(ctx, "replayer", replayer.Root, "--scenario", "grading-rush",
		"--scale", fmt.Sprint(t.teachers), "--duration", t.duration.String(),
		"--recording", recording, "--target", "api="+school.URL(), "--out", run)
	if code := cli.Code(verdict); verdict != nil && code != cli.Broken && code != cli.InvalidRun { // a busy machine makes no valid run, and a report that says so
		return verdict
	}
	title("What does it mean?")
	page := filepath.Join(t.dir, "report.html")
	if err := command(ctx, "analyze", analyze.Root, "report", run); err != nil {
		return err
	}
	if err := command(ctx, "analyze", analyze.Root, "report", run, "--format", "html", "--out", page); err != nil {
		return err
	}
	fmt.Printf("\nThe report as a page:     %s\nThe run, to report again: %s\n", page, run)
	if verdict != nil {
		fmt.Printf("\nThe verdict: %v.\nOf a school on a busy machine that is true: replayer would have ended with %d for a pipeline to see.\n", verdict, cli.Broken)
	}
	return nil
}

// clear makes the folder and takes away what an earlier tour left there.
func (t *tour) clear() error {
	if err := os.MkdirAll(t.dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"school-day.db", "school-day.key", "school-day.db.key", "school-day.plan", "grading-rush.db", "report.html"} {
		if err := os.Remove(filepath.Join(t.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// record runs the recorder while a few people use the school through it.
func (t *tour) record(ctx context.Context, target, file string) error {
	title("A quiet day is recorded: a proxy stands before the school while people use it")
	listen, err := people.FreeAddress()
	if err != nil {
		return err
	}
	recording, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() {
		done <- command(recording, "recorder", recorder.Root, "--listen", listen, "--target", "api="+target, "--out", file)
	}()
	if err := people.AwaitDoor(ctx, listen); err != nil {
		stop()
		return errors.Join(err, <-done)
	}
	used := useTheSchool(ctx, "http://"+listen)
	stop()
	if err := <-done; err != nil {
		return err
	}
	return used
}

// useTheSchool is the quiet day: two teachers grade, one browses, one has a text
// written; two students take a quiz and one hands in work with a file; five times
// as fast as people would.
func useTheSchool(ctx context.Context, base string) error {
	days := []struct {
		email string
		does  func(*people.Person) error
	}{
		{"teacher41@test.local", func(p *people.Person) error { return p.Grade(ctx, 3) }},
		{"teacher42@test.local", func(p *people.Person) error { return p.Grade(ctx, 4) }},
		{"teacher43@test.local", func(p *people.Person) error { return p.Browse(ctx) }},
		{"student401@test.local", func(p *people.Person) error { return p.TakeQuiz(ctx) }},
		{"student402@test.local", func(p *people.Person) error { return p.TakeQuiz(ctx) }},
		{"student403@test.local", func(p *people.Person) error {
			return p.HandInFile(ctx, "essay.txt", []byte(strings.Repeat("The boats came back at dusk.\n", 100)))
		}},
		{"teacher44@test.local", func(p *people.Person) error {
			_, err := p.Generate(ctx, "how a pond changes with the seasons")
			return err
		}},
	}
	problems := make([]error, len(days))
	var everybody sync.WaitGroup
	for i, day := range days {
		everybody.Go(func() {
			p := people.New(base, day.email, uint64(i+1))
			defer p.Close()
			p.Think = people.Pause(uint64(i+1), 5)
			if err := p.LogIn(ctx); err != nil {
				problems[i] = err
				return
			}
			problems[i] = errors.Join(day.does(p), p.LogOut(ctx))
		})
	}
	everybody.Wait()
	return errors.Join(problems...)
}

// command prints a command as one would type it and runs it in this process.
func command(ctx context.Context, name string, root func(cli.Streams) *cobra.Command, args ...string) error {
	fmt.Printf("\n$ %s %s\n", name, strings.Join(args, " "))
	streams := cli.Process()
	c := root(streams)
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	c.SetOut(streams.Out)
	c.SetErr(streams.Err)
	return c.ExecuteContext(ctx)
}

func title(text string) { fmt.Printf("\n── %s\n", text) }
