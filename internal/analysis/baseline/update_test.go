package baseline_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/verdict"
	"firedrill/internal/yamldoc"
)

func TestLearn(t *testing.T) {
	one := &verdict.Report{Queries: []verdict.Queries{{Endpoint: "GET /b", Known: 3, Median: 7, Max: 7}, {Endpoint: "GET /a", Known: 1, Max: 0}, {Endpoint: "GET /silent", Unknown: 9, Max: 4}, {Endpoint: "GET /n1", Known: 4, Max: 9},
		{Endpoint: "GET /wide", Known: 4, Median: 7, Max: 15}, {Endpoint: "GET /narrow", Known: 4, Median: 1, Max: 4}}}
	two := &verdict.Report{Queries: []verdict.Queries{{Endpoint: "GET /b", Known: 3, Median: 6, Max: 6}, {Endpoint: "GET /n1", Known: 4, Max: 90, Grows: "from 9 to 90 with the rows"}}}
	budgets, notes := baseline.Learn(one, two)
	if diff := cmp.Diff([]baseline.Budget{{Endpoint: "GET /a", Max: 0}, {Endpoint: "GET /b", Max: 7}, {Endpoint: "GET /narrow", Max: 4}, {Endpoint: "GET /wide", Max: 15}}, budgets); diff != "" {
		t.Error(diff)
	}
	if len(notes) != 2 || !strings.HasPrefix(notes[0], "GET /n1 is not learned") || notes[1] != "GET /wide caused 7 queries at the median and up to 15: look for a query in a loop before you keep this budget" {
		t.Error(notes)
	}
}

// learned is what each file of testdata/update is given.
func learned() []baseline.Budget {
	return []baseline.Budget{{Endpoint: "GET /api/v1/courses", Max: 9}, {Endpoint: "GET /api/v1/courses/{id}", Max: 4}, {Endpoint: "GET /api/v1/me", Max: 2}, {Endpoint: "POST /api/v1/login", Max: 3}}
}

// TestUpdateFiles gives each awkward file the same budgets. Beside NAME.yaml stands
// NAME.golden: the file that comes out and the changes, or the error.
func TestUpdateFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/update/*.yaml")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out, changes, err := baseline.Update(filepath.Base(file), src, learned())
		var b strings.Builder
		if err != nil {
			var bad *yamldoc.Error
			if !errors.As(err, &bad) || bad.Fix == "" {
				t.Errorf("%s: %v has no hint", file, err)
			}
			b.WriteString("error: " + err.Error() + "\n")
		} else {
			for _, c := range changes {
				b.WriteString(strings.TrimSpace(strings.Join([]string{c.Endpoint, ":", number(c.Old), "→", number(c.New), c.Kept}, " ")) + "\n")
			}
			b.WriteString("----\n" + strings.ReplaceAll(strings.ReplaceAll(string(out), "\ufeff", "<BOM>"), "\r", "<CR>"))
			keeps(t, file, src, out, changes)
			again, more, err := baseline.Update(file, out, learned())
			if err != nil || string(again) != string(out) || slices.ContainsFunc(more, func(c baseline.Change) bool { return c.Kept == "" }) {
				t.Errorf("%s: twice is not once: %v %v", file, more, err)
			}
		}
		golden(t, strings.TrimSuffix(file, ".yaml")+".golden", b.String())
	}
}

func number(n int) string {
	if n < 0 {
		return "none"
	}
	return string(rune('0'+n/10)) + string(rune('0'+n%10))
}

// keeps is the oracle: every line of the old file is in the new one, in its order
// and byte for byte, but for those whose number was changed.
func keeps(t testing.TB, file string, src, out []byte, changes []baseline.Change) {
	t.Helper()
	after := slices.Collect(strings.Lines(string(out)))
	replaced := 0
	for _, c := range changes {
		if c.Kept == "" && c.Old >= 0 {
			replaced++
		}
	}
	lost := 0
	for line := range strings.Lines(string(src)) {
		at := slices.IndexFunc(after, func(l string) bool {
			return l == line || !strings.HasSuffix(line, "\n") && strings.TrimRight(l, "\r\n") == line
		})
		if at < 0 {
			lost++
			continue
		}
		after = after[at+1:]
	}
	if lost > replaced {
		t.Errorf("%s: %d lines are not as they were, %d budgets were changed", file, lost, replaced)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update makes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

// TestUpdateNothing: what the file says already leaves every byte.
func TestUpdateNothing(t *testing.T) {
	src := []byte("queries: # mine\n  GET /a:   3   # three\n")
	out, changes, err := baseline.Update("b.yaml", src, []baseline.Budget{{Endpoint: "GET /a", Max: 3}})
	if err != nil || len(changes) != 0 || string(out) != string(src) {
		t.Errorf("%q %v %v", out, changes, err)
	}
}

// FuzzUpdate: whatever the file is, there is an error with a place, or a file that
// reads back with the budget and has kept every other line.
func FuzzUpdate(f *testing.F) {
	files, _ := filepath.Glob("testdata/update/*.yaml")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src, "GET /api/v1/courses/{id}", 9)
	}
	f.Add([]byte("queries:\n  ? a\n  : 1\n"), "a: #", 0)
	f.Fuzz(func(t *testing.T, src []byte, endpoint string, most int) {
		if most < 0 || most > 1_000_000 || endpoint == "" || !strings.Contains(endpoint, " /") {
			return
		}
		out, changes, err := baseline.Update("b.yaml", src, []baseline.Budget{{Endpoint: endpoint, Max: most}})
		if err != nil {
			var bad *yamldoc.Error
			if !errors.As(err, &bad) || bad.Line < 1 || bad.Column < 1 {
				t.Fatal(err)
			}
			return
		}
		keeps(t, "fuzzed", src, out, changes)
		if len(changes) == 0 || changes[0].Kept != "" {
			return
		}
		b, err := baseline.Parse("b.yaml", out)
		if err != nil || !slices.Contains(b.Queries, baseline.Budget{Endpoint: changes[0].Endpoint, Max: most}) {
			t.Fatalf("%v: %q has no %q", err, out, endpoint)
		}
	})
}
