package scenario_test

import (
	"bytes"
	"compress/zlib"
	"math/rand/v2"
	"strings"
	"testing"

	"firedrill/internal/scenario"
)

// TestFile: the size is exact, the beginning is that of the type, two are never
// the same, and one seed makes one file.
func TestFile(t *testing.T) {
	for text, c := range map[string]struct {
		size int
		head string
	}{
		"file(0)":                            {0, ""},
		"file(5, application/pdf)":           {5, "%PDF-"},
		"file(3900, text/plain)":             {3900, ""},
		"file(100000, text/csv)":             {100000, ""},
		"file(2000000, application/pdf)":     {2000000, "%PDF-1.7\n"},
		"file(70001, image/png)":             {70001, "\x89PNG"},
		"file(70001, image/jpeg)":            {70001, "\xff\xd8\xff"},
		"file(17, application/octet-stream)": {17, ""},
		"file(40, application/vnd.openxmlformats-officedocument.wordprocessingml.document)": {40, "PK\x03\x04"},
	} {
		e, err := scenario.ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if e.String() != text {
			t.Errorf("%s is printed as %s", text, e)
		}
		got := e.Draw(rand.New(rand.NewPCG(1, 2)))
		if len(got) != c.size || !strings.HasPrefix(got, c.head) {
			t.Errorf("%s has %d bytes and begins with %.12q", text, len(got), got)
		}
		if got != e.Draw(rand.New(rand.NewPCG(1, 2))) {
			t.Errorf("%s: one seed made two files", text)
		}
		if c.size > 16 && got == e.Draw(rand.New(rand.NewPCG(3, 4))) {
			t.Errorf("%s: two seeds made one file", text)
		}
		if strings.Contains(text, "text/") && strings.Trim(got, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .\n") != "" {
			t.Errorf("%s is not prose: %.60q", text, got)
		}
	}
}

func BenchmarkFile(b *testing.B) {
	e, err := scenario.ParseExpr("file(2000000, application/pdf)")
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	b.SetBytes(2000000)
	b.ReportAllocs()
	for b.Loop() {
		e.Draw(r)
	}
}

// A file that compresses weighs nothing on a wire or a disk that does it.
func TestNoCompressionMakesAFileSmaller(t *testing.T) {
	e, err := scenario.ParseExpr("file(300000, application/pdf)")
	if err != nil {
		t.Fatal(err)
	}
	content := e.Draw(rand.New(rand.NewPCG(1, 2)))
	var small bytes.Buffer
	w := zlib.NewWriter(&small)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if small.Len() < 300000*99/100 {
		t.Errorf("%d bytes became %d", len(content), small.Len())
	}
}
