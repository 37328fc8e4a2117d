package analysis

import (
	"fmt"
	"time"

	"firedrill/internal/runs"
	"firedrill/internal/verdict"
)

// Limits of a run that counts.
const (
	starvedLimit = 0.05
	lateWarn     = 50 * time.Millisecond  // 99th percentile
	lateLimit    = 250 * time.Millisecond // 95th percentile
)

// invalid lists why the run does not count; nil: it does.
func (j *judge) invalid() []string {
	t := j.tally
	reasons := append([]string(nil), j.ending.Invalid...)
	say := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	refused, ended := 0, 0
	for _, p := range t.personas {
		refused, ended = refused+p.refused, ended+p.ended()
	}
	switch {
	case j.ending.End == runs.Unreachable:
		say("the target was unreachable from the start: %s", or(j.ending.Detail, j.mostFrequent()))
	case t.all.requests == 0:
		say("no request was made")
	case t.answered == 0 && t.unreached > 0:
		say("the target was unreachable from the start: %s", j.mostFrequent())
	case t.answered == 0:
		say("the target never answered: %s", j.mostFrequent())
	}
	if j.ending.End == runs.Refused || refused > 0 && refused == ended {
		say("the log-in was refused for all: check the accounts of this environment (%s)", or(j.ending.Detail, j.mostFrequent()))
	}
	for i := range t.personas {
		p := &t.personas[i]
		if p.ended() == 0 || float64(p.starved) <= starvedLimit*float64(p.ended()) {
			continue
		}
		objects, iterations := p.need(t.length)
		why := ""
		if list := p.reasonList(); len(list) > 0 {
			why = " (" + list[0] + ")"
		}
		turns := ""
		if p.turns > 1 {
			turns = fmt.Sprintf(" of %d turns", p.turns)
		}
		say("%s: %d of %s found nothing to choose from%s, first at %s; a user makes up to %s%s in %s, so each needs about %d objects: reset the target's data, or give it more",
			j.names.Personas[i], p.starved, verdict.Count(p.ended(), "iteration"), why, verdict.Clock(p.starvedFirst), verdict.Count(iterations, "iteration"), turns, verdict.Clock(t.length), objects)
	}
	switch g := j.ending.Generator; {
	case g.Overloaded:
		say("the load generator was overloaded (%s): use a faster machine or fewer users", or(g.Why, "it could not keep up"))
	case time.Duration(t.late.ValueAtPercentile(95))*time.Microsecond > max(lateLimit, g.LateLimit):
		say("the load generator was overloaded: 5 %% of the requests started %s or more after they should have", verdict.Duration(time.Duration(t.late.ValueAtPercentile(95))*time.Microsecond))
	}
	switch j.ending.End {
	case runs.Incomplete:
		say("the run is incomplete: it was killed at or after %s; what was measured until then is below", verdict.Clock(t.length))
	case runs.Interrupted:
		say("the run was interrupted after %s; what was measured until then is below", verdict.Clock(t.length))
	}
	return reasons
}

// mostFrequent is the most frequent failure, in words.
func (j *judge) mostFrequent() string {
	if len(j.report.Errors) == 0 {
		return "no failure was recorded"
	}
	e := j.report.Errors[0]
	return fmt.Sprintf("%s at %s, %s", e.What, e.Endpoint, verdict.Times(e.Count))
}
