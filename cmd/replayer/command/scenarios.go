package command

import (
	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

func newScenariosCommand(s cli.Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "scenarios",
		Short:   "List the scenarios and what each is",
		Long:    "List the scenarios: those of ./scenarios, and those that come with replayer.",
		Example: "  replayer scenarios",
		Args:    cli.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return drill.Scenarios(s.Out)
		},
	}
}
