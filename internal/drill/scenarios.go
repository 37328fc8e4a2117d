package drill

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"firedrill/internal/cli"
	"firedrill/internal/metric"
	"firedrill/internal/scenario"
	"firedrill/internal/verdict"
	"firedrill/scenarios"
)

// ScenarioDir is where a project keeps its own scenarios.
const ScenarioDir = "scenarios"

// checkThreshold is what the scenario language asks about thresholds; it says
// where in the text the mistake is.
func checkThreshold(name, expr string) error {
	_, err := metric.ParseThreshold(name, expr)
	var bad *metric.SyntaxError
	if errors.As(err, &bad) {
		return &scenario.SyntaxError{Offset: bad.Offset, Metric: bad.Input == name, Why: bad.Why, Fix: bad.Fix}
	}
	return err
}

// findScenario reads a scenario by file, or by name: from ./scenarios first,
// then from those that are built in.
func findScenario(name string) (*scenario.Scenario, error) {
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, cli.Usagef("reading the scenario: %w", err).With("`replayer scenarios` lists those that can be named without a path")
		}
		return scenario.Parse(name, src, checkThreshold)
	}
	var last error
	for _, place := range scenarioPlaces() {
		s, err := scenario.Find(place.files, name, checkThreshold)
		if err == nil {
			return s, nil
		}
		var missing *scenario.NotFoundError
		if !errors.As(err, &missing) {
			return nil, place.name(err)
		}
		last = err
	}
	return nil, last
}

// scenarioPlace is a folder of scenarios; dir is "" for those that are built in.
type scenarioPlace struct {
	files fs.FS
	dir   string
}

func scenarioPlaces() []scenarioPlace {
	places := []scenarioPlace{{files: scenarios.FS}}
	if info, err := os.Stat(ScenarioDir); err == nil && info.IsDir() {
		places = append([]scenarioPlace{{files: os.DirFS(ScenarioDir), dir: ScenarioDir}}, places...)
	}
	return places
}

// name puts the folder before the file name of a parse error.
func (p scenarioPlace) name(err error) error {
	var bad *scenario.ParseError
	if p.dir != "" && errors.As(err, &bad) && filepath.Dir(bad.File) == "." {
		bad.File = filepath.Join(p.dir, bad.File)
	}
	return err
}

// Scenarios lists what `--scenario` can name. Files that do not parse are listed
// with what is wrong, and are an error at the end.
func Scenarios(w io.Writer) error {
	seen := map[string]bool{}
	var broken error
	out := &lines{w: w}
	for _, place := range scenarioPlaces() {
		all, bad := scenario.List(place.files, checkThreshold)
		for _, err := range bad {
			broken = errors.Join(broken, place.name(err))
		}
		for _, s := range all {
			if seen[s.Name] {
				continue
			}
			seen[s.Name] = true
			where := "built in"
			if place.dir != "" {
				where = filepath.Join(place.dir, s.File)
			}
			out.put("%-18s %s", s.Name, s.About)
			out.put("%-18s %s at the peak, %s; %s", "", verdict.Count(s.PeakUsers(), "virtual user"), scenario.FormatDuration(s.Length()), where)
			if len(s.Aliases) > 0 {
				out.put("%-18s also called %s", "", strings.Join(s.Aliases, ", "))
			}
		}
	}
	if broken != nil {
		return fmt.Errorf("some scenarios cannot be used:\n%w", broken)
	}
	return out.err
}
