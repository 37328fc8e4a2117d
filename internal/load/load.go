package load

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"firedrill/internal/account"
	"firedrill/internal/load/engine"
	"firedrill/internal/load/pace"
	"firedrill/internal/load/program"
	"firedrill/internal/load/vuser"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// The types of compiled plans, which callers see without naming the floor.
type (
	Program         = program.Program
	Options         = program.Options
	NoJourneyError  = program.NoJourneyError
	NotAllowedError = program.NotAllowedError
)

// Compile prepares a plan for a scenario: see program.Compile.
func Compile(p *plan.Plan, s *scenario.Scenario, opts Options) (*Program, error) {
	return program.Compile(p, s, opts)
}

// Sink takes what a run measures.
type Sink interface {
	Sample(s *sample.Sample)
	Iteration(it sample.Iteration)
	Drop(d sample.Drop)
	Users(at time.Duration, persona uint16, n int)
}

// Config of a run. Targets, Accounts and Sink are needed; everything else has defaults.
type Config struct {
	Seed     uint64
	RunID    string                       // in the X-Firedrill field of each request
	Targets  map[string]*url.URL          // by origin name: all of Program.Needed
	Accounts map[string][]account.Account // by pool: as Assign gives them; or all that there are
	Secrets  map[string]string            // all of Program.Secrets
	NewDoer  func(user int) wire.Doer     // default: wire.New(&wire.Options{}) for each user
	Clock    pace.Clock                   // default: pace.Best; in a testing/synctest bubble it must be pace.System
	Sink     Sink
	Speed    float64       // think times, pacing, start offsets and recorded pauses are divided by it; default 1
	Timeout  time.Duration // of one request; default 60 s

	LoginRate  float64       // log-ins per second over all users; 0 = any
	CostlyCap  int64         // costly requests of the whole run; 0 = any number
	Grace      time.Duration // for running iterations when the run is ended early; 0 = the scenario's graceful stop
	NoMarkers  bool          // leave traceparent, X-Request-Id and X-Firedrill out
	TraceKey   []byte        // trace ids are made from it; default: random
	Abort      <-chan string // a value ends the run at once; it becomes Outcome.End
	DeadAfter  time.Duration // a target that gave no answer for so long, but refused connections, is dead; default 5 s
	GiveUp     int           // attempts without any answer from the start on, after which the target counts as unreachable; default 10
	LateLimit  time.Duration // how late 1 in 20 requests may begin before the run counts as the generator's failure; 0 = LateLimit
	KeepGCRate bool          // leave the garbage collector's settings alone
}

// What Outcome.End says. An aborted run says what Abort said.
const (
	EndCompleted   = "completed"
	EndInterrupted = "interrupted"
	EndUnreachable = "target unreachable"
	EndRefused     = "log-in refused"
	EndDied        = "target died"
	EndCostly      = "cap on costly requests reached"
)

// Outcome is how a run ended.
type Outcome struct {
	Start     time.Time
	Length    time.Duration
	End       string // EndCompleted, …
	Detail    string // one sentence more for people; may be empty
	Died      Death  // when End is EndDied
	Names     sample.Names
	PeakUsers int
	Requests  uint64   // samples
	Missed    uint64   // starts that a pacing had due while the iteration before still ran
	Notes     []string // what a person should know of how the load went
	Self      Self
}

// Death is when a target stopped answering, and at what load.
type Death struct {
	At    time.Duration // of its last answer
	Users int           // active then
	Rate  float64       // requests per second in the seconds before
}

// Valid reports whether the run measured the target: it reached it, logged in
// and was not stopped by a mistake of its own. A target that died was measured.
func (o *Outcome) Valid() bool {
	return o.End != EndUnreachable && o.End != EndRefused
}

// ConfigError is a Config that cannot run.
type ConfigError struct{ Why string }

func (e *ConfigError) Error() string { return "the run cannot start: " + e.Why }

// ExitCode marks it as a matter of usage.
func (e *ConfigError) ExitCode() int { return 2 }

// Assign gives every user of the program an account of its own, in order: the
// same users get the same accounts in each run. The result is what Config.Accounts
// takes. The error is an *account.ShortageError.
func Assign(p *Program, accounts []account.Account) (map[string][]account.Account, error) {
	pool := account.NewPool(accounts)
	given := map[string][]account.Account{}
	for _, g := range p.Groups {
		if g.Pool == "" {
			continue
		}
		mine, err := pool.Take(g.Pool, g.Users)
		if err != nil {
			return nil, fmt.Errorf("persona %s of the scenario: %w", g.Persona.Name, err)
		}
		given[g.Pool] = append(given[g.Pool], mine...)
	}
	return given, nil
}

// Run replays the program. When ctx ends no iteration is started any more and
// running ones get the graceful stop; when hard ends those are cut. Errors are
// of the configuration: *ConfigError, *account.ShortageError; how a run went is
// in the Outcome.
func Run(ctx, hard context.Context, p *Program, c Config) (Outcome, error) {
	if err := c.defaults(p); err != nil {
		return Outcome{}, err
	}
	if c.Clock == nil {
		clock, done := pace.Best()
		defer done()
		c.Clock = clock
	}
	accounts, err := assignGiven(p, c.Accounts)
	if err != nil {
		return Outcome{}, err
	}
	soft, endSoft := context.WithCancel(ctx)
	defer endSoft()
	cut, endHard := context.WithCancel(hard)
	defer endHard()
	r := &run{Config: c, program: p, start: c.Clock.Now(), reasons: map[string]uint16{"": 0}, texts: []string{""}}
	r.watch.init(r, endSoft, endHard)
	groups, err := r.groups(accounts)
	if err != nil {
		return Outcome{}, err
	}
	over, finished := context.WithCancel(context.Background())
	var helpers sync.WaitGroup
	helpers.Go(func() { r.watch.abort(over, c.Abort) })
	r.self.begin(!c.KeepGCRate)
	helpers.Go(func() { r.self.observe(over, c.Clock) })
	peak := engine.Run(soft, cut, engine.Config{
		Start: r.start, Clock: c.Clock, Groups: groups, Seed: c.Seed, Speed: c.Speed, Grace: c.Grace, LoginRate: c.LoginRate,
		Iteration: r.iteration, Drop: c.Sink.Drop, Users: r.users,
	})
	finished()
	helpers.Wait()
	out := Outcome{
		Start: r.start, Length: c.Clock.Now().Sub(r.start), PeakUsers: peak, Requests: r.seq.Load(),
		Names: p.Names, Self: r.self.end(),
	}
	out.Self.Limit = c.LateLimit
	r.watch.conclude(&out, ctx)
	out.Missed, out.Notes = r.notes()
	r.mu.Lock()
	out.Names.Reasons = r.texts
	r.mu.Unlock()
	return out, nil
}

func (c *Config) defaults(p *Program) error {
	for _, name := range p.Needed {
		if c.Targets[name] == nil {
			return &ConfigError{fmt.Sprintf("no target is given for origin %q", name)}
		}
	}
	for _, name := range p.Secrets {
		if _, ok := c.Secrets[name]; !ok {
			return &ConfigError{fmt.Sprintf("the secret %q is not given", name)}
		}
	}
	if c.Sink == nil {
		return &ConfigError{"there is no sink"}
	}
	if c.NewDoer == nil {
		shared := &wire.Options{}
		c.NewDoer = func(int) wire.Doer { return wire.New(shared) }
	}
	if c.Speed <= 0 {
		c.Speed = 1
	}
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.DeadAfter <= 0 {
		c.DeadAfter = 5 * time.Second
	}
	if c.GiveUp <= 0 {
		c.GiveUp = 10
	}
	if len(c.TraceKey) == 0 {
		c.TraceKey = make([]byte, 32)
		if _, err := rand.Read(c.TraceKey); err != nil {
			return err
		}
	}
	return nil
}

// assignGiven splits the given accounts among the groups, each account to one user.
func assignGiven(p *Program, given map[string][]account.Account) ([][]account.Account, error) {
	var all []account.Account
	for name, list := range given {
		for _, a := range list {
			a.Persona = name
			all = append(all, a)
		}
	}
	pool := account.NewPool(all)
	out := make([][]account.Account, len(p.Groups))
	for i, g := range p.Groups {
		if g.Pool == "" {
			continue
		}
		mine, err := pool.Take(g.Pool, g.Users)
		if err != nil {
			return nil, err
		}
		out[i] = mine
	}
	return out, nil
}

// run is one run under way.
type run struct {
	Config
	program *Program
	start   time.Time
	seq     atomic.Uint64
	costly  atomic.Int64
	watch   watch
	self    self
	shared  []*vuser.Run    // by group
	missed  []atomic.Uint64 // by group: see Outcome.Missed

	mu      sync.Mutex
	reasons map[string]uint16
	texts   []string
}

func (r *run) groups(accounts [][]account.Account) ([]engine.Group, error) {
	groups := make([]engine.Group, len(r.program.Groups))
	r.missed = make([]atomic.Uint64, len(groups))
	first := 1
	for i, g := range r.program.Groups {
		shared := &vuser.Run{
			Start: r.start, Seed: r.Seed, Group: g, Phases: r.program.Names.Phases, Origins: r.program.Origins,
			Targets: r.Targets, Secrets: r.Secrets, Clock: r.Clock, Sink: r, NewDoer: r.NewDoer, Speed: r.Speed, Timeout: r.Timeout,
			Closed: closed(g.Persona.Load.Executor), Paced: g.Persona.Load.Pacing != nil, Seq: &r.seq, Reason: r.reason, Late: r.self.late.add,
			Markers: !r.NoMarkers, RunID: r.RunID, TraceKey: r.TraceKey,
		}
		if r.CostlyCap > 0 {
			shared.Spend = r.spend
		}
		if err := shared.Bind(); err != nil {
			return nil, err
		}
		r.shared = append(r.shared, shared)
		from, mine := first, accounts[i]
		groups[i] = engine.Group{
			Persona: g.Index, Load: g.Persona.Load, Users: g.Users,
			NewUser: func(k int) engine.Walker {
				var a account.Account
				if k < len(mine) {
					a = mine[k]
				}
				return vuser.New(shared, from+k, a)
			},
			Here: func(k int, here bool) { shared.Here(from+k, here) },
		}
		if g.Persona.Load.Executor == scenario.AsRecorded {
			groups[i].Arrivals = pace.Recorded(g.Arrivals, r.Speed*cmp.Or(g.Persona.Load.Speed, 1), g.Persona.Load.Copies)
		}
		first += g.Users
	}
	return groups, nil
}

func closed(e scenario.Executor) bool {
	switch e {
	case scenario.ConstantArrivalRate, scenario.RampingArrivalRate, scenario.AsRecorded:
		return false
	}
	return true
}

// Sample takes a user's sample: it is looked at, and passed on.
func (r *run) Sample(s *sample.Sample) {
	r.watch.sample(s)
	r.Sink.Sample(s)
}

func (r *run) iteration(it sample.Iteration) {
	r.missed[it.Persona].Add(uint64(it.Missed))
	r.watch.iteration(it)
	r.Sink.Iteration(it)
}

func (r *run) users(at time.Duration, persona uint16, n int) {
	r.watch.users(persona, n)
	r.Sink.Users(at, persona, n)
}

// spend asks for one more costly request.
func (r *run) spend() bool {
	if r.costly.Add(1) <= r.CostlyCap {
		return true
	}
	r.watch.stop(EndCostly, fmt.Sprintf("%d costly requests were sent", r.CostlyCap))
	return false
}
