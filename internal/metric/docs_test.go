package metric_test

import (
	"os"
	"strings"
	"testing"

	"firedrill/internal/metric"
)

// TestDocumented: whoever writes a threshold finds every metric in the guide, as
// it is described here.
func TestDocumented(t *testing.T) {
	guide, err := os.ReadFile("../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metric.Metrics() {
		if row := "| `" + m.Name + "` | " + string(m.Type); !strings.Contains(string(guide), row) || !strings.Contains(string(guide), m.About) {
			t.Errorf("docs/scenarios.md does not have %q: %s", row, m.About)
		}
	}
}
