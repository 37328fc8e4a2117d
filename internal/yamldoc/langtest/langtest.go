package langtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"

	"firedrill/internal/yamldoc"
)

// Language is what is tested: Parse returns a dump of what it read.
type Language struct {
	Parse  func(file string, src []byte) (dump string, err error)
	Schema []byte
}

// Good checks that each file of the folder is read as the golden dump beside it
// (x.yaml, x.golden) says, and that the schema accepts it.
func (l Language) Good(t *testing.T, folder string, update bool) {
	schema := l.schema(t)
	for _, path := range files(t, folder) {
		t.Run(name(path), func(t *testing.T) {
			src := read(t, path)
			dump, err := l.Parse(name(path)+".yaml", src)
			if err != nil {
				t.Fatalf("%v (%s)", err, hint(err))
			}
			Golden(t, strings.TrimSuffix(path, ".yaml")+".golden", []byte(dump), update)
			if err := validate(schema, src); err != nil {
				t.Errorf("the schema rejects it: %v", err)
			}
		})
	}
}

// Bad checks that each file of the folder is refused with the text beside it
// (x.yaml, x.txt): the error, the hint, and what the schema says.
func (l Language) Bad(t *testing.T, folder string, least int, update bool) {
	schema := l.schema(t)
	all := files(t, folder)
	if len(all) < least {
		t.Errorf("%d bad files, want at least %d", len(all), least)
	}
	for _, path := range all {
		t.Run(name(path), func(t *testing.T) {
			src := read(t, path)
			_, err := l.Parse(name(path)+".yaml", src)
			if err == nil {
				t.Fatal("it was accepted")
			}
			Positioned(t, name(path)+".yaml", src, err)
			verdict := "accepts"
			var anything any
			if yaml.Unmarshal(src, &anything) != nil {
				verdict = "cannot read"
			} else if validate(schema, src) != nil {
				verdict = "rejects"
			}
			got := fmt.Sprintf("%v\n%s\nschema: %s\n", err, hint(err), verdict)
			Golden(t, strings.TrimSuffix(path, ".yaml")+".txt", []byte(got), update)
		})
	}
}

// Positioned checks that an error is a *yamldoc.Error with the exit code of
// wrong input, a reason, and a position inside the file.
func Positioned(t *testing.T, file string, src []byte, err error) {
	t.Helper()
	var e *yamldoc.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T, want *yamldoc.Error: %v", err, err)
	}
	if e.File != file || e.Why == "" || e.ExitCode() != 2 || !utf8.ValidString(e.Error()) || strings.ContainsAny(e.Error(), "\n\r") {
		t.Errorf("file %q, why %q, exit code %d", e.File, e.Why, e.ExitCode())
	}
	if !strings.HasPrefix(e.Error(), fmt.Sprintf("%s:%d:%d: ", file, e.Line, e.Column)) {
		t.Errorf("text %q does not begin with the position", e)
	}
	lines := strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")
	if e.Line < 1 || e.Line > len(lines) {
		t.Fatalf("line %d of a file of %d lines: %v", e.Line, len(lines), e)
	}
	if width := utf8.RuneCountInString(lines[e.Line-1]); e.Column < 1 || e.Column > width+1 {
		t.Errorf("column %d of a line of %d characters: %v", e.Column, width, e)
	}
}

// Seed adds the files of the folders to a fuzz target.
func Seed(f *testing.F, folders ...string) {
	f.Helper()
	for _, folder := range folders {
		for _, path := range files(f, folder) {
			f.Add(read(f, path))
		}
	}
}

// Golden compares with a golden file, or writes it.
func Golden(t *testing.T, path string, got []byte, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(read(t, path)), string(got)); d != "" {
		t.Errorf("%s (-want +got), -update writes it:\n%s", path, d)
	}
}

// Accepts returns a check that the schema lets pass what the language reads. A
// file that only the editor's YAML reader cannot read is none of the schema's business.
func (l Language) Accepts(t testing.TB) func(src []byte) error {
	schema := l.schema(t)
	return func(src []byte) error {
		var anything any
		if yaml.Unmarshal(src, &anything) != nil {
			return nil
		}
		return validate(schema, src)
	}
}

func (l Language) schema(t testing.TB) *jsonschema.Resolved {
	t.Helper()
	var s jsonschema.Schema
	if err := json.Unmarshal(l.Schema, &s); err != nil {
		t.Fatalf("the schema is no schema: %v", err)
	}
	r, err := s.Resolve(nil)
	if err != nil {
		t.Fatalf("the schema does not resolve: %v", err)
	}
	return r
}

// validate checks a file against the schema as an editor does.
func validate(schema *jsonschema.Resolved, src []byte) error {
	var value any
	if err := yaml.Unmarshal(bytes.TrimPrefix(src, []byte("\ufeff")), &value); err != nil {
		return err
	}
	plain, err := json.Marshal(value) // editors see JSON's types
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, &value); err != nil {
		return err
	}
	return schema.Validate(value)
}

func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

func files(t testing.TB, folder string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	return all
}

func name(path string) string { return strings.TrimSuffix(filepath.Base(path), ".yaml") }

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
