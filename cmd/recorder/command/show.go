package command

import (
	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// newShow is "recorder show".
func newShow(s cli.Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE SESSION",
		Short: "Show one session request by request, as a waterfall",
		Long: `Shows one session of a recording, request by request: when it began, the status
of the answer, how long it took, how large it was. SESSION is a number of
"recorder sessions".`,
		Example: `  recorder show recordings/day.db 3`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return cli.Usagef("recorder show needs a recording and a session").With("recorder sessions FILE lists the sessions")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			shown, err := drill.Show(drill.SessionsOptions{Recordings: args[:1]}, args[1])
			if err != nil {
				return err
			}
			drill.PrintShown(s.Out, shown, max(s.Width, 120))
			return nil
		},
	}
}
