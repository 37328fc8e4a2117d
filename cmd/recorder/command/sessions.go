package command

import (
	"time"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// newSessions is "recorder sessions".
func newSessions(s cli.Streams) *cobra.Command {
	var idle time.Duration
	c := &cobra.Command{
		Use:   "sessions FILE...",
		Short: "List the sessions of a recording: who, when, how long, what",
		Long: `Lists the sessions of a recording, in the order in which they began: who it was
and why firedrill thinks so, when, how many requests, and what they did. Several
files of one recording set are read as one. Static files are no part of sessions.`,
		Example: `  recorder sessions recordings/day.db
  recorder sessions recordings/monday.db recordings/tuesday.db`,
		Args: needFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := drill.Sessions(drill.SessionsOptions{Recordings: args, IdleGap: idle})
			if err != nil {
				return err
			}
			drill.PrintSessions(s.Out, list)
			return nil
		},
	}
	c.Flags().DurationVar(&idle, "idle", 30*time.Minute, "a longer silence ends a session")
	return c
}

// needFiles wants at least one file.
func needFiles(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cli.Usagef("%s needs a recording", c.CommandPath()).With("e.g. %s recordings/staging.db", c.CommandPath())
	}
	return nil
}
