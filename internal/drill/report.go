package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"firedrill/internal/analysis"
	"firedrill/internal/analysis/baseline"
	"firedrill/internal/cli"
	"firedrill/internal/report"
	"firedrill/internal/runs"
	"firedrill/internal/verdict"
)

// Where things are when nobody says otherwise, relative to the current folder.
const (
	RunsDir           = "runs"
	BaselinesName     = "baselines.yaml"
	BaselinesDocument = "docs/PERFORMANCE_BASELINES.md"
)

// ReportOptions say which run is judged, and by what.
type ReportOptions struct {
	Run       string // path of a run file; "" = the newest of Dir that has ended
	Dir       string // "" = RunsDir
	Baselines string // path of a baselines file; "" = BaselinesName where it exists, else the built-in ones

	Talk io.Writer // told when a newer run is still under way; nil = nobody
}

// Report judges a run. A run that is bad is a report that says so, not an error.
func Report(ctx context.Context, o ReportOptions) (*verdict.Report, error) {
	path := o.Run
	if path == "" {
		newest, err := newestEnded(ctx, fallback(o.Dir, RunsDir), o.Talk)
		if err != nil {
			return nil, err
		}
		path = newest
	}
	baselines, err := readBaselines(o.Baselines)
	if err != nil {
		return nil, err
	}
	r, err := runs.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cli.Usagef("there is no run file %s", path).With("\"analyze runs\" lists those in %s", fallback(o.Dir, RunsDir))
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	verdicts, err := analysis.Judge(r, baselines)
	if err != nil {
		return nil, err
	}
	verdicts.Run.File = filepath.ToSlash(path)
	return verdicts, nil
}

// readBaselines reads the project's baselines over the built-in ones.
func readBaselines(path string) (baseline.Baselines, error) {
	asked := path != ""
	src, err := os.ReadFile(fallback(path, BaselinesName))
	switch {
	case errors.Is(err, fs.ErrNotExist) && !asked:
		return baseline.Default(), nil
	case err != nil:
		return baseline.Baselines{}, cli.Usagef("reading the baselines: %w", err)
	}
	return baseline.Parse(fallback(path, BaselinesName), src)
}

// Formats are the names that WriteReport knows.
func Formats() []string { return []string{"text", "md", "html", "json", "junit", "github"} }

// WriteReport writes a report in one of Formats.
func WriteReport(w io.Writer, r *verdict.Report, format string, o report.TextOptions) error {
	switch format {
	case "text":
		return report.Text(w, r, o)
	case "md":
		return report.Markdown(w, r)
	case "html":
		return report.HTML(w, r)
	case "json":
		return report.JSON(w, r)
	case "junit":
		return report.JUnit(w, r)
	case "github":
		return report.GitHub(w, r)
	}
	return cli.Usagef("there is no format %q", format).With("known: %s", quoteList(Formats()))
}

// PrintReport writes a report to a terminal or a pipe.
func PrintReport(w io.Writer, r *verdict.Report, format string, color bool, width int) error {
	return WriteReport(w, r, format, report.TextOptions{Color: color, Width: width})
}

// SaveReport writes a report to a file, which is replaced as a whole.
func SaveReport(path string, r *verdict.Report, format string) error {
	return replaceFile(path, func(w io.Writer) error { return WriteReport(w, r, format, report.TextOptions{}) })
}

// WriteBaselines writes a run's numbers into the baselines document, and beside
// them those of the newest valid run of each other scenario in the folder of o;
// what people wrote there stays. It says which runs these are. A run that does not
// count, or ran at another speed than recorded, is refused.
func WriteBaselines(ctx context.Context, path string, r *verdict.Report, o ReportOptions) ([]string, error) {
	if r.Status == verdict.Invalid {
		return nil, cli.Invalidf("baselines are not written from a run that is not valid: %s", r.Invalid[0])
	}
	if r.Run.Speed != 1 {
		return nil, cli.Usagef("baselines are not written from a run at %g times the recorded speed", r.Run.Speed).
			With("run the scenario again without --speed")
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, cli.Usagef("reading the baselines document: %w", err)
	}
	others, err := newestOfEach(ctx, o, r.Run)
	if err != nil {
		return nil, err
	}
	doc, err := report.Baselines(old, append([]*verdict.Report{r}, others...)...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	used := []string{r.Run.File}
	for _, other := range others {
		used = append(used, other.Run.File)
	}
	return used, replaceFile(path, func(w io.Writer) error { _, err := w.Write(doc); return err })
}

// replaceFile writes a file beside path and renames it, so that a reader never
// sees half of one. Its permissions stay.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return cli.Usagef("writing %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return cli.Usagef("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = write(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.Chmod(f.Name(), mode); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Gate is the error that the exit code of a gated report comes from; nil when the run passed.
func Gate(r *verdict.Report) error {
	switch r.Status {
	case verdict.Invalid:
		return cli.Invalidf("the run is not valid: %s", r.Invalid[0])
	case verdict.Pass:
		return nil
	}
	broke := 0
	for _, f := range r.Findings {
		if f.Status == verdict.Fail || f.Status == verdict.NoData {
			broke++
		}
	}
	first := ""
	if len(r.Findings) > 0 {
		first = ": " + r.Findings[0].What
	}
	if broke > 1 {
		first += fmt.Sprintf(" (and %d more)", broke-1)
	}
	return cli.Brokenf("a baseline or a threshold is broken, or had no data%s", first)
}
