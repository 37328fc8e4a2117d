package cli

import "github.com/spf13/cobra"

// NoArgs refuses arguments; where one looks like a sub-command that was misspelt, it says so.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = max(c.SuggestionsMinimumDistance, 2)
	names := c.SuggestionsFor(args[0])
	err := Usagef("unknown argument %q for %s", args[0], c.CommandPath())
	if len(names) > 0 {
		return err.With("did you mean %q?", c.CommandPath()+" "+names[0])
	}
	return err.With("%q shows what there is", c.CommandPath()+" --help")
}
