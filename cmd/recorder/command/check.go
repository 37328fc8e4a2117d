package command

import (
	"errors"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// newCheck is "recorder check".
func newCheck(s cli.Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Check that recordings are whole, and say what is in them",
		Long: `Reads everything in a recording: the database, every exchange, and the counts
that were kept while it was written. Says what the recording is, what was lost
while it was made, and what is wrong with the file.`,
		Example: `  recorder check recordings/day.db`,
		Args:    needFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			var all error
			for _, path := range args {
				report, err := drill.CheckRecording(path)
				if report.Size > 0 {
					drill.PrintCheck(s.Out, report)
				}
				all = errors.Join(all, err)
			}
			return all
		},
	}
}
