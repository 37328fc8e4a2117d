package command_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"firedrill/examples/school/command"
)

func TestWrongUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		says []string
	}{
		{"--help", 0, []string{"--n-plus-one route", "--slow route=time", "Exit status", "gradebook", "submit-attempt", "(127.0.0.1:4000)",
			"--upload-limit bytes", "(10485760)", "--ai-time time", "(4s)", "--ai-per-minute", "(10)", "--ai-concurrent", "(8)", "--ai-gap time:n", "--ai-cut share",
			"generation-save", "analytics-courses"}},
		{"--liste 1", 2, []string{"flag provided but not defined", "hint: school --help"}},
		{"lunch", 2, []string{`unknown argument "lunch"`, "hint: "}},
		{"--teachers many", 2, []string{"invalid value", "hint: "}},
		{"--teachers 0", 2, []string{"--teachers 0", "at least one of each", "hint: "}},
		{"--listen 127.0.0.1:0 --teachers 5000", 2, []string{"5000 teachers are not 1 to 2000", "hint: "}},
		{"--public-api http://localhost:8080", 2, []string{"the pages have none of their own"}},
		{"--slow grade", 2, []string{`"grade" is not like grade=400ms`, "hint: "}},
		{"--slow grades-book=1s", 2, []string{`no route is called "grades-book"`, "hint: routes are ", "answer, assignment", "gradebook"}},
		{"--error-rate grade=500%", 2, []string{"not in 0..100%"}},
		{"--error-rate grade", 2, []string{"not like grade=5%"}},
		{"--n-plus-one grade", 2, []string{`no route is called "grade"`, "hint: routes are ", "analytics-courses, courses, gradebook, search, users"}},
		{"--ai-gap 6s", 2, []string{`"6s" is not like 6s:5`, "hint: "}},
		{"--ai-cut most", 2, []string{`"most" is not like 5%`, "hint: "}},
		{"--ai-cut 150%", 2, []string{"--ai-cut 150 is not in 0..100%"}},
		{"--ai-time 0s", 2, []string{"never 0", "hint: "}},
		{"--ai-concurrent -1", 2, []string{"cannot be used", "hint: "}},
		{"--upload-limit 2000000000", 2, []string{"1 byte to 1 GiB"}},
		{"--stall-every 1s:2s", 2, []string{"shorter than the time between two"}},
		{"--auth basic", 2, []string{"session or jwt"}},
		{"--listen 127.0.0.1:0 --db mysql://x", 2, []string{"neither file:PATH nor postgres"}},
		{"--access-log /no/such/dir/log", 2, []string{"--access-log"}},
		{"--listen nowhere", 2, []string{"nowhere"}},
	} {
		var out, errs bytes.Buffer
		code := command.Main(t.Context(), strings.Fields(c.args), &out, &errs)
		text := errs.String()
		if c.code == 0 {
			text = out.String()
		}
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s", c.args, code, c.code, text)
		}
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: it does not say %q:\n%s", c.args, want, text)
			}
		}
	}
}

// output can be read while it is written, and tells when it has a line.
type output struct {
	mu    sync.Mutex
	b     bytes.Buffer
	first chan struct{}
	once  sync.Once
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.once.Do(func() { close(o.first) })
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "access.log")
	ctx, cancel := context.WithCancel(t.Context())
	out := &output{first: make(chan struct{})}
	code := make(chan int)
	go func() {
		code <- command.Main(ctx, []string{
			"--listen", "127.0.0.1:0", "--teachers", "1", "--students", "2", "--access-log", log, "--db", "file:" + filepath.Join(dir, "school.db"),
			"--slow", "login=1ms", "--slow", "me=1ms", "--capacity", "3", "--ai-gap", "6s:5", "--ai-cut", "5%", "--web", "127.0.0.1:0", "--allow-origin", "http://a", "--allow-origin", "http://b",
		}, out, io.Discard)
	}()
	<-out.first
	u := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(strings.SplitAfter(out.String(), "API ")[1])
	res, err := http.Get(u + "/healthz")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("healthz: %v %v", res, err)
	} else {
		res.Body.Close()
	}
	cancel()
	if c := <-code; c != 0 || !strings.Contains(out.String(), "school is closed") {
		t.Errorf("exit code %d: %s", c, out)
	}
	for _, want := range []string{"login takes 1ms longer", "me takes 1ms longer", "at most 3 requests", "every 5th stream pauses for 6s", "5% of the streams break off", "teacher1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if lines, err := os.ReadFile(log); err != nil || !strings.Contains(string(lines), `"alias":"health"`) {
		t.Errorf("access log: %v %s", err, lines)
	}
	var errs bytes.Buffer
	again := []string{"--listen", "127.0.0.1:0", "--teachers", "2", "--db", "file:" + filepath.Join(dir, "school.db")}
	if c := command.Main(t.Context(), again, io.Discard, &errs); c != 2 || !strings.Contains(errs.String(), "--fresh") {
		t.Errorf("another school: %d %s", c, errs.String())
	}
}
