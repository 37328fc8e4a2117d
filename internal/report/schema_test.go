package report_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"

	"firedrill/internal/analysis"
	"firedrill/internal/analysis/baseline"
	"firedrill/internal/report"
	"firedrill/internal/runs/runstest"
	"firedrill/internal/verdict"
)

// schemaFile is made from the types of package verdict and the comments of their
// fields: go test ./internal/report -run Schema -update
const schemaFile = "../../docs/report.schema.json"

// schema makes the JSON schema of a report.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	status := &jsonschema.Schema{Type: "string", Enum: []any{"pass", "fail", "no data", "info", "invalid"}}
	s, err := jsonschema.For[verdict.Report](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[verdict.Status](): status,
		reflect.TypeFor[time.Duration]():  {Type: "integer", Description: "nanoseconds"},
		reflect.TypeFor[time.Time]():      {Type: "string", Format: "date-time"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "The report of a firedrill run"
	describe(s, reflect.TypeFor[verdict.Report](), comments(t))
	return s
}

// describe puts the comments of the fields into the schema, and opens its objects:
// a field that a later firedrill adds is no fault.
func describe(s *jsonschema.Schema, of reflect.Type, comments map[string]string) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		if of.Kind() == reflect.Slice {
			s = s.Items
		}
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]() {
		return
	}
	s.AdditionalProperties = nil
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		property := s.Properties[name]
		if text := comments[of.Name()+"."+f.Name]; text != "" {
			if f.Type == reflect.TypeFor[time.Duration]() {
				text += " (nanoseconds)"
			}
			property.Description = text
		}
		describe(property, f.Type, comments)
	}
}

// comments are those of the fields of package verdict, by "Type.Field".
func comments(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../verdict/verdict.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, d := range file.Decls {
		general, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			typed, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			fields, ok := typed.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range fields.Fields.List {
				for _, name := range f.Names {
					found[typed.Name.Name+"."+name.Name] = strings.TrimSpace(strings.TrimSpace(f.Doc.Text()) + " " + strings.TrimSpace(f.Comment.Text()))
				}
			}
		}
	}
	return found
}

func TestSchemaIsMadeFromTheTypes(t *testing.T) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the schema is not that of the types; go test ./internal/report -run Schema -update\n%s", diff)
	}
}

// validator is the schema as it is in docs.
func validator(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// TestReportsFitTheSchema: those made up here, and those that analysis makes of
// runs with all kinds of trouble.
func TestReportsFitTheSchema(t *testing.T) {
	check := validator(t)
	reports := all()
	for name, o := range map[string]runstest.Options{"held": {}, "slow": {Slow: 12, SlowFrom: 50 * time.Second, ErrorRate: .06}, "died": {DiesAt: time.Minute}, "starved": {StarvedAt: time.Minute},
		"killed": {Killed: true}, "growing": {GrowingN1: true}, "silent": {NoQueries: true}, "stalled": {Stall: 5 * time.Second, StallAt: 40 * time.Second}} {
		r, err := analysis.Judge(runstest.Grading(o), baseline.Default())
		if err != nil {
			t.Fatal(err)
		}
		reports[name] = r
	}
	for name, r := range reports {
		var b bytes.Buffer
		if err := report.JSON(&b, r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var value any
		if err := json.Unmarshal(b.Bytes(), &value); err != nil {
			t.Fatal(err)
		}
		if err := check.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for why, change := range map[string]func(map[string]any){
		"an unknown status":    func(m map[string]any) { m["status"] = "fine" },
		"a number as text":     func(m map[string]any) { m["run"].(map[string]any)["requests"] = "480" },
		"a field that is gone": func(m map[string]any) { delete(m, "thresholds") },
	} {
		var b bytes.Buffer
		if err := report.JSON(&b, passing()); err != nil {
			t.Fatal(err)
		}
		var value map[string]any
		if err := json.Unmarshal(b.Bytes(), &value); err != nil {
			t.Fatal(err)
		}
		change(value)
		if check.Validate(value) == nil {
			t.Errorf("the schema lets pass %s", why)
		}
	}
}

// TestEveryFieldIsExplained: docs/formats/report.md names each field of the report.
func TestEveryFieldIsExplained(t *testing.T) {
	text, err := os.ReadFile("../../docs/formats/report.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type, string)
	walk = func(of reflect.Type, in string) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]() || seen[of] {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(string(text), "`"+name+"`") {
				t.Errorf("%s%s is not explained", in, name)
			}
			walk(of.Field(i).Type, in+name+".")
		}
	}
	walk(reflect.TypeFor[verdict.Report](), "")
}
