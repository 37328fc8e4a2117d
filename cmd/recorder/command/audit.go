package command

import (
	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// newAudit is "recorder audit".
func newAudit(s cli.Streams) *cobra.Command {
	var o drill.AuditOptions
	c := &cobra.Command{
		Use:   "audit PATH...",
		Short: "Look for people in what firedrill keeps",
		Long: `Looks through recordings, plans, runs, reports and any other file, decoded, for
values that should not be there: canaries, which you name (what somebody typed or
is called while it was recorded), in every form in which they could still be read:
as they are, in any case, JSON-, URL- and HTML-escaped, in base64, in hexadecimal;
and e-mail addresses and JSON web tokens that are no pseudonyms. What is found is
said by place and kind, and not repeated.

Exit status 99 when something was found.`,
		Example: `  recorder audit recordings runs report.html
  recorder audit recordings/day.db --canary 'Jana Maier' --canary 0176-5551234
  recorder audit recordings --canaries class-list.txt`,
		Args: needFiles,
		RunE: func(c *cobra.Command, args []string) error {
			o.Paths = args
			result, err := drill.Audit(c.Context(), o)
			if result.Files > 0 {
				drill.PrintAudit(s.Out, result)
			}
			return err
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.Canaries, "canary", nil, "value that must not be found, at least 4 characters; may be repeated")
	f.StringVar(&o.File, "canaries", "", "file with one such value on each line")
	return c
}
