package command

import (
	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// newPurge is "recorder purge".
func newPurge(s cli.Streams) *cobra.Command {
	var o drill.PurgeOptions
	c := &cobra.Command{
		Use:   "purge FILE...",
		Short: "Remove what is old, a session, or a person from recordings",
		Long: `Removes exchanges from recordings so that their bytes are gone from the file, and
the plan that was made from it; the recording's manifest keeps when and why.
Without --yes it only says what would be removed.

A person is named as they were before redaction, by e-mail address or whatever
they log in with; for that the pseudonym key of the recording is needed. All their
sessions go, and every exchange of others that names them.

Copies, backups and snapshots of the disk, and exports, are beyond this command.`,
		Example: `  recorder purge recordings/day.db --older-than 720h --yes
  recorder purge recordings/day.db --session 3 --yes
  recorder purge recordings/*.db --person jana@school.example --yes`,
		Args: needFiles,
		RunE: func(c *cobra.Command, args []string) error {
			o.Recordings = args
			if c.Flags().Changed("older-than") && o.OlderThan <= 0 {
				return cli.Usagef("--older-than %s: must be more than nothing", o.OlderThan)
			}
			results, err := drill.Purge(c.Context(), o)
			drill.PrintPurged(s.Out, results, o.Confirmed)
			return err
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.DurationVar(&o.OlderThan, "older-than", 0, "what was over longer ago: 720h is 30 days")
	f.StringArrayVar(&o.Sessions, "session", nil, "number of a session (recorder sessions); may be repeated")
	f.StringArrayVar(&o.Persons, "person", nil, "e-mail address or log-in of a person; may be repeated")
	f.StringVar(&o.Key, "key", "", "pseudonym key (default: FILE.key)")
	f.BoolVar(&o.Confirmed, "yes", false, "remove it")
	return c
}
