package analysis

import (
	"fmt"
	"strings"
	"time"

	"firedrill/internal/runs"
	"firedrill/internal/verdict"
)

// Limits of a run that counts.
const (
	starvedLimit = 0.05
	lateWarn     = 50 * time.Millisecond  // 99th percentile
	lateLimit    = 250 * time.Millisecond // 95th percentile
	busyLimit    = 0.9                    // share of all CPUs that the generator itself used
	stepLimit    = 100 * time.Millisecond // of the wall clock
)

// invalid lists why the run does not count; nil: it does.
func (j *judge) invalid() []string {
	t := j.tally
	reasons := append([]string(nil), j.ending.Invalid...)
	say := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
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
	if refused := sum(j.absent.denied) + sum(j.absent.turned); j.ending.End == runs.Refused || refused > 0 && refused == sum(j.absent.seen) {
		say("the log-in was refused for all: check the accounts of this environment (%s)", or(j.ending.Detail, j.mostFrequent()))
	} else if why := j.neverIn(); why != "" {
		say("%s", why)
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
	reasons = append(reasons, j.generatorFaults()...)
	switch j.ending.End {
	case runs.Incomplete:
		say("the run is incomplete: it was killed at or after %s; what was measured until then is below", verdict.Clock(t.length))
	case runs.Interrupted:
		say("the run was interrupted after %s; what was measured until then is below", verdict.Clock(t.length))
	}
	return reasons
}

// generatorFaults say by which fault of its own the generator did not keep up, with
// what to do; nil: it did.
func (j *judge) generatorFaults() []string {
	g := j.ending.Generator
	p95 := max(time.Duration(j.tally.late.ValueAtPercentile(95))*time.Microsecond, g.LateP95)
	late := p95 > max(lateLimit, g.LateLimit)
	var faults []string
	say := func(advice, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("the load generator was overloaded (%s): %s", fmt.Sprintf(format, args...), advice))
	}
	if g.SocketLimit > 0 && g.Sockets >= g.SocketLimit {
		say("raise the limit (ulimit -n) or use fewer users", "it had %s open at once and may have no more", verdict.Count(g.Sockets, "socket"))
	}
	if step := max(g.ClockStep, -g.ClockStep); step > stepLimit {
		faults = append(faults, fmt.Sprintf("the wall clock was set by %s during the run: let it be steered slowly (chrony, ntpd) and run again", verdict.Duration(step)))
	}
	busy := g.CPU > busyLimit && (late || g.Overloaded)
	if busy {
		say("use a faster machine or fewer users, and another machine for the target", "it used %.0f %% of all CPUs", g.CPU*100)
	}
	switch {
	case late && !busy:
		say(lateAdvice(g), "5 %% of the requests started %s or more after they should have", verdict.Duration(p95))
	case g.Overloaded && len(faults) == 0:
		why, cause, _ := strings.Cut(or(g.Why, "it could not keep up"), ": ")
		if cause != "" && !(g.MachineCPU > busyLimit && strings.Contains(cause, "CPU")) {
			why += ": " + cause // else the advice says it
		}
		say(lateAdvice(g), "%s", why)
	}
	return faults
}

// lateAdvice says what to do against being late, by what may have caused it.
func lateAdvice(g runs.Generator) string {
	switch {
	case g.MachineCPU > busyLimit:
		return fmt.Sprintf("others used its machine (%.0f %% of all CPUs were busy, %.0f %% by firedrill), so run it on one of its own", g.MachineCPU*100, g.CPU*100)
	case g.GCPauseMax > lateWarn:
		return fmt.Sprintf("it paused for up to %s to free memory, so use fewer users or a machine with more", verdict.Duration(g.GCPauseMax))
	}
	return "use a faster machine or fewer users"
}

// mostFrequent is the most frequent failure, in words.
func (j *judge) mostFrequent() string {
	if len(j.report.Errors) == 0 {
		return "no failure was recorded"
	}
	e := j.report.Errors[0]
	return fmt.Sprintf("%s at %s, %s", e.What, e.Endpoint, verdict.Times(e.Count))
}
