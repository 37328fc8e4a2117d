package vuser_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firedrill/internal/plan"
	"firedrill/internal/sample"
)

// Picks that are unlike each other never have one element, whichever is drawn first.
func TestUnlikePicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["GET /people"] = []string{`{"items":[{"id":1},{"id":2},{"id":3}]}`}
		p := journey(plan.Journey{
			Steps: []plan.Step{
				step("s0", "/people", -1),
				step("s1", "/meet?a=x&b=x&c=x", 0, at("query.c", picked("third", "id")), at("query.a", picked("first", "id")), at("query.b", picked("second", "id"))),
			},
			Picks: []plan.Pick{
				{Name: "first", Step: "s0", List: "json.items", Order: "any"},
				{Name: "second", Step: "s0", List: "json.items", Order: "any", Unlike: []string{"first"}},
				{Name: "third", Step: "s0", List: "json.items", Order: "any", Unlike: []string{"first", "second"}},
			},
		})
		u := a.user(t, p, nil)
		seen := map[string]bool{}
		for range 60 {
			check(t, "outcome", sample.Completed, u.Iterate(t.Context(), time.Time{}).Outcome)
		}
		for _, line := range a.sent {
			ids, ok := strings.CutPrefix(line, "GET /meet?")
			if !ok {
				continue
			}
			seen[ids] = true
			who := strings.FieldsFunc(ids, func(c rune) bool { return c < '0' || c > '9' })
			slices.Sort(who)
			check(t, "three people", []string{"1", "2", "3"}, who)
		}
		check(t, "ways to meet", 6, len(seen))
	})
}

// Who cannot be another one has nobody left: the iteration starves.
func TestNobodyLeftToDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["GET /people"] = []string{`{"items":[{"id":1}]}`}
		p := journey(plan.Journey{
			Steps: []plan.Step{step("s0", "/people", -1), step("s1", "/meet?a=x&b=x", 0, at("query.a", picked("first", "id")), at("query.b", picked("second", "id")))},
			Picks: []plan.Pick{
				{Name: "first", Step: "s0", List: "json.items", Order: "any"},
				{Name: "second", Step: "s0", List: "json.items", Order: "any", Unlike: []string{"first"}},
			},
		})
		check(t, "outcome", sample.Starved, a.user(t, p, nil).Iterate(t.Context(), time.Time{}).Outcome)
		check(t, "sent", []string{"GET /people"}, a.sent)
	})
}
