package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"firedrill/internal/report"
	"firedrill/internal/verdict"
)

func annotations(t testing.TB, r *verdict.Report) []string {
	t.Helper()
	var b bytes.Buffer
	if err := report.GitHub(&b, r); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// TestTheWorstTen: GitHub drops what is more, so it is said how much there is.
func TestTheWorstTen(t *testing.T) {
	r := failing()
	r.Findings = nil
	for i := range 14 {
		status := verdict.Fail
		if i < 2 {
			status = verdict.Info
		}
		r.Findings = append(r.Findings, verdict.Finding{Status: status, What: fmt.Sprintf("finding %d", i), Where: "run", When: -1})
	}
	lines := annotations(t, r)
	if len(lines) != 11 || strings.Count(strings.Join(lines, "\n"), "::error ") != 10 || !strings.Contains(lines[0], "finding 2") || !strings.Contains(lines[10], "4 findings were not shown here") {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
}

// TestAnInvalidRunSaysOnlyWhy: what broke in it says nothing about the target.
func TestAnInvalidRunSaysOnlyWhy(t *testing.T) {
	r := failing()
	r.Status, r.Invalid = verdict.Invalid, []string{"the generator was overloaded"}
	lines := annotations(t, r)
	if len(lines) != 2 || lines[0] != "::error title=stress is not valid::the generator was overloaded" || !strings.HasPrefix(lines[1], "::notice title=firedrill stress%3A invalid::") {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
}

// FuzzGitHub: whatever stands in a name, there is one command a line, of a known
// kind, and unescaping gives the text back.
func FuzzGitHub(f *testing.F) {
	f.Add(hostile, "100 % of\r\n::error::it,\nthen more")
	f.Add("a:b,c%3A", "%0A%25")
	f.Add("\xff\xfe", strings.Repeat("é", 2000))
	f.Add("", "")
	f.Fuzz(func(t *testing.T, where, what string) {
		r := passing()
		r.Status, r.Summary, r.Run.Scenario = verdict.Fail, what, where
		r.Findings = []verdict.Finding{{Status: verdict.Fail, What: what, Where: where, When: -1, Advice: what}}
		lines := annotations(t, r)
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "::error title=") || !strings.HasPrefix(lines[1], "::notice title=") {
			t.Fatalf("%q", lines)
		}
		for _, line := range lines {
			title, message, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(line, "::error title="), "::notice title="), "::")
			if !ok || strings.ContainsAny(title, ":,\r") || strings.ContainsAny(message, "\r") || !utf8.ValidString(line) {
				t.Fatalf("%q", line)
			}
			for _, part := range strings.Split(title+message, "%")[1:] {
				if !strings.HasPrefix(part, "25") && !strings.HasPrefix(part, "0A") && !strings.HasPrefix(part, "0D") && !strings.HasPrefix(part, "3A") && !strings.HasPrefix(part, "2C") {
					t.Fatalf("%q has a bare %%", line)
				}
			}
			for _, c := range line {
				if c < ' ' || c == 0x7f {
					t.Fatalf("a control character in %q", line)
				}
			}
		}
		plainText := strings.ToValidUTF8(what, "�")
		if clean := !strings.ContainsFunc(what, func(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 }); clean && utf8.ValidString(what) && len(what) < 400 {
			_, message, _ := strings.Cut(strings.TrimPrefix(lines[1], "::"), "::")
			if got := strings.NewReplacer("%0A", "\n", "%0D", "\r", "%25", "%").Replace(message); got != plainText {
				t.Fatalf("%q became %q", plainText, got)
			}
		}
	})
}

// TestMarkdownIsBounded: a run with very many endpoints stays below what GitHub
// takes, keeps its verdict and its folds closed, and says that something is missing.
func TestMarkdownIsBounded(t *testing.T) {
	r := failing()
	for i := range 9000 {
		e := r.Endpoints[0]
		e.Name = fmt.Sprintf("GET /%s/%d", strings.Repeat("x", 200), i)
		r.Endpoints = append(r.Endpoints, e)
	}
	var b bytes.Buffer
	if err := report.Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if b.Len() > report.MarkdownLimit || b.Len() < report.MarkdownLimit/2 {
		t.Errorf("%d bytes", b.Len())
	}
	if !strings.HasPrefix(text, "### FAILED") || strings.Count(text, "<details>") != strings.Count(text, "</details>") || !strings.Contains(text[len(text)-200:], "left out here") {
		t.Errorf("ends with %q", text[len(text)-300:])
	}
	b.Reset()
	if err := report.Markdown(&b, failing()); err != nil || strings.Contains(b.String(), "left out here") || strings.Contains("\n"+b.String(), "\n## ") || strings.Contains("\n"+b.String(), "\n# ") {
		t.Errorf("a small one is cut, or has a heading above the third level: %v", err)
	}
}
