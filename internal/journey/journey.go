package journey

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/compose"
	"firedrill/internal/journey/correlate"
	"firedrill/internal/journey/endpoint"
	"firedrill/internal/journey/session"
	"firedrill/internal/plan"
)

// Options of Build and Sessions. The zero value is usable.
type Options struct {
	Recording  plan.Recording         // what is known of the recording; Exchanges, Sessions, From and Length are filled in
	Overlay    *plan.Overlay          // what a person decided; nil = nothing
	Categories []plan.CategoryOverlay // patterns of the environment file; those of the overlay come first
	IdleGap    time.Duration          // a longer silence ends a session; 0 = 30 minutes
	ThinkCap   time.Duration          // a longer pause is no think time; 0 = 10 minutes
}

// EmptyError says that there is nothing to replay.
type EmptyError struct {
	Exchanges int            // how many exchanges there were
	LeftOut   []plan.LeftOut // why none of them counts
}

func (e *EmptyError) Error() string {
	if e.Exchanges == 0 {
		return "the recording holds no exchanges"
	}
	return fmt.Sprintf("none of the recording's %d exchanges can be replayed", e.Exchanges)
}

// Hint says what to do.
func (e *EmptyError) Hint() string {
	if e.Exchanges == 0 {
		return "record some traffic first: recorder --target URL, then use the application through it"
	}
	hint := "left out were"
	for i, l := range e.LeftOut {
		if i > 0 {
			hint += ","
		}
		hint += fmt.Sprintf(" %d %s", l.Count, l.What)
	}
	return hint
}

// ExitCode is that of a wrong file.
func (e *EmptyError) ExitCode() int { return 2 }

// Build derives the plan. Errors are those of the sequence, *EmptyError, and
// those of the overlay (see plan.Apply).
func Build(exchanges iter.Seq2[*exchange.Exchange, error], opts Options) (*plan.Plan, error) {
	c, err := collect(exchanges, opts)
	if err != nil {
		return nil, err
	}
	if len(c.sessions) == 0 {
		return nil, &EmptyError{Exchanges: c.seen, LeftOut: c.leftOut()}
	}
	var patterns []plan.CategoryOverlay
	if opts.Overlay != nil {
		patterns = append(patterns, opts.Overlay.Categories...)
	}
	endpoints := c.table.Endpoints(append(patterns, opts.Categories...))
	p := &plan.Plan{
		Version:   plan.Version,
		Recording: c.recording(opts.Recording),
		Origins:   c.table.Origins(),
		Endpoints: endpoint.Sorted(endpoints),
		LeftOut:   c.leftOut(),
		Profile:   plan.Profile{Mix: map[string]int{}, Journeys: map[string]int{}},
	}
	names := make([]string, len(endpoints))
	for i, e := range endpoints {
		names[i] = e.Name
		p.Profile.Mix[e.Name] = e.Count
	}
	origins := map[string]string{}
	for _, o := range p.Origins {
		origins[o.URL] = o.Name
	}
	groups := compose.Groups(c.sessions, names)
	b := builder{endpoints: endpoints, origins: origins, thinkCap: opts.ThinkCap}
	if b.thinkCap <= 0 {
		b.thinkCap = 10 * time.Minute
	}
	for i, name := range compose.Names(groups, endpoints) {
		j, warnings := b.journey(groups[i], name)
		p.Journeys = append(p.Journeys, j)
		p.Warnings = append(p.Warnings, warnings...)
		p.Profile.Journeys[name] = j.Sessions
		for _, s := range groups[i].Sessions {
			for _, e := range s.Events {
				e.Forget()
			}
		}
	}
	p.Profile.Arrivals, p.Profile.Concurrency = arrivals(c.sessions, p.Recording.From)
	p, err = plan.Apply(p, opts.Overlay)
	if err != nil {
		return nil, err
	}
	if err := check(p); err != nil {
		return nil, err
	}
	return p, nil
}

// collection is the recording, sorted out.
type collection struct {
	table    *endpoint.Table
	sessions []*session.Session
	causes   []plan.LeftOut
	seen     int
	from, to time.Time
}

func collect(exchanges iter.Seq2[*exchange.Exchange, error], opts Options) (*collection, error) {
	c := &collection{table: endpoint.NewTable()}
	var events []*session.Event
	for x, err := range exchanges {
		if err != nil {
			return nil, fmt.Errorf("reading the recording: %w", err)
		}
		c.seen++
		if c.from.IsZero() || x.Start.Before(c.from) {
			c.from = x.Start
		}
		if end := x.End(); end.After(c.to) {
			c.to = end
		}
		if cause, out := endpoint.LeaveOut(x); out {
			c.count(cause)
			continue
		}
		events = append(events, &session.Event{X: x})
	}
	for _, s := range session.Group(events, session.Options{IdleGap: opts.IdleGap}) {
		if s = c.withoutRefused(s); s != nil {
			c.sessions = append(c.sessions, s)
		}
	}
	for _, s := range c.sessions {
		for _, e := range s.Events {
			e.Endpoint = c.table.Add(e.X)
		}
	}
	return c, nil
}

// withoutRefused leaves out requests that were refused with 401 and succeeded
// when they were sent again: the token had run out, the person did nothing.
func (c *collection) withoutRefused(s *session.Session) *session.Session {
	type what struct{ method, target string }
	succeeds := map[what]int{} // the last place where it did
	for i, e := range s.Events {
		if e.Status() < 400 {
			succeeds[what{e.X.Request.Method, e.X.Request.Target}] = i
		}
	}
	var login *session.Event
	if s.Login >= 0 {
		login = s.Events[s.Login]
	}
	kept := s.Events[:0:0]
	for i, e := range s.Events {
		if e.Status() == 401 && succeeds[what{e.X.Request.Method, e.X.Request.Target}] > i && i > s.Login && s.Login >= 0 {
			c.count(endpoint.Polled)
			continue
		}
		kept = append(kept, e)
	}
	s.Events = kept
	if login != nil {
		s.Login = slices.Index(kept, login)
	}
	return s
}

func (c *collection) count(cause endpoint.Cause) {
	for i := range c.causes {
		if c.causes[i].What == cause.What {
			c.causes[i].Count++
			return
		}
	}
	c.causes = append(c.causes, plan.LeftOut{What: cause.What, Count: 1, Why: cause.Why})
}

// leftOut are the causes, most frequent first.
func (c *collection) leftOut() []plan.LeftOut {
	slices.SortStableFunc(c.causes, func(a, b plan.LeftOut) int { return b.Count - a.Count })
	return c.causes
}

func (c *collection) recording(r plan.Recording) plan.Recording {
	r.Exchanges, r.Sessions, r.From, r.Length = c.seen, len(c.sessions), c.from, c.to.Sub(c.from)
	return r
}

// arrivals are the sessions' starts, and how many were under way at each minute.
func arrivals(sessions []*session.Session, from time.Time) (starts []time.Duration, concurrency []int) {
	for _, s := range sessions {
		start, end := s.Start().Sub(from), s.End().Sub(from)
		starts = append(starts, start)
		for m := int((start + time.Minute - 1) / time.Minute); m <= int(end/time.Minute); m++ {
			for len(concurrency) <= m {
				concurrency = append(concurrency, 0)
			}
			concurrency[m]++
		}
	}
	slices.Sort(starts)
	return starts, concurrency
}

// builder makes journeys of groups.
type builder struct {
	endpoints []plan.Endpoint
	origins   map[string]string
	thinkCap  time.Duration
}

func (b *builder) journey(g *compose.Group, name string) (plan.Journey, []plan.Warning) {
	found := correlate.Find(g, correlate.Options{Endpoints: b.endpoints, Origins: b.origins})
	j := plan.Journey{
		Name: name, Persona: g.Persona, PersonaWhy: g.PersonaWhy, Marks: g.Marks, Sessions: len(g.Sessions),
		Login: g.Login, Logout: g.Logout, Picks: found.Picks, Loops: g.Loops,
	}
	if j.Login == nil {
		j.Login = []int{}
	}
	for i, list := range g.Steps {
		e := b.endpoints[list[0].Event.Endpoint]
		st := plan.Step{
			ID: correlate.StepID(i), Endpoint: e.Name, Category: e.Category, Class: e.Class,
			Request: found.Steps[i].Request, Slots: found.Steps[i].Slots, Literals: found.Steps[i].Literals,
			Expect: expect(list),
		}
		if slices.Contains(j.Login, i) {
			st.Category = plan.Auth
		}
		b.pace(&st, i, list)
		j.Steps = append(j.Steps, st)
	}
	warnings := found.Warnings
	for i := range warnings {
		warnings[i].Journey = name
	}
	if len(j.Login) == 0 && j.Persona != "anonymous" {
		warnings = append(warnings, plan.Warning{Journey: name, Text: "no log-in was recorded: virtual users cannot log in; record the session from the log-in page on"})
	}
	return j, warnings
}
