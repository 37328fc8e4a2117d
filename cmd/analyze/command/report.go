package command

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
	"firedrill/internal/verdict"
)

// newReport is "analyze report".
func newReport(s cli.Streams) *cobra.Command {
	var o drill.ReportOptions
	var format, out, document string
	var gate, write bool
	c := &cobra.Command{
		Use:   "report [RUN]",
		Short: "Judge a run and show what broke first",
		Long: `Judges a run by its scenario's thresholds and by the project's baselines and
shows the verdict, what broke first, and every number beside its target. RUN is
a run file; without it the newest in runs/ that has ended is taken.

--write-baselines writes the numbers into the baselines document, beside those of
the newest valid run of each other scenario in the folder; earlier rows that no run
there speaks to stay with their date, and so does all that people wrote.

--format github prints the worst ten findings as annotations of GitHub Actions;
--format md fits $GITHUB_STEP_SUMMARY.

Without --gate the exit status is 0 whenever the report could be made.`,
		Example: `  analyze report
  analyze report runs/2026-11-23-090000-grading-rush-x7k2.db
  analyze report --format md --out report.md --gate
  analyze report --format html --out report.html
  analyze report --write-baselines`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return cli.Usagef("one run is judged at a time, and %d are named", len(args)).With("name one; \"analyze runs\" shows the verdicts of all")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.Talk = s.Err
			if len(args) == 1 {
				o.Run = args[0]
			}
			if named, ok := formatOf(out); ok && !c.Flags().Changed("format") {
				format = named
			}
			if !slices.Contains(drill.Formats(), format) {
				return cli.Usagef("there is no format %q", format).With("known: %s", strings.Join(drill.Formats(), ", "))
			}
			r, err := drill.Report(c.Context(), o)
			if err != nil {
				return err
			}
			var failed error
			switch {
			case out != "":
				if failed = drill.SaveReport(out, r, format); failed == nil {
					fmt.Fprintf(s.Err, "%s\nreport: %s\n", r.Summary, out)
				}
			default:
				failed = drill.PrintReport(s.Out, r, format, s.Color, s.Width)
			}
			if write && failed == nil {
				var used []string
				if used, failed = drill.WriteBaselines(c.Context(), document, r, o); failed == nil {
					fmt.Fprintf(s.Err, "baselines: %s, from %s (%s)\n", document, verdict.Count(len(used), "run"), strings.Join(used, ", "))
				}
			}
			if gate {
				failed = errors.Join(failed, drill.Gate(r))
			}
			return failed
		},
	}
	f := c.Flags()
	f.StringVar(&format, "format", "text", "one of "+strings.Join(drill.Formats(), ", ")+"; --out with a telling ending chooses it")
	f.StringVar(&out, "out", "", "write the report to this file instead of standard output")
	f.BoolVar(&gate, "gate", false, "exit 99 when a threshold or baseline broke or had no data, 3 when the run is not valid")
	f.BoolVar(&write, "write-baselines", false, "write the numbers of this run, and of the newest of each other scenario, into the baselines document")
	f.StringVar(&document, "document", drill.BaselinesDocument, "the baselines document")
	f.StringVar(&o.Baselines, "baselines", "", "file of targets and budgets (default "+drill.BaselinesName+" where it exists, else the built-in ones)")
	f.StringVar(&o.Dir, "dir", drill.RunsDir, "folder of the run files")
	return c
}

// formatOf is the format that a file's name asks for.
func formatOf(file string) (string, bool) {
	format, ok := map[string]string{".html": "html", ".htm": "html", ".md": "md", ".json": "json", ".xml": "junit", ".txt": "text"}[strings.ToLower(filepath.Ext(file))]
	return format, ok
}
