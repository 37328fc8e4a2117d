package ci_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedrill/examples/school/app"
	"firedrill/internal/verdict"
	"firedrill/scenarios"
)

// bin is the folder of the commands that the script is given.
var bin string

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil { // they mostly wait
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "firedrill-ci")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "firedrill/cmd/replayer", "firedrill/cmd/analyze")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the commands: %v\n%s", err, out)
			return 1
		}
		bin = dir
		return m.Run()
	}())
}

// root is the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// pipeline is one job's workspace and what GitHub gives it.
type pipeline struct {
	t         *testing.T
	workspace string // has firedrill.yaml; where the script runs
	out       string // folder of the reports
	temp      string // RUNNER_TEMP
	summary   string // file of GITHUB_STEP_SUMMARY
	outputs   string // file of GITHUB_OUTPUT
	env       []string
}

// earlier is what another step wrote into the job's summary before.
const earlier = "### Deployed\n\nversion 7\n\n"

// newPipeline is a workspace whose environment `staging` is the school at url.
// Its smoke is the one that ships, with two seconds where that allows half of one,
// for the machine that runs this may be busy, and with shorter pauses.
func newPipeline(t *testing.T, url string) *pipeline {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not here")
	}
	p := &pipeline{t: t, workspace: t.TempDir(), temp: t.TempDir()}
	p.out = filepath.Join(p.workspace, "reports of staging") // a blank in a name breaks careless scripts
	p.summary, p.outputs = filepath.Join(t.TempDir(), "summary.md"), filepath.Join(t.TempDir(), "outputs")
	p.write("firedrill.yaml", fmt.Sprintf(`environments:
  staging:
    targets: {api: %q}
    recording: sample.db
    accounts:
      teacher: {pattern: "teacher{n}@test.local", password: password, count: 50}
      student: {pattern: "student{n}@test.local", password: password, count: 500}
      admin: {pattern: "admin{n}@test.local", password: password, count: 3}
`, url))
	p.write("baselines.yaml", wideBaselines)
	smoke, err := fs.ReadFile(scenarios.FS, "smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	wide := strings.ReplaceAll(string(smoke), "p(95)<500", "p(95)<2000")
	if wide == string(smoke) {
		t.Fatal("the smoke scenario has no p(95)<500 any more: what do these tests widen?")
	}
	p.write("smoke.yaml", strings.ReplaceAll(wide, "think: 1s", "think: 100ms"))
	recording, err := os.ReadFile(filepath.Join(root(t), "recordings", "sample-school.db"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("sample.db", string(recording))
	if err := os.WriteFile(p.summary, []byte(earlier), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

const wideBaselines = `latency:
  auth: {p50: 30s, p95: 30s, p99: 30s}
  list: {p50: 30s, p95: 30s, p99: 30s}
  detail: {p50: 30s, p95: 30s, p99: 30s}
  write: {p50: 30s, p95: 30s, p99: 30s}
  gradebook: {p50: 30s, p95: 30s, p99: 30s}
  search: {p50: 30s, p95: 30s, p99: 30s}
  analytics: {p50: 30s, p95: 30s, p99: 30s}
`

func (p *pipeline) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.workspace, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// command is the script with args, as GitHub would run it.
func (p *pipeline) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "bash", append([]string{filepath.Join(root(p.t), "ci", "smoke.sh")}, args...)...)
	c.Dir = p.workspace
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(p.summary), "LANG=C.UTF-8", "CI=true",
		"GITHUB_ACTIONS=true", "GITHUB_SHA=0123456789abcdef0123456789abcdef01234567", "RUNNER_TEMP=" + p.temp,
		"GITHUB_STEP_SUMMARY=" + p.summary, "GITHUB_OUTPUT=" + p.outputs,
		"GITHUB_RUN_ID=77", "GITHUB_REPOSITORY=school/platform",
		"FIREDRILL_BIN=" + bin, "FIREDRILL_ENV=staging", "FIREDRILL_SCENARIO=smoke.yaml",
		"FIREDRILL_OUT=" + p.out, "FIREDRILL_DURATION=2s", "FIREDRILL_WAIT=0",
	}
	c.Env = append(c.Env, p.env...)
	return c
}

// outcome is what the pipeline sees.
type outcome struct {
	code   int
	stdout string
	said   string // both streams
}

// smoke runs the script. The generator may be late by seconds: these tests are not about speed.
func (p *pipeline) smoke(args ...string) outcome {
	p.t.Helper()
	if args == nil {
		args = []string{"--", "--late-limit", "5s"}
	}
	c := p.command(p.t.Context(), args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		p.t.Fatal(err)
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stdout.String() + stderr.String()}
}

// expect checks the exit code and shows what was said when it is another.
func (p *pipeline) expect(o outcome, code int) {
	p.t.Helper()
	if o.code != code {
		p.t.Fatalf("exit code %d, want %d\n%s", o.code, code, o.said)
	}
}

func (p *pipeline) read(name string) string {
	p.t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// result is result.json.
type result struct {
	Version     int     `json:"version"`
	Name        string  `json:"name"`
	Scenario    string  `json:"scenario"`
	Environment string  `json:"environment"`
	Commit      string  `json:"commit"`
	Started     string  `json:"started"`
	Ended       string  `json:"ended"`
	ExitCode    int     `json:"exit_code"`
	Status      string  `json:"status"`
	Summary     string  `json:"summary"`
	Report      *string `json:"report"`
	Run         *string `json:"run"`
	Pipeline    *string `json:"pipeline"`
}

func (p *pipeline) result() result {
	p.t.Helper()
	var r result
	in := json.NewDecoder(strings.NewReader(p.read(filepath.Join(p.out, "result.json"))))
	in.DisallowUnknownFields()
	if err := in.Decode(&r); err != nil {
		p.t.Fatalf("result.json: %v", err)
	}
	return r
}

// report is the report that stands in the history.
func (p *pipeline) report() verdict.Report {
	p.t.Helper()
	r := p.result()
	if r.Report == nil || r.Run == nil {
		p.t.Fatal("result.json names no report or no run")
	}
	kept := p.read(filepath.Join(p.out, *r.Report))
	if kept != p.read(filepath.Join(p.out, "report.json")) {
		p.t.Error("the history's JSON is not the report's")
	}
	if _, err := os.Stat(filepath.Join(p.out, *r.Run)); err != nil {
		p.t.Error(err)
	}
	var v verdict.Report
	if err := json.Unmarshal([]byte(kept), &v); err != nil {
		p.t.Fatalf("report.json: %v", err)
	}
	return v
}

// junit is a JUnit file as far as it matters here.
type junit struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Suites   []struct {
		Cases []struct {
			Class   string    `xml:"classname,attr"`
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
			Error   *struct{} `xml:"error"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// check holds what every run must leave, whatever became of it, against o.
func (p *pipeline) check(o outcome, status string) junit {
	p.t.Helper()
	r := p.result()
	if r.Version != 1 || r.ExitCode != o.code || r.Status != status || r.Summary == "" ||
		r.Commit != "0123456789abcdef0123456789abcdef01234567" || r.Started == "" || r.Ended == "" {
		p.t.Errorf("result.json: %+v", r)
	}
	if r.Pipeline == nil || *r.Pipeline != "https://github.com/school/platform/actions/runs/77" {
		p.t.Errorf("result.json does not say which pipeline: %v", r.Pipeline)
	}
	md := p.read(filepath.Join(p.out, "report.md"))
	if len(md) >= 1<<20 || !strings.HasPrefix(md, "### ") {
		p.t.Errorf("report.md has %d bytes and begins with %.40q", len(md), md)
	}
	for line := range strings.Lines(md) {
		if strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "## ") {
			p.t.Errorf("report.md has a heading that is too great for a job's summary: %q", line)
		}
	}
	if got, want := p.read(p.summary), earlier+md; strings.TrimSpace(got) != strings.TrimSpace(want) {
		p.t.Errorf("the job's summary is not what stood there and the report behind it:\n%.400s", got)
	}
	if page := p.read(filepath.Join(p.out, "report.html")); !strings.Contains(page, "<html") {
		p.t.Errorf("report.html is no page: %.80q", page)
	}
	var j junit
	if err := xml.Unmarshal([]byte(p.read(filepath.Join(p.out, "junit.xml"))), &j); err != nil {
		p.t.Fatalf("junit.xml: %v", err)
	}
	p.checkCounts(j)
	p.checkOutputs(r)
	for _, line := range obeyed(o.stdout) {
		if strings.HasPrefix(line, "scenario ") || strings.HasPrefix(line, "replayer: ") {
			p.t.Errorf("GitHub would obey what replayer prints, such as names from a recording: %q", line)
		}
	}
	if left, err := os.ReadDir(p.temp); err != nil || len(left) > 0 {
		p.t.Errorf("temporary files are left: %v %v", left, err)
	}
	return j
}

func (p *pipeline) checkCounts(j junit) {
	p.t.Helper()
	tests, failures, errs, seen := 0, 0, 0, map[string]bool{}
	for _, suite := range j.Suites {
		for _, c := range suite.Cases {
			tests++
			if c.Failure != nil {
				failures++
			}
			if c.Error != nil {
				errs++
			}
			if id := c.Class + "\x00" + c.Name; c.Class == "" || seen[id] {
				p.t.Errorf("junit.xml: %q %q stands there twice or has no class: GitLab drops it", c.Class, c.Name)
			} else {
				seen[id] = true
			}
		}
	}
	if tests == 0 || tests != j.Tests || failures != j.Failures || errs != j.Errors {
		p.t.Errorf("junit.xml says %d tests, %d failures, %d errors and has %d, %d, %d", j.Tests, j.Failures, j.Errors, tests, failures, errs)
	}
}

// checkOutputs holds GITHUB_OUTPUT against result.json.
func (p *pipeline) checkOutputs(r result) {
	p.t.Helper()
	want := map[string]string{
		"name": r.Name, "status": r.Status, "exit-code": fmt.Sprint(r.ExitCode), "summary": r.Summary, "folder": p.out, "report": "", "run": "",
	}
	if r.Report != nil {
		want["report"] = p.out + "/" + *r.Report
	}
	if r.Run != nil {
		want["run"] = p.out + "/" + *r.Run
	}
	got := map[string]string{}
	for line := range strings.Lines(p.read(p.outputs)) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			p.t.Errorf("GITHUB_OUTPUT has a line that is no output: %q", line)
		}
		got[key] = value // of two smokes in one job the later counts
	}
	for key, value := range want {
		if got[key] != value {
			p.t.Errorf("output %s is %q, want %q", key, got[key], value)
		}
	}
	if len(got) != len(want) {
		p.t.Errorf("outputs %v, want those of %v", got, want)
	}
}

// obeyed are the lines that GitHub reads for commands: those between stop-commands
// and its token are only text to it.
func obeyed(stdout string) []string {
	var lines []string
	token := ""
	for line := range strings.Lines(stdout) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case token != "":
			if line == "::"+token+"::" {
				token = ""
			}
		case strings.HasPrefix(line, "::stop-commands::"):
			token = strings.TrimPrefix(line, "::stop-commands::")
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// annotations are the errors and warnings that GitHub would show.
func annotations(stdout string) []string {
	return slices.DeleteFunc(obeyed(stdout), func(line string) bool {
		return !strings.HasPrefix(line, "::error") && !strings.HasPrefix(line, "::warning")
	})
}

func startSchool(t *testing.T, o app.Options) *app.School {
	t.Helper()
	o.Teachers, o.Students = 4, 40
	s, err := app.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// holds reports whether any file below dir, or text, contains the secret.
func holds(t *testing.T, secret, text string, dirs ...string) {
	t.Helper()
	if strings.Contains(text, secret) {
		t.Errorf("the secret is in what was printed:\n%s", text)
	}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			b, err := io.ReadAll(f)
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("the secret is in %s", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
