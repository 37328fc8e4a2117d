package scenarios_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	analyze "firedrill/cmd/analyze/command"
	replayer "firedrill/cmd/replayer/command"
	"firedrill/examples/school/app"
	"firedrill/examples/school/store"
	"firedrill/internal/cli"
	"firedrill/internal/exchange"
	"firedrill/internal/message"
	"firedrill/internal/recording"
	"firedrill/internal/runs"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// Seed of the schools here: another one than that of the recorded school, so that
// an id that was recorded leads nowhere.
const seed = 7

// home is what the tests share: a copy of the repository's recording, so that the
// plan that is kept beside it is made once, and what belongs to its people.
type home struct {
	dir     string
	sample  string
	secrets map[string]string
}

var (
	once   sync.Once
	shared home
	broken error
)

func shareHome(t *testing.T) home {
	t.Helper()
	once.Do(func() { shared, broken = openHome() })
	if broken != nil {
		t.Fatal(broken)
	}
	return shared
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

func openHome() (home, error) {
	dir, err := os.MkdirTemp("", "firedrill-scenarios-")
	if err != nil {
		return home{}, err
	}
	h := home{dir: dir, sample: filepath.Join(dir, "sample-school.db"), secrets: map[string]string{}}
	b, err := os.ReadFile("../../recordings/sample-school.db")
	if err != nil {
		return h, err
	}
	if err := os.WriteFile(h.sample, b, 0o600); err != nil {
		return h, err
	}
	return h, h.learn()
}

// learn notes what belongs to the people who were recorded: long names of things
// in the answers, which no other school has.
func (h *home) learn() error {
	r, err := recording.Open(h.sample)
	if err != nil {
		return err
	}
	defer r.Close()
	for x, err := range r.Exchanges() {
		if err != nil {
			return err
		}
		var answer any
		if x.Response == nil || !message.IsJSON(message.MediaType(header(x.Response.Header, "Content-Type"))) || json.Unmarshal(x.Response.Body.Data, &answer) != nil {
			continue
		}
		h.note(x.Request.Target, answer)
	}
	if len(h.secrets) < 100 {
		return fmt.Errorf("only %d names of things in the recording: is it the right one?", len(h.secrets))
	}
	return nil
}

func header(all []exchange.Field, name string) string {
	for _, f := range all {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func (h *home) note(where string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			h.note(where, inner)
		}
	case []any:
		for _, inner := range v {
			h.note(where, inner)
		}
	case string:
		if len(v) >= 16 && !strings.ContainsAny(v, " :/@+") && strings.ContainsAny(v, "0123456789") && strings.ContainsAny(v, "abcdefghijklmnopqrstuvwxyz") {
			h.secrets[v] = where
		}
	}
}

// doorman stands before the school, counts what comes, and looks for what belongs
// to the recorded people.
type doorman struct {
	secrets map[string]string

	mu       sync.Mutex
	requests int
	leaks    []string
	at       map[string]int // requests by method and path without numbers
}

func (d *doorman) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.URL.Path != "/healthz" {
			d.inspect(r, body)
		}
		next.ServeHTTP(w, r)
	})
}

func (d *doorman) inspect(r *http.Request, body []byte) {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", r.Method, r.URL.RequestURI())
	for name, values := range r.Header {
		fmt.Fprintf(&text, "%s: %s\n", name, strings.Join(values, "\n"))
	}
	text.Write(body)
	words := strings.FieldsFunc(text.String(), func(c rune) bool {
		return !(c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests++
	d.at[r.Method+" "+shape(r.URL.Path)]++
	if strings.Contains(text.String(), "fd~") {
		d.leaks = append(d.leaks, fmt.Sprintf("%s %s: a pseudonym of the recording", r.Method, r.URL.Path))
	}
	for _, word := range words {
		if where, ours := d.secrets[word]; ours {
			d.leaks = append(d.leaks, fmt.Sprintf("%s %s: %s, which was recorded in an answer to %s", r.Method, r.URL.Path, word, where))
		}
	}
}

// shape is a path without what names one thing.
func shape(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if s != "v1" && strings.ContainsAny(s, "0123456789") {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

// ground is a school with a doorman, and a folder from which it is rehearsed.
type ground struct {
	school *app.School
	door   *doorman
	dir    string
}

func newGround(t *testing.T, o app.Options) *ground {
	t.Helper()
	h := shareHome(t)
	g := &ground{door: &doorman{secrets: h.secrets, at: map[string]int{}}, dir: t.TempDir()}
	o.Seed, o.Wrap = seed, g.door.wrap
	if o.Teachers == 0 {
		o.Teachers, o.Students = 130, 500 // a spike logs in 120 and 400
	}
	school, err := app.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { school.Close() })
	g.school = school
	text, err := os.ReadFile("../../firedrill.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ours := strings.NewReplacer("http://localhost:4000", school.URL(), "recordings/sample-school.db", h.sample).Replace(string(text))
	if !strings.Contains(ours, school.URL()) || !strings.Contains(ours, h.sample) {
		t.Fatal("firedrill.yaml names neither the school nor the recording")
	}
	if err := os.WriteFile(filepath.Join(g.dir, "firedrill.yaml"), []byte(ours), 0o600); err != nil {
		t.Fatal(err)
	}
	return g
}

// outcome is what a rehearsal came to.
type outcome struct {
	code   int
	talk   string
	run    string
	report verdict.Report
	before store.Truth // of the school
}

// rehearse runs a scenario with the replayer and reads analyze's verdict on it.
func (g *ground) rehearse(t *testing.T, scenario string, flags ...string) outcome {
	t.Helper()
	o := outcome{run: filepath.Join(g.dir, "run.db")}
	// The machine may be busy with other tests: how late the generator is must not decide.
	args := append([]string{"--config", filepath.Join(g.dir, "firedrill.yaml"), "--scenario", scenario, "--seed", "1", "--late-limit", "30s", "--out", o.run}, flags...)
	var out, talk bytes.Buffer
	o.code = cli.Run(t.Context(), streams(&out, &talk), args, replayer.Root)
	o.talk = out.String() + talk.String()
	if o.code != cli.OK && o.code != cli.Broken {
		t.Fatalf("replayer %s ended with %d\n%s", strings.Join(args, " "), o.code, o.talk)
	}
	var report bytes.Buffer
	code := cli.Run(context.WithoutCancel(t.Context()), streams(&report, &talk), []string{"report", o.run, "--format", "json", "--gate"}, analyze.Root)
	if code != o.code {
		t.Errorf("the replayer ended with %d, analyze with %d\n%s", o.code, code, o.talk)
	}
	if err := json.Unmarshal(report.Bytes(), &o.report); err != nil {
		t.Fatalf("the report is no JSON: %v\n%s", err, talk.String())
	}
	for _, leak := range g.door.leaks {
		t.Error(leak)
	}
	if err := runs.Check(o.run); err != nil {
		t.Error(err)
	}
	return o
}

func streams(out, talk io.Writer) cli.Streams {
	return cli.Streams{Out: out, Err: talk, In: strings.NewReader(""), Env: func(string) string { return "" }, Width: 100}
}

// samples reads what was measured.
func (o outcome) samples(t *testing.T) (all []sample.Sample, names sample.Names) {
	t.Helper()
	r, err := runs.Open(o.run)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for s, err := range r.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *s)
	}
	return all, r.Names()
}
