package drill

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"

	"firedrill/internal/account"
	"firedrill/internal/cli"
	"firedrill/internal/environment"
	"firedrill/internal/load/program"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
)

// ReplayOptions say what is replayed, by whom, against what.
type ReplayOptions struct {
	PlanOptions
	Scenario  string        // name or file; "" = every recorded journey
	Scale     string        // "20", "3x" or ""
	Duration  time.Duration // of the whole run; 0 = the scenario's
	Speed     float64       // think times are divided by it; 0 = 1
	Seed      *uint64       // nil = a new one
	Targets   []environment.Target
	Accounts  string // CSV; "" = the environment's
	Allow     []plan.Class
	Timeout   time.Duration // for one answer; 0 = 60 s
	LateLimit time.Duration // how late 1 in 20 requests may begin before the run is invalid; 0 = load.LateLimit
	Out       string        // run file; "" = a new one in runs/
	DryRun    bool
	Confirmed bool // --yes
	Markers   bool // send traceparent, X-Request-Id and X-Firedrill

	Results  io.Writer // the summary
	Terminal bool      // Talk is a terminal: progress may redraw
	Width    int       // its columns
}

// rehearsal is a replay that is ready to start: everything has been read and
// checked, nothing has been sent.
type rehearsal struct {
	options  ReplayOptions
	env      place
	planned  planned
	scenario *scenario.Scenario
	changes  []string // what --scale and --duration did
	program  *program.Program
	targets  map[string]*url.URL
	accounts map[string][]account.Account // by pool, as many as are needed
	from     string                       // where the accounts came from
	secrets  map[string]string
	seed     uint64
}

// prepare reads and checks everything that a replay needs.
func prepare(o ReplayOptions) (*rehearsal, error) {
	r := &rehearsal{options: o}
	var err error
	if r.env, err = o.Workspace.open(); err != nil {
		return nil, err
	}
	if o.Scenario != "" { // a misspelt name is said before a large recording is planned
		if r.scenario, err = findScenario(o.Scenario); err != nil {
			return nil, err
		}
	}
	if r.planned, err = makePlan(o.PlanOptions, r.env); err != nil {
		return nil, err
	}
	if r.scenario == nil {
		if r.scenario, err = wholeRecording(r.planned.plan); err != nil {
			return nil, err
		}
	}
	if err := r.size(); err != nil {
		return nil, err
	}
	if r.program, err = program.Compile(r.planned.plan, r.scenario, program.Options{Allow: o.Allow}); err != nil {
		return nil, err
	}
	if err := r.aim(); err != nil {
		return nil, err
	}
	if err := r.hire(); err != nil {
		return nil, err
	}
	if o.Seed != nil {
		r.seed = *o.Seed
	} else {
		r.seed = rand.Uint64() >> 32 // short enough to be typed again
	}
	return r, nil
}

// size applies --scale and --duration.
func (r *rehearsal) size() error {
	if r.options.Scale != "" {
		scaled, said, err := r.scenario.Scale(r.options.Scale)
		if err != nil {
			return err
		}
		r.scenario, r.changes = scaled, append(r.changes, said)
	}
	if r.options.Duration > 0 {
		short, said, err := r.scenario.Shorten(r.options.Duration)
		if err != nil {
			return err
		}
		r.scenario, r.changes = short, append(r.changes, said)
	}
	return nil
}

// aim maps the needed origins to targets and makes sure that they may be contacted.
func (r *rehearsal) aim() (err error) {
	given := r.options.Targets
	for _, t := range given {
		known := originNames(r.planned.plan.Origins)
		if t.Name != "" && !slices.Contains(known, t.Name) {
			return cli.Usagef("--target %s=%s: the recording has no origin of that name", t.Name, t.URL).With("it has %s", quoteList(known))
		}
	}
	if len(given) == 0 {
		for _, t := range r.env.Targets {
			given = append(given, environment.Target{Name: t.Name, URL: t.URL})
		}
	}
	if r.targets, err = mapTargets(r.planned.plan.Origins, r.program.Needed, given); err != nil {
		return err
	}
	r.secrets = map[string]string{}
	for _, name := range r.program.Secrets {
		if r.secrets[name], err = r.env.secret(name); err != nil {
			return err
		}
	}
	return permit(r.targets, r.env, r.options.Confirmed)
}

// hire finds an account for each virtual user.
func (r *rehearsal) hire() error {
	all, from, err := readAccounts(r.options.Accounts, r.env)
	if err != nil {
		return err
	}
	r.from = from
	pool := account.NewPool(all)
	needed := map[string]int{}
	for _, g := range r.program.Groups {
		if g.Pool != "" {
			needed[g.Pool] += g.Users
		}
	}
	r.accounts = map[string][]account.Account{}
	for name, n := range needed {
		if r.accounts[name], err = pool.Take(name, n); err != nil {
			return fmt.Errorf("accounts from %s: %w", from, err)
		}
	}
	return nil
}
