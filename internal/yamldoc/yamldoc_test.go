package yamldoc_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"firedrill/internal/yamldoc"
)

// walk visits every node below n, keys included.
func walk(n *yamldoc.Node, visit func(*yamldoc.Node)) {
	visit(n)
	for _, item := range n.Items {
		walk(item, visit)
	}
	for _, p := range n.Pairs {
		visit(p.Key)
		walk(p.Value, visit)
	}
}

// TestPositions: in every file of the two languages, each scalar stands where its
// node says: the line holds the text, or the quote or block mark that begins it.
func TestPositions(t *testing.T) {
	files, err := filepath.Glob("../*/testdata/good/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	shipped, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, append(shipped, "../../firedrill.yaml")...) {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		root, bad := yamldoc.Parse(path, src)
		if bad != nil {
			t.Fatal(bad)
		}
		lines, nodes := strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n"), 0
		walk(root, func(n *yamldoc.Node) {
			if n.Kind == yamldoc.List || n.Kind == yamldoc.Map || n.Kind == yamldoc.Null {
				return
			}
			nodes++
			rest := string([]rune(lines[n.Line-1])[n.Column-1:])
			if !strings.HasPrefix(rest, n.Text) && !strings.HasPrefix(rest, `"`) && !strings.HasPrefix(rest, `'`) && !strings.HasPrefix(rest, ">") {
				t.Errorf("%s:%d:%d is %q, want %q", path, n.Line, n.Column, rest, n.Text)
			}
		})
		if nodes < 5 {
			t.Errorf("%s: %d scalars", path, nodes)
		}
	}
}

// TestPlaceInsideText: an offset inside a scalar is a column where the text stands
// in the file as it is, and its beginning where it does not.
func TestPlaceInsideText(t *testing.T) {
	for src, want := range map[string]string{
		"k: plain":            "1:5",
		"k:   plain":          "1:7",
		"ключ: plain":         "1:8",
		`k: "plain"`:          "1:6",
		"k: 'plain'":          "1:6",
		`k: "pl\u0061in"`:     "1:4",
		"k: |\n  plain\n":     "1:4",
		"k: plain\n  text":    "1:4",
		"k: 'it''s'":          "1:4",
		"k: {a: b,\n  c: dé}": "2:7",
	} {
		root, bad := yamldoc.Parse("f", []byte(src))
		if bad != nil {
			t.Fatal(bad)
		}
		n := root.Pairs[0].Value
		if n.Kind == yamldoc.Map {
			n = n.Get("c")
		}
		if line, column := n.Position(1); fmt.Sprintf("%d:%d", line, column) != want {
			t.Errorf("%q: %d:%d, want %s", src, line, column, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]float64{"20": 20, "-5": -5, "0": 0, "0.5": 0.5, "10.25": 10.25} {
		root, bad := yamldoc.Parse("f", []byte("k: "+text))
		if bad != nil {
			t.Fatal(bad)
		}
		if v, ok := root.Get("k").Number(); !ok || v != want {
			t.Errorf("%s: %v %v", text, v, ok)
		}
	}
	for _, text := range []string{"0x10", "0o7", "007", "1_000", "1.", ".5", "+5", "--5", ".inf", ".nan", "1.2.3", "x", "1e3"} {
		root, bad := yamldoc.Parse("f", []byte("k: "+text))
		if bad != nil {
			t.Fatal(bad)
		}
		if v, ok := root.Get("k").Number(); ok {
			t.Errorf("%s is the number %v", text, v)
		}
	}
	if _, ok := (*yamldoc.Node)(nil).Number(); ok {
		t.Error("nothing is a number")
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"start_time", "start_rate", "max_duration", "threshold", "vus", "constant-vus"}
	for word, want := range map[string]string{
		"startTime": "start_time", "start-time": "start_time", "START_TIME": "start_time", "start_tiem": "start_time",
		"maxDuration": "max_duration", "duration": "", "treshold": "threshold", "thresholds": "threshold", "thresh": "threshold",
		"vu": "vus", "users": "", "": "", "constant_vus": "constant-vus", strings.Repeat("start_time", 20): "start_time", "zzz": "",
	} {
		if got := yamldoc.Suggest(word, known); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got := yamldoc.DidYouMean("x", nil); got != "remove it" {
		t.Error(got)
	}
}

// TestMerge: a mapping's own keys win, the first of the merged ones otherwise.
func TestMerge(t *testing.T) {
	root, bad := yamldoc.Parse("f", []byte("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc:\n  y: 4\n  <<: *a\n"))
	if bad != nil {
		t.Fatal(bad)
	}
	for key, want := range map[string]string{"b": "3 1", "c": "4 1"} {
		n := root.Get(key)
		if got := n.Get("y").String() + " " + n.Get("x").String(); got != want || len(n.Pairs) != 2 {
			t.Errorf("%s: %s with %d keys, want %s", key, got, len(n.Pairs), want)
		}
	}
}

// TestReaders: absent things are empty, not a crash.
func TestReaders(t *testing.T) {
	var none *yamldoc.Node
	if none.Get("x") != nil || none.Key("x") != nil || none.String() != "" || none.Strings() != nil || none.Each() != nil {
		t.Error("a node that is not there has something")
	}
	root, bad := yamldoc.Parse("f", []byte("one: a\nmany: [a, b]\nnothing:\n"))
	if bad != nil {
		t.Fatal(bad)
	}
	if got := root.Get("one").Strings(); len(got) != 1 || got[0] != "a" {
		t.Error(got)
	}
	if got := root.Get("many").Strings(); len(got) != 2 {
		t.Error(got)
	}
	if root.Get("nothing") != nil || root.Key("nothing") == nil {
		t.Error("a key without a value has one, or is gone")
	}
}

// TestSchemaOfASmallLanguage: definitions, cases and bounds arrive in the schema.
func TestSchemaOfASmallLanguage(t *testing.T) {
	one, word := 1.0, &yamldoc.Shape{Kind: yamldoc.Text, Name: "word", Words: []string{"a", "b"}}
	language := &yamldoc.Shape{Kind: yamldoc.Map, Least: 1, Cases: &yamldoc.Cases{By: "kind", Always: []string{"all"}, Of: []yamldoc.Case{{Value: "a", Required: []string{"n"}}, {Value: "b"}}},
		Fields: []yamldoc.Field{{Key: "kind", Required: true, Shape: word, Doc: "Which."}, {Key: "n", Shape: &yamldoc.Shape{Kind: yamldoc.Integer, Min: &one}}, {Key: "all", Shape: &yamldoc.Shape{Kind: yamldoc.Bool}}}}
	var got map[string]any
	if err := json.Unmarshal(language.JSONSchema("small"), &got); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(got)
	for _, want := range []string{"title:small", "$ref:#/definitions/word", "word:map[enum:[a b] type:string]", "minProperties:1", "additionalProperties:false", "minimum:1",
		"if:map[properties:map[kind:map[const:a]] required:[kind]] then:map[propertyNames:map[enum:[kind all n]] required:[n]]", "description:Which."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}

// FuzzParse: no input panics or hangs, errors and nodes stand inside the file.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1\n", "a: [b, {c: d}]\n", "a: &x {b: 1}\nc: *x\n", "? a\n: b\n", "a: |\n  b\n c: d\n", "%YAML 1.2\n---\n", "a: !!str 1", "- - - a", "a: 'b\n\n c'", "\ufeffa: é\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		root, bad := yamldoc.Parse("f", src)
		lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(string(src), "\ufeff"), "\r\n", "\n"), "\n")
		inside := func(line, column int) {
			if line < 1 || line > len(lines) || column < 1 || column > 1+utf8.RuneCountInString(lines[line-1]) {
				t.Fatalf("%d:%d is not in %q", line, column, src)
			}
		}
		if bad != nil {
			inside(bad.Line, bad.Column)
			return
		}
		walk(root, func(n *yamldoc.Node) {
			inside(n.Line, n.Column)
			for offset := range n.Text {
				inside(n.Position(offset))
			}
			if len(n.Text) > 0 && (n.Items != nil || n.Pairs != nil) {
				t.Fatalf("%+v is a scalar and more", n)
			}
		})
	})
}

func ExampleShape_Conform() {
	language := &yamldoc.Shape{Kind: yamldoc.Map, Fields: []yamldoc.Field{
		{Key: "name", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Text}},
		{Key: "times", Shape: &yamldoc.Shape{Kind: yamldoc.Integer}},
	}}
	root, bad := yamldoc.Parse("loop.yaml", []byte("name: answers\ntimes: ten\n"))
	if bad == nil {
		bad = language.Conform(root)
	}
	fmt.Println(bad)
	fmt.Println(bad.Hint())
	// Output:
	// loop.yaml:2:8: times must be a whole number, and is text
	// write a plain number, without quotes and without a unit
}
