package analysis

import (
	"fmt"
	"iter"
	"time"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/metric"
	"firedrill/internal/runs"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// Run is what is judged; *runs.Reader is one. Samples come nearly in the order of
// their ends. What the sequences yield is valid until the next is asked for.
type Run interface {
	Manifest() runs.Manifest
	Ending() (runs.Ending, bool) // false: the run was killed
	Names() sample.Names
	Samples() iter.Seq2[*sample.Sample, error]
	Iterations() iter.Seq2[*sample.Iteration, error]
	Drops() iter.Seq2[*sample.Drop, error]
	Users() iter.Seq2[*sample.Users, error]
}

// judge holds one run while it is judged.
type judge struct {
	manifest  runs.Manifest
	ending    runs.Ending // End is runs.Incomplete when there is none
	names     sample.Names
	baselines baseline.Baselines
	own       []*metric.Threshold // of the scenario, each once
	ofSteps   []stepThreshold     // of the scenario, narrowed to one step each
	ofReturn  []*metric.Threshold // what a recovered target satisfies, in windows
	targets   []target            // baselines as thresholds, for when they broke
	tally     *tally
	absent    absence                             // over the whole run
	broke     map[*metric.Threshold]time.Duration // when it broke; −1 never
	states    []metric.State                      // exact, of own
	stepState []metric.State                      // exact, of ofSteps
	returns   [][]metric.Window                   // exact, of ofReturn
	cause     cause                               // why thresholds and targets broke, where some did
	found     []finding
	report    *verdict.Report
}

// target is one percentile of a category's baseline.
type target struct {
	category string
	name     string // "p95"
	*metric.Threshold
}

// Judge reads the run and judges it by its scenario's thresholds and by the
// baselines. The error is that of reading; a run that is bad is a report that
// says so.
func Judge(run Run, baselines baseline.Baselines) (*verdict.Report, error) {
	j := &judge{manifest: run.Manifest(), names: run.Names(), baselines: baselines, broke: map[*metric.Threshold]time.Duration{}}
	if j.manifest.Speed == 0 {
		j.manifest.Speed = 1
	}
	var ended bool
	if j.ending, ended = run.Ending(); !ended {
		j.ending.End = runs.Incomplete
	}
	if err := j.prepare(); err != nil {
		return nil, err
	}
	if err := j.gather(run); err != nil {
		return nil, fmt.Errorf("read the run: %w", err)
	}
	j.report = &verdict.Report{Version: verdict.Version, Run: j.describe(), Definitions: definitions(), Thresholds: j.thresholds(), Errors: j.errors(),
		Iterations: j.iterations(), Timeline: j.timeline(), Phases: []verdict.Phase{}, Generator: j.generator(), Streams: j.streams()}
	for i, p := range j.names.Phases {
		p.To = j.tally.phaseEnd(i)
		j.report.Phases = append(j.report.Phases, verdict.Phase{Name: p.Name, From: p.From, To: p.To, Hold: p.Hold})
	}
	j.latencies()
	j.queries()
	j.concurrency()
	j.steps()
	j.recovery()
	j.drifts()
	j.warnings()
	j.report.Invalid = j.invalid()
	if err := j.explain(run); err != nil {
		return nil, fmt.Errorf("read the run again: %w", err)
	}
	j.report.Stalls = j.stallRows()
	j.findings()
	j.conclude()
	return j.report, nil
}

// prepare parses what the run is judged by.
func (j *judge) prepare() error {
	own, err := metric.ParseAll(j.manifest.Scenario.Name, j.manifest.Thresholds)
	if err != nil {
		return fmt.Errorf("thresholds of the run: %w", err)
	}
	seen := map[string]bool{}
	for _, t := range own {
		if key := thresholdKey(t); !seen[key] {
			seen[key] = true
			j.own = append(j.own, t)
		}
	}
	if err := j.prepareSteps(); err != nil {
		return err
	}
	if err := j.prepareRecovery(); err != nil {
		return err
	}
	return j.makeTargets()
}

// thresholdKey is the same for thresholds that say the same.
func thresholdKey(t *metric.Threshold) string {
	return fmt.Sprint(t.Metric.Name, t.Selector, " ", t.Method, t.Percentile, t.Op, t.Limit, t.Window, t.MinSamples)
}

// makeTargets puts the latency baselines into the form of thresholds, which are
// fed only what counts for baselines.
func (j *judge) makeTargets() error {
	for _, l := range j.baselines.Latency {
		for _, p := range []struct {
			percent int
			limit   time.Duration
		}{{50, l.P50}, {95, l.P95}, {99, l.P99}} {
			t, err := metric.ParseThreshold("response_time{category:"+l.Category+"}", fmt.Sprintf("p(%d)<=%f", p.percent, ms(p.limit)))
			if err != nil {
				return fmt.Errorf("baseline of %s: %w", l.Category, err)
			}
			j.targets = append(j.targets, target{l.Category, fmt.Sprintf("p%d", p.percent), t})
		}
	}
	return nil
}

// describe says what was run.
func (j *judge) describe() verdict.Run {
	m, t := j.manifest, j.tally
	r := verdict.Run{
		ID: m.ID, Scenario: m.Scenario.Name, About: m.Scenario.About, Environment: m.Environment, Recording: m.Recording,
		Journeys: append([]string{}, m.Journeys...), Targets: []string{}, Started: m.Started, Length: t.length, End: j.ending.End, Users: j.peak(), Idle: j.absent.of(t.users.peak),
		Scale: m.Scale, Speed: m.Speed, Seed: m.Seed, Machine: m.Machine, Version: m.Version,
		Requests: t.all.requests, Failed: t.all.failed, Dropped: t.dropped, Starved: t.starved,
	}
	for _, target := range m.Targets {
		r.Targets = append(r.Targets, target.Name+" = "+target.URL)
	}
	return r
}

// thresholds are the scenario's, judged over all samples; where each step is judged
// on its own, by the steps that must hold.
func (j *judge) thresholds() []verdict.Threshold {
	rows := make([]verdict.Threshold, 0, len(j.states))
	for i, s := range j.states {
		if j.stepwise(s.Threshold) {
			s = j.ofMustHold(i, s)
		}
		row := verdict.Threshold{Metric: s.Name, Expr: s.Expr, Window: s.Window, Unit: s.Unit(), Samples: s.Samples, Status: s.Status, BrokeAt: -1}
		if s.Status != verdict.NoData {
			v := s.Value
			row.Measured = &v
		}
		if s.Status == verdict.Fail {
			row.BrokeAt = j.brokeAt(s.Threshold)
		}
		rows = append(rows, row)
	}
	return rows
}

// brokeAt is when a threshold that failed broke. The live histogram rounds, so
// one that failed by less than a thousandth may have held live: then, the end.
func (j *judge) brokeAt(t *metric.Threshold) time.Duration {
	if at, ok := j.broke[t]; ok && at >= 0 {
		return at
	}
	return j.tally.length
}

// conclude sets the status and the summary.
func (j *judge) conclude() {
	r := j.report
	r.Status = verdict.Pass
	for _, f := range r.Findings {
		if f.Status == verdict.Fail || f.Status == verdict.NoData {
			r.Status = verdict.Fail
		}
	}
	if len(r.Invalid) > 0 {
		r.Status = verdict.Invalid
	}
	r.Summary = j.summary()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
