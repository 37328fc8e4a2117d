package load

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A quantile of lateness is at most an eighth too high, never too low.
func TestLateness(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var l lateness
	var all []time.Duration
	for range 10_000 {
		d := time.Duration(r.ExpFloat64() * float64(5*time.Millisecond)).Truncate(time.Microsecond)
		l.add(d)
		all = append(all, d)
	}
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99} {
		exact := all[int(q*float64(len(all)))-1]
		if got := l.quantile(q); got < exact || float64(got) > 1.13*float64(exact)+2000 {
			t.Errorf("quantile %v: %v, exactly %v", q, got, exact)
		}
	}
	if got := l.quantile(1); got != all[len(all)-1] {
		t.Errorf("the greatest is %v, not %v", got, all[len(all)-1])
	}
	for _, d := range []time.Duration{0, time.Microsecond, 7 * time.Microsecond, 8 * time.Microsecond, 9 * time.Microsecond, time.Second, 100 * time.Hour} {
		i := bucket(d)
		if b := bound(i); i < 8*40-1 && (b < d || i > 0 && bound(i-1) >= d) {
			t.Errorf("%v is in bucket %d up to %v, before it up to %v", d, i, b, bound(i-1))
		}
	}
}

func TestOverloaded(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name string
		self Self
		want string
	}{
		{"fine", Self{Planned: 1e6, LateP99: 3 * ms, LateMax: time.Second, GCPauseMax: ms, SchedP99: ms, CPU: 0.3, CPUPeak: 0.99, MachinePeak: 1, Sockets: 90, SocketLimit: 100, ClockStep: ms}, ""},
		{"late", Self{Planned: 1000, LateP95: 80 * ms, LateP99: 90 * ms}, "1 in 20 requests began more than 80ms late: this machine could not keep up"},
		{"late in the tail", Self{Planned: 1000, LateP99: 300 * ms}, "1 in 100 requests began more than 300ms late"},
		{"a few were late", Self{Planned: 1000, LateP95: 9 * ms, LateP99: 80 * ms}, ""},
		{"late as was allowed", Self{Planned: 1000, LateP95: 80 * ms, LateP99: 90 * ms, Limit: time.Second}, ""},
		{"too few to say", Self{Planned: 10, LateP95: 80 * ms}, ""},
		{"stood still", Self{GCPauseMax: 200 * ms}, "stood still for 200ms"},
		{"late by its own work", Self{Planned: 1000, LateP95: 80 * ms, CPUPeak: 0.96, MachinePeak: 1, Processors: 2}, "late: the generator used 96 % of all 2 CPUs"},
		{"late by the work of others", Self{Planned: 1000, LateP95: 80 * ms, CPUPeak: 0.2, MachinePeak: 0.99}, "late: this machine could not keep up: its CPUs were 99 % busy, 20 % with the generator"},
		{"busy, and late in the tail", Self{Planned: 1000, LateP99: 60 * ms, CPUPeak: 0.96, Processors: 1}, "the generator used 96 % of its CPU, and 1 in 100 requests began more than 60ms late"},
		{"busy and on time", Self{Planned: 1000, LateP99: 20 * ms, CPUPeak: 1, Processors: 2}, ""},
		{"goroutines waited", Self{Planned: 1000, SchedP99: 70 * ms}, "its goroutines waited more than 70ms for a processor"},
		{"no descriptor left", Self{Sockets: 1010, SocketLimit: 1020}, "1010 connections were open, and no more than 1020 may be: raise the limit (ulimit -n)"},
		{"the clock was set", Self{ClockStep: 2 * time.Second}, "the wall clock stepped by 2s"},
		{"the clock is kept right", Self{ClockStep: 90 * ms}, ""},
	} {
		if got := tt.self.Overloaded(); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestReasonsAreBounded(t *testing.T) {
	r := &run{reasons: map[string]uint16{"": 0}, texts: []string{""}}
	for i := range 2 * maxReasons {
		text := strings.Repeat("x", i%1500+1)
		if n := r.reason(text); r.texts[n] != text && r.texts[n] != "other reasons" {
			t.Fatalf("reason %d is %q", n, r.texts[n])
		}
	}
	if len(r.texts) != maxReasons+1 || r.reason("x") != 1 {
		t.Errorf("%d texts", len(r.texts))
	}
}
