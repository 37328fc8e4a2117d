// Package command holds the commands of replayer, one file each.
package command

import (
	"math"
	"time"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
	"firedrill/internal/plan"
)

// Root makes the root command: a replay.
func Root(s cli.Streams) *cobra.Command {
	var f replayFlags
	c := &cobra.Command{
		Use:   "replayer [--scenario NAME]",
		Short: "Replay recorded sessions as a school's worst day",
		Long: `Replay recorded sessions as a school's worst day.

Each virtual user walks a recorded journey as a person of its own: its own
account, cookies, connections and random draws. Every log-in, token, created
object and picked list item is the new user's own; nobody writes rules for that.

The first lines say which recording, journeys, accounts and targets are used.
Nothing is contacted but the targets; a host that is not this machine must be
allowed in firedrill.yaml or confirmed with --yes.`,
		Example: `  replayer --scenario grading-rush --scale 20
  replayer --scenario concurrent-quiz --target http://localhost:4000
  replayer --scenario grading-rush --scale 3x --duration 2m --seed 7
  replayer --scenario grading-rush --env staging --dry-run
  replayer --recording recordings/day.db --accounts users.csv --scale 20`,
		Args:    cli.NoArgs,
		Version: drill.Version,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := f.options(c, s)
			if err != nil {
				return err
			}
			if f.scenario == "" && f.recording == "" {
				return cli.Usagef("what shall be replayed?").
					With("name a scenario (`replayer scenarios` lists them), or a --recording to replay all that it holds")
			}
			_, err = drill.Replay(c.Context(), o)
			return err
		},
	}
	f.define(c)
	c.AddCommand(newScenariosCommand(s), newPlanCommand(s))
	return c
}

// placeFlags name the environment and what may replace its parts.
type placeFlags struct {
	config, env, recording, overlay string
}

func (f *placeFlags) define(c *cobra.Command) {
	c.Flags().StringVar(&f.config, "config", "", "file that names the environments (default firedrill.yaml here)")
	c.Flags().StringVar(&f.env, "env", "", "environment of firedrill.yaml (default local)")
	c.Flags().StringVar(&f.recording, "recording", "", "recording to replay (default: the environment's)")
	c.Flags().StringVar(&f.overlay, "overlay", "", "your edits to the plan (default: NAME.overlay.yaml beside the recording, if there)")
}

func (f *placeFlags) planOptions(s cli.Streams) drill.PlanOptions {
	return drill.PlanOptions{
		Workspace: drill.Workspace{Config: f.config, Environment: f.env},
		Recording: f.recording,
		Overlay:   f.overlay,
		Talk:      s.Err,
	}
}

type replayFlags struct {
	placeFlags
	scenario, scale, out, accounts string
	targets, allow                 []string
	duration, timeout, late        time.Duration
	speed, loginRate               float64
	seed                           uint64
	maxCostly                      int
	dryRun, yes, noMarkers         bool
}

func (f *replayFlags) define(c *cobra.Command) {
	f.placeFlags.define(c)
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.scenario, "scenario", "", "scenario by name or file; none: all recorded journeys in their proportions")
	flags.StringVar(&f.scale, "scale", "", "virtual users at the peak (20), or a factor (3x)")
	flags.DurationVar(&f.duration, "duration", 0, "length of the whole run, stages in proportion")
	flags.Float64Var(&f.speed, "speed", 1, "divide think times: more load, labelled so, never a baseline")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of all draws (default: a new one, printed)")
	flags.StringArrayVar(&f.targets, "target", nil, "[name=]URL to send to, instead of the environment's (repeatable)")
	flags.StringVar(&f.accounts, "accounts", "", "CSV of accounts: persona, login, password, …")
	flags.StringSliceVar(&f.allow, "allow", nil, "classes of requests to allow: destructive, costly")
	flags.IntVar(&f.maxCostly, "max-costly", drill.DefaultMaxCostly, "most costly requests of a run that is allowed them")
	flags.Float64Var(&f.loginRate, "login-rate", 0, "most log-ins a second over all users (default: as they come)")
	flags.DurationVar(&f.timeout, "timeout", 60*time.Second, "longest wait for one answer")
	flags.DurationVar(&f.late, "late-limit", 50*time.Millisecond, "how late 1 in 20 requests may begin (1 in 100: five times that) before the run is invalid")
	flags.StringVar(&f.out, "out", "", "file of the run (default runs/DATE-SCENARIO-ID.db)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be sent, send nothing")
	flags.BoolVar(&f.yes, "yes", false, "confirm targets that are not on this machine")
	flags.BoolVar(&f.noMarkers, "no-markers", false, "leave out traceparent, X-Request-Id and X-Firedrill")
}

func (f *replayFlags) options(c *cobra.Command, s cli.Streams) (drill.ReplayOptions, error) {
	o := drill.ReplayOptions{
		PlanOptions: f.planOptions(s),
		Scenario:    f.scenario,
		Scale:       f.scale,
		Duration:    f.duration,
		Speed:       f.speed,
		Accounts:    f.accounts,
		Timeout:     f.timeout,
		LateLimit:   f.late,
		LoginRate:   f.loginRate,
		Out:         f.out,
		DryRun:      f.dryRun,
		Confirmed:   f.yes,
		Markers:     !f.noMarkers,
		Results:     s.Out,
		Terminal:    s.Terminal,
		Width:       s.Width,
	}
	if c.Flags().Changed("seed") {
		o.Seed = &f.seed
	}
	if c.Flags().Changed("max-costly") {
		o.MaxCostly = &f.maxCostly
	}
	if err := f.sane(c); err != nil {
		return o, err
	}
	for _, text := range f.targets {
		t, err := drill.ParseTarget(text)
		if err != nil {
			return o, err
		}
		o.Targets = append(o.Targets, t)
	}
	for _, class := range f.allow {
		switch plan.Class(class) {
		case plan.Destructive, plan.Costly:
			o.Allow = append(o.Allow, plan.Class(class))
		default:
			return o, cli.Usagef("--allow %s: there is no such class", class).With("the classes that need it are destructive and costly")
		}
	}
	return o, nil
}

// sane refuses values that a flag can be given and that mean nothing.
func (f *replayFlags) sane(c *cobra.Command) error {
	given := c.Flags().Changed
	switch {
	case given("scale") && f.scale == "":
		return cli.Usagef("--scale has no value").With("write 20 for twenty users at the peak, or 3x for three times the scenario's numbers; without --scale the scenario's own are meant")
	case given("duration") && f.duration <= 0:
		return cli.Usagef("--duration %s: must be more than nothing", f.duration).With("write for instance 2m; without --duration the scenario's own is meant")
	case f.timeout <= 0:
		return cli.Usagef("--timeout %s: must be more than nothing", f.timeout).With("write how long a user waits for one answer, such as 60s; who waits for ever measures nothing")
	case f.late <= 0:
		return cli.Usagef("--late-limit %s: must be more than nothing", f.late).With("write for instance 50ms")
	case !(f.speed > 0) || math.IsInf(f.speed, 0):
		return cli.Usagef("--speed %g: must be a finite number above 0", f.speed).With("1 is as recorded, 2 is twice as fast")
	case given("login-rate") && !(f.loginRate > 0) || math.IsInf(f.loginRate, 0):
		return cli.Usagef("--login-rate %g: must be more than 0", f.loginRate).With("write for instance 5 for five log-ins a second; without it they are sent as they come")
	case f.maxCostly < 0:
		return cli.Usagef("--max-costly %d: must not be less than 0", f.maxCostly).With("write how many costly requests the run may send")
	}
	return nil
}
