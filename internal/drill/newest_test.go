package drill_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"firedrill/internal/drill"
	"firedrill/internal/runs/runstest"
)

// TestBaselinesAreOfOneEnvironment: what another target carries does not stand beside
// the numbers of this one.
func TestBaselinesAreOfOneEnvironment(t *testing.T) {
	dir := t.TempDir()
	save := func(name, scenario, environment string, started time.Duration) string {
		r := runstest.Grading(runstest.Options{Length: 2 * time.Minute})
		r.Head.ID, r.Head.Scenario.Name, r.Head.Environment, r.Head.Started = name, scenario, environment, r.Head.Started.Add(started)
		path := filepath.Join(dir, name+".db")
		if err := r.Save(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	of := save("a", "grading-rush", "staging", 0)
	here := save("b", "quiz", "staging", 0)
	save("c", "quiz", "local", time.Hour)
	save("d", "soak", "local", time.Hour)
	o := drill.ReportOptions{Run: of, Dir: dir}
	r, err := drill.Report(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	used, err := drill.WriteBaselines(t.Context(), filepath.Join(t.TempDir(), "B.md"), r, o)
	if want := []string{of, here}; err != nil || !slices.Equal(used, want) {
		t.Errorf("of %q, %v; want %q", used, err, want)
	}
}
