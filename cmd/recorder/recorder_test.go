package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"firedrill/cmd/recorder/command"
	"firedrill/internal/cli"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"recorder": func() { os.Exit(cli.Main(command.Root)) }})
}

// TestScripts runs testdata/script: one file per behaviour. Each has $APP, the
// address of an application, and these commands beside testscript's own:
//
//	exits CODE command args...   runs it and compares the exit code
//	port NAME                    puts the address of a free port into $NAME
//	ask METHOD URL [-proxy ADDR] [-body TEXT] [NAME:VALUE...]
//	                             sends a request, waiting until somebody listens; the answer is in status.txt and answer.txt
//	cut FILE BYTES               keeps the beginning of a file
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			app := httptest.NewServer(http.HandlerFunc(application))
			env.Defer(app.Close)
			env.Setenv("APP", app.URL)
			env.Setenv("NO_COLOR", "1")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "port": port, "ask": ask, "cut": cut},
	})
}

// application is a tiny application: a log-in, a list, and something that fails.
func application(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/login":
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "s3ss10n-0123456789abcdef", HttpOnly: true})
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"role":"teacher"}`)
	case "/courses":
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `[{"id":4,"title":"Biology"}]`)
	default:
		http.NotFound(w, r)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func port(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	ts.Check(l.Close())
}

func ask(ts *testscript.TestScript, neg bool, args []string) {
	method, address, args := args[0], args[1], args[2:]
	header, body := http.Header{}, ""
	tr := &http.Transport{}
	for len(args) > 0 {
		switch {
		case args[0] == "-proxy" && len(args) > 1:
			tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: args[1]})
			args = args[1:]
		case args[0] == "-body" && len(args) > 1:
			body, args = args[1], args[1:]
		default:
			name, value, _ := strings.Cut(args[0], ":")
			header.Add(name, value)
		}
		args = args[1:]
	}
	defer tr.CloseIdleConnections()
	var res *http.Response
	for deadline := time.Now().Add(10 * time.Second); ; {
		req, err := http.NewRequest(method, address, strings.NewReader(body))
		ts.Check(err)
		req.Header = header
		if res, err = tr.RoundTrip(req); err == nil {
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nobody answered in 10 s: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	b, err := io.ReadAll(res.Body)
	ts.Check(errors.Join(err, res.Body.Close(), os.WriteFile(ts.MkAbs("answer.txt"), b, 0o644),
		os.WriteFile(ts.MkAbs("status.txt"), fmt.Appendln(nil, res.StatusCode), 0o644)))
}

func cut(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}
