package drill

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"firedrill/internal/load/program"
	"firedrill/internal/verdict"
)

// announce says what is about to happen, before the first request.
func (r *rehearsal) announce(w io.Writer) {
	out := &lines{w: w}
	s := r.scenario
	name := s.Name
	fast := speedText(r.options.Speed, s.PeakUsers())
	if fast != "" {
		name = fmt.Sprintf("%s at %gx speed", name, r.options.Speed)
	}
	out.put("scenario   %s", strings.TrimSuffix(name+": "+s.About, ": "))
	for _, change := range r.changes {
		out.put("           %s", change)
	}
	for i, text := range judgeTexts(s) {
		out.put("%-10s %s", map[bool]string{true: "judged"}[i == 0], text)
	}
	if r.env.config != "" {
		out.put("env        %s of %s", r.env.Name, r.env.config)
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
		for _, habit := range habitTexts(g.Persona) {
			out.put("           %s", habit)
		}
	}
	out.put("accounts   %s; %s", accountsUsed(r), r.from)
	r.sayWay(out)
	if len(r.program.Costly) > 0 {
		out.put("costly     at most %s in this run (--max-costly): %s", verdict.Count(r.costly, "request"), strings.Join(slices.Sorted(maps.Keys(r.program.Costly)), ", "))
	}
	if r.options.LoginRate > 0 {
		out.put("log-ins    at most %g a second over all users", r.options.LoginRate)
	}
	if fast != "" {
		out.put("speed      %s", fast)
	}
	out.put("seed       %d", r.seed)
	for _, note := range slices.Concat(s.Notes, r.program.Notes) {
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
