package metric_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/scenario"
)

func TestParseThreshold(t *testing.T) {
	for _, c := range []struct {
		why, metric, expr string
		method, op        string
		percentile, limit float64
		selector, unit    string
	}{
		{"as in k6", "http_req_duration", "p(95)<500", "p", "<", 95, 500, "", "ms"},
		{"spaces around the comparison", "http_req_duration", "p(99.9) <= 1500.5", "p", "<=", 99.9, 1500.5, "", "ms"},
		{"=== is ==", "http_reqs", "count===10", "count", "==", 0, 10, "", ""},
		{"a counter's rate", "http_reqs", "rate>1.5", "rate", ">", 0, 1.5, "", "/s"},
		{"a rate", "http_req_failed", "rate<0.01", "rate", "<", 0, 0.01, "", ""},
		{"a gauge", "vus_max", "value>=20", "value", ">=", 0, 20, "", ""},
		{"the median", "db_queries", "med!=7", "med", "!=", 0, 7, "", ""},
		{"bytes", "data_received", "rate<1000", "rate", "<", 0, 1000, "", "B/s"},
		{"an endpoint has spaces, slashes and braces", "http_req_duration{endpoint:GET /api/v1/courses/{id}}", "max<1", "max", "<", 0, 1, "{endpoint:GET /api/v1/courses/{id}}", "ms"},
		{"a phase has a colon, and a comma may stand in a value", "http_req_duration{phase:step 2: 100 users, warm, endpoint:GET /a,b}", "avg<1", "avg", "<", 0, 1, "{phase:step 2: 100 users, warm,endpoint:GET /a,b}", "ms"},
		{"quoted where it would be ambiguous", `http_req_duration{phase:"a, endpoint:b" , status:5xx}`, "min>0", "min", ">", 0, 0, `{phase:"a, endpoint:b",status:5xx}`, "ms"},
		{"several of k6's form", "http_reqs{status:none,persona:teacher}", "count<1", "count", "<", 0, 1, "{status:none,persona:teacher}", ""},
		{"a window", "http_req_duration", "p(95)<500  over  1m30s", "p", "<", 95, 500, "", "ms"},
		{"a window of what is counted per user", "generations_per_user", "value>=1 over 1h", "value", ">=", 0, 1, "", ""},
	} {
		got, err := metric.ParseThreshold(c.metric, c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if strings.Contains(c.expr, "over") != (got.Window > 0) {
			t.Errorf("%s: a window of %s", c.why, got.Window)
		}
		if got.Method != c.method || got.Op != c.op || got.Percentile != c.percentile || got.Limit != c.limit || got.Selector.String() != c.selector || got.Unit() != c.unit {
			t.Errorf("%s: got %+v, selector %s, unit %q", c.why, got, got.Selector, got.Unit())
		}
	}
}

func TestThresholdErrors(t *testing.T) {
	for _, c := range []struct {
		why, metric, expr string
		offset            int
		says, hint        string
	}{
		{"a misspelt metric", "http_req_duraton", "p(95)<500", 0, "no metric", `did you mean "http_req_duration"?`},
		{"a misspelt method", "http_req_duration", "agv<500", 0, `no method "agv"`, `did you mean "avg"?`},
		{"a method of another type", "http_req_failed", "p(95)<0.1", 0, `no method "p"`, "is a rate: it has rate"},
		{"k6 has no count of trends", "http_req_duration", "count>5", 0, `no method "count"`, "avg, min, max, med, p(N)"},
		{"no comparison", "http_req_duration", "p(95)", 5, "a comparison should stand here", "p(95)<500"},
		{"an unknown comparison", "http_req_duration", "p(95)=<500", 5, `no comparison "=<"`, "<="},
		{"no number", "http_req_duration", "p(95)<", 6, "a number should stand here", "500"},
		{"a unit", "http_req_duration", "p(95)<500ms", 9, `"ms" should not stand here`, "milliseconds"},
		{"a percentage", "http_req_failed", "rate<1%", 6, `"%" should not stand here`, "from 0 to 1"},
		{"a percentage without the sign", "http_req_failed", "rate<5", 5, "never above 1", "0.05"},
		{"a percentile above 100", "http_req_duration", "p(101)<5", 2, "from 0 to 100", "p(95)"},
		{"an open parenthesis", "http_req_duration", "p(95<5", 4, "not closed", "p(95)"},
		{"p without a number", "http_req_duration", "p<5", 1, "p needs a number", "p(95)"},
		{"med takes no number", "http_req_duration", "med(50)<5", 3, "takes no number", "med"},
		{"a tab is no space", "http_req_duration", "p(95)\t<5", 5, "a comparison should stand here", ""},
		{"half a fraction", "http_req_duration", "p(95)<5.", 8, "digits should stand behind the point", ""},
		{"nothing", "http_req_duration", "", 0, "a method should stand here", "p(95)<500"},
		{"an open selector", "http_reqs{status:200", "count>1", 20, "no closing brace", ""},
		{"an empty selector", "http_reqs{}", "count>1", 10, "a key and a colon", ""},
		{"a misspelt key", "http_reqs{endpont:GET /}", "count>1", 10, "unknown key", `did you mean "endpoint"?`},
		{"the second key is misspelt", "http_reqs{status:200,persna:x}", "count>1", 21, "unknown key", `did you mean "persona"?`},
		{"a key that iterations do not have", "iterations{endpoint:GET /}", "count>1", 11, "unknown key", "persona, phase"},
		{"no value", "http_reqs{status:}", "count>1", 17, "a value should stand here", ""},
		{"a status that is none", "http_reqs{status:6xx}", "count>1", 17, "a status is", "5xx"},
		{"hold is true or false", "http_reqs{hold:yes}", "count>1", 15, "true or false", ""},
		{"a window without a length", "http_req_duration", "p(95)<500 over", 14, "a space and the length", "over 30s"},
		{"a window of nothing", "http_req_duration", "p(95)<500 over ", 15, "the length of the window should stand here", "over 30s"},
		{"a window without a unit", "http_req_duration", "p(95)<500 over 30", 15, `"30" is no length`, "over 30s"},
		{"a window of half a second", "http_req_duration", "p(95)<500 over 500ms", 15, "from 1s to 1h", "over 30s"},
		{"a window of a fraction", "http_req_duration", "p(95)<500 over 1.5s", 16, `".5s" should not stand here`, "over 30s"},
		{"a window that is too long", "http_req_duration", "p(95)<500 over 1h1s", 15, "from 1s to 1h", "over 30s"},
		{"something behind the window", "http_req_duration", "p(95)<500 over 30s or so", 18, `" or so" should not stand here`, "over 30s"},
		{"no space before it", "http_req_duration", "p(95)<500over 30s", 9, `"over 30s" should not stand here`, ""},
		{"a gauge has none", "vus", "value<5 over 30s", 8, "no window", "leave it out"},
		{"a rate above 1 in a window", "http_req_failed", "rate<5 over 30s", 5, "never above 1", "0.05"},
		{"an open quotation", `http_reqs{phase:"a}`, "count>1", 16, "no end", ""},
	} {
		_, err := metric.ParseThreshold(c.metric, c.expr)
		var bad *metric.SyntaxError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if bad.Offset != c.offset || !strings.Contains(bad.Error(), c.says) || !strings.Contains(bad.Hint(), c.hint) || bad.ExitCode() != 2 {
			t.Errorf("%s: offset %d (want %d), %q, hint %q", c.why, bad.Offset, c.offset, bad, bad.Hint())
		}
	}
}

func TestParseAllNamesThePlace(t *testing.T) {
	got, err := metric.ParseAll("s.yaml", []scenario.Threshold{{Metric: "http_reqs", Expr: "count>1", MinSamples: 20, AbortOnFail: true, DelayAbortEval: 5, Line: 3, Column: 4}})
	if err != nil || got[0].MinSamples != 20 || !got[0].Abort || got[0].Delay != 5 {
		t.Fatalf("%+v, %v", got, err)
	}
	_, err = metric.ParseAll("s.yaml", []scenario.Threshold{{Metric: "http_reqs", Expr: "p(95)>1", Line: 3, Column: 4}})
	if err == nil || !strings.HasPrefix(err.Error(), "s.yaml:3:4: ") {
		t.Errorf("%v", err)
	}
}

// FuzzParse: no input panics, an error is a *SyntaxError inside the input, and
// what parses says itself again in a form that parses to the same.
func FuzzParse(f *testing.F) {
	f.Add("http_req_duration{endpoint:GET /a/{id},phase:\"x, status:1\"}", "p(95.5) <= 500")
	f.Add("http_reqs{status:5xx}", "count===0.5")
	f.Add("vus{", "value")
	f.Add("http_req_duration", "p(95)<1000 over 1m30s")
	f.Add("generations_per_user{phase:step 2}", "value>=1  over 3600s")
	f.Fuzz(func(t *testing.T, name, expr string) {
		got, err := metric.ParseThreshold(name, expr)
		var bad *metric.SyntaxError
		if err != nil {
			if !errors.As(err, &bad) || bad.Offset < 0 || bad.Offset > len(bad.Input) {
				t.Fatalf("%q, %q: %v", name, expr, err)
			}
			return
		}
		if w := got.Window; w < 0 || w > metric.Longest || w%time.Second != 0 {
			t.Fatalf("%q: a window of %s", expr, w)
		}
		again, err := metric.ParseThreshold(got.Metric.Name+got.Selector.String(), expr)
		if err != nil {
			t.Fatalf("%q became %q: %v", name, got.Selector.String(), err)
		}
		if again.Selector.String() != got.Selector.String() || again.Limit != got.Limit || again.Window != got.Window || again.Percentile != got.Percentile || len(again.Selector.Tags) != len(got.Selector.Tags) {
			t.Fatalf("%q became %+v", name, again)
		}
	})
}
