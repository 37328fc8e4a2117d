package queries_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firedrill/internal/analysis/queries"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// tally of counts; −1 is unknown. Each took a millisecond per query, where known.
func tally(counts ...int32) *queries.Tally {
	var t queries.Tally
	for i, n := range counts {
		s := sample.Sample{Status: 200, End: time.Duration(i+1) * time.Second, Queries: n, QueryTime: -1}
		if n >= 0 {
			s.QueryTime = time.Duration(n) * time.Millisecond
		}
		t.Add(&s)
	}
	return &t
}

func TestRow(t *testing.T) {
	seven := 7
	for _, c := range []struct {
		why    string
		tally  *queries.Tally
		budget *int
		want   verdict.Queries
		ok     bool
	}{
		{"nothing was answered", tally(), &seven, verdict.Queries{TimeMS: -1, Budget: &seven, Status: verdict.Info}, false},
		{"unknown is never zero", tally(-1, -1), nil, verdict.Queries{Unknown: 2, TimeMS: -1, Status: verdict.Info}, true},
		{"a budget without data", tally(-1), &seven, verdict.Queries{Unknown: 1, TimeMS: -1, Budget: &seven, Status: verdict.NoData}, true},
		{"no query is a count", tally(0, 0), &seven, verdict.Queries{Known: 2, Budget: &seven, Source: "headers", Exactness: "exact", Status: verdict.Pass}, true},
		{"at the budget", tally(7, 1, -1), &seven, verdict.Queries{Known: 2, Unknown: 1, Median: 4, P95: 6.7, Max: 7, TimeMS: 4, Budget: &seven, Source: "headers", Exactness: "exact", Status: verdict.Pass}, true},
		{"one above it", tally(1, 8), &seven, verdict.Queries{Known: 2, Median: 4.5, P95: 7.65, Max: 8, TimeMS: 4.5, Budget: &seven, Source: "headers", Exactness: "exact", Status: verdict.Fail}, true},
	} {
		c.want.Endpoint = "GET /"
		got, ok := c.tally.Row("GET /", c.budget)
		if diff := cmp.Diff(c.want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" || ok != c.ok {
			t.Errorf("%s: %v\n%s", c.why, ok, diff)
		}
	}
}

func TestBroke(t *testing.T) {
	got := tally(3, 9, 8, 9, 2)
	if n, at := got.Broke(7); n != 3 || at != 2*time.Second {
		t.Errorf("%d over it, first at %s", n, at)
	}
	if n, at := got.Broke(9); n != 0 || at != -1 {
		t.Errorf("%d over it, first at %s", n, at)
	}
	if s := got.Spread(); s != "2 to 9" {
		t.Error(s)
	}
	if s := tally(4, 4).Spread(); s != "4 each" {
		t.Error(s)
	}
	if s := tally(-1).Spread(); s != "unknown" {
		t.Error(s)
	}
}

func TestGrows(t *testing.T) {
	for _, c := range []struct {
		why  string
		of   func(i int) sample.Sample
		want string
	}{
		{"with the size of the answer", func(i int) sample.Sample {
			return sample.Sample{Queries: int32(2 + i%7), BytesIn: int64(100 * (i % 7))}
		}, "2 to 8 queries, the more the larger the answer"},
		{"with time", func(i int) sample.Sample { return sample.Sample{Queries: int32(2 + i), BytesIn: int64(i % 3)} }, "2 to 41 queries, the more the later in the run"},
		{"by a few only", func(i int) sample.Sample { return sample.Sample{Queries: int32(1 + i%5), BytesIn: int64(i % 5)} }, ""},
		{"by a small part only", func(i int) sample.Sample { return sample.Sample{Queries: int32(30 + i%7), BytesIn: int64(i % 7)} }, ""},
		{"the smaller the answer", func(i int) sample.Sample { return sample.Sample{Queries: int32(20 - i%11), BytesIn: int64(i % 11)} }, ""},
		{"for no reason", func(i int) sample.Sample { return sample.Sample{Queries: int32(2 + i%7), BytesIn: int64(i * i % 5)} }, ""},
		{"because some failed", func(i int) sample.Sample {
			if i%2 == 0 {
				return sample.Sample{Queries: 1, Flags: sample.Failed}
			}
			return sample.Sample{Queries: 20, BytesIn: 900}
		}, ""},
	} {
		var tally queries.Tally
		for i := range 40 {
			s := c.of(i)
			s.End, s.QueryTime = time.Duration(i)*time.Second, -1
			tally.Add(&s)
		}
		if row, _ := tally.Row("GET /", nil); row.Grows != c.want {
			t.Errorf("%s: %q", c.why, row.Grows)
		}
	}
}
