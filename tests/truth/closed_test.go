package truth_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"firedrill/internal/load"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

const (
	between = 30 * ms // think time between two iterations
	reading = 5 * ms  // from the page's answer to what it loads
)

// page is a journey of a page and three requests that it makes at once.
func page() plan.Plan {
	steps := []plan.Step{get("/page", -1, between)}
	for i, path := range []string{"/a", "/b", "/c"} {
		st := get(path, 0, reading)
		st.Parallel = i > 0
		steps = append(steps, st)
	}
	return plan.Plan{Journeys: []plan.Journey{{Name: "j", Sessions: 1, Steps: steps}}}
}

// closed is a closed run against the truth: what a request waited for, and when it
// was over, is in the target's log.
type closed struct {
	response, truth         []float64 // seconds, of all requests
	loads, service          []float64 // of what the page loads: response_time and http_req_duration
	failed, dropped, stalls int
	wrong                   []string
}

// walked is the samples of one user in the order in which they were to start.
func walked(all []measured) map[uint32][]measured {
	out := map[uint32][]measured{}
	for _, s := range all {
		out[s.VU] = append(out[s.VU], s)
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b measured) int {
			if d := int(a.Iteration) - int(b.Iteration); d != 0 {
				return d
			}
			if d := int(a.Step) - int(b.Step); d != 0 {
				return d
			}
			return int(a.Attempt) - int(b.Attempt)
		})
	}
	return out
}

func closedRun(t *testing.T, g *target, out load.Outcome, b *book) (r closed) {
	t.Helper()
	all := b.paired(t, out.Start)
	if len(all) != len(g.log) {
		r.wrong = append(r.wrong, fmt.Sprintf("%d samples, and the target got %d requests", len(all), len(g.log)))
	}
	log := g.byID()
	for _, list := range walked(all) {
		var last, shown time.Time // the end of the iteration before, and of the page
		ends := time.Time{}
		for _, s := range list {
			if int(s.Attempt) >= len(log[s.id]) {
				r.wrong = append(r.wrong, fmt.Sprintf("attempt %d of %s never reached the target", s.Attempt, s.id))
				continue
			}
			e := log[s.id][s.Attempt]
			if paths := []string{"/page", "/a", "/b", "/c"}; e.path != paths[s.Step] {
				r.wrong = append(r.wrong, fmt.Sprintf("%s is step %d, and the target got %s", s.id, s.Step, e.path))
			}
			if s.Step == 0 && s.Attempt == 0 {
				last = ends
			}
			var intended time.Time
			switch {
			case s.Attempt > 0:
				intended = log[s.id][s.Attempt-1].answered
			case s.Step > 0:
				intended = shown.Add(reading)
			case s.Iteration == 0:
				intended = out.Start.Add(s.Intended)
			default:
				intended = last.Add(between)
			}
			if s.Step == 0 {
				shown = e.answered
			}
			if e.answered.After(ends) {
				ends = e.answered
			}
			r.add(s, e, intended)
		}
	}
	return r
}

func (r *closed) add(s measured, e entry, intended time.Time) {
	truth := e.answered.Sub(intended)
	r.response = append(r.response, s.ResponseTime().Seconds())
	r.truth = append(r.truth, truth.Seconds())
	if s.Step > 0 && s.Attempt == 0 && !e.dropped {
		r.loads = append(r.loads, s.ResponseTime().Seconds())
		r.service = append(r.service, s.Duration().Seconds())
	}
	if truth > 350*ms {
		r.stalls++
	}
	if e.dropped {
		r.dropped++
	}
	if s.Status == 0 {
		r.failed++
	}
}

// Ten users who wait for answers, a page that loads three things over one
// connection, dropped connections, and a stall of 0.7 s.
func TestClosedModelAgainstTheLog(t *testing.T) {
	const users = 10
	var g *target
	var out load.Outcome
	var b *book
	onTime(t, func() load.Outcome {
		g = &target{takes: []time.Duration{4 * ms, 8 * ms, 12 * ms, 16 * ms, 20 * ms}, drop: 33}
		l := scenario.Load{Executor: scenario.ConstantVUs, VUs: users, Duration: 1800 * ms, GracefulStop: 5 * time.Second}
		out, b = drive(t, g, page(), l, wire.Options{MaxPerOrigin: 1}, 500*ms, 700*ms)
		return out
	}, func(slack time.Duration) []string {
		r := closedRun(t, g, out, b)
		wrong := append(r.wrong, compare("response_time", r.response, r.truth, slack)...)
		if r.dropped == 0 || r.failed != r.dropped {
			wrong = append(wrong, fmt.Sprintf("%d failed, %d were dropped", r.failed, r.dropped))
		}
		if response, service := percentile(r.loads, 50), percentile(r.service, 50); response < 1.4*service {
			wrong = append(wrong, fmt.Sprintf("what waits for the connection takes %.1f ms, its http_req_duration %.1f ms: no difference", 1e3*response, 1e3*service))
		}
		// A user meets the stall once, with the page or with what it loads: nothing is
		// made up for the requests that were never sent.
		if r.stalls < users || r.stalls > 3*users {
			wrong = append(wrong, fmt.Sprintf("%d requests of %d users took long", r.stalls, users))
		}
		return wrong
	})
}
