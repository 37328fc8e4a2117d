package drill

import (
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/account"
	"firedrill/internal/cli"
	"firedrill/internal/environment"
	"firedrill/internal/load/program"
	"firedrill/internal/load/wire"
	"firedrill/internal/metric"
	"firedrill/internal/plan"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
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
	MaxCostly *int          // most costly requests of the run, at least 1; nil = DefaultMaxCostly
	LoginRate float64       // most log-ins per second over all users; 0 = any
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

// DefaultMaxCostly is how many costly requests a run sends at most when nobody says otherwise.
const DefaultMaxCostly = 500

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
	way      *wire.Options                // how targets are reached
	accounts map[string][]account.Account // by pool, as many as are needed
	from     string                       // where the accounts came from
	secrets  map[string]string
	seed     uint64
	costly   int // most costly requests

	thresholds []*metric.Threshold
	room       string // what the load generator may run into; "" = nothing
}

// prepare reads and checks everything that a replay needs.
func prepare(o ReplayOptions) (*rehearsal, error) {
	r := &rehearsal{options: o}
	var err error
	if r.env, err = o.Workspace.open(); err != nil {
		return nil, err
	}
	if r.way, err = r.env.way(time.Now()); err != nil {
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
	r.scenario = r.scenario.Expand(r.env.Critical)
	if err := r.size(); err != nil {
		return nil, err
	}
	if r.program, err = program.Compile(r.planned.plan, r.scenario, program.Options{Allow: o.Allow}); err != nil {
		return nil, err
	}
	if err := r.measures(); err != nil {
		return nil, err
	}
	if err := r.spare(); err != nil {
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
		if err := r.somebodyLeft(); err != nil {
			return err
		}
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

// somebodyLeft refuses a factor that leaves less than one user of the whole scenario.
func (r *rehearsal) somebodyLeft() error {
	text, times := strings.CutSuffix(r.options.Scale, "x")
	factor, err := strconv.ParseFloat(text, 64)
	users := r.scenario.PeakUsers()
	if !times || err != nil || factor <= 0 || users == 0 || factor*float64(users) >= 1 {
		return nil // or for Scale to say
	}
	return cli.Usagef("--scale %s: of %s less than one is left", r.options.Scale, verdict.Count(users, "user")).
		With("one user is --scale %d where each persona has one, or %.2gx", len(r.scenario.Personas), math.Ceil(100/float64(users))/100)
}

// measures reads what the run will be judged by, so that a mistake in it is said
// before the load and not after it.
func (r *rehearsal) measures() (err error) {
	if r.thresholds, err = metric.ParseAll(r.scenario.File, r.scenario.Thresholds); err != nil {
		return err
	}
	if _, err := readBaselines(""); err != nil {
		return err
	}
	recovery := r.scenario.Recovery
	if recovery == nil {
		return nil
	}
	if _, err := metric.ParseAll(r.scenario.File, recovery.Thresholds); err != nil {
		return err
	}
	var phases []string
	for _, p := range r.program.Names.Phases {
		short, _, _ := strings.Cut(p.Name, ":")
		if recovery.After == p.Name || recovery.After == strings.TrimSpace(short) {
			return nil
		}
		phases = append(phases, strconv.Quote(p.Name))
	}
	return cli.Usagef("%s: recovery: no phase of the run is called %q", r.scenario.File, recovery.After).
		With("its phases are %s; what stands before a colon is enough", quoteList(phases))
}

// spare sets the cap on costly requests.
func (r *rehearsal) spare() error {
	r.costly = DefaultMaxCostly
	if r.options.MaxCostly != nil {
		r.costly = *r.options.MaxCostly
	}
	if r.costly < 1 && len(r.program.Costly) > 0 {
		return cli.Usagef("--max-costly %d allows not one of the costly requests that %s sends: %s", r.costly, r.scenario.Name, quoteList(slices.Sorted(maps.Keys(r.program.Costly)))).
			With("give 1 or more, or replay a scenario without them")
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
	return permit(r.targets, r.env, r.way, r.options.Confirmed)
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
