package report_test

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"firedrill/internal/report"
	"firedrill/internal/verdict"
)

type junitFile struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
	Cases    []struct {
		Class   string    `xml:"classname,attr"`
		Name    string    `xml:"name,attr"`
		Failure *struct{} `xml:"failure"`
		Error   *struct{} `xml:"error"`
		Skipped *struct{} `xml:"skipped"`
	} `xml:"testsuite>testcase"`
	Properties []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	} `xml:"testsuite>properties>property"`
}

func junit(t *testing.T, r *verdict.Report) junitFile {
	t.Helper()
	var b bytes.Buffer
	if err := report.JUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	var got junitFile
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if i := bytes.IndexFunc(b.Bytes(), func(c rune) bool { return c < ' ' && c != '\n' }); i >= 0 {
		t.Errorf("a control character at %d", i)
	}
	return got
}

// TestJUnitSaysWhatTheGateSays: passed means no failure, failed at least one, and
// one that is not valid one error and nothing judged.
func TestJUnitSaysWhatTheGateSays(t *testing.T) {
	for name, r := range all() {
		got := junit(t, r)
		switch {
		case r.Status == verdict.Pass && got.Failures+got.Errors > 0,
			r.Status == verdict.Fail && (got.Failures == 0 || got.Errors > 0),
			r.Status == verdict.Invalid && (got.Failures > 0 || got.Errors != 1 || got.Skipped != got.Tests-1):
			t.Errorf("%s is %s and has %d failures, %d errors, %d skipped of %d", name, r.Status, got.Failures, got.Errors, got.Skipped, got.Tests)
		}
		skipped, seen := 0, map[string]bool{}
		for _, c := range got.Cases {
			if c.Skipped != nil {
				skipped++
			}
			if seen[c.Class+"\x00"+c.Name] {
				t.Errorf("%s: %s %s occurs twice", name, c.Class, c.Name)
			}
			seen[c.Class+"\x00"+c.Name] = true
		}
		if got.Tests != len(got.Cases) || got.Skipped != skipped || len(got.Properties) < 8 || got.Properties[0].Value != string(r.Status) {
			t.Errorf("%s: %d tests, %d skipped, %v", name, got.Tests, got.Skipped, got.Properties)
		}
	}
}

// TestJUnitClasses: each kind of verdict has a class of its own.
func TestJUnitClasses(t *testing.T) {
	var classes []string
	for _, r := range all() {
		for _, c := range junit(t, r).Cases {
			_, kind, _ := strings.Cut(c.Class, ".")
			classes = append(classes, kind)
		}
	}
	slices.Sort(classes)
	want := "|baselines|concurrency|critical|drift|findings|queries|recovery|steps|thresholds"
	if got := strings.Join(slices.Compact(classes), "|"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
