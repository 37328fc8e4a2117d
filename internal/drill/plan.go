package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"firedrill/internal/cli"
	"firedrill/internal/journey"
	"firedrill/internal/plan"
	"firedrill/internal/planfile"
	"firedrill/internal/recording"
)

// PlanOptions say which recording is planned, and with which edits.
type PlanOptions struct {
	Workspace
	Recording string    // "" = the environment's
	Overlay   string    // "" = beside the recording, if it is there
	Talk      io.Writer // progress and warnings
}

// PrintPlan writes the plan of a recording as "text", "yaml" or "json".
func PrintPlan(_ context.Context, o PlanOptions, format string, w io.Writer) error {
	if format != "text" && format != "yaml" && format != "json" {
		return cli.Usagef("--format %s: there is no such format", format).With("text, yaml or json")
	}
	env, err := o.Workspace.open()
	if err != nil {
		return err
	}
	made, err := makePlan(o, env)
	if err != nil {
		return err
	}
	switch format {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(made.plan)
	case "yaml":
		text, err := yaml.MarshalWithOptions(made.plan, yaml.UseJSONMarshaler(), yaml.UseLiteralStyleIfMultiline(true))
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	return writePlanText(w, made.plan)
}

// planned is a plan with where it came from.
type planned struct {
	plan     *plan.Plan
	file     string // the recording
	overlay  string // "" = none
	manifest recording.Manifest
}

// makePlan opens the recording, takes the plan that lies beside it when it is
// still true, and makes it otherwise.
func makePlan(o PlanOptions, env place) (planned, error) {
	file := o.Recording
	if file == "" {
		file = env.path(env.Recording)
	}
	if file == "" {
		return planned{}, cli.Usagef("no recording is named").
			With("name one with --recording, or as recording: of environment %q in %s; `recorder --target URL --out recordings/day.db` makes one", env.Name, fallback(env.config, ConfigName))
	}
	overlayFile, overlay, overlayText, err := readOverlay(o.Overlay, file)
	if err != nil {
		return planned{}, err
	}
	set, err := recording.OpenSet(file)
	if err != nil {
		return planned{}, err
	}
	defer set.Close()
	if set.Len() == 0 {
		return planned{}, cli.Usagef("recording %s holds no exchange", file).With("was anybody using the application through the proxy? `recorder check %s` says what it holds", file)
	}
	categories := make([]plan.CategoryOverlay, 0, len(env.categories))
	for _, c := range env.categories {
		categories = append(categories, plan.CategoryOverlay{Match: c.Match, Category: plan.Category(c.Category), Class: plan.Class(c.Class)})
	}
	about := describeRecording(file, set)
	rules, err := json.Marshal(categories)
	if err != nil {
		return planned{}, err
	}
	result := planned{file: file, overlay: overlayFile, manifest: set.Manifest()}
	key := planfile.Key{Set: about.Set, Exchanges: about.Exchanges, Rules: string(rules) + string(overlayText)}
	beside := strings.TrimSuffix(file, filepath.Ext(file)) + ".plan"
	if p, ok := planfile.Load(beside, key); ok {
		result.plan = p
		return result, nil
	}
	result.plan, err = journey.Build(set.Exchanges(), journey.Options{Recording: about, Overlay: overlay, Categories: categories})
	if err != nil {
		return planned{}, fmt.Errorf("planning %s: %w", file, err)
	}
	if err := planfile.Save(beside, key, result.plan); err != nil && o.Talk != nil {
		fmt.Fprintf(o.Talk, "note: the plan is not kept beside the recording (%v); it is made again each time\n", err)
	}
	return result, nil
}

func describeRecording(file string, set *recording.Set) plan.Recording {
	lost := 0
	for _, n := range set.Losses() {
		lost += n
	}
	return plan.Recording{Name: filepath.Base(file), Set: set.Manifest().Set, Exchanges: set.Len(), Lost: lost}
}

// readOverlay reads the person's edits: the named file, or the one beside the recording.
func readOverlay(asked, recordingFile string) (string, *plan.Overlay, []byte, error) {
	file := asked
	if file == "" {
		file = strings.TrimSuffix(recordingFile, filepath.Ext(recordingFile)) + ".overlay.yaml"
	}
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && asked == "" {
		return "", nil, nil, nil
	}
	if err != nil {
		return "", nil, nil, cli.Usagef("reading the overlay: %w", err)
	}
	overlay, err := plan.ParseOverlay(file, src)
	if err != nil {
		return "", nil, nil, err
	}
	return file, overlay, src, nil
}
