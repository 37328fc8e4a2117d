package command

import (
	"github.com/spf13/cobra"

	"firedrill/internal/cli"
	"firedrill/internal/drill"
)

// newImport is "recorder import".
func newImport(s cli.Streams) *cobra.Command {
	var o drill.ImportOptions
	var bodyCap string
	c := &cobra.Command{
		Use:   "import FILE...",
		Short: "Make a recording from HAR or GoReplay files",
		Long: `Makes a recording from traffic that other programs have saved: HAR files of
browsers' developer tools, Playwright and mitmproxy (.har), and GoReplay's files
(.gor, .gor.gz). It passes through the same redaction as live traffic; the files
themselves stay as they are, with everything that they hold about people: delete
them when they are not needed any more.

Each file is taken as the traffic of one browser.`,
		Example: `  recorder import teacher.har student.har --out recordings/day.db
  recorder import traffic.gor.gz --out recordings/day.db
  recorder import more.har --out recordings/more.db --key recordings/day.db.key`,
		Args: needFiles,
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if o.BodyCap, err = parseBytes(bodyCap); err != nil {
				return err
			}
			o.Files, o.Tool, o.Talk = args, "recorder import "+drill.Version, s.Err
			if !c.Flags().Changed("who") {
				o.Who = userName()
			}
			result, err := drill.Import(c.Context(), o)
			if err != nil {
				return err
			}
			drill.PrintImported(s.Out, result)
			return nil
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.Out, "out", "", "file to make (default recordings/ and the first file's name); never overwritten")
	f.StringVar(&o.Key, "key", "", "go on with the pseudonym key of another recording: both become one set")
	f.StringVar(&bodyCap, "body-cap", "8MiB", "bytes kept of one body")
	f.StringVar(&o.Who, "who", "", "who imports, kept in the file (default: the user's name)")
	f.StringVar(&o.Why, "why", "", "what for, kept in the file")
	return c
}
