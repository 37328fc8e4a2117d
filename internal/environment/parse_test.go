package environment_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/environment"
	"firedrill/internal/yamldoc/langtest"
)

var update = flag.Bool("update", false, "write golden files and the schema")

func language() langtest.Language {
	return langtest.Language{Schema: environment.Schema(), Parse: func(file string, src []byte) (string, error) {
		f, err := environment.Parse(file, src)
		if err != nil {
			return "", err
		}
		return dump(f), nil
	}}
}

// dump writes every field of a file, one a line.
func dump(f *environment.File) string {
	var b strings.Builder
	for _, e := range f.Environments {
		fmt.Fprintf(&b, "environment %s, line %d\n  recording %q, allow %q\n  expect %+v\n  accounts file %q\n", e.Name, e.Line, e.Recording, e.Allow, e.Expect, e.Accounts.File)
		for _, p := range e.Accounts.Patterns {
			fmt.Fprintf(&b, "  pattern %+v\n", p)
		}
		for _, t := range e.Targets {
			fmt.Fprintf(&b, "  target %+v\n", t)
		}
		fmt.Fprintf(&b, "  secrets %v\n", e.Secrets) // a map prints sorted
		if e.TLS != (environment.TLS{}) || e.Proxy != "" || e.Resolve != nil || e.Critical != nil {
			fmt.Fprintf(&b, "  tls %+v\n  proxy %q\n  resolve %v\n  critical %q\n", e.TLS, e.Proxy, e.Resolve, e.Critical)
		}
	}
	for _, c := range f.Categories {
		fmt.Fprintf(&b, "category %+v\n", c)
	}
	return b.String()
}

func TestGoodFiles(t *testing.T) { language().Good(t, "testdata/good", *update) }

func TestBadFiles(t *testing.T) { language().Bad(t, "testdata/bad", 50, *update) }

// TestDocs: docs/environments.md names every key, and its examples are right.
func TestDocs(t *testing.T) { language().Docs(t, "../../docs/environments.md") }

// TestSchema keeps docs/environment.schema.json what the language makes.
func TestSchema(t *testing.T) {
	langtest.Golden(t, "../../docs/environment.schema.json", environment.Schema(), *update)
}

// TestShippedFile: firedrill.yaml at the root is read, is what it promises, and
// the staging example in its comments is right, too.
func TestShippedFile(t *testing.T) {
	src, err := os.ReadFile("../../firedrill.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := environment.Parse("firedrill.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "firedrill.yaml" || len(f.Environments) != 1 {
		t.Fatalf("%+v", f)
	}
	local, ok := f.Get("local")
	if _, other := f.Get("staging"); !ok || other {
		t.Errorf("%+v", f.Environments)
	}
	counts := map[string]int{}
	for _, p := range local.Accounts.Patterns {
		counts[p.Persona] = p.Count
	}
	if d := cmp.Diff([]environment.Target{{Name: "api", URL: "http://localhost:4000"}}, local.Targets); d != "" || local.Recording != "recordings/sample-school.db" {
		t.Errorf("recording %q, targets %s", local.Recording, d)
	}
	if counts["teacher"] < 50 || counts["student"] < 200 {
		t.Errorf("accounts %v: too few for the scenarios", counts)
	}
	if local.Allow != nil || local.Proxy != "" || local.Resolve != nil || local.TLS != (environment.TLS{}) {
		t.Errorf("local needs nothing to reach this machine: %+v", local)
	}
	var set []string
	for _, c := range f.Categories {
		set = append(set, c.Category)
	}
	if got := strings.Join(set, " "); !strings.Contains(got, "gradebook") || !strings.Contains(got, "analytics") || !strings.Contains(got, "ai") {
		t.Errorf("categories %s", got)
	}
	uncommented := strings.ReplaceAll(string(src), "\n  # ", "\n  ")
	uncommented = strings.Replace(uncommented, "\n  A staging", "\n  # A staging", 1)
	uncommented = strings.Replace(uncommented, "\n  must be", "\n  # must be", 1)
	f, err = environment.Parse("firedrill.yaml", []byte(uncommented))
	if err != nil {
		t.Fatal(err)
	}
	if staging, ok := f.Get("staging"); !ok || len(staging.Targets) != 2 || len(staging.Allow) != 2 || staging.Accounts.File == "" || staging.Secrets["api_key"] != "env:STAGING_API_KEY" {
		t.Errorf("%+v", f.Environments)
	}
}

// FuzzParse: no input panics, every error stands inside the file, and what is
// read passes the schema and has targets with a host.
func FuzzParse(f *testing.F) {
	langtest.Seed(f, "testdata/good", "testdata/bad", "../..")
	accepts := language().Accepts(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := environment.Parse("fuzz.yaml", src)
		if err != nil {
			langtest.Positioned(t, "fuzz.yaml", src, err)
			return
		}
		if err := accepts(src); err != nil {
			t.Errorf("the schema rejects what is read: %v", err)
		}
		if len(file.Environments) == 0 {
			t.Error("no environments")
		}
		for _, e := range file.Environments {
			if got, ok := file.Get(e.Name); !ok || got.Line != e.Line || len(e.Targets) == 0 {
				t.Errorf("%+v", e)
			}
			for _, target := range e.Targets {
				if !strings.HasPrefix(strings.ToLower(target.URL), "http") {
					t.Errorf("%+v", target)
				}
			}
		}
	})
}

func ExampleParse() {
	f, err := environment.Parse("firedrill.yaml", []byte(`
environments:
  local:
    targets: {api: "http://localhost:4000"}
    accounts: {teacher: {pattern: "teacher{n}@test.local", password: password, count: 50}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	local, _ := f.Get("local")
	fmt.Println(local.Targets[0].Name, local.Targets[0].URL, local.Accounts.Patterns[0].Count)
	// Output: api http://localhost:4000 50
}
