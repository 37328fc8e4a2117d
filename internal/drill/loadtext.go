package drill

import (
	"fmt"
	"strings"
	"time"

	"firedrill/internal/load/program"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
)

// loadText is how many walk a journey, when, and how they begin and end.
func loadText(g *program.Group) string {
	l := g.Persona.Load
	parts := []string{whoText(g)}
	if l.StartTime > 0 {
		parts[0] += ", from " + scenario.FormatDuration(l.StartTime) + " on"
	}
	switch {
	case g.Journey.LoginSteps() == 0:
		parts = append(parts, "no log-in was recorded")
	case g.Persona.Login == scenario.LoginOnce:
		parts = append(parts, "logs in once")
	default:
		parts = append(parts, "logs in each iteration")
	}
	if l.Pacing != nil {
		parts = append(parts, fmt.Sprintf("pacing %s from the start of one iteration to that of the next", l.Pacing))
	}
	if l.StartOffset != nil {
		parts = append(parts, fmt.Sprintf("each begins %s after its place is there", l.StartOffset))
	}
	stop := "graceful stop " + scenario.FormatDuration(l.GracefulStop)
	if l.Executor == scenario.RampingVUs && l.GracefulRampDown != l.GracefulStop {
		stop += ", on the way down " + scenario.FormatDuration(l.GracefulRampDown)
	}
	return strings.Join(append(parts, stop), "; ")
}

// whoText is the executor in words.
func whoText(g *program.Group) string {
	l := g.Persona.Load
	users := verdict.Count(l.VUs, "user")
	switch l.Executor {
	case scenario.SharedIterations:
		return fmt.Sprintf("%s share %s, at most %s", users, verdict.Count(l.Iterations, "iteration"), scenario.FormatDuration(l.MaxDuration))
	case scenario.PerVUIterations:
		each := " each"
		if l.VUs == 1 {
			each = ""
		}
		return fmt.Sprintf("%s, %s%s, at most %s", users, verdict.Count(l.Iterations, "iteration"), each, scenario.FormatDuration(l.MaxDuration))
	case scenario.ConstantVUs:
		return fmt.Sprintf("%s for %s", users, scenario.FormatDuration(l.Duration))
	case scenario.RampingVUs:
		return "users: " + stagesText(float64(l.StartVUs), l.Stages)
	case scenario.ConstantArrivalRate:
		return fmt.Sprintf("%s for %s, %s", rateText(l, fmt.Sprintf("%g", l.Rate)), scenario.FormatDuration(l.Duration), poolText(l))
	case scenario.RampingArrivalRate:
		return fmt.Sprintf("%s, %s", rateText(l, stagesText(l.StartRate, l.Stages)), poolText(l))
	case scenario.AsRecorded:
		text := fmt.Sprintf("%s as recorded", verdict.Count(len(g.Arrivals), "session"))
		if l.Copies > 1 {
			text += fmt.Sprintf(", %d of each", l.Copies)
		}
		if l.Speed != 0 && l.Speed != 1 {
			text += fmt.Sprintf(", arriving %g times as fast", l.Speed)
		}
		return text + ", up to " + verdict.Count(g.Users, "user")
	}
	return fmt.Sprintf("%s: up to %s within %s", l.Executor, verdict.Count(l.Peak(), "user"), scenario.FormatDuration(l.Length()))
}

// stagesText is a ramp: "0, to 5 in 1m, to 15 in 3m".
func stagesText(from float64, stages []scenario.Stage) string {
	text := fmt.Sprintf("%g", from)
	at := from
	for _, s := range stages {
		switch {
		case s.Target == at:
			text += ", hold " + scenario.FormatDuration(s.Duration)
		case s.Duration == 0:
			text += fmt.Sprintf(", to %g at once", s.Target)
		default:
			text += fmt.Sprintf(", to %g in %s", s.Target, scenario.FormatDuration(s.Duration))
		}
		at = s.Target
	}
	return text
}

func rateText(l scenario.Load, rate string) string {
	unit := "second"
	if l.TimeUnit != 0 && l.TimeUnit != time.Second {
		unit = scenario.FormatDuration(l.TimeUnit)
	}
	if l.Poisson {
		return fmt.Sprintf("arrivals per %s, drawn as a Poisson process: %s", unit, rate)
	}
	return fmt.Sprintf("arrivals per %s: %s", unit, rate)
}

func poolText(l scenario.Load) string { return "up to " + verdict.Count(l.Peak(), "user") }

// habitTexts are what else a persona's users do that a person should know of.
func habitTexts(p scenario.Persona) []string {
	var all []string
	for _, g := range p.Gather {
		all = append(all, fmt.Sprintf("rendezvous before %s: all users begin it together, who comes first waits %s at most; the wait is no latency", g.Step, scenario.FormatDuration(g.Within)))
	}
	if p.Retry.Times > 0 {
		all = append(all, fmt.Sprintf("told to come back later (429, 503): waits as told, %s at most, and tries again up to %s", scenario.FormatDuration(p.Retry.Longest), verdict.Count(p.Retry.Times, "time")))
	}
	if p.Think != nil {
		all = append(all, "think time "+p.Think.String())
	}
	return all
}

// judgeTexts are how the run is judged besides its thresholds.
func judgeTexts(s *scenario.Scenario) []string {
	var all []string
	if s.Steps != nil {
		text := "each level of users is judged on its own"
		if s.Steps.MustHold > 0 {
			text += fmt.Sprintf("; up to %s must hold, above that it is the answer", verdict.Count(s.Steps.MustHold, "user"))
		}
		all = append(all, text)
	}
	if r := s.Recovery; r != nil {
		all = append(all, fmt.Sprintf("well again within %s of the end of %q: windows of %s hold and go on holding for %s",
			scenario.FormatDuration(r.Within), r.After, scenario.FormatDuration(r.Window), scenario.FormatDuration(r.Keep)))
	}
	if d := s.Drift; d != nil {
		var parts []string
		for _, limit := range []struct {
			what string
			v    float64
			text string
		}{
			{"p95", d.P95, fmt.Sprintf("%.4g %%", 100*d.P95)},
			{"errors", d.Errors, points(100 * d.Errors)},
			{"queries", d.Queries, fmt.Sprintf("%.4g %%", 100*d.Queries)},
		} {
			if limit.v >= 0 {
				parts = append(parts, limit.what+" "+limit.text)
			}
		}
		if len(parts) > 0 {
			all = append(all, "from beginning to end nothing grows by more than: "+strings.Join(parts, ", "))
		}
	}
	return all
}

// points is a difference of two percentages: "1 point", "0.5 points".
func points(v float64) string {
	if v == 1 {
		return "1 point"
	}
	return fmt.Sprintf("%.4g points", v)
}

// speedText labels a run whose think times were divided; "" for one as recorded.
// A user who thinks for less time sends more, at most so many times as much.
func speedText(speed float64, users int) string {
	if speed == 1 || speed == 0 {
		return ""
	}
	label := fmt.Sprintf("%gx speed: think times divided by %g", speed, speed)
	if users > 0 && speed > 1 {
		label += fmt.Sprintf("; up to as much load as %s make at the recorded pace", verdict.Count(int(float64(users)*speed+0.5), "user"))
	}
	return label + "; never a baseline"
}
