package command

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
	"firedrill/internal/verdict"
)

// newRuns is "analyze runs".
func newRuns(s cli.Streams) *cobra.Command {
	var o drill.RunsOptions
	c := &cobra.Command{
		Use:   "runs",
		Short: "List the runs there are and their verdicts, newest first",
		Long: `Lists the run files of a folder, newest first, with what was run, the verdict and
the figure that says most about it: what it carries, what broke first, or what was
measured.

Verdicts are kept beside the runs (.verdicts.json) and made again when the run, the
baselines or firedrill is another.`,
		Example: "  analyze runs\n  analyze runs --dir archive/2026 --last 0",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if o.Last < 0 {
				return cli.Usagef("--last %d is no number of runs", o.Last).With("--last 0 lists all")
			}
			o.Judging = func(n int) { fmt.Fprintf(s.Err, "judging %s …\n", verdict.Count(n, "run")) }
			list, err := drill.Runs(c.Context(), o)
			if err != nil {
				return err
			}
			if len(list.Runs) == 0 {
				fmt.Fprintf(s.Err, "there is no run in %s; \"replayer --scenario NAME\" makes one\n", o.Dir)
				return nil
			}
			w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "STARTED (UTC)\tSCENARIO\tENVIRONMENT\tUSERS\tLENGTH\tEND\tVERDICT\tFILE\tKEY FIGURE")
			for _, r := range list.Runs {
				if r.UnderWay {
					fmt.Fprintf(w, "–\t–\t–\t–\t–\tunder way\t–\t%s\t–\n", r.File)
					continue
				}
				if r.Started.IsZero() && r.Problem != "" {
					fmt.Fprintf(w, "–\t–\t–\t–\t–\t–\t–\t%s\t%s\n", r.File, r.Problem)
					continue
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Started.UTC().Format("2006-01-02 15:04:05"), r.Scenario, r.Environment,
					known(r.Users), length(r.Length), r.End, judged(r.Status), r.File, short(r.Key+r.Problem))
			}
			if err := w.Flush(); err != nil {
				return err
			}
			if list.Older > 0 {
				fmt.Fprintf(s.Err, "%s not listed; --last 0 lists all\n", verdict.Were(list.Older, "older run"))
			}
			if list.Took >= time.Second {
				fmt.Fprintf(s.Err, "judged %s in %s\n", verdict.Count(list.Judged, "run"), verdict.Duration(list.Took))
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.Dir, "dir", drill.RunsDir, "folder of the run files")
	f.IntVar(&o.Last, "last", 30, "list only as many, the newest; 0 = all")
	f.StringVar(&o.Baselines, "baselines", "", "file of targets and budgets (default "+drill.BaselinesName+" where it exists, else the built-in ones)")
	return c
}

func judged(s verdict.Status) string {
	if s == "" {
		return "–"
	}
	return string(s)
}

// short is a figure as it fits on a line.
func short(text string) string {
	const most = 90
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

func known(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

func length(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return d.Round(time.Second).String()
}
