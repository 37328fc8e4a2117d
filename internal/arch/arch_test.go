package arch_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStreet holds the rules over the whole module.
func TestStreet(t *testing.T) {
	all, err := scan("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("%d packages: is this the whole module?", len(all))
	}
	bad, idle := check(all, pardons())
	for _, v := range bad {
		t.Error(v)
	}
	for _, x := range idle {
		t.Errorf("the exception for %s in %s (%s) is not needed any more: remove it", x.what, x.at, x.rule)
	}
}

// TestRulesAreComplete: every rule and exception says why, and names what exists.
func TestRulesAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, l := range layers() {
		if l.why == "" || len(l.packages) == 0 || names[l.name] {
			t.Errorf("layer %q", l.name)
		}
		names[l.name] = true
	}
	for _, l := range layers() {
		for _, other := range l.may {
			if !names[other] {
				t.Errorf("layer %q may import %q, which is none", l.name, other)
			}
		}
	}
	for _, b := range bans() {
		if b.why == "" || len(b.in) == 0 || len(b.imports)+len(b.calls) == 0 {
			t.Errorf("ban %+v", b)
		}
	}
	for _, x := range pardons() {
		if x.why == "" || !slices.Contains([]string{"layers", "ban", "length", "doc"}, x.rule) {
			t.Errorf("exception %+v", x)
		}
	}
}

// TestPlanted: the checker finds each violation that is planted in a small
// module, and nothing else in it.
func TestPlanted(t *testing.T) {
	all, err := scan("testdata/planted")
	if err != nil {
		t.Fatal(err)
	}
	bad, _ := check(all, nil)
	var got []string
	for _, v := range bad {
		where, text := v.where, v.text
		text, _, _ = strings.Cut(text, ": ")
		got = append(got, where+" "+v.rule+": "+text)
	}
	want := []string{
		"cmd/analyze/command/command.go:7 layers: cmd/analyze/command (commands) imports internal/load (wings)",
		"cmd/analyze/command/command.go:5 layers: cmd/analyze/command (commands) imports cmd/recorder/command (commands)",
		"cmd/analyze/main.go:12 length: main has 30 lines, more than 29",
		"cmd/recorder/command/command.go:1 doc: cmd/recorder/command has no package comment",
		"internal/account/account.go:1 doc: internal/account has no doc.go",
		"internal/account/account.go:6 layers: internal/account (values) imports internal/redact (pure)",
		"internal/drill/doc.go:6 layers: internal/drill (use cases) imports cmd/recorder/command (commands)",
		"internal/drill/doc.go:10 layers: internal/drill (use cases) imports internal/yamldoc/langtest (test support)",
		"internal/journey/think/doc.go:5 ban: internal/journey/think imports os",
		"internal/journey/think/doc.go:7 ban: internal/journey/think uses time.*",
		"internal/load/doc.go:7 layers: internal/load (wings) imports internal/report (wings)",
		"internal/load/wire/doc.go:6 ban: internal/load/wire imports internal/exchange",
		"internal/load/wire/doc.go:7 ban: internal/load/wire imports internal/recording",
		"internal/nowhere/doc.go:1 layers: internal/nowhere stands in no layer",
		"internal/recording/doc.go:6 layers: internal/recording (stores) imports internal/journey/think (wings)",
		"internal/redact/doc.go:11 ban: internal/redact uses time.Now",
		"internal/redact/doc.go:13 ban: internal/redact uses time.Sleep",
		"internal/redact/doc.go:5 ban: internal/redact imports net/http",
		"internal/report/doc.go:6 length: function long has 80 lines, more than 79",
		"internal/report/long.go:1 length: the file has 450 lines, more than 449",
		"internal/report/long_test.go:1 length: the file has 801 lines, more than 800",
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestExceptions: an exception allows one thing, and one that nothing needs is told.
func TestExceptions(t *testing.T) {
	all, err := scan("testdata/planted")
	if err != nil {
		t.Fatal(err)
	}
	every, _ := check(all, nil)
	needed := pardon{"ban", "internal/redact", "time.Sleep", "a test"}
	useless := pardon{"ban", "internal/redact", "time.Tick", "a test"}
	rest, idle := check(all, []pardon{needed, useless})
	if len(rest) != len(every)-1 || slices.ContainsFunc(rest, func(v violation) bool { return v.what == "time.Sleep" }) {
		t.Errorf("%d violations without exceptions, %d with one", len(every), len(rest))
	}
	if d := cmp.Diff([]pardon{useless}, idle, cmp.AllowUnexported(pardon{})); d != "" {
		t.Error(d)
	}
}

// TestAmong: a prefix is a path, not a beginning of a word.
func TestAmong(t *testing.T) {
	for path, want := range map[string]bool{"internal/load": true, "internal/load/wire": true, "internal/loader": false, "internal": false, "internal/plan": true, "internal/plan/x": false} {
		if got := among(path, []string{"internal/load/...", "internal/plan"}); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	for path, want := range map[string]string{"internal/load/wire": "internal/load", "cmd/analyze/command": "cmd/analyze", "scenarios": "scenarios"} {
		if got := top(path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}
