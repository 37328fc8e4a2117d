package fault_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/examples/school/fault"
)

func TestParse(t *testing.T) {
	slow := func(s string) (any, error) { n, d, err := fault.ParseSlow(s); return [2]any{n, d}, err }
	rate := func(s string) (any, error) { n, r, err := fault.ParseRate(s); return [2]any{n, r}, err }
	stall := func(s string) (any, error) { a, b, err := fault.ParseStall(s); return [2]any{a, b}, err }
	gap := func(s string) (any, error) { d, n, err := fault.ParseGap(s); return [2]any{d, n}, err }
	share := func(s string) (any, error) { return fault.ParseShare(s) }
	for _, c := range []struct {
		parse func(string) (any, error)
		in    string
		want  any // nil: refused
	}{
		{slow, "grade=400ms", [2]any{"grade", 400 * time.Millisecond}},
		{slow, "grade", nil},
		{slow, "=1s", nil},
		{slow, "grade=fast", nil},
		{rate, "grade=5%", [2]any{"grade", 0.05}},
		{rate, "grade=0.25", [2]any{"grade", 0.25}},
		{rate, "grade=", nil},
		{rate, "5%", nil},
		{stall, "20s:2s", [2]any{20 * time.Second, 2 * time.Second}},
		{stall, "20s", nil},
		{stall, "0s:0s", nil},
		{stall, "20s:x", nil},
		{gap, "6s:5", [2]any{6 * time.Second, 5}},
		{gap, "6s", nil},
		{gap, "6s:0", nil},
		{gap, "0s:5", nil},
		{gap, "soon:5", nil},
		{share, "5%", 0.05},
		{share, "0.05", 0.05},
		{share, "some", nil},
	} {
		got, err := c.parse(c.in)
		if c.want == nil {
			if !errors.Is(err, fault.ErrInvalid) {
				t.Errorf("%q gives %v, %v", c.in, got, err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%q: %v %s", c.in, err, diff)
		}
	}
}

func TestCheck(t *testing.T) {
	routes, naive := []string{"grade", "gradebook", "me"}, []string{"gradebook"}
	good := fault.Config{
		NPlusOne: []string{"gradebook"}, Slow: map[string]time.Duration{"grade": time.Second}, ErrorRate: map[string]float64{"me": 1},
		StallEvery: 20 * time.Second, StallFor: 2 * time.Second, Capacity: 4, GapFor: time.Second, GapEvery: 22, Cut: 0.1,
	}
	if err := good.Check(routes, naive); err != nil {
		t.Error(err)
	}
	if n := len(good.List()); n != 7 {
		t.Errorf("%d lines about seven faults: %q", n, good.List())
	}
	var unknown *fault.UnknownRouteError
	for _, c := range []struct {
		why  string
		bad  fault.Config
		hint string // of an unknown route
	}{
		{"a route that cannot be naive", fault.Config{NPlusOne: []string{"grade"}}, "routes are gradebook"},
		{"a route that there is not", fault.Config{Slow: map[string]time.Duration{"grades": 1}}, "routes are grade, gradebook, me"},
		{"another", fault.Config{ErrorRate: map[string]float64{"x": 0}}, "routes are grade, gradebook, me"},
		{"backwards", fault.Config{Slow: map[string]time.Duration{"me": -1}}, ""},
		{"more than all", fault.Config{ErrorRate: map[string]float64{"me": 1.01}}, ""},
		{"no number", fault.Config{ErrorRate: map[string]float64{"me": math.NaN()}}, ""},
		{"a stall that never ends", fault.Config{StallEvery: time.Second, StallFor: time.Second}, ""},
		{"a stall that never begins", fault.Config{StallFor: time.Second}, ""},
		{"a pause of no length", fault.Config{GapEvery: 5}, ""},
		{"a pause in no stream", fault.Config{GapFor: time.Second}, ""},
		{"more than all break off", fault.Config{Cut: 1.5}, ""},
		{"no number of them", fault.Config{Cut: math.NaN()}, ""},
		{"fewer than nobody", fault.Config{Capacity: -1}, ""},
	} {
		err := c.bad.Check(routes, naive)
		switch {
		case c.hint == "" && !errors.Is(err, fault.ErrInvalid):
			t.Errorf("%s: %v", c.why, err)
		case c.hint != "" && (!errors.As(err, &unknown) || unknown.Hint() != c.hint):
			t.Errorf("%s: %v", c.why, err)
		}
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fault.New(fault.Config{Slow: map[string]time.Duration{"grade": 400 * time.Millisecond}, StallEvery: 20 * time.Second, StallFor: 2 * time.Second})
		start := time.Now()
		for _, c := range []struct {
			at, want time.Duration
			route    string
		}{
			{0, 0, "me"}, // no stall at the start
			{time.Second, 400 * time.Millisecond, "grade"},
			{19 * time.Second, 0, "me"},
			{20 * time.Second, 2 * time.Second, "me"},
			{22*time.Second + 1, 0, "me"},
			{41500 * time.Millisecond, 500*time.Millisecond + 400*time.Millisecond, "grade"},
			{60 * time.Second, 2 * time.Second, "me"},
		} {
			time.Sleep(c.at - time.Since(start))
			began := time.Now()
			if err := f.Delay(t.Context(), c.route); err != nil {
				t.Error(err)
			}
			if got := time.Since(began); got != c.want {
				t.Errorf("%s at %v waits %v, want %v", c.route, c.at, got, c.want)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := f.Delay(ctx, "grade"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a wait outlived its request: %v", err)
		}
	})
}

func TestCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fault.New(fault.Config{Capacity: 3})
		var inside, most atomic.Int32
		start := time.Now()
		for range 9 {
			go func() {
				leave, err := f.Enter(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				defer leave()
				most.Store(max(most.Load(), inside.Add(1)))
				time.Sleep(time.Second)
				inside.Add(-1)
			}()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := f.Enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a fourth went in: %v", err)
		}
		time.Sleep(10 * time.Second)
		if most.Load() != 3 || inside.Load() != 0 {
			t.Errorf("%d at once after %v", most.Load(), time.Since(start))
		}
		leave, err := fault.New(fault.Config{}).Enter(ctx)
		if err != nil {
			t.Error("a healthy school has room for everybody")
		}
		leave()
	})
}

func TestFails(t *testing.T) {
	count := func(seed uint64) (n int) {
		f := fault.New(fault.Config{ErrorRate: map[string]float64{"grade": 0.05}, Seed: seed})
		for range 10000 {
			if f.Fails("grade") {
				n++
			}
			if f.Fails("me") {
				t.Fatal("me has no error rate")
			}
		}
		return n
	}
	n := count(1)
	if n < 400 || n > 600 { // 500 ± 4.6 σ
		t.Errorf("%d of 10000 failed at 5 %%", n)
	}
	if again := count(1); again != n {
		t.Errorf("one seed, %d and %d failures", n, again)
	}
}

func TestNaive(t *testing.T) {
	f := fault.New(fault.Config{NPlusOne: []string{"gradebook"}})
	if !f.Naive("gradebook") || f.Naive("courses") {
		t.Error("naive is what was asked for, and nothing else")
	}
}

func TestGapAndCut(t *testing.T) {
	f := fault.New(fault.Config{GapFor: time.Second, GapEvery: 3, Cut: 0.5, Seed: 1})
	for n, want := range map[uint64]time.Duration{1: 0, 2: 0, 3: time.Second, 4: 0, 6: time.Second} {
		if got := f.Gap(n); got != want {
			t.Errorf("stream %d pauses %v, want %v", n, got, want)
		}
	}
	cut := 0
	for range 1000 {
		if f.Cuts() {
			cut++
		}
	}
	if cut < 430 || cut > 570 { // 500 ± 4.4 σ
		t.Errorf("%d of 1000 break off at 50 %%", cut)
	}
	if healthy := fault.New(fault.Config{}); healthy.Gap(1) != 0 || healthy.Cuts() {
		t.Error("without a fault something goes wrong")
	}
	for n, want := range map[int]string{1: "every 1st", 2: "every 2nd", 3: "every 3rd", 11: "every 11th", 22: "every 22nd", 5: "every 5th"} {
		if got := (fault.Config{GapFor: time.Second, GapEvery: n}).List()[0]; !strings.HasPrefix(got, want+" stream pauses for 1s") {
			t.Errorf("%d: %q", n, got)
		}
	}
}
