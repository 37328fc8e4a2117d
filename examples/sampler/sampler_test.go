package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedrill/internal/drill"
)

// Real browsers are recorded, and what they did is understood: a log-in through
// the page's form, the API calls of its script, the grades one after the other.
func TestABrowserIsRecorded(t *testing.T) {
	if findBrowser() == "" {
		if slices.Contains(strings.Split(os.Getenv("FIREDRILL_REQUIRE"), ","), "chromium") {
			t.Fatal("FIREDRILL_REQUIRE names chromium, which is not installed (Debian package chromium)")
		}
		t.Skip("needs the Debian package chromium")
	}
	recording := filepath.Join(t.TempDir(), "day.db")
	if err := sample(t.Context(), recording, "", func(does string) bool { return strings.HasPrefix(does, "grades") }); err != nil {
		t.Fatal(err)
	}
	check, err := drill.CheckRecording(recording)
	if err != nil {
		t.Fatalf("%+v: %v", check, err)
	}
	for _, name := range []string{recording + ".key", recording + ".small"} {
		if _, err := os.Stat(name); !os.IsNotExist(err) {
			t.Errorf("%s is left behind: %v", name, err)
		}
	}
	var out, talk bytes.Buffer
	o := drill.PlanOptions{Recording: recording, Talk: &talk}
	if err := drill.PrintPlan(t.Context(), o, "text", &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nteacher: POST /api/v1/submissions/{id}/grade\n", "2 recorded sessions", "repeated: recorded 3 to 5 times in a row",
		"form.password ← account: password", "never the same twice", "left out:",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the plan does not say %q:\n%s", want, out.String())
		}
	}
	raw, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"teacher42@test.local", "teacher44@test.local"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s is in the recording", secret)
		}
	}
}
