package truth_test

import (
	"crypto/tls"
	"fmt"
	"slices"
	"testing"
	"time"

	"firedrill/internal/load"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

func arrivals(rate float64, length time.Duration, users int) scenario.Load {
	return scenario.Load{Executor: scenario.ConstantArrivalRate, Rate: rate, Duration: length, PreAllocatedVUs: users, GracefulStop: 10 * time.Second}
}

// onePage is a journey of one request.
func onePage() plan.Plan {
	return plan.Plan{Journeys: []plan.Journey{{Name: "j", Sessions: 1, Steps: []plan.Step{get("/page", -1, 0)}}}}
}

// open is an open run against the truth: intended times are the schedule's, ends
// are those of the target's log.
type open struct {
	response, service, truth []float64 // seconds
	dropped, failed, retried int
	wrong                    []string
}

func openRun(t *testing.T, g *target, out load.Outcome, b *book, l scenario.Load) (r open) {
	t.Helper()
	all := b.paired(t, out.Start)
	if len(all) != len(g.log) {
		r.wrong = append(r.wrong, fmt.Sprintf("%d samples, and the target got %d requests", len(all), len(g.log)))
	}
	var firsts []time.Duration
	for _, s := range all {
		if s.Attempt == 0 {
			firsts = append(firsts, s.Intended)
		}
	}
	slices.Sort(firsts)
	var schedule []time.Duration
	gap := time.Duration(float64(time.Second) / l.Rate)
	for at := time.Duration(0); at < l.Duration; at += gap {
		schedule = append(schedule, at)
	}
	if b.drops != 0 || !slices.Equal(firsts, schedule) {
		r.wrong = append(r.wrong, fmt.Sprintf("%d intended starts are not the schedule's %d; %d were dropped", len(firsts), len(schedule), b.drops))
	}
	log := g.byID()
	for _, s := range all {
		if int(s.Attempt) >= len(log[s.id]) {
			r.wrong = append(r.wrong, fmt.Sprintf("attempt %d of %s never reached the target", s.Attempt, s.id))
			continue
		}
		e := log[s.id][s.Attempt]
		intended := out.Start.Add(s.Intended)
		if s.Attempt > 0 {
			intended = log[s.id][s.Attempt-1].answered
			r.retried++
		}
		r.response = append(r.response, s.ResponseTime().Seconds())
		r.service = append(r.service, s.Duration().Seconds())
		r.truth = append(r.truth, e.answered.Sub(intended).Seconds())
		if e.dropped {
			r.dropped++
		}
		if s.Has(sample.Failed) {
			r.failed++
		}
		if e.dropped != s.Has(sample.Failed) || e.dropped != (s.Status == 0) {
			r.wrong = append(r.wrong, fmt.Sprintf("dropped %v: %+v", e.dropped, s.Sample))
		}
		if end := out.Start.Add(s.End); end.Before(e.answered) || out.Start.Add(s.Start).After(e.got) {
			r.wrong = append(r.wrong, fmt.Sprintf("measured from %v to %v, and the target had it from %v to %v", s.Start, s.End, e.got.Sub(out.Start), e.answered.Sub(out.Start)))
		}
	}
	return r
}

// Known times, every 20th connection dropped, and a stall of 2 s in which arrivals
// go on: who measures from the sending of whatever got through, or with as many
// requests as there are connections, sees next to nothing of it.
func TestOpenModelSeesTheStall(t *testing.T) {
	l := arrivals(100, 3500*ms, 330)
	var g *target
	var out load.Outcome
	var b *book
	onTime(t, func() load.Outcome {
		g = &target{takes: []time.Duration{2 * ms, 10 * ms, 20 * ms, 50 * ms, 120 * ms}, drop: 20}
		out, b = drive(t, g, onePage(), l, wire.Options{}, 500*ms, 2*time.Second)
		return out
	}, func(slack time.Duration) []string {
		r := openRun(t, g, out, b, l)
		wrong := append(r.wrong, compare("response_time", r.response, r.truth, slack)...)
		if p := percentile(r.truth, 95); p < 1.5 {
			wrong = append(wrong, fmt.Sprintf("the stall is not in the truth: p95 %.3f s", p))
		}
		if r.dropped == 0 || r.failed != r.dropped {
			wrong = append(wrong, fmt.Sprintf("%d failed, %d were dropped", r.failed, r.dropped))
		}
		return wrong
	})
}

// Without a stall: the same to 1 % + 2 ms when answers take milliseconds.
func TestOpenModelKnownTimes(t *testing.T) {
	l := arrivals(100, 1300*ms, 60)
	var g *target
	var out load.Outcome
	var b *book
	onTime(t, func() load.Outcome {
		g = &target{takes: []time.Duration{2 * ms, 10 * ms, 20 * ms, 50 * ms, 120 * ms}, drop: 15}
		out, b = drive(t, g, onePage(), l, wire.Options{}, time.Hour, 0)
		return out
	}, func(slack time.Duration) []string {
		r := openRun(t, g, out, b, l)
		wrong := append(r.wrong, compare("response_time", r.response, r.truth, slack)...)
		if r.retried == 0 {
			wrong = append(wrong, "no dropped connection was tried again: then nothing is shown of it")
		}
		return wrong
	})
}

// A target that stalls while it greets newcomers (TLS): k6's http_req_duration
// begins after that and sees nothing; the response time holds all of it.
func TestServiceTimeHidesTheStall(t *testing.T) {
	l := arrivals(40, 1800*ms, 75)
	var g *target
	var out load.Outcome
	var b *book
	onTime(t, func() load.Outcome {
		g = &target{takes: []time.Duration{5 * ms, 10 * ms}}
		p := onePage()
		out, b = drive(t, g, p, l, wire.Options{TLS: &tls.Config{InsecureSkipVerify: true}}, 200*ms, 1200*ms)
		return out
	}, func(slack time.Duration) []string {
		r := openRun(t, g, out, b, l)
		wrong := append(r.wrong, compare("response_time", r.response, r.truth, slack)...)
		response, service := percentile(r.response, 95), percentile(r.service, 95)
		if response < 0.9 || service > 0.2*response+slack.Seconds() {
			wrong = append(wrong, fmt.Sprintf("p95 of response_time %.3f s, of http_req_duration %.3f s", response, service))
		}
		for _, s := range b.samples {
			if d := s.ResponseTime() - (s.Start - s.Intended) - s.DNS - s.Connect - s.TLS - s.Duration(); d < 0 {
				wrong = append(wrong, fmt.Sprintf("the parts are more than the whole: %+v", s))
			}
		}
		return wrong
	})
}
