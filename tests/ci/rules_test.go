package ci_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// step is one step of an action or a job.
type step struct {
	ID    string         `yaml:"id"`
	Name  string         `yaml:"name"`
	Uses  string         `yaml:"uses"`
	If    string         `yaml:"if"`
	Run   string         `yaml:"run"`
	Shell string         `yaml:"shell"`
	Env   map[string]any `yaml:"env"`
	With  map[string]any `yaml:"with"`
}

type action struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Author      string `yaml:"author"`
	Inputs      map[string]struct {
		Description string `yaml:"description"`
		Default     any    `yaml:"default"`
	} `yaml:"inputs"`
	Outputs map[string]struct {
		Description string `yaml:"description"`
		Value       string `yaml:"value"`
	} `yaml:"outputs"`
	Runs struct {
		Using string `yaml:"using"`
		Steps []step `yaml:"steps"`
	} `yaml:"runs"`
}

type workflow struct {
	Name        string                    `yaml:"name"`
	On          map[string]map[string]any `yaml:"on"`
	Permissions map[string]string         `yaml:"permissions"`
	Concurrency map[string]any            `yaml:"concurrency"`
	Jobs        map[string]struct {
		RunsOn  string            `yaml:"runs-on"`
		Needs   string            `yaml:"needs"`
		Timeout int               `yaml:"timeout-minutes"`
		Outputs map[string]string `yaml:"outputs"`
		Steps   []step            `yaml:"steps"`
	} `yaml:"jobs"`
}

// strictly reads a file of the repository into v; a key that v does not know is an error.
func strictly(t *testing.T, name string, v any) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(src, v, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(src)
}

func TestTheActionIsSafeAndWhole(t *testing.T) {
	var a action
	source := strictly(t, "action.yml", &a)
	if a.Runs.Using != "composite" {
		t.Errorf("runs.using is %q", a.Runs.Using)
	}
	checkSteps(t, "action.yml", source, a.Runs.Steps)
	help := smokeHelp(t)
	used := map[string]bool{}
	for _, s := range a.Runs.Steps {
		for name, value := range s.Env {
			if strings.HasPrefix(name, "FIREDRILL_") && !strings.Contains(help, name) {
				t.Errorf("the step %q sets %s, of which ci/smoke.sh --help knows nothing", s.Name, name)
			}
			used[inputOf(value)] = true
		}
		for _, value := range s.With {
			used[inputOf(value)] = true
		}
	}
	for name, in := range a.Inputs {
		if !used[name] {
			t.Errorf("the input %s is used nowhere", name)
		}
		if in.Description == "" {
			t.Errorf("the input %s has no description", name)
		}
	}
	for name, out := range a.Outputs {
		if out.Value != "${{ steps.smoke.outputs."+name+" }}" { // pipeline.checkOutputs holds the script to the same names
			t.Errorf("the output %s is %s", name, out.Value)
		}
	}
	keeps := slices.IndexFunc(a.Runs.Steps, func(s step) bool { return strings.HasPrefix(s.Uses, "actions/upload-artifact@") })
	if keeps < 0 || a.Runs.Steps[keeps].If != "always()" {
		t.Error("the reports of a run that failed are not kept")
	}
}

func TestTheWorkflowIsSafeAndWhole(t *testing.T) {
	const file = ".github/workflows/deploy.yml"
	var w workflow
	source := strictly(t, file, &w)
	if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
		t.Errorf("permissions: %v, want to read the contents and no more", w.Permissions)
	}
	if _, ok := w.On["workflow_dispatch"]; !ok {
		t.Error("the workflow cannot be started by hand, to try it")
	}
	if w.On["pull_request_target"] != nil {
		t.Error("code of strangers would run with the secrets")
	}
	if w.Jobs["smoke"].Needs != "deploy" {
		t.Errorf("the smoke needs %q, want the deploy", w.Jobs["smoke"].Needs)
	}
	var a action
	strictly(t, "action.yml", &a)
	smokes := 0
	for name, job := range w.Jobs {
		if job.Timeout == 0 {
			t.Errorf("the job %s may run for six hours", name)
		}
		checkSteps(t, file, source, job.Steps)
		for _, s := range job.Steps {
			if s.Uses != "./" {
				continue
			}
			smokes++
			for given := range s.With {
				if _, ok := a.Inputs[given]; !ok {
					t.Errorf("the action has no input %s", given)
				}
			}
		}
	}
	if smokes != 1 {
		t.Errorf("%d steps use the action, want 1", smokes)
	}
}

var (
	pinned   = regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40}$`)
	inputRef = regexp.MustCompile(`inputs\.([a-z-]+)`)
)

// checkSteps holds steps to the rules: what comes from outside reaches a script as
// a variable, never as text of the script; the shell is named; others' code is
// named by its commit, with the version behind it for people.
func checkSteps(t *testing.T, file, source string, steps []step) {
	t.Helper()
	for _, s := range steps {
		if s.Run != "" {
			if strings.Contains(s.Run, "${{") {
				t.Errorf("%s: the step %q writes an expression into its script", file, s.Name)
			}
			if s.Shell != "bash" {
				t.Errorf("%s: the step %q runs in the shell %q", file, s.Name, s.Shell)
			}
			c := exec.CommandContext(t.Context(), "bash", "-n")
			c.Stdin = strings.NewReader(s.Run)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%s: the script of %q: %v\n%s", file, s.Name, err, out)
			}
		}
		if s.Uses != "" && s.Uses != "./" {
			if !pinned.MatchString(s.Uses) {
				t.Errorf("%s: %s is not named by its commit", file, s.Uses)
			}
			if !regexp.MustCompile(regexp.QuoteMeta(s.Uses) + ` # v\d+\.\d+\.\d+`).MatchString(source) {
				t.Errorf("%s: %s does not say its version", file, s.Uses)
			}
		}
	}
}

// inputOf is the input that an expression names; "" for none.
func inputOf(value any) string {
	text, _ := value.(string)
	if m := inputRef.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func smokeHelp(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "bash", filepath.Join(root(t), "ci", "smoke.sh"), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The help names every flag and variable that the script reads, and no other.
func TestTheHelpIsWhole(t *testing.T) {
	src, err := os.ReadFile(filepath.Join(root(t), "ci", "smoke.sh"))
	if err != nil {
		t.Fatal(err)
	}
	help := smokeHelp(t)
	_, script, ok := strings.Cut(string(src), "\nHELP\n")
	if !ok {
		t.Fatal("where does the help of ci/smoke.sh end?")
	}
	for what, pattern := range map[string]string{"variable": `FIREDRILL_[A-Z_]+`, "flag": `(?m)^ +(--[a-z]+)\b`} {
		names := regexp.MustCompile(pattern)
		said, read := unique(names.FindAllString(help, -1)), unique(names.FindAllString(script, -1))
		for _, name := range read {
			if !slices.Contains(said, name) {
				t.Errorf("the %s %s is not in the help", what, name)
			}
		}
		for _, name := range said {
			if !slices.Contains(read, name) {
				t.Errorf("the help has the %s %s, which the script does not read", what, name)
			}
		}
	}
}

func unique(words []string) []string {
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func TestShellcheckIsContent(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("Debian's package shellcheck is not here")
	}
	if out, err := exec.CommandContext(t.Context(), "shellcheck", filepath.Join(root(t), "ci", "smoke.sh")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
