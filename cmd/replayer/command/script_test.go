package command_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"firedrill/cmd/replayer/command"
	"firedrill/examples/school/app"
	"firedrill/examples/school/fault"
	"firedrill/internal/cli"
	"firedrill/internal/runs"
	"firedrill/tests/front"
	"firedrill/tests/stage"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"replayer": func() { os.Exit(cli.Main(command.Root)) },
	})
}

// TestScripts runs the command as a person does. A script starts its own school:
//
//	school NAME [teachers=3] [students=30] [slow=grade=400ms] [error=grade=50%] [web[=ORIGIN]]   sets $NAME to its URL;
//	                        web: the pages have an origin of their own, $NAME_WEB, and those of ORIGIN may write
//	school-dies NAME N      the school is gone after N more requests
//	await NAME N            waits until the school has seen N more requests
//	sound RUN TEXT          the run file is whole and its ending is TEXT ("" = it has none)
//	lasted RUN DURATION     the run took that long at least
//	exits CODE COMMAND …    runs a command that must end with that code
//	truncate FILE           cuts a file to half
//	record FILE URL         makes a recording: two teachers grade, two students take the quiz, one teacher browses
func TestScripts(t *testing.T) {
	commands := map[string]func(*testscript.TestScript, bool, []string){
		"school":      startSchool,
		"school-dies": dieLater,
		"record":      record,
		"truncate":    truncate,
		"exits":       exits,
		"await":       await,
		"sound":       sound,
		"lasted":      lasted,
	}
	maps.Copy(commands, stagingCommands())
	testscript.Run(t, testscript.Params{
		Dir:      "testdata/script",
		TestWork: false,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("CI", "true")
			env.Values[schoolsKey{}] = &schools{byName: map[string]*runningSchool{}}
			env.Values[stagingKey{}] = &staging{map[string]*front.Authority{}, map[string]*front.Front{}, map[string]*front.Proxy{}}
			return nil
		},
		Cmds: commands,
	})
}

type schoolsKey struct{}

type schools struct{ byName map[string]*runningSchool }

// runningSchool is a school that can be made to vanish.
type runningSchool struct {
	*app.School
	mu    sync.Mutex
	lives int           // requests until it vanishes; <0: it stays
	seen  chan struct{} // a token for each request, while somebody awaits them

	requests, marked int // all that came, and how many had come when a script last looked
}

func (s *runningSchool) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if s.lives == 0 {
			s.lives = -1
			go s.School.Close()
		}
		if s.lives > 0 {
			s.lives--
		}
		s.requests++
		seen := s.seen
		s.mu.Unlock()
		next.ServeHTTP(w, r)
		if seen != nil {
			select {
			case seen <- struct{}{}:
			default:
			}
		}
	})
}

func startSchool(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: school NAME [key=value ...]")
	}
	o := app.Options{Teachers: 3, Students: 30}
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		var err error
		switch key {
		case "teachers":
			o.Teachers, err = strconv.Atoi(value)
		case "students":
			o.Students, err = strconv.Atoi(value)
		case "web":
			o.Web = "127.0.0.1:0"
			if value != "" {
				o.AllowOrigins = strings.Split(value, ",")
			}
		case "slow":
			var route string
			var d time.Duration
			route, d, err = fault.ParseSlow(value)
			o.Faults.Slow = map[string]time.Duration{route: d}
		case "error":
			var route string
			var share float64
			route, share, err = fault.ParseRate(value)
			o.Faults.ErrorRate = map[string]float64{route: share}
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		ts.Check(err)
	}
	s := &runningSchool{lives: -1}
	o.Wrap = s.wrap
	school, err := app.Start(context.Background(), o)
	ts.Check(err)
	s.School = school
	ts.Defer(func() { school.Close() })
	ts.Value(schoolsKey{}).(*schools).byName[args[0]] = s
	ts.Setenv(args[0], school.URL())
	ts.Setenv(args[0]+"_WEB", school.WebURL())
}

func dieLater(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(schoolsKey{}).(*schools).byName[args[0]]
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lives = n
}

// record lets people use the school through the recorder.
func record(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: record FILE URL")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ts.Check(stage.Record(ctx, ts.MkAbs(args[0]), args[1],
		stage.Grades("teacher2@test.local", 2), stage.Grades("teacher3@test.local", 3), stage.Browses("teacher3@test.local"),
		stage.TakesQuiz("student29@test.local"), stage.TakesQuiz("student30@test.local")))
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(schoolsKey{}).(*schools).byName[args[0]]
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	seen := make(chan struct{}, n)
	s.mu.Lock()
	s.seen = seen
	s.mu.Unlock()
	late := time.After(time.Minute)
	for range n {
		select {
		case <-seen:
		case <-late:
			ts.Fatalf("the school did not see %d requests within a minute", n)
		}
	}
}

func sound(ts *testscript.TestScript, neg bool, args []string) {
	file := ts.MkAbs(args[0])
	ts.Check(runs.Check(file))
	r, err := runs.Open(file)
	ts.Check(err)
	defer r.Close()
	samples := 0
	for _, err := range r.Samples() {
		ts.Check(err)
		samples++
	}
	ending, _ := r.Ending()
	if ending.End != args[1] || samples == 0 {
		ts.Fatalf("%s ended %q with %d samples, want %q and some", args[0], ending.End, samples, args[1])
	}
}

func lasted(ts *testscript.TestScript, neg bool, args []string) {
	least, err := time.ParseDuration(args[1])
	ts.Check(err)
	r, err := runs.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer r.Close()
	if ending, _ := r.Ending(); (ending.Length >= least) == neg {
		ts.Fatalf("%s lasted %s", args[0], ending.Length)
	}
}

// exits runs a command and checks its exit code: exits CODE COMMAND ARGS...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if (got == want) == neg {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// truncate cuts a file to half its length.
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	file := ts.MkAbs(args[0])
	info, err := os.Stat(file)
	ts.Check(err)
	ts.Check(os.Truncate(file, info.Size()/2))
}
