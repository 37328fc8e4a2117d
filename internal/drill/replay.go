package drill

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"firedrill/internal/cli"
	"firedrill/internal/load"
	livelines "firedrill/internal/load/progress"
	"firedrill/internal/load/wire"
	"firedrill/internal/metric"
	"firedrill/internal/runs"
	"firedrill/internal/verdict"
)

// Version is the version of firedrill that runs and reports name.
const Version = "0.1.0-dev"

// How often thresholds are judged while a run lasts, and how long running
// iterations may go on after Ctrl-C.
const (
	judgeEvery = 2 * time.Second
	grace      = 3 * time.Second
)

// ReplayResult is a replay that was made.
type ReplayResult struct {
	File   string          // the run file
	Report *verdict.Report // what it says
}

// Replay runs a scenario, or every recorded journey, against the targets and
// keeps what was measured in a run file. The error says how the run is to be
// taken: a verdict of the thresholds (99), a run that does not count (3), an
// interruption (130), or why nothing was sent (2).
func Replay(ctx context.Context, o ReplayOptions) (ReplayResult, error) {
	r, err := prepare(o)
	if err != nil {
		return ReplayResult{}, err
	}
	r.announce(o.Talk)
	if o.DryRun {
		return ReplayResult{}, r.rehearse(o.Results)
	}
	if err := prove(ctx, r.targets, r.env, r.way); err != nil {
		return ReplayResult{}, err
	}
	if r.room = load.Headroom(r.program); r.room != "" {
		fmt.Fprintf(o.Talk, "note       %s\n", r.room)
	}
	file, outcome, err := r.run(ctx)
	if err != nil {
		return ReplayResult{File: file}, err
	}
	verdicts, err := Report(context.WithoutCancel(ctx), ReportOptions{Run: file})
	if err != nil {
		return ReplayResult{File: file}, err
	}
	result := ReplayResult{File: file, Report: verdicts}
	if err := writeSummary(o.Results, verdicts); err != nil {
		return result, err
	}
	err = judged(verdicts, outcome)
	if outcome.End == load.EndUnreachable && ctx.Err() == nil {
		if why, hint := r.diagnose(ctx); why != "" {
			err = errors.Join(err, cli.Invalidf("%s", why).With("%s", hint))
		}
	}
	return result, err
}

// judged is the error whose code the process ends with: what the summary says in
// words. The verdict decides: of a scenario with steps, thresholds may break above
// what must hold. Thresholds come before baselines and critical endpoints.
func judged(v *verdict.Report, outcome load.Outcome) error {
	var all error
	if outcome.End == load.EndInterrupted {
		all = cli.Interruptedf("the run was interrupted after %s; what was measured until then is in %s", outcome.Length.Round(time.Second), v.Run.File)
	}
	if v.Status == verdict.Invalid {
		return errors.Join(all, cli.Invalidf("the run is not valid: %s", v.Invalid[0]))
	}
	if v.Status == verdict.Pass {
		return all // also of a target that died above what it must carry
	}
	if outcome.End == load.EndDied {
		return errors.Join(all, cli.Brokenf("the target died %s into the run, with %s and %.0f requests a second: %s",
			outcome.Died.At.Round(time.Second), verdict.Count(outcome.Died.Users, "user"), outcome.Died.Rate, outcome.Detail))
	}
	for _, s := range v.Steps {
		if s.MustHold && s.Status != verdict.Pass {
			return errors.Join(all, cli.Brokenf("%s must hold and did not: %s", s.Name, fallback(strings.Join(s.Broke, "; "), string(s.Status))))
		}
	}
	broken, first := 0, ""
	for _, t := range v.Thresholds {
		if t.Status == verdict.Pass {
			continue
		}
		if broken++; broken == 1 {
			first = thresholdText(t)
		}
	}
	if broken > 0 {
		return errors.Join(all, cli.Brokenf("%d of %s %s: %s", broken, verdict.Count(len(v.Thresholds), "threshold"), wereBroken(broken), first))
	}
	return errors.Join(all, Gate(v))
}

func wereBroken(n int) string {
	if n == 1 {
		return "is broken or had no data"
	}
	return "are broken or had no data; the first"
}

func thresholdText(t verdict.Threshold) string {
	if t.Measured == nil {
		return fmt.Sprintf("%s %s had no data", t.Metric, t.Expr)
	}
	return fmt.Sprintf("%s %s, measured %.4g%s", t.Metric, t.Expr, *t.Measured, t.Unit)
}

// run sends the load and keeps the run file.
func (r *rehearsal) run(ctx context.Context) (string, load.Outcome, error) {
	id, started := runs.NewID(), time.Now()
	file := r.options.Out
	if file == "" {
		file = filepath.Join(RunsDir, runs.FileName(started, r.scenario.Name, id))
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", load.Outcome{}, cli.Usagef("making the folder of the run: %w", err)
	}
	writer, err := runs.Create(file, r.manifest(id, started))
	if err != nil {
		return "", load.Outcome{}, err
	}
	fmt.Fprintf(r.options.Talk, "run        %s\n\n", file)
	outcome, err := r.drive(ctx, id, writer, metric.NewLive(r.thresholds, r.program.Names))
	if err != nil {
		return file, outcome, errors.Join(err, writer.Close())
	}
	ending := runs.Ending{
		End: outcome.End, Detail: outcome.Detail, Length: outcome.Length, PeakUsers: outcome.PeakUsers, Names: outcome.Names,
		Generator: generatorOf(outcome), Warnings: slices.Clone(outcome.Notes),
	}
	if r.options.LateLimit > load.LateLimit {
		ending.Warnings = append(ending.Warnings, fmt.Sprintf("The generator was allowed to be late by %s (--late-limit): response times hold so much of its own slowness.", r.options.LateLimit))
	}
	err = errors.Join(writer.Finish(ending), writer.Close())
	return file, outcome, err
}

// generatorOf is how the generator itself fared, as the run file keeps it.
func generatorOf(o load.Outcome) runs.Generator {
	s := &o.Self
	why := s.Overloaded()
	return runs.Generator{
		Overloaded: why != "", Why: why,
		LateP50: s.LateP50, LateP95: s.LateP95, LateP99: s.LateP99, LateMax: s.LateMax, LateLimit: s.Limit,
		CPU: s.CPU, MachineCPU: s.MachineCPU, GCPauseMax: s.GCPauseMax,
		Sockets: s.Sockets, SocketLimit: s.SocketLimit, ClockStep: s.ClockStep,
	}
}

// drive is the load itself, with the progress and the thresholds that watch it.
func (r *rehearsal) drive(ctx context.Context, id string, writer *runs.Writer, live *metric.Live) (load.Outcome, error) {
	meter := &livelines.Meter{}
	start := time.Now()
	abort := make(chan string, 1)
	watched, over := context.WithCancel(context.WithoutCancel(ctx))
	board := &thresholdBoard{live: live, start: start, abort: abort, label: speedText(r.options.Speed, 0)}
	var watchers sync.WaitGroup
	watchers.Go(func() {
		select {
		case <-watched.Done():
		case <-ctx.Done():
			fmt.Fprintf(r.options.Talk, "stopping: running iterations may go on for %s; Ctrl-C again stops at once\n", grace)
		}
	})
	watchers.Go(func() { board.watch(watched) })
	watchers.Go(func() {
		_ = livelines.Paint(watched, r.options.Talk, meter, livelines.Options{
			Start: start, Total: r.scenario.Length(), Terminal: r.options.Terminal,
			Width: func() int { return max(40, r.options.Width) }, Thresholds: board.lines,
		}) // a terminal that cannot be written to is no reason to end a run
	})
	watchers.Go(func() {
		select {
		case <-watched.Done():
		case <-writer.Broken():
			select {
			case abort <- "the run file cannot be written":
			default:
			}
		}
	})
	outcome, err := load.Run(ctx, context.WithoutCancel(ctx), r.program, load.Config{
		Seed: r.seed, RunID: id, Targets: r.targets, Accounts: r.accounts, Secrets: r.secrets,
		Sink: load.Tee(writer, live, meter), Speed: r.options.Speed, Timeout: r.options.Timeout,
		Grace: grace, NoMarkers: !r.options.Markers, Abort: abort,
		LateLimit: r.options.LateLimit, LoginRate: r.options.LoginRate, CostlyCap: int64(r.costly),
		NewDoer: func(int) wire.Doer { return wire.New(r.way) },
	})
	over()
	watchers.Wait()
	return outcome, err
}

// manifest is what the run file says of the run before it starts.
func (r *rehearsal) manifest(id string, started time.Time) runs.Manifest {
	s := r.scenario
	m := runs.Manifest{
		ID: id, Started: started,
		Scenario:    runs.Scenario{Name: s.Name, Aliases: s.Aliases, About: s.About, File: s.File, Source: string(s.Source)},
		Environment: r.env.Name,
		Recording:   fmt.Sprintf("%s (%d exchanges in %d sessions)", r.planned.file, r.planned.plan.Recording.Exchanges, r.planned.plan.Recording.Sessions),
		Seed:        r.seed,
		Scale:       r.options.Scale,
		Speed:       max(r.options.Speed, 0),
		Machine:     fmt.Sprintf("%d CPUs, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH),
		Version:     Version,
		Thresholds:  s.Thresholds,
		Critical:    s.Critical,
		Steps:       s.Steps,
		Recovery:    s.Recovery,
		Drift:       s.Drift,
		Names:       r.program.Names,
		Warnings:    slices.Concat(s.Notes, r.program.Notes),
	}
	if r.room != "" {
		m.Warnings = append(m.Warnings, r.room)
	}
	if r.env.TLS.Insecure {
		m.Warnings = append(m.Warnings, insecureText)
	}
	if m.Speed == 0 {
		m.Speed = 1
	}
	for _, name := range slices.Sorted(maps.Keys(r.targets)) {
		m.Targets = append(m.Targets, runs.Target{Name: name, URL: r.targets[name].String()})
	}
	for _, g := range r.program.Groups {
		m.Journeys = append(m.Journeys, fmt.Sprintf("%s walks %s (%d recorded sessions)", g.Persona.Name, g.Journey.Name, g.Journey.Sessions))
		m.Personas = append(m.Personas, runs.Persona{Name: g.Persona.Name, Journey: g.Journey.Name, Users: g.Users, Executor: g.Persona.Load.Executor})
	}
	return m
}

// thresholdBoard judges thresholds while a run lasts and aborts it where one says so.
type thresholdBoard struct {
	live  *metric.Live
	start time.Time
	abort chan<- string
	label string // before the thresholds; may be empty

	mu     sync.Mutex
	states []metric.State
}

func (b *thresholdBoard) watch(ctx context.Context) {
	tick := time.NewTicker(judgeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		at := time.Since(b.start)
		states := b.live.Evaluate(at)
		b.mu.Lock()
		b.states = states
		b.mu.Unlock()
		if metric.Aborts(states, at) != nil {
			select {
			case b.abort <- runs.Aborted:
			default:
			}
		}
	}
}

// lines are one short text per threshold.
func (b *thresholdBoard) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	texts := make([]string, 0, 1+len(b.states))
	if b.label != "" {
		texts = append(texts, b.label)
	}
	for _, s := range b.states {
		sign := "·"
		switch s.Status {
		case verdict.Pass:
			sign = "✓"
		case verdict.Fail:
			sign = "✗"
		}
		value := "no data yet"
		if s.Status != verdict.NoData {
			value = fmt.Sprintf("%.4g%s", s.Value, s.Unit())
		}
		texts = append(texts, fmt.Sprintf("%s %s %s: %s", sign, s.Name, s.Expr, value))
	}
	return texts
}
