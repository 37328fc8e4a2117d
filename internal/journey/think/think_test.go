package think_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedrill/internal/journey/think"
)

func at(s float64) time.Time { return time.Unix(0, 0).Add(time.Duration(s * float64(time.Second))) }

func TestAwaited(t *testing.T) {
	for _, c := range []struct {
		spans []think.Span
		want  []int
		why   string
	}{
		{[]think.Span{{at(0), at(1)}, {at(2), at(3)}, {at(5), at(6)}}, []int{-1, 0, 1}, "one after the other"},
		{[]think.Span{{at(0), at(1)}, {at(2), at(4)}, {at(2.1), at(3)}, {at(5), at(6)}}, []int{-1, 0, 0, 1}, "two at once; the one that ended last was waited for"},
		{[]think.Span{{at(0), at(9)}, {at(1), at(2)}, {at(3), at(4)}}, []int{-1, -1, 1}, "a long one that nobody waits for"},
		{[]think.Span{{at(0), at(1)}, {at(1), at(2)}}, []int{-1, 0}, "at the very end"},
		{nil, []int{}, ""},
	} {
		if got := think.Awaited(c.spans); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.why, got, c.want)
		}
	}
}

// Against the definition: of the spans that ended by then the one that ended last.
func TestAwaitedIsWhatEndedLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var spans []think.Span
		start := 0.0
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			start += float64(rapid.IntRange(0, 5).Draw(t, "gap"))
			spans = append(spans, think.Span{Start: at(start), End: at(start + float64(rapid.IntRange(1, 12).Draw(t, "took")))})
		}
		for i, got := range think.Awaited(spans) {
			latest := time.Time{}
			for _, s := range spans[:i] {
				if !s.End.After(spans[i].Start) && s.End.After(latest) {
					latest = s.End
				}
			}
			switch {
			case got < 0 && !latest.IsZero():
				t.Fatalf("%d waits for nothing, but something ended at %v", i, latest)
			case got >= 0 && (got >= i || !spans[got].End.Equal(latest)):
				t.Fatalf("%d waits for %d, which ended at %v, not %v", i, got, spans[got].End, latest)
			}
		}
	})
}

func TestOf(t *testing.T) {
	s := time.Second
	for _, c := range []struct {
		times []time.Duration
		limit time.Duration
		want  string
	}{
		{nil, 0, "{[] 0 0}"},
		{[]time.Duration{3 * s}, 0, "{[3s] 1 0}"},
		{[]time.Duration{3 * s, s, 2 * s}, 0, "{[1s 2s 3s] 3 0}"},
		{[]time.Duration{-s, s}, 0, "{[0s 1s] 2 0}"},
		{[]time.Duration{s, time.Hour}, time.Minute, "{[1s] 1 1}"},
		{[]time.Duration{s, s, s}, 0, "{[1s] 3 0}"},
	} {
		if got := fmt.Sprint(think.Of(c.times, c.limit)); got != c.want {
			t.Errorf("%v: %s, not %s", c.times, got, c.want)
		}
	}
	var many []time.Duration
	for i := range 101 {
		many = append(many, time.Duration(i)*s)
	}
	got := think.Of(many, 0)
	if len(got.Quantiles) != think.MaxQuantiles || got.Quantiles[0] != 0 || got.Quantiles[1] != 5*s || got.Quantiles[20] != 100*s || got.N != 101 {
		t.Errorf("%v", got)
	}
}

func TestQuantilesAscend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var times []time.Duration
		for range rapid.IntRange(1, 200).Draw(t, "n") {
			times = append(times, time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "d")))
		}
		q := think.Of(times, 0)
		if !slices.IsSorted(q.Quantiles) || len(q.Quantiles) > think.MaxQuantiles || q.Quantiles[0] != slices.Min(times) || q.Quantiles[len(q.Quantiles)-1] != slices.Max(times) {
			t.Fatalf("%v of %v", q, times)
		}
	})
}

func ExampleOf() {
	fmt.Println(think.Of([]time.Duration{4 * time.Second, 2 * time.Second}, time.Minute).Quantiles)
	// Output: [2s 4s]
}
