package vuser_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"firedrill/internal/load/vuser"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// A step that was recorded beside another is sent beside it, one that follows
// inside the burst waits for what it follows.
func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		steps := []plan.Step{step("s0", "/page", -1), step("s1", "/a", 0), step("s2", "/b", 0), step("s3", "/c", 1), step("s4", "/next", 3)}
		for i := 1; i <= 3; i++ {
			steps[i].Parallel = i > 1
			steps[i].Think = plan.Think{Quantiles: []time.Duration{time.Duration(i) * 10 * time.Millisecond}}
		}
		a.user(t, journey(plan.Journey{Steps: steps}), nil).Iterate(t.Context(), time.Time{})
		start := map[uint16]time.Duration{}
		for _, x := range a.samples {
			start[x.Step] = x.Start
			check(t, "on time", x.Intended, x.Start)
		}
		ms := time.Millisecond
		check(t, "starts", map[uint16]time.Duration{0: 0, 1: 110 * ms, 2: 120 * ms, 3: 240 * ms, 4: 340 * ms}, start)
		check(t, "at once", map[string]int{"GET /page": 1, "GET /a": 1, "GET /b": 2, "GET /c": 1, "GET /next": 1}, a.at)
	})
}

// A slow answer that nobody waited for holds up nobody, but the step that needs
// what it gives, and the next turn.
func TestOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.slow = map[string]time.Duration{"GET /slow": 5 * time.Second}
		a.answers["GET /slow"] = []string{`{"token":"T"}`}
		click := plan.Think{Quantiles: []time.Duration{time.Second}}
		steps := []plan.Step{
			step("s0", "/page", -1), step("s1", "/slow", 0), step("s2", "/quick", 0), step("s3", "/click", 2), step("s4", "/needs?t=x", 3, at("query.t", answer("s1", "json.token"))), step("s5", "/last", 3),
		}
		steps[3].Think, steps[4].Think, steps[5].Think = click, click, click
		p := journey(plan.Journey{Steps: steps, Loops: []plan.Loop{{First: 0, Last: 5, Times: []int{2}}}})
		var late atomic.Int64
		u := a.user(t, p, func(_ *scenario.Persona, r *vuser.Run) { r.Late = func(d time.Duration) { late.Add(int64(d)) } })
		it := u.Iterate(t.Context(), time.Time{})
		check(t, "outcome", sample.Completed, it.Outcome)
		starts := map[string]time.Duration{}
		for _, x := range a.samples {
			starts[fmt.Sprintf("turn %d step %d", x.Turn, x.Step)] = x.Start
			check(t, "nobody could have sent it earlier", x.Intended, x.Start)
		}
		ms := time.Millisecond
		check(t, "starts", map[string]time.Duration{
			"turn 0 step 0": 0, "turn 0 step 1": 100 * ms, "turn 0 step 2": 100 * ms, "turn 0 step 3": 1200 * ms,
			"turn 0 step 4": 5100 * ms, "turn 0 step 5": 2300 * ms,
			"turn 1 step 0": 5200 * ms, "turn 1 step 1": 5300 * ms, "turn 1 step 2": 5300 * ms, "turn 1 step 3": 6400 * ms,
			"turn 1 step 4": 10300 * ms, "turn 1 step 5": 7500 * ms,
		}, starts)
		check(t, "the generator was never late", 0, late.Load())
	})
}

// What goes wrong in a request that nobody waited for ends the iteration all the
// same, when everything has come to land, and always says the same thing.
func TestOverlapBreaks(t *testing.T) {
	for _, slow := range []time.Duration{time.Millisecond, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp()
			a.slow = map[string]time.Duration{"GET /first": slow}
			p := journey(plan.Journey{Steps: []plan.Step{
				step("s0", "/first", -1), step("s1", "/a?t=x", -1, at("query.t", answer("s0", "json.token"))), step("s2", "/b?t=x", -1, at("query.t", answer("s0", "json.second"))), step("s3", "/c", -1), step("s4", "/d?t=x", 3, at("query.t", answer("s3", "json.other"))),
			}})
			it := a.user(t, p, nil).Iterate(t.Context(), time.Time{})
			check(t, "outcome", sample.Broken, it.Outcome)
			check(t, "the first step that broke", "json.token is not there: step s0 (GET /first) did not give it", a.reasons[it.Reason])
			check(t, "lost", uint32(3), it.Lost)
			check(t, "sent", uint32(2), it.Steps)
		})
	}
}
