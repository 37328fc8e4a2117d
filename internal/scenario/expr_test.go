package scenario_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/scenario"
)

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func TestParseExpr(t *testing.T) {
	for text, want := range map[string]scenario.Expr{
		"int(60, 99)":              {Kind: "int", Low: 60, High: 99},
		" int( -5 ,5 ) ":           {Kind: "int", Low: -5, High: 5},
		"int(7,7)":                 {Kind: "int", Low: 7, High: 7},
		"float(0, 10.5)":           {Kind: "float", High: 10.5},
		"oneof(a)":                 {Kind: "oneof", Of: []string{"a"}},
		`oneof(a b, "c, d", "")`:   {Kind: "oneof", Of: []string{"a b", "c, d", ""}},
		`oneof("say \"x\"", "\\")`: {Kind: "oneof", Of: []string{`say "x"`, `\`}},
		"text(12)":                 {Kind: "text", Low: 12},
		"phrase":                   {Kind: "phrase"},
		"uuid ":                    {Kind: "uuid"},
		"now":                      {Kind: "now"},
		"const(a, (b) )":           {Kind: "const", Of: []string{"a, (b) "}},
		"const()":                  {Kind: "const", Of: []string{""}},
	} {
		got, err := scenario.ParseExpr(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q:\n%s", text, d)
		}
		if again, err := scenario.ParseExpr(got.String()); err != nil || !cmp.Equal(got, again) {
			t.Errorf("%q prints as %q, which is read as %+v, %v", text, got, again, err)
		}
	}
}

func TestExprErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		offset int
		why    string
	}{
		{"", 0, "empty"},
		{"  ", 0, "empty"},
		{"int", 3, "takes 2 values, and has 0"},
		{"int(", 4, `")" is missing`},
		{"int()", 4, "takes 2 values, and has 0"},
		{"int(1, 2", 8, `")" is missing`},
		{"int(1, 2)x", 9, `"x" is not expected`},
		{"int(1, 2) (3)", 10, `"(3)" is not expected`},
		{"int(1,, 2)", 8, "takes 2 values, and has 3"},
		{"int(a(b), 2)", 5, `"(" is not expected here`},
		{"int(0x10, 20)", 4, `"0x10" is not a number`},
		{"int(1e3, 2e3)", 4, `"1e3" is not a number`},
		{"int(nan, 2)", 4, `"nan" is not a number`},
		{"int(1, 99999999999999999)", 7, "too large"},
		{"float(0.25, 1)", 6, "more than one decimal place"},
		{"oneof(", 6, `")" is missing`},
		{`oneof("a" b)`, 10, `"b" is not expected after the quoted text`},
		{`oneof(a"b)`, 7, `"\"" is not expected here`},
		{"text(3000)", 5, "1 to 2000"},
		{"text(many)", 5, "1 to 2000"},
		{"uuid()", 4, "takes no values"},
		{"const", 5, "takes 1 value, and has 0"},
		{"const(a", 7, `")" is missing`},
		{"const(a)b", 9, `")" is missing`},
		{"random(1, 2)", 0, "is not a generator"},
		{"75", 0, "neither a generator"},
	} {
		_, err := scenario.ParseExpr(c.text)
		var e *scenario.SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if e.Offset != c.offset || !strings.Contains(e.Why, c.why) || e.Fix == "" || e.ExitCode() != 2 {
			t.Errorf("%q: offset %d, want %d; %q, want %q; fix %q", c.text, e.Offset, c.offset, e.Why, c.why, e.Fix)
		}
	}
}

func TestParseDist(t *testing.T) {
	for text, want := range map[string]scenario.Dist{
		"3s":                {Kind: "constant", A: 3 * time.Second},
		"0s":                {Kind: "constant"},
		" 1m30s ":           {Kind: "constant", A: 90 * time.Second},
		"uniform(3s, 8s)":   {Kind: "uniform", A: 3 * time.Second, B: 8 * time.Second},
		"uniform(0s,0s)":    {Kind: "uniform"},
		"exponential(5s)":   {Kind: "exponential", A: 5 * time.Second},
		"lognormal(4s, 9s)": {Kind: "lognormal", A: 4 * time.Second, B: 9 * time.Second},
	} {
		got, err := scenario.ParseDist(text)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if again, err := scenario.ParseDist(got.String()); err != nil || got != again {
			t.Errorf("%q prints as %q, which is read as %+v, %v", text, got, again, err)
		}
	}
	for text, offset := range map[string]int{
		"": 0, "soon": 0, "3": 0, "-3s": 0, "25h": 0, "  5": 2, "uniform(3s, 8)": 12, "uniform(9s, 8s)": 8, "uniform()": 8,
		"uniform": 7, "exponential(0s)": 12, "lognormal(5s, 5s)": 14, "lognormal(5s, 5s": 16, "gamma(1s, 2s)": 0,
	} {
		_, err := scenario.ParseDist(text)
		var e *scenario.SyntaxError
		if !errors.As(err, &e) || e.Offset != offset {
			t.Errorf("%q: %+v, want offset %d", text, err, offset)
		}
	}
}

// TestDraw: each generator keeps its promise over many draws, and reaches its ends.
func TestDraw(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for text, check := range map[string]struct {
		holds    func(string) bool
		distinct int // at least so many different values in 5000 draws
		ends     []string
	}{
		"int(60, 99)": {func(s string) bool { v, err := strconv.Atoi(s); return err == nil && v >= 60 && v <= 99 }, 40, []string{"60", "99"}},
		"int(-1, 1)":  {func(s string) bool { return slices.Contains([]string{"-1", "0", "1"}, s) }, 3, []string{"-1", "1"}},
		"float(0.5, 2)": {func(s string) bool {
			v, err := strconv.ParseFloat(s, 64)
			return err == nil && v >= 0.5 && v <= 2 && len(s) == 3
		}, 16, []string{"0.5", "2.0"}},
		"oneof(a, b, c)": {func(s string) bool { return len(s) == 1 && strings.Contains("abc", s) }, 3, []string{"a", "c"}},
		"text(12)": {func(s string) bool {
			return len(strings.Fields(s)) == 12 && strings.HasSuffix(s, ".") && s[0] >= 'A' && s[0] <= 'Z'
		}, 4990, nil},
		"text(1)":         {func(s string) bool { return len(strings.Fields(s)) == 1 }, 40, nil},
		"phrase":          {func(s string) bool { return len(s) > 20 && len(s) < 120 && strings.HasSuffix(s, ".") }, 100, nil},
		"uuid":            {uuid.MatchString, 5000, nil},
		"const(as it is)": {func(s string) bool { return s == "as it is" }, 1, nil},
	} {
		t.Run(text, func(t *testing.T) {
			e, err := scenario.ParseExpr(text)
			if err != nil {
				t.Fatal(err)
			}
			r, again, seen := random(7), random(7), map[string]bool{}
			for range 5000 {
				v := e.Draw(r)
				if !check.holds(v) {
					t.Fatalf("drew %q", v)
				}
				if w := e.Draw(again); w != v {
					t.Fatalf("the same seed draws %q and %q", v, w)
				}
				seen[v] = true
			}
			if len(seen) < check.distinct {
				t.Errorf("%d different values, want at least %d", len(seen), check.distinct)
			}
			for _, end := range check.ends {
				if !seen[end] {
					t.Errorf("never drew %q", end)
				}
			}
		})
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600))
	now := scenario.Expr{Kind: "now"}
	if got := now.DrawAt(random(1), at); got != "2026-03-04T04:06:07Z" {
		t.Error(got)
	}
	if drawn, err := time.Parse(time.RFC3339, now.Draw(random(1))); err != nil || time.Since(drawn) > time.Minute {
		t.Error(drawn, err)
	}
}

// TestDistDraw compares samples with the closed form: mean, and the percentiles that define it.
func TestDistDraw(t *testing.T) {
	const n = 40_000
	for text, want := range map[string]struct {
		mean, p50, p95 time.Duration
	}{
		"3s":                {3 * time.Second, 3 * time.Second, 3 * time.Second},
		"uniform(3s, 8s)":   {5500 * time.Millisecond, 5500 * time.Millisecond, 7750 * time.Millisecond},
		"exponential(5s)":   {5 * time.Second, 3466 * time.Millisecond, 14979 * time.Millisecond}, // ln 2, ln 20 times the mean
		"lognormal(4s, 9s)": {4518 * time.Millisecond, 4 * time.Second, 9 * time.Second},          // median·exp(σ²/2), σ = ln(9/4)/z₉₅
	} {
		d, err := scenario.ParseDist(text)
		if err != nil {
			t.Fatal(err)
		}
		r, all, sum := random(11), make([]time.Duration, n), time.Duration(0)
		for i := range all {
			all[i] = d.Draw(r)
			sum += all[i]
			if all[i] < 0 {
				t.Fatalf("%s drew %s", text, all[i])
			}
		}
		slices.Sort(all)
		for what, pair := range map[string][2]time.Duration{
			"mean": {sum / n, want.mean}, "median": {all[n/2], want.p50}, "p95": {all[n*95/100], want.p95}, "Mean": {d.Mean(), want.mean},
		} {
			if off := math.Abs(float64(pair[0])/float64(pair[1]) - 1); off > 0.03 {
				t.Errorf("%s: %s is %s, want %s", text, what, pair[0], pair[1])
			}
		}
	}
	wild, err := scenario.ParseDist("lognormal(1ns, 24h)")
	if err != nil {
		t.Fatal(err)
	}
	r := random(3)
	for range 10_000 {
		if v := wild.Draw(r); v < 0 || v > 24*time.Hour {
			t.Fatalf("drew %s", v)
		}
	}
}

// FuzzExpr: no text panics, errors stand inside it, and what is read prints as itself and can be drawn.
func FuzzExpr(f *testing.F) {
	for _, s := range []string{"int(60, 99)", `oneof(a, "b, c", "\"")`, "text(3)", "const(x)", "float(-0.5, 1.5)", "uniform(3s, 8s)", "lognormal(4s, 9s)", "exponential(1ns)", "1m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		inside := func(err error) {
			var s *scenario.SyntaxError
			if !errors.As(err, &s) || s.Offset < 0 || s.Offset > len(text) {
				t.Fatalf("%q: %v", text, err)
			}
		}
		if e, err := scenario.ParseExpr(text); err != nil {
			inside(err)
		} else if again, err := scenario.ParseExpr(e.String()); err != nil || !cmp.Equal(e, again) {
			t.Fatalf("%q is %+v, prints as %q, is read as %+v, %v", text, e, e, again, err)
		} else if again := e.Draw(random(5)); e.Kind != "now" && e.Draw(random(5)) != again {
			t.Fatalf("%q is not deterministic", text)
		}
		if d, err := scenario.ParseDist(text); err != nil {
			inside(err)
		} else if again, err := scenario.ParseDist(d.String()); err != nil || d != again {
			t.Fatalf("%q is %+v, prints as %q, is read as %+v, %v", text, d, d, again, err)
		} else if v := d.Draw(random(5)); v < 0 || v > 24*time.Hour {
			t.Fatalf("%q drew %s", text, v)
		}
		if err := scenario.CheckEndpoint(text); err != nil {
			inside(err)
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	for _, text := range []string{"int(60, 99)", "phrase", "text(40)", "uuid"} {
		b.Run(text, func(b *testing.B) {
			e, err := scenario.ParseExpr(text)
			if err != nil {
				b.Fatal(err)
			}
			r := random(1)
			b.ReportAllocs()
			for b.Loop() {
				e.Draw(r)
			}
		})
	}
}
