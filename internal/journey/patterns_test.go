package journey_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedrill/internal/journey"
	"firedrill/internal/journey/convtest"
)

// Each file of testdata is a small recorded conversation with what must be found in it.
func TestPatterns(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conv")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d patterns, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".conv"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := convtest.Parse(string(src))
			if err != nil {
				t.Fatal(err)
			}
			p, err := journey.Build(convtest.Sequence(c.Exchanges()), journey.Options{})
			if err != nil {
				t.Fatal(err)
			}
			facts := convtest.Say(p)
			for _, want := range c.Expect {
				if not, ok := strings.CutPrefix(want, "! "); ok {
					if i := slices.IndexFunc(facts, func(f string) bool { return strings.HasPrefix(f, not) }); i >= 0 {
						t.Errorf("must not be found: %s", facts[i])
					}
				} else if !slices.Contains(facts, want) {
					t.Errorf("not found: %s", want)
				}
			}
			if t.Failed() {
				t.Logf("found:\n%s", strings.Join(facts, "\n"))
			}
		})
	}
}
