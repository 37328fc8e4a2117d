package progress_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/load/progress"
	"firedrill/internal/sample"
)

const s = time.Second

func request(end, took time.Duration, flags sample.Flags, status uint16) *sample.Sample {
	x := &sample.Sample{Intended: end - took, End: end, Flags: flags, Status: status}
	if status == 0 {
		x.Error = sample.Refused
	}
	return x
}

func TestView(t *testing.T) {
	var m progress.Meter
	for i := range 1000 { // ten a second for 100 s, 10 ms each, the last ten seconds 100 to 199 ms
		at := time.Duration(i)*100*time.Millisecond + 50*time.Millisecond
		took := 10 * time.Millisecond
		if i >= 900 {
			took = time.Duration(100+i-900) * time.Millisecond
		}
		flags := sample.Flags(0)
		status := uint16(200)
		if i%10 == 9 && i >= 900 {
			flags, status = sample.Failed, 503
		}
		m.Sample(request(at, took, flags, status))
	}
	m.Sample(request(99*s, s, sample.Failed, 0))
	m.Sample(request(99*s, s, sample.Interrupted, 0))
	m.Iteration(sample.Iteration{Outcome: sample.Completed})
	m.Iteration(sample.Iteration{Outcome: sample.Broken})
	m.Iteration(sample.Iteration{Outcome: sample.Starved})
	m.Iteration(sample.Iteration{Outcome: sample.Cut, Missed: 4})
	m.Drop(sample.Drop{Count: 3})
	m.Users(0, 1, 5)
	m.Users(s, 0, 2)
	m.Users(2*s, 1, 4)
	v := m.View(100*s, 200*s)
	if v.P50 < 149*time.Millisecond || v.P50 > 160*time.Millisecond || v.P95 < 194*time.Millisecond || v.P95 > 210*time.Millisecond {
		t.Errorf("p50 %v, p95 %v", v.P50, v.P95)
	}
	v.P50, v.P95 = 0, 0
	want := progress.View{At: 100 * s, Total: 200 * s, Users: 6, Rate: 10.1, FailRate: 11.0 / 101, Requests: 1001, Failed: 11, Iterations: 1, Broken: 2, Starved: 1, Dropped: 3, Missed: 4, Trouble: "status 503"}
	if d := cmp.Diff(want, v); d != "" {
		t.Error(d)
	}
	if v := m.View(500*s, 0); v.Rate != 0 || v.P95 != 0 || v.Requests != 1001 {
		t.Errorf("long after: %+v", v)
	}
	m.Sample(request(3*s, s, 0, 200)) // late news of an old second
	if v := m.View(100*s, 0); v.Requests != 1002 || v.Rate != 10.1 {
		t.Errorf("%+v", v)
	}
}

func TestQuantilesAreClose(t *testing.T) {
	for _, d := range []time.Duration{0, 3 * time.Microsecond, 17 * time.Microsecond, time.Millisecond, 123 * time.Millisecond, 4 * s, 3 * time.Hour} {
		var m progress.Meter
		m.Sample(request(500*time.Millisecond, d, 0, 200))
		if got := m.View(s, 0).P50; got < d || float64(got) > 1.07*float64(d) {
			t.Errorf("%v is shown as %v", d, got)
		}
	}
}

func TestLine(t *testing.T) {
	for _, tt := range []struct {
		name string
		view progress.View
		want string
	}{
		{"nothing yet", progress.View{At: 5 * s, Total: 2 * time.Minute, Users: 1}, "0:05 of 2:00 · 1 user · 0 failed of 0 · 0 iterations"},
		{"usual", progress.View{At: 35 * s, Total: 2 * time.Minute, Users: 20, Rate: 31.24, P50: 12400 * time.Microsecond, P95: 1254 * time.Millisecond, Requests: 1093, Iterations: 1},
			"0:35 of 2:00 · 20 users · 31.2 req/s · p50 12 ms · p95 1.25 s · 0 failed of 1,093 · 1 iteration"},
		{"trouble", progress.View{At: 2*time.Hour + 61*s, Total: time.Hour, Users: 1500, Rate: 12345.6, P50: 900 * time.Microsecond, P95: 1200 * time.Microsecond, Requests: 1234567, Failed: 1200, Iterations: 2, Broken: 12, Starved: 3, Dropped: 5, Missed: 1, Trouble: "status 429", Thresholds: []string{"errors rate<0.01 broken"}},
			"2:01:01, winding down · 1,500 users · 12,346 req/s · p50 900 µs · p95 1.2 ms · 1,200 failed of 1,234,567 · 2 iterations · 12 broken off (3 starved) · 5 starts dropped · 1 paced start missed · mostly status 429 · errors rate<0.01 broken"},
		{"no length", progress.View{At: 61 * s}, "1:01 · 0 users · 0 failed of 0 · 0 iterations"},
	} {
		if d := cmp.Diff(tt.want, progress.Line(tt.view)); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

func TestLines(t *testing.T) {
	v := progress.View{At: 30 * s, Total: 2 * time.Minute, Users: 20, Rate: 31, P50: 12 * time.Millisecond, P95: 48 * time.Millisecond, Requests: 1093, Failed: 4, FailRate: 0.013, Iterations: 11, Trouble: "status 503", Thresholds: []string{"p(95)<1000 ok"}}
	want := []string{
		"0:30 of 2:00  [======                  ]  20 users",
		"  last seconds  31.0 req/s   p50 12 ms   p95 48 ms   1.3 % failed",
		"  so far        1,093 requests   4 failed   11 iterations",
		"  mostly        status 503",
		"  p(95)<1000 ok",
	}
	if d := cmp.Diff(want, progress.Lines(v, 80)); d != "" {
		t.Error(d)
	}
	for _, width := range []int{1, 2, 20, 40} {
		for _, l := range progress.Lines(v, width) {
			if utf8.RuneCountInString(l) > width {
				t.Errorf("%q is wider than %d", l, width)
			}
		}
	}
}

func TestPaintPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m progress.Meter
		var out bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 26*s)
		defer cancel()
		if err := progress.Paint(ctx, &out, &m, progress.Options{Start: time.Now(), Total: time.Minute, Thresholds: func() []string { return []string{"fine"} }}); err != nil {
			t.Fatal(err)
		}
		want := "0:05 of 1:00 · 0 users · 0 failed of 0 · 0 iterations · fine\n"
		want += strings.Replace(want, "0:05", "0:15", 1) + strings.Replace(want, "0:05", "0:25", 1)
		if d := cmp.Diff(want, out.String()); d != "" {
			t.Error(d)
		}
	})
}

func TestPaintTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m progress.Meter
		var out bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 1200*time.Millisecond)
		defer cancel()
		if err := progress.Paint(ctx, &out, &m, progress.Options{Start: time.Now(), Total: time.Minute, Terminal: true, Width: func() int { return 30 }}); err != nil {
			t.Fatal(err)
		}
		up := "\x1b[3A\r\x1b[J"
		if n := strings.Count(out.String(), up); n != 3 || !strings.HasSuffix(out.String(), up) {
			t.Errorf("redrawn at 0, 0.5 and 1 s and removed at the end: %q", out.String())
		}
		if n := strings.Count(out.String(), "\n"); n != 9 {
			t.Errorf("%d lines: %q", n, out.String())
		}
	})
}

type broken struct{ after int }

func (b *broken) Write(p []byte) (int, error) {
	if b.after--; b.after < 0 {
		return 0, errors.New("gone")
	}
	time.Sleep(7 * s) // a slow terminal
	return len(p), nil
}

// A slow terminal misses pictures, and a broken one ends the painting only.
func TestPaintCoalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m progress.Meter
		start := time.Now()
		err := progress.Paint(t.Context(), &broken{after: 3}, &m, progress.Options{Start: start, Terminal: true})
		if err == nil || time.Since(start) != 22500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// Of many thresholds the broken ones are shown, and how many there are.
func TestManyThresholds(t *testing.T) {
	fine, broken := "✓ a p(95)<1: 0.5ms", "✗ b p(95)<1: 2ms"
	many := func(lines ...string) string {
		v := progress.View{At: 30 * s, Total: time.Minute, Users: 2, Thresholds: append(lines, fine, fine, fine, fine)}
		line := progress.Line(v)
		if n := len(progress.Lines(v, 200)); n > 8 {
			t.Errorf("%d lines on a terminal", n)
		}
		return line[strings.LastIndex(line, "· ")+len("· "):]
	}
	if got := many(fine); got != "5 thresholds, none broken so far" {
		t.Error(got)
	}
	if got := many(broken); got != "1 of 5 thresholds broken so far" {
		t.Error(got)
	}
	if got := progress.Line(progress.View{Thresholds: []string{broken, broken, broken, broken, broken, broken}}); strings.Count(got, broken) != 4 || !strings.HasSuffix(got, "6 of 6 thresholds broken so far") {
		t.Error(got)
	}
}
