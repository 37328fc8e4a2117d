package drill_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedrill/internal/drill"
)

// The overlay that docs/plan.md shows fits the sample recording and does what it says.
func TestTheDocumentedOverlayFitsTheSample(t *testing.T) {
	dir := t.TempDir()
	sample, err := os.ReadFile("../../recordings/sample-school.db")
	if err != nil {
		t.Fatal(err)
	}
	recording := filepath.Join(dir, "day.db")
	if err := os.WriteFile(recording, sample, 0o600); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	_, overlay, ok := strings.Cut(string(page), "```yaml\n")
	overlay, _, closed := strings.Cut(overlay, "```")
	if !ok || !closed {
		t.Fatal("docs/plan.md shows no overlay")
	}
	if err := os.WriteFile(filepath.Join(dir, "day.overlay.yaml"), []byte(overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "firedrill.yaml")
	if err := os.WriteFile(config, []byte("environments:\n  local: {targets: {api: \"http://localhost:4000\"}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // made, and then read from beside the recording
		var out, talk bytes.Buffer
		o := drill.PlanOptions{Workspace: drill.Workspace{Config: config}, Recording: recording, Talk: &talk}
		if err := drill.PrintPlan(t.Context(), o, "text", &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"\ngrading\n", "5 recorded sessions", "json.feedback ← literal"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("the plan does not say %q", want)
			}
		}
		if strings.Contains(out.String(), "teacher: GET /api/v1/search") {
			t.Error("the journey that was left out is there")
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "day.plan")); err != nil {
		t.Errorf("the plan was not kept: %v", err)
	}
}
