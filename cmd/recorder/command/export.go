package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// newExport is "recorder export".
func newExport(s cli.Streams) *cobra.Command {
	var o drill.ExportOptions
	c := &cobra.Command{
		Use:   "export FILE...",
		Short: "Write a recording as a HAR that browsers and mitmproxy open",
		Long: `Writes a recording, or one of its sessions, as an HTTP Archive (HAR 1.2): browsers'
developer tools (Network, Import HAR) and mitmproxy open it. It holds what the
recording holds: pseudonyms, no values of people. With --age only the owner of
the matching key can read it.`,
		Example: `  recorder export recordings/day.db --out day.har
  recorder export recordings/day.db --session 3 > session.har
  recorder export recordings/day.db --age age1… --out day.har.age`,
		Args: needFiles,
		RunE: func(c *cobra.Command, args []string) error {
			o.Recordings, o.Results = args, s.Out
			if err := drill.Export(c.Context(), o); err != nil {
				return err
			}
			if o.Out != "" {
				fmt.Fprintf(s.Err, "exported to %s\n", o.Out)
			}
			return nil
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.Format, "format", "har", "format: har")
	f.StringVar(&o.Session, "session", "", "just this session (recorder sessions numbers them)")
	f.StringVar(&o.Out, "out", "", "file to write (default: standard output); never overwritten")
	f.StringArrayVar(&o.Recipients, "age", nil, "encrypt for this age public key (age1…); may be repeated")
	return c
}
