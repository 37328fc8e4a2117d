package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
	"firedrill/internal/verdict"
)

// newBaselines is "analyze baselines".
func newBaselines(s cli.Streams) *cobra.Command {
	var o drill.LearnOptions
	var update bool
	c := &cobra.Command{
		Use:   "baselines [RUN...]",
		Short: "Show the baselines beside a run, or learn query budgets from runs",
		Long: `Shows the latency targets, concurrency targets and query budgets of the project
beside what the newest run, or the one that is named, measured.

With --update the query budgets are learned: for each endpoint the most database
queries that one request caused in the runs named, or in the newest run and the
newest of each other scenario. They are written into the baselines file, one line
per endpoint. Only the numbers that differ and the lines that are missing change;
comments, order and all that people wrote stay as they are, and so do rows that say
none or hold a wildcard. Each change is printed to standard error. Review it as you
would review code.

An endpoint whose count grows with the rows it returns is not learned. A run that
is not valid is refused with exit status 3; one at another speed, or without any
query count, with 2.`,
		Example: `  analyze baselines
  analyze baselines --update --dry-run
  analyze baselines --update
  analyze baselines --update runs/*-grading-rush-*.db runs/*-smoke-*.db`,
		RunE: func(c *cobra.Command, args []string) error {
			if !update {
				return showBaselines(c, s, o, args)
			}
			o.Runs, o.Talk = args, s.Err
			done, err := drill.LearnBaselines(c.Context(), o)
			if err != nil {
				return err
			}
			for _, line := range done.Lines() {
				fmt.Fprintln(s.Err, line)
			}
			end := "written to " + done.File
			switch {
			case done.Written:
			case o.DryRun:
				end = "nothing is written: --dry-run"
			default:
				end = done.File + " says so already"
			}
			fmt.Fprintf(s.Err, "learned from %s (%s): %s\n", verdict.Count(len(done.Runs), "run"), strings.Join(done.Runs, ", "), end)
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&update, "update", false, "learn query budgets from the runs into the baselines file")
	f.BoolVar(&o.DryRun, "dry-run", false, "with --update: print the changes and write nothing")
	f.StringVar(&o.Baselines, "baselines", "", "file of targets and budgets (default "+drill.BaselinesName+")")
	f.StringVar(&o.Dir, "dir", drill.RunsDir, "folder of the run files")
	return c
}

func showBaselines(c *cobra.Command, s cli.Streams, o drill.LearnOptions, args []string) error {
	if o.DryRun {
		return cli.Usagef("--dry-run goes with --update").With("\"analyze baselines --update --dry-run\" prints what would change")
	}
	if len(args) > 1 {
		return cli.Usagef("the baselines are shown beside one run, and %d are named", len(args)).With("name one; with --update several can be learned from")
	}
	show := drill.ReportOptions{Dir: o.Dir, Baselines: o.Baselines, Run: strings.Join(args, ""), Talk: s.Err}
	return drill.ShowBaselines(c.Context(), s.Out, show, s.Color, s.Width)
}
