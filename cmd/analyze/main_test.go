package main_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rogpeppe/go-internal/testscript"

	"firedrill/cmd/analyze/command"
	"firedrill/internal/cli"
	"firedrill/internal/runs"
	"firedrill/internal/runs/runstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"analyze": func() { os.Exit(cli.Main(command.Root)) },
		"mkrun":   mkrun,
		"holdrun": holdrun,
	})
}

// mkrun FILE [flags] makes a run file.
func mkrun() {
	var o runstest.Options
	f := flag.NewFlagSet("mkrun", flag.ExitOnError)
	f.Float64Var(&o.Slow, "slow", 1, "")
	f.DurationVar(&o.SlowFrom, "slow-from", 0, "")
	f.Float64Var(&o.ErrorRate, "errors", 0, "")
	f.DurationVar(&o.DiesAt, "dies", 0, "")
	f.DurationVar(&o.StarvedAt, "starved", 0, "")
	f.BoolVar(&o.GrowingN1, "n1", false, "")
	f.BoolVar(&o.Killed, "killed", false, "")
	f.BoolVar(&o.NoQueries, "no-queries", false, "")
	f.IntVar(&o.Users, "users", 20, "")
	speed := f.Float64("speed", 1, "")
	scenario := f.String("scenario", "grading-rush", "")
	later := f.Duration("later", 0, "")
	id := f.String("id", "testrun1", "")
	_ = f.Parse(os.Args[2:]) // ends the program by itself
	run := runstest.Grading(o)
	run.Head.Speed, run.Head.Scenario.Name, run.Head.ID = *speed, *scenario, *id
	run.Head.Started = run.Head.Started.Add(*later)
	if err := run.Save(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := runs.Check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// holdrun FILE COMMAND... runs a command while the run file is being written, and
// ends as it does.
func holdrun() {
	w, err := runs.Create(os.Args[1], runstest.Manifest(runstest.Options{}))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer w.Close()
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: filepath.Join("testdata", "script"), RequireExplicitExec: true, Setup: func(e *testscript.Env) error {
		e.Setenv("CI", "true")
		return nil
	}, Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "fits": fits, "swap": swap}})
}

// fits FILE... wants reports in JSON to fit docs/report.schema.json.
func fits(ts *testscript.TestScript, _ bool, args []string) {
	text, err := os.ReadFile("../../docs/report.schema.json")
	ts.Check(err)
	var s jsonschema.Schema
	ts.Check(json.Unmarshal(text, &s))
	schema, err := s.Resolve(nil)
	ts.Check(err)
	for _, file := range args {
		var value any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &value))
		if err := schema.Validate(value); err != nil {
			ts.Fatalf("%s: %v", file, err)
		}
	}
}

// swap FILE OLD NEW changes a text in a file.
func swap(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o644))
}

// code N COMMAND... runs a command and wants exit code N.
func code(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// TestStartsQuickly holds the start of the program, which a person waits for each
// time, to be far from what they notice; the limit is wide for busy machines.
func TestStartsQuickly(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	bin := filepath.Join(t.TempDir(), "analyze")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(bin)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 30<<20 {
		t.Errorf("the program has %d bytes", info.Size())
	}
	best := time.Hour
	for range 5 {
		start := time.Now()
		if out, err := exec.Command(bin, "--help").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		best = min(best, time.Since(start))
	}
	if best > 500*time.Millisecond {
		t.Errorf("it takes %s to start", best)
	}
}
