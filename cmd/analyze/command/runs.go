package command

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// newRuns is "analyze runs".
func newRuns(s cli.Streams) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "runs",
		Short:   "List the runs there are, newest first",
		Long:    "Lists the run files of a folder, newest first, with what was run and how it ended.",
		Example: "  analyze runs\n  analyze runs --dir archive/2026",
		Args:    cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := drill.Runs(c.Context(), dir)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				fmt.Fprintf(s.Err, "there is no run in %s; \"replayer --scenario NAME\" makes one\n", dir)
				return nil
			}
			w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "STARTED (UTC)\tSCENARIO\tENVIRONMENT\tUSERS\tLENGTH\tEND\tFILE")
			for _, r := range list {
				if r.Problem != "" {
					fmt.Fprintf(w, "–\t–\t–\t–\t–\t%s\t%s\n", r.Problem, r.File)
					continue
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Started.UTC().Format("2006-01-02 15:04:05"), r.Scenario, r.Environment,
					known(r.Users), length(r.Length), r.End, r.File)
			}
			return w.Flush()
		},
	}
	c.Flags().StringVar(&dir, "dir", drill.RunsDir, "folder of the run files")
	return c
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
