package drill

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"firedrill/internal/load/program"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
)

// announce says what is about to happen, before the first request.
func (r *rehearsal) announce(w io.Writer) {
	out := &lines{w: w}
	s := r.scenario
	out.put("scenario   %s", strings.TrimSuffix(s.Name+": "+s.About, ": "))
	for _, change := range r.changes {
		out.put("           %s", change)
	}
	rec := r.planned.plan.Recording
	out.put("recording  %s: %d exchanges in %d sessions", r.planned.file, rec.Exchanges, rec.Sessions)
	if rec.Lost > 0 {
		out.put("           %d exchanges were not captured: what they carried is missing here", rec.Lost)
	}
	if r.planned.overlay != "" {
		out.put("overlay    %s", r.planned.overlay)
	}
	for _, g := range r.program.Groups {
		out.put("journey    %s: %s (%s, %d steps)", g.Persona.Name, g.Journey.Name, verdict.Count(g.Journey.Sessions, "recorded session"), len(g.Journey.Steps))
		out.put("           %s", loadText(g))
	}
	out.put("accounts   %s; %s", accountsUsed(r), r.from)
	for _, name := range slices.Sorted(maps.Keys(r.targets)) {
		out.put("target     %s = %s", name, r.targets[name])
	}
	if r.options.Speed != 1 && r.options.Speed != 0 {
		out.put("speed      think times divided by %g: this is more load than %d users make; it is not a baseline", r.options.Speed, s.PeakUsers())
	}
	out.put("seed       %d", r.seed)
	for _, note := range r.program.Notes {
		out.put("note       %s", note)
	}
	for _, warning := range r.planned.plan.Warnings {
		if r.concerns(warning.Journey) {
			out.put("note       %s", warningText(warning))
		}
	}
}

// concerns reports whether a warning is about something that is replayed.
func (r *rehearsal) concerns(journey string) bool {
	return journey == "" || slices.ContainsFunc(r.program.Groups, func(g *program.Group) bool { return g.Journey.Name == journey })
}

func accountsUsed(r *rehearsal) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(r.accounts)) {
		words = append(words, fmt.Sprintf("%d %s", len(r.accounts[name]), name))
	}
	if len(words) == 0 {
		return "none needed"
	}
	return strings.Join(words, ", ") + ", one for each virtual user"
}

func loadText(g *program.Group) string {
	l := g.Persona.Load
	login := "logs in each iteration"
	switch {
	case g.Journey.LoginSteps() == 0:
		login = "no log-in was recorded"
	case g.Persona.Login == scenario.LoginOnce:
		login = "logs in once"
	}
	switch l.Executor {
	case scenario.SharedIterations:
		return fmt.Sprintf("%s share %s, at most %s; %s", verdict.Count(l.VUs, "user"), verdict.Count(l.Iterations, "iteration"), scenario.FormatDuration(l.MaxDuration), login)
	case scenario.PerVUIterations:
		return fmt.Sprintf("%s, %s each, at most %s; %s", verdict.Count(l.VUs, "user"), verdict.Count(l.Iterations, "iteration"), scenario.FormatDuration(l.MaxDuration), login)
	case scenario.ConstantVUs:
		return fmt.Sprintf("%s for %s; %s", verdict.Count(l.VUs, "user"), scenario.FormatDuration(l.Duration), login)
	}
	return fmt.Sprintf("%s: up to %d users within %s; %s", l.Executor, l.Peak(), scenario.FormatDuration(l.Length()), login)
}

// rehearse prints what would be sent, for --dry-run.
func (r *rehearsal) rehearse(w io.Writer) error {
	out := &lines{w: w}
	out.put("\nnothing is sent; this is what one user of each persona would do")
	for _, g := range r.program.Groups {
		out.put("\n%s, as %s", g.Persona.Name, fallback(g.Pool, "nobody in particular"))
		j := g.Journey
		for i := range j.Steps {
			step := &j.Steps[i]
			for _, l := range j.Loops {
				if l.First == i {
					out.put("  ┌ %s times", turns(l.Times))
				}
			}
			out.put("  %-11s %s at %s", step.Class, step.Name, r.targets[step.Origin])
			if filled := filledText(step); filled != "" {
				out.put("              anew: %s", filled)
			}
			for _, l := range j.Loops {
				if l.Last == i {
					out.put("  └")
				}
			}
		}
	}
	return out.err
}

func filledText(step *program.Step) string {
	var parts []string
	for _, slot := range step.Slots {
		parts = append(parts, slot.At)
	}
	return strings.Join(parts, ", ")
}
