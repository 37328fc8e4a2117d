package load

import (
	"math"
	"os"
	"runtime"
	"testing"
	"time"
)

func TestVitals(t *testing.T) {
	cpus := time.Duration(runtime.GOMAXPROCS(0))
	var v vitals
	r := reading{wall: time.Hour, own: time.Minute, busy: 1000, total: 5000, files: 10, limit: 110}
	v.look(r)
	for i := range 30 { // a second each: idle, but for ten busy seconds in the middle
		r.mono += time.Second
		r.wall += time.Second
		r.total += 200
		if i >= 10 && i < 20 {
			r.own += cpus * 950 * time.Millisecond
			r.busy += 198
		}
		r.files = 10 + 3*min(i, 20)
		switch i {
		case 5:
			r.wall += 300 * time.Millisecond // set forward
		case 25:
			r.wall -= 700 * time.Millisecond // set back
		}
		v.look(r)
	}
	var s Self
	v.into(&s)
	for name, pair := range map[string][2]float64{
		"own": {0.95 / 3, s.CPU}, "machine": {0.99 / 3, s.MachineCPU}, "worst ten seconds": {0.95, s.CPUPeak}, "of the machine": {0.99, s.MachinePeak},
		"sockets": {60, float64(s.Sockets)}, "limit": {100, float64(s.SocketLimit)}, "step": {float64(700 * time.Millisecond), float64(s.ClockStep)},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-6 {
			t.Errorf("%s: %v, want %v", name, pair[1], pair[0])
		}
	}
}

// A run of a few seconds has its mean as its peak, and what the machine does not
// say stays unknown.
func TestVitalsOfLittle(t *testing.T) {
	var v vitals
	v.look(reading{})
	v.look(reading{mono: time.Second, wall: time.Second, own: time.Duration(runtime.GOMAXPROCS(0)) * 250 * time.Millisecond})
	var s Self
	v.into(&s)
	if s != (Self{CPU: 0.25, CPUPeak: 0.25}) {
		t.Errorf("%+v", s)
	}
	v = vitals{}
	v.look(reading{})
	s = Self{}
	if v.into(&s); s != (Self{}) {
		t.Errorf("%+v", s)
	}
}

// The machine's own words: this process uses processor time, and its open files are counted.
func TestReading(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says all of it")
	}
	start := time.Now()
	a := read(start)
	var files []*os.File
	for range 20 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	b := read(start)
	for _, f := range files {
		_ = f.Close()
	}
	if d := b.files - a.files; d != 20 {
		t.Errorf("20 files are counted as %d", d)
	}
	if a.own <= 0 || b.own < a.own || b.mono < a.mono || a.total == 0 || a.busy > a.total || b.total < a.total || a.limit < a.files {
		t.Errorf("%+v, then %+v", a, b)
	}
}

func TestHeadroom(t *testing.T) {
	for _, tt := range []struct {
		users, open, limit int
		want               string
	}{
		{100, 10, 210, ""}, {100, 10, 0, ""},
		{101, 10, 210, "101 users may open more than 202 connections, and this process may open 200: raise the limit (ulimit -n 424)"},
		{5, 30, 20, "5 users may open more than 10 connections, and this process may open 0: raise the limit (ulimit -n 80)"},
	} {
		if got := headroom(tt.users, tt.open, tt.limit); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}
