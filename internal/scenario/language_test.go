package scenario_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firedrill/internal/scenario"
	"firedrill/internal/yamldoc/langtest"
)

var update = flag.Bool("update", false, "write golden files and the schema")

// checker stands for the grammar of thresholds.
func checker(metric, expr string) error {
	switch {
	case strings.Contains(metric, "oops"):
		return &scenario.SyntaxError{Metric: true, Offset: strings.Index(metric, "oops"), Why: "oops is no tag", Fix: "use endpoint"}
	case strings.Contains(expr, "~"):
		return fmt.Errorf("wrapped: %w", &scenario.SyntaxError{Offset: strings.Index(expr, "~"), Why: "~ is no operator", Fix: "use <"})
	case strings.Contains(expr, "broken"):
		return errors.New("broken")
	}
	return nil
}

func language() langtest.Language {
	return langtest.Language{Schema: scenario.Schema(), Parse: func(file string, src []byte) (string, error) {
		s, err := scenario.Parse(file, src, checker)
		if err != nil {
			return "", err
		}
		return string(s.YAML()), nil
	}}
}

func TestGoodFiles(t *testing.T) { language().Good(t, "testdata/good", *update) }

func TestBadFiles(t *testing.T) { language().Bad(t, "testdata/bad", 100, *update) }

// TestDocs: docs/scenarios.md names every key, and its examples are right.
func TestDocs(t *testing.T) { language().Docs(t, "../../docs/scenarios.md") }

// TestSchema keeps docs/scenario.schema.json what the language makes.
func TestSchema(t *testing.T) {
	langtest.Golden(t, "../../docs/scenario.schema.json", scenario.Schema(), *update)
}

// TestShippedFilesAreInTheSchema: the scenarios that are shipped are what editors accept, too.
func TestShippedFilesAreInTheSchema(t *testing.T) {
	l := language()
	dir := t.TempDir()
	shipped, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(shipped) < 3 {
		t.Fatal(shipped, err)
	}
	for _, path := range shipped {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(src), "# yaml-language-server: $schema=../docs/scenario.schema.json\n") {
			t.Errorf("%s does not name the schema in its first line", path)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), src, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l.Good(t, dir, true)
}

func TestTooLarge(t *testing.T) {
	src := []byte("name: exam\nabout: " + strings.Repeat("x", 1<<20))
	_, err := scenario.Parse("big.yaml", src)
	if err == nil || !strings.Contains(err.Error(), "big.yaml:1:1: the file has 1048594 bytes") {
		t.Error(err)
	}
}

// TestBombs: what grows when it is expanded, or nests without end, is refused quickly.
func TestBombs(t *testing.T) {
	laughs := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'k'; c++ {
		laughs += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10), ", "))
	}
	for name, c := range map[string]struct{ src, want string }{
		"a billion laughs":    {laughs, "more than 100000 values"},
		"an endless list":     {"name: " + strings.Repeat("[", 5_000), "nested too deep"},
		"an endless map":      {"name: " + strings.Repeat("{a: ", 5_000), "nested too deep"},
		"endless dashes":      {strings.Repeat("- ", 5_000), "nested too deep"},
		"endless questions":   {strings.Repeat("? ", 5_000), "nested too deep"},
		"endless tags":        {"a: " + strings.Repeat("!!str ", 5_000), "nested too deep"},
		"endless anchors":     {"a: " + strings.Repeat("&a ", 5_000), "nested too deep"},
		"an endless row":      {"a: [" + strings.Repeat("b,", 400_000), "more than 20000 words and signs"},
		"endless keys":        {strings.Repeat("a: 1\n", 150_000), "more than 20000 words and signs"},
		"an anchor in itself": {"a: &a [*a]\n", "no anchor &a stands before"},
		"an anchor again":     {"a: &a 1\nb: &a [*a]\nc: *a\n", "nested too deep"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scenario.Parse("bomb.yaml", []byte(c.src))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %q", err, c.want)
			}
			langtest.Positioned(t, "bomb.yaml", []byte(c.src), err)
		})
	}
}

// same compares what the file says, not where it stands.
var same = cmp.Options{
	cmpopts.IgnoreFields(scenario.Scenario{}, "File", "Source"),
	cmpopts.IgnoreFields(scenario.Persona{}, "Line"),
	cmpopts.IgnoreFields(scenario.Threshold{}, "Line", "Column"),
	cmpopts.EquateEmpty(),
}

// FuzzParse: no input panics, every error stands inside the file, and what is
// read passes the schema, can be printed, read again as the same, and is valid.
func FuzzParse(f *testing.F) {
	langtest.Seed(f, "testdata/good", "testdata/bad", "../../scenarios")
	accepts := language().Accepts(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := scenario.Parse("fuzz.yaml", src)
		if err != nil {
			langtest.Positioned(t, "fuzz.yaml", src, err)
			return
		}
		if err := accepts(src); err != nil {
			t.Errorf("the schema rejects what is read: %v", err)
		}
		if err := s.Validate(); err != nil {
			t.Errorf("read and not valid: %v", err)
		}
		again, err := scenario.Parse("again.yaml", s.YAML())
		if err != nil {
			t.Fatalf("its print is not read: %v\n%s", err, s.YAML())
		}
		if d := cmp.Diff(s, again, same); d != "" {
			t.Errorf("its print is read differently (-want +got):\n%s", d)
		}
	})
}
