package command

import (
	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

func newPlanCommand(s cli.Streams) *cobra.Command {
	var f placeFlags
	var format string
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what was understood of a recording: journeys, steps, and where each value comes from",
		Long: `Show what was understood of a recording: its journeys, their steps, and for
each value that is filled anew where it comes from, why, and how sure that is.

The plan is derived and never edited. What you decide about it goes into the
overlay, NAME.overlay.yaml beside the recording (docs/plan.md).`,
		Example: `  replayer plan --recording recordings/day.db
  replayer plan --format json | jq '.journeys[].name'`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return drill.PrintPlan(c.Context(), f.planOptions(s), format, s.Out)
		},
	}
	f.define(c)
	c.Flags().StringVar(&format, "format", "text", "text, yaml or json")
	return c
}
