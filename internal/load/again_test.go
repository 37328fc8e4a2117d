package load_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firedrill/internal/load"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// busy answers the first attempts of the list with a status and fields, one after
// the other.
func busy(a *school, status int, fields ...[]string) {
	n := 0
	a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
		if req.Target != "/api/v1/submissions" || n >= len(fields) {
			return false, nil
		}
		n++
		reply(res, status, `{}`, fields[n-1]...)
		return true, nil
	}
}

func TestRetryAfter(t *testing.T) {
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for _, tt := range []struct {
		name   string
		retry  scenario.Retry
		status int
		fields func() [][]string // of the answers, made in the bubble
		want   []string          // attempt, intended start, Retry-After of the sample
		ends   sample.Outcome
	}{
		{"seconds", scenario.Retry{Times: 2}, 429, func() [][]string { return [][]string{{"Retry-After", "7"}, {"retry-after", " 2 "}} },
			[]string{"0 1.7s 7s", "1 8.8s 2s", "2 10.9s 0s"}, sample.Completed},
		{"as often as it may, and then it failed", scenario.Retry{Times: 1}, 429, func() [][]string { return [][]string{{"Retry-After", "7"}, {"Retry-After", "2"}} },
			[]string{"0 1.7s 7s", "1 8.8s 2s"}, sample.Broken},
		{"not at all", scenario.Retry{}, 429, func() [][]string { return [][]string{{"Retry-After", "7"}} },
			[]string{"0 1.7s 7s"}, sample.Broken},
		{"a date, by the answer's own clock", scenario.Retry{Times: 1}, 429, func() [][]string {
			return [][]string{{"Retry-After", date(time.Hour + 5*s), "Date", date(time.Hour)}}
		}, []string{"0 1.7s 5s", "1 6.8s 0s"}, sample.Completed},
		{"a date, by ours: the answer comes at 1.8 s", scenario.Retry{Times: 1}, 429, func() [][]string { return [][]string{{"Retry-After", date(9 * s)}} },
			[]string{"0 1.7s 7.2s", "1 9s 0s"}, sample.Completed},
		{"a date that has passed", scenario.Retry{Times: 1}, 429, func() [][]string { return [][]string{{"Retry-After", date(-time.Hour)}} },
			[]string{"0 1.7s 0s", "1 1.8s 0s"}, sample.Completed},
		{"0 seconds: at once", scenario.Retry{Times: 1}, 429, func() [][]string { return [][]string{{"Retry-After", "0"}} },
			[]string{"0 1.7s 0s", "1 1.8s 0s"}, sample.Completed},
		{"a 429 that does not say: a second", scenario.Retry{Times: 1}, 429, func() [][]string { return [][]string{nil} },
			[]string{"0 1.7s 0s", "1 2.8s 0s"}, sample.Completed},
		{"nor in words", scenario.Retry{Times: 1}, 429, func() [][]string { return [][]string{{"Retry-After", "soon"}} },
			[]string{"0 1.7s 0s", "1 2.8s 0s"}, sample.Completed},
		{"longer than anybody waits", scenario.Retry{Times: 9}, 429, func() [][]string { return [][]string{{"Retry-After", "61"}} },
			[]string{"0 1.7s 1m1s"}, sample.Broken},
		{"longer than this one waits", scenario.Retry{Times: 9, Longest: 3 * s}, 429, func() [][]string { return [][]string{{"Retry-After", "3"}, {"Retry-After", "4"}} },
			[]string{"0 1.7s 3s", "1 4.8s 4s"}, sample.Broken},
		{"longer than a number", scenario.Retry{Times: 9}, 429, func() [][]string { return [][]string{{"Retry-After", "99999999999999999999999"}} },
			[]string{"0 1.7s 8760h0m0s"}, sample.Broken},
		{"503 that says when", scenario.Retry{Times: 1}, 503, func() [][]string { return [][]string{{"Retry-After", "2"}} },
			[]string{"0 1.7s 2s", "1 3.8s 0s"}, sample.Completed},
		{"503 that does not", scenario.Retry{Times: 1}, 503, func() [][]string { return [][]string{nil} },
			[]string{"0 1.7s 0s"}, sample.Broken},
		{"500 is no invitation", scenario.Retry{Times: 1}, 500, func() [][]string { return [][]string{{"Retry-After", "2"}} },
			[]string{"0 1.7s 0s"}, sample.Broken},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newSchool(t)
			busy(a, tt.status, tt.fields()...)
			sc := rush(1)
			sc.Personas[0].Retry = tt.retry
			_, k := replay(t, a, gradingPlan(), sc, nil)
			var got []string
			for _, x := range k.samples {
				if x.Step != 2 {
					continue
				}
				got = append(got, fmt.Sprintf("%d %v %v", x.Attempt, x.Intended, x.RetryAfter))
				last := len(got) == len(tt.want) && tt.ends == sample.Completed
				check(t, tt.name+": failed", !last, x.Has(sample.Failed))
				check(t, tt.name+": rate limited", !last && tt.status == 429, x.Has(sample.RateLimited))
				check(t, tt.name+": retried", x.Attempt > 0, x.Has(sample.Retried))
				check(t, tt.name+": the wait is no latency", 100*time.Millisecond, x.ResponseTime())
			}
			check(t, tt.name, tt.want, got)
			check(t, tt.name, map[sample.Outcome]int{tt.ends: 1}, k.outcomes())
		})
	}
}

// A log-in that is put off is not refused.
func TestRetriedLogIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		n := 0
		a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
			if n++; !strings.HasSuffix(req.Target, "/login") || n > 2 {
				return false, nil
			}
			reply(res, 429, `{}`, "Retry-After", "3")
			return true, nil
		}
		sc := rush(1)
		sc.Personas[0].Retry = scenario.Retry{Times: 2}
		out, k := replay(t, a, gradingPlan(), sc, nil)
		check(t, "outcomes", map[sample.Outcome]int{sample.Completed: 1}, k.outcomes())
		check(t, "end", load.EndCompleted, out.End)
	})
}

// The connection's own retry does not use up those of the scenario.
func TestRetryAfterReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		n := 0
		a.answer = func(req *wire.Request, res *wire.Response) (bool, error) {
			if req.Target != "/api/v1/submissions" {
				return false, nil
			}
			switch n++; n {
			case 1:
				return true, &wire.Error{Kind: sample.Reset, Reused: true, Sent: true, Err: http.ErrServerClosed}
			case 2:
				reply(res, 429, `{}`, "Retry-After", "3")
				return true, nil
			}
			return false, nil
		}
		sc := rush(1)
		sc.Personas[0].Retry = scenario.Retry{Times: 1}
		_, k := replay(t, a, gradingPlan(), sc, nil)
		var got []string
		for _, x := range k.samples {
			if x.Step == 2 {
				got = append(got, fmt.Sprintf("%d %v", x.Attempt, x.Intended))
			}
		}
		check(t, "attempts", []string{"0 1.7s", "1 1.8s", "2 4.9s"}, got)
	})
}

// Each attempt of a costly request counts, and an interrupted wait is cut.
func TestRetryCostsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := gradingPlan()
		p.Journeys[0].Steps[2].Class = plan.Costly
		a := newSchool(t)
		busy(a, 429, []string{"Retry-After", "1"}, []string{"Retry-After", "1"}, []string{"Retry-After", "1"})
		sc := rush(1)
		sc.Personas[0].Retry = scenario.Retry{Times: 9}
		out, k := run(t, a, compile(t, p, sc, load.Options{Allow: []plan.Class{plan.Costly}}), t.Context(), t.Context(), func(c *load.Config) { c.CostlyCap = 2 })
		check(t, "end", load.EndCostly, out.End)
		check(t, "sent", 2, len(slices.DeleteFunc(k.samples, func(x *sample.Sample) bool { return x.Step != 2 })))
	})
	synctest.Test(t, func(t *testing.T) {
		a := newSchool(t)
		busy(a, 429, []string{"Retry-After", "50"})
		sc := rush(1)
		sc.Personas[0].Retry = scenario.Retry{Times: 1}
		abort := make(chan string, 1)
		time.AfterFunc(10*s, func() { abort <- "enough" })
		out, k := replay(t, a, gradingPlan(), sc, func(c *load.Config) { c.Abort = abort })
		check(t, "length", 10*s, out.Length)
		check(t, "outcomes", map[sample.Outcome]int{sample.Cut: 1}, k.outcomes())
		check(t, "samples: none for what was not sent", 3, len(k.samples))
	})
}
