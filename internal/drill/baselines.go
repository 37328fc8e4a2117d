package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/cli"
	"firedrill/internal/report"
	"firedrill/internal/runs"
	"firedrill/internal/verdict"
)

// LearnOptions say what query budgets are learned from and where they are written.
type LearnOptions struct {
	Runs      []string // paths of run files; none = the newest of Dir, and the newest valid one of each other scenario there
	Dir       string   // "" = RunsDir
	Baselines string   // path of the baselines file; "" = BaselinesName
	DryRun    bool     // nothing is written

	Talk io.Writer // as in ReportOptions
}

// Learned is what learning changed.
type Learned struct {
	File    string
	Runs    []string // what was learned from
	Changes []baseline.Change
	Notes   []string // what whoever reviews the budgets should know
	Written bool
}

// LearnBaselines learns query budgets per endpoint from measured runs into the
// baselines file, one line per endpoint; what people wrote there stays. A run that
// does not count, ran at another speed than recorded, or has no query counts is
// refused; then nothing is written.
func LearnBaselines(ctx context.Context, o LearnOptions) (Learned, error) {
	done := Learned{File: fallback(o.Baselines, BaselinesName)}
	paths := o.Runs
	if len(paths) == 0 {
		newest, err := newestEnded(ctx, fallback(o.Dir, RunsDir), o.Talk)
		if err != nil {
			return done, err
		}
		paths = []string{newest}
	}
	old, err := os.ReadFile(done.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return done, cli.Usagef("reading the baselines: %w", err)
	}
	judgedBy := o.Baselines
	if err != nil {
		judgedBy = "" // the file is about to be made
	}
	reports, err := learned(ctx, o, paths, judgedBy)
	if err != nil {
		return done, err
	}
	for _, r := range reports {
		done.Runs = append(done.Runs, r.Run.File)
	}
	budgets, notes := baseline.Learn(reports...)
	done.Notes = notes
	text, changes, err := baseline.Update(done.File, old, budgets)
	if err != nil {
		return done, err
	}
	done.Changes = changes
	if o.DryRun || string(text) == string(old) {
		return done, nil
	}
	done.Written = true
	return done, replaceFile(done.File, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// learned judges the runs that budgets are learned from. Where none was named, those
// of the other scenarios are among them: other people ask the same endpoint for more.
func learned(ctx context.Context, o LearnOptions, paths []string, judgedBy string) (reports []*verdict.Report, err error) {
	by := ReportOptions{Dir: o.Dir, Baselines: judgedBy}
	for _, by.Run = range paths {
		r, err := Report(ctx, by)
		if err != nil {
			return nil, err
		}
		if err := learnable(r); err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	if len(o.Runs) > 0 {
		return reports, nil
	}
	others, err := newestOfEach(ctx, by, reports[0].Run)
	for _, r := range others {
		if learnable(r) == nil {
			reports = append(reports, r)
		}
	}
	return reports, err
}

// learnable is why budgets are not learned from a run; nil: they are.
func learnable(r *verdict.Report) error {
	switch {
	case r.Status == verdict.Invalid:
		return cli.Invalidf("budgets are not learned from a run that is not valid: %s: %s", r.Run.File, r.Invalid[0]).
			With("run the scenario again, or name another run; \"analyze runs\" lists them")
	case r.Run.Speed != 1:
		return cli.Usagef("budgets are not learned from a run at %g times the recorded speed: %s", r.Run.Speed, r.Run.File).
			With("run the scenario again without --speed")
	case !slices.ContainsFunc(r.Queries, func(q verdict.Queries) bool { return q.Known > 0 }):
		return cli.Usagef("no answer of %s said how many database queries it caused", r.Run.File).
			With("let the application send X-DB-Query-Count or Server-Timing, and run the scenario again")
	}
	return nil
}

// ShowBaselines writes the baselines beside what the newest run, or the one that is
// named, measured. Without any run the baselines stand alone.
func ShowBaselines(ctx context.Context, w io.Writer, o ReportOptions, color bool, width int) error {
	baselines, err := readBaselines(o.Baselines)
	if err != nil {
		return err
	}
	r, err := Report(ctx, o)
	var none *runs.NoRunsError
	if errors.As(err, &none) {
		r, err = &verdict.Report{}, nil
	}
	if err != nil {
		return err
	}
	complete(r, baselines)
	return report.BaselinesText(w, r, baselines.File, report.TextOptions{Color: color, Width: width})
}

// complete adds what has a baseline and is not in the report.
func complete(r *verdict.Report, b baseline.Baselines) {
	for _, l := range b.Latency {
		if !slices.ContainsFunc(r.Categories, func(c verdict.Latency) bool { return c.Name == l.Category }) {
			r.Categories = append(r.Categories, verdict.Latency{Name: l.Category, Status: verdict.NoData,
				Target: &verdict.Target{P50MS: l.P50.Seconds() * 1e3, P95MS: l.P95.Seconds() * 1e3, P99MS: l.P99.Seconds() * 1e3}})
		}
	}
	for _, c := range b.Concurrency {
		if !slices.ContainsFunc(r.Concurrency, func(row verdict.Concurrency) bool { return row.Name == c.Name }) {
			r.Concurrency = append(r.Concurrency, verdict.Concurrency{Name: c.Name, Users: c.Users, Passes: c.Passes(), Status: verdict.NoData})
		}
	}
	for _, q := range b.Queries {
		if !slices.ContainsFunc(r.Queries, func(row verdict.Queries) bool { return row.Endpoint == q.Endpoint }) {
			budget := q.Max
			r.Queries = append(r.Queries, verdict.Queries{Endpoint: q.Endpoint, Budget: &budget, TimeMS: -1, Status: verdict.NoData})
		}
	}
	slices.SortStableFunc(r.Queries, func(a, b verdict.Queries) int { return strings.Compare(a.Endpoint, b.Endpoint) })
}

// Lines are the changes for a person, one line each: "GET /api/v1/courses  7 → 9".
func (l Learned) Lines() []string {
	wide := 0
	for _, c := range l.Changes {
		wide = max(wide, len([]rune(c.Endpoint)))
	}
	var lines []string
	for _, c := range l.Changes {
		text := fmt.Sprintf("%d → %d", c.Old, c.New)
		switch {
		case c.Kept != "":
			text = fmt.Sprintf("kept, measured %d: %s", c.New, c.Kept)
		case c.Old < 0:
			text = fmt.Sprintf("new: %d", c.New)
		}
		lines = append(lines, fmt.Sprintf("%-*s  %s", wide, c.Endpoint, text))
	}
	return append(lines, l.Notes...)
}
