package command

import (
	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// Root is the command analyze.
func Root(s cli.Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "analyze",
		Short: "Judge runs: percentiles, errors and database queries beside their baselines",
		Long: `analyze judges what replayer measured: percentiles, errors and database queries
per request, beside the baselines of the project.`,
		Example: `  analyze report                          the newest run, in the terminal
  analyze report --gate                   exit 99 when a threshold or baseline broke
  analyze report --write-baselines        into docs/PERFORMANCE_BASELINES.md
  analyze runs                            what there is`,
		Args:    cli.NoArgs,
		Version: drill.Version,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newReport(s), newBaselines(s), newRuns(s))
	return c
}
