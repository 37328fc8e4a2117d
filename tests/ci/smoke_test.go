package ci_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"firedrill/examples/school/app"
	"firedrill/examples/school/fault"
	"firedrill/internal/verdict"
)

const me = "GET /api/v1/me"

func TestAHealthySchoolPasses(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, startSchool(t, app.Options{}).URL())
	o := p.smoke()
	p.expect(o, 0)
	if j := p.check(o, "pass"); j.Failures+j.Errors > 0 {
		t.Errorf("junit.xml has %d failures and %d errors", j.Failures, j.Errors)
	}
	if v := p.report(); v.Status != verdict.Pass || v.Run.Failed > 0 || v.Run.Requests == 0 || v.Run.Environment != "staging" {
		t.Errorf("report: %s, run %+v", v.Status, v.Run)
	}
	for _, line := range annotations(o.stdout) {
		if strings.HasPrefix(line, "::error") {
			t.Errorf("an error of a run that passed: %s", line)
		}
	}
	r := p.result()
	if !strings.HasSuffix(r.Name, "-smoke-0123456789ab") {
		t.Errorf("the run is called %s: where is the scenario, where the commit?", r.Name)
	}
}

// A pipeline that keeps its folder gathers a history there.
func TestHistoryGrowsAndReportsAreOfTheLastRun(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, startSchool(t, app.Options{}).URL())
	p.expect(p.smoke(), 0)
	first := p.result()
	p.expect(p.smoke("--env", "nowhere"), 2)
	if r := p.result(); r.Report != nil || r.Run != nil {
		t.Errorf("a run that was not made has the report %v and the run %v", r.Report, r.Run)
	}
	if files, _ := filepath.Glob(filepath.Join(p.out, "report.json")); files != nil {
		t.Error("report.json of the run before is still there")
	}
	p.expect(p.smoke(), 0)
	kept, err := filepath.Glob(filepath.Join(p.out, "history", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range kept {
		kept[i] = filepath.Base(kept[i])
	}
	second := p.result()
	want := []string{first.Name + ".db", first.Name + ".json", second.Name + ".db", second.Name + ".json"}
	if slices.Sort(want); !slices.Equal(kept, want) {
		t.Errorf("the history has %q, want %q", kept, want)
	}
	list, err := exec.CommandContext(t.Context(), filepath.Join(bin, "analyze"), "runs", "--dir", filepath.Join(p.out, "history")).CombinedOutput()
	if err != nil || strings.Count(string(list), "smoke") < 2 {
		t.Errorf("analyze runs does not read the history: %v\n%s", err, list)
	}
}

func TestADegradedSchoolFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		faults fault.Config
		names  string
	}{
		{"a critical endpoint is slow", fault.Config{Slow: map[string]time.Duration{"me": 2500 * time.Millisecond}}, me},
		{"a critical endpoint fails", fault.Config{ErrorRate: map[string]float64{"courses": 1}}, "GET /api/v1/courses"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t, startSchool(t, app.Options{Faults: c.faults}).URL())
			o := p.smoke()
			p.expect(o, 99)
			if j := p.check(o, "fail"); j.Failures == 0 {
				t.Error("junit.xml has no failure")
			}
			if v := p.report(); v.Status != verdict.Fail {
				t.Errorf("report.json says %s", v.Status)
			}
			shown := annotations(o.stdout)
			if len(shown) == 0 || len(shown) > 10 {
				t.Fatalf("%d annotations, want 1 to 10:\n%s", len(shown), strings.Join(shown, "\n"))
			}
			for what, text := range map[string]string{"the first annotation": shown[0], "the job's summary": p.read(p.summary)} {
				if !strings.Contains(text, c.names) {
					t.Errorf("%s does not name %s:\n%s", what, c.names, text)
				}
			}
		})
	}
}

func TestATargetThatIsNotThereIsNoVerdict(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close() // nobody listens there now
	p := newPipeline(t, url)
	o := p.smoke()
	p.expect(o, 3)
	if j := p.check(o, "invalid"); j.Failures+j.Errors == 0 {
		t.Error("junit.xml shows nothing wrong")
	}
	if v := p.report(); v.Status != verdict.Invalid || len(v.Invalid) == 0 {
		t.Errorf("report.json says %s because of %q", v.Status, v.Invalid)
	}
	if shown := annotations(o.stdout); len(shown) == 0 || len(shown) > 10 || !strings.HasPrefix(shown[0], "::error") {
		t.Errorf("annotations: %q", shown)
	}
}

func TestWrongAccountsAreNoVerdictAndStaySecret(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery-9Q"
	school := startSchool(t, app.Options{})
	p := newPipeline(t, school.URL())
	p.env = []string{"FIREDRILL_ACCOUNTS_CSV=" + accounts(secret)}
	o := p.smoke()
	p.expect(o, 3)
	p.check(o, "invalid")
	if !strings.Contains(o.said, "log-in") {
		t.Errorf("nothing is said of the log-in:\n%s", o.said)
	}
	holds(t, secret, o.said, p.out, p.temp, filepath.Dir(p.summary), filepath.Dir(p.outputs))

	p.env = []string{"FIREDRILL_ACCOUNTS_CSV=teacher,teacher1@test.local," + secret}
	o = p.smoke()
	p.expect(o, 2)
	if !strings.Contains(o.said, "persona,login,password") {
		t.Errorf("it is not said which line is missing:\n%s", o.said)
	}
	holds(t, secret, o.said, p.out, p.temp, filepath.Dir(p.summary), filepath.Dir(p.outputs))
}

// accounts is a CSV with two people of each kind.
func accounts(password string) string {
	csv := "persona,login,password\n"
	for _, persona := range []string{"teacher", "student", "admin"} {
		csv += fmt.Sprintf("%[1]s,%[1]s1@test.local,%[2]s\n%[1]s,%[1]s2@test.local,%[2]s\n", persona, password)
	}
	return csv
}

func TestTheRightAccountsOfASecretAreUsed(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, startSchool(t, app.Options{}).URL())
	p.write("firedrill.yaml", "environments:\n  staging: {targets: {api: \"http://127.0.0.1:1\"}, recording: sample.db}\n")
	p.env = []string{
		"FIREDRILL_TARGET=" + startSchool(t, app.Options{}).URL(),
		"FIREDRILL_ACCOUNTS_CSV=" + accounts("password"),
	}
	o := p.smoke()
	p.expect(o, 0)
	p.check(o, "pass")
}

// What is wrong in a file or a flag is said at once, and in the reports too.
func TestNoRunIsReported(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, "http://127.0.0.1:1")
	o := p.smoke("--wait", "10m", "--env", "a%b\n::error::forged <&>\"")
	p.expect(o, 2)
	j := p.check(o, "error")
	if j.Tests != 1 || j.Errors != 1 {
		t.Errorf("junit.xml: %+v", j)
	}
	shown := annotations(o.stdout)
	if len(shown) != 1 || !strings.HasPrefix(shown[0], "::error title=smoke%3A no run::") || !strings.Contains(shown[0], "a%25b") {
		t.Errorf("annotations: %q", shown)
	}
}

func TestBaselinesGate(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, startSchool(t, app.Options{}).URL())
	p.write("strict.yaml", "latency:\n  auth: {p50: 1us, p95: 2us, p99: 3us}\n  list: {p50: 1us, p95: 2us, p99: 3us}\n") // whichever of them the hold has
	o := p.smoke("--baselines", "strict.yaml", "--", "--late-limit", "5s")
	p.expect(o, 99)
	p.check(o, "fail")
	p.write("baselines.yaml", p.read(filepath.Join(p.workspace, "strict.yaml")))
	o = p.smoke("--baselines=off", "--", "--late-limit", "5s") // replayer itself says 99
	p.expect(o, 0)
	if v := p.report(); v.Status != verdict.Pass {
		t.Errorf("report.json says %s where only thresholds decide", v.Status)
	}
}

// A deploy takes a moment: nothing is sent before the target answers.
func TestTheTargetIsWaitedFor(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not here")
	}
	const starting = 2
	var asked, early atomic.Int32
	school := startSchool(t, app.Options{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" && asked.Load() <= starting {
				if asked.Add(1) <= starting {
					http.Error(w, "starting", http.StatusServiceUnavailable)
					return
				}
			} else if asked.Load() <= starting {
				early.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	}})
	p := newPipeline(t, school.URL())
	p.expect(p.smoke("--wait", "1m", "--", "--late-limit", "5s"), 0)
	if asked.Load() <= starting || early.Load() > 0 {
		t.Errorf("the target was asked %d times, and got %d requests while it was starting", asked.Load(), early.Load())
	}
}

// A cancelled pipeline ends the run in good order.
func TestACancelledSmokeIsReported(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, startSchool(t, app.Options{}).URL())
	p.env = []string{"FIREDRILL_DURATION=1m"}
	c := p.command(t.Context())
	talk, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = io.Discard
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	lines := bufio.NewScanner(talk)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), " req/s ") { // the first line of progress
			if err := c.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	rest, err := io.ReadAll(talk)
	if err != nil {
		t.Fatal(err)
	}
	said.Write(rest)
	c.Wait() // its error is the exit code
	o := outcome{c.ProcessState.ExitCode(), said.String(), said.String()}
	p.expect(o, 130)
	p.check(o, "interrupted")
	if v := p.report(); v.Run.Requests == 0 {
		t.Error("the report has no request of the run that was cut short")
	}
}

func TestWrongUsageOfTheScript(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, "http://127.0.0.1:1")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--wait", "soon"}, "--wait soon"},
		{[]string{"--wait", "1000000s"}, "--wait 1000000s"},
		{[]string{"--senario", "smoke"}, "unknown flag: --senario"},
		{[]string{"--env"}, "--env needs a value"},
		{[]string{"--baselines", "no.yaml"}, "no such file"},
		{[]string{"--ready", "staging"}, "--ready staging"},
	} {
		if o := p.smoke(c.args...); o.code != 2 || !strings.Contains(o.said, c.says) {
			t.Errorf("%q: exit code %d, %q", c.args, o.code, o.said)
		}
	}
	p.env = []string{"FIREDRILL_BIN=" + t.TempDir()}
	o := p.smoke()
	p.expect(o, 2)
	p.check(o, "error")
}

// Without FIREDRILL_BIN and with nothing on the PATH, firedrill is built from its repository.
func TestFiredrillIsBuiltWhereItIsNot(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, "http://127.0.0.1:1")
	p.env = []string{"FIREDRILL_BIN="}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOTOOLCHAIN"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		p.env = append(p.env, name+"="+strings.TrimSpace(string(value)))
	}
	o := p.smoke("--env", "nowhere")
	p.expect(o, 2)
	p.check(o, "error")
	if !strings.Contains(o.said, "building firedrill from "+root(t)) || !strings.Contains(o.said, `has no environment "nowhere"`) {
		t.Errorf("it said:\n%s", o.said)
	}
}
