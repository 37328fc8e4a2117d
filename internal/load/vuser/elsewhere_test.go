package vuser_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firedrill/internal/load/vuser"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

const empty, full = `{"left":[]}`, `{"left":[{"id":71},{"id":72}]}`

// grader chooses a course, opens its gradebook and grades what is left there.
func grader(order string, more ...plan.Loop) *plan.Plan {
	p := journey(plan.Journey{
		Steps: []plan.Step{
			step("s0", "/courses", -1),
			step("s1", "/gradebook?c=x", 0, at("query.c", picked("course", "id"))),
			step("s2", "POST /grade?id=x", 1, at("query.id", picked("work", "id"))),
		},
		Picks: []plan.Pick{
			{Name: "course", Step: "s0", List: "json.courses", Order: order},
			{Name: "work", Step: "s1", List: "json.left", Order: "next", Unused: true},
		},
		Loops: more,
	})
	steps := p.Journeys[0].Steps
	steps[2].Class = plan.Write
	steps[1].Think = plan.Think{Quantiles: []time.Duration{3 * time.Second}, N: 1}
	return p
}

// opened are the courses whose gradebook was asked for.
func opened(a *app) (list []string) {
	for _, line := range a.sent {
		if c, ok := strings.CutPrefix(line, "GET /gradebook?c="); ok {
			list = append(list, c)
		}
	}
	return list
}

// A choice that led to an empty list is made again, without what was chosen, as
// long after the empty list was seen as people took for the first one.
func TestEmptyListChoosesAnother(t *testing.T) {
	for _, order := range []string{"any", "next"} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp()
			a.answers["GET /courses"] = []string{courses}
			a.answers["GET /gradebook"] = []string{empty, empty, full}
			var late time.Duration
			u := a.user(t, grader(order), func(_ *scenario.Persona, r *vuser.Run) { r.Late = func(d time.Duration) { late = max(late, d) } })
			check(t, "outcome", sample.Completed, u.Iterate(t.Context(), time.Time{}).Outcome)
			check(t, "last", "POST /grade?id=71", a.sent[len(a.sent)-1])
			list := opened(a)
			slices.Sort(list)
			check(t, "opened", []string{"1", "2", "3"}, list)
			check(t, "late", 0, late)
			var starts []time.Duration
			for _, s := range a.samples {
				starts = append(starts, s.Start)
			}
			check(t, "starts", []time.Duration{0, 3100 * time.Millisecond, 6200 * time.Millisecond, 9300 * time.Millisecond, 9400 * time.Millisecond}, starts)
			check(t, "next time", sample.Completed, u.Iterate(t.Context(), time.Time{}).Outcome)
		})
	}
}

// It ends: with the elements, or after some tries. The reason is what was missing first.
func TestNothingAnywhere(t *testing.T) {
	for _, tt := range []struct {
		name, courses string
		opened        int
		reason        string
	}{
		{"one course", `{"courses":[{"id":1}]}`, 1, "0 elements, 0 fit (account"},
		{"two", `{"courses":[{"id":1},{"id":2}]}`, 2, "; another choice led to no more"},
		{"three", courses, 3, "; 2 other choices led to no more"},
		{"many", `{"courses":[{"id":1},{"id":2},{"id":3},{"id":4},{"id":5},{"id":6},{"id":7},{"id":8}]}`, 5, "; 4 other choices led to no more"},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp()
			a.answers["GET /courses"] = []string{tt.courses}
			a.answers["GET /gradebook"] = []string{empty}
			u := a.user(t, grader("any"), nil)
			for range 3 { // each iteration anew
				a.sent, a.reasons = nil, []string{""}
				out := u.Iterate(t.Context(), time.Time{})
				check(t, tt.name, sample.Starved, out.Outcome)
				if why := a.reasons[out.Reason]; !strings.Contains(why, `pick "work"`) || !strings.Contains(why, tt.reason) {
					t.Errorf("%s: %s", tt.name, why)
				}
				list := opened(a)
				slices.Sort(list)
				check(t, tt.name, tt.opened, len(slices.Compact(list)))
				check(t, tt.name, tt.opened+1, len(a.sent))
			}
		})
	}
}

// What changed something is not done twice, and a list that was worked off in a
// loop is no wrong choice.
func TestChoicesThatStand(t *testing.T) {
	run := func(p *plan.Plan, gradebooks ...string) (sample.Outcome, []string) {
		var sent []string
		var outcome sample.Outcome
		synctest.Test(t, func(t *testing.T) {
			a := newApp()
			a.answers["GET /courses"] = []string{courses}
			a.answers["GET /gradebook"] = gradebooks
			outcome = a.user(t, p, nil).Iterate(t.Context(), time.Time{}).Outcome
			sent = opened(a)
		})
		return outcome, sent
	}
	written := grader("any")
	written.Journeys[0].Steps[1].Class = plan.Write
	outcome, list := run(written, empty, full)
	check(t, "after a write", sample.Starved, outcome)
	check(t, "opened", 1, len(list))

	fixed := grader("index")
	outcome, list = run(fixed, empty, full)
	check(t, "always the first", sample.Starved, outcome)
	check(t, "opened", 1, len(list))

	outcome, list = run(grader("any", plan.Loop{First: 2, Last: 2, Times: []int{9}}), empty, full)
	check(t, "a loop over what is left", sample.Completed, outcome)
	check(t, "opened", 2, len(list))

	both := grader("any", plan.Loop{First: 1, Last: 2, Times: []int{3}})
	both.Journeys[0].Picks[1].Unused, both.Journeys[0].Picks[1].Order = false, "any"
	outcome, list = run(both, full, empty, full, empty, full)
	check(t, "a loop over courses", sample.Completed, outcome)
	check(t, "opened", 5, len(list))
}

// In a list inside a list it is the outer element that is chosen again.
func TestEmptyListInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["GET /courses"] = []string{`{"courses":[{"id":1,"units":[]},{"id":2,"units":[{"id":"2a"}]},{"id":3,"units":[]}]}`}
		p := journey(plan.Journey{
			Steps: []plan.Step{
				step("s0", "/courses", -1),
				step("s1", "/course?id=x", 0, at("query.id", picked("course", "id"))),
				step("s2", "/unit?id=x", 1, at("query.id", picked("unit", "id"))),
			},
			Picks: []plan.Pick{
				{Name: "course", Step: "s0", List: "json.courses", Order: "any"},
				{Name: "unit", Parent: "course", List: "units", Order: "any"},
			},
		})
		u := a.user(t, p, nil)
		for range 10 {
			a.sent = nil
			check(t, "outcome", sample.Completed, u.Iterate(t.Context(), time.Time{}).Outcome)
			check(t, "end", []string{"GET /course?id=2", "GET /unit?id=2a"}, a.sent[len(a.sent)-2:])
		}
	})
}

// A parameter that counts is raised in each turn, and starts anew with each loop.
func TestCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		p := journey(plan.Journey{
			Steps: []plan.Step{step("s0", "/class", -1), step("s1", "/list?offset=0", 0, at("query.offset", plan.Source{Kind: plan.FromCount, Value: "5", By: 20}))},
			Loops: []plan.Loop{{First: 0, Last: 1, Times: []int{2}}, {First: 1, Last: 1, Times: []int{3}}},
		})
		u := a.user(t, p, nil)
		check(t, "outcome", sample.Completed, u.Iterate(t.Context(), time.Time{}).Outcome)
		once := []string{"GET /class", "GET /list?offset=5", "GET /list?offset=25", "GET /list?offset=45"}
		check(t, "sent", append(once, once...), a.sent)
	})
}
