package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"firedrill/internal/cli"
)

func TestCodeTakesTheFirstByPrecedence(t *testing.T) {
	plain := errors.New("disk on fire")
	for _, c := range []struct {
		why  string
		err  error
		want int
	}{
		{"nothing wrong", nil, 0},
		{"an error without a code is ours", plain, 1},
		{"wrapping keeps the code", fmt.Errorf("reading: %w", cli.Usagef("bad file")), 2},
		{"a broken threshold of an invalid run is no verdict", errors.Join(cli.Brokenf("p95"), cli.Invalidf("starved")), 3},
		{"interrupted before the verdict", errors.Join(cli.Invalidf("no samples"), cli.Interruptedf("stopped")), 130},
		{"an error of ours hides nothing of the user's", errors.Join(plain, cli.Usagef("flag")), 2},
		{"an error of ours beats a verdict", errors.Join(cli.Brokenf("p95"), plain), 1},
		{"a cancelled context is an interruption", fmt.Errorf("replay: %w", context.Canceled), 130},
	} {
		if got := cli.Code(c.err); got != c.want {
			t.Errorf("%s: Code(%v) = %d, want %d", c.why, c.err, got, c.want)
		}
	}
}

func root(run func() error) func(cli.Streams) *cobra.Command {
	return func(cli.Streams) *cobra.Command {
		c := &cobra.Command{Use: "tool", Args: cli.NoArgs, RunE: func(*cobra.Command, []string) error { return run() }}
		c.Flags().Int("scale", 1, "how many")
		c.Flags().Duration("wait", 0, "how long")
		c.AddCommand(&cobra.Command{Use: "show", Args: cobra.MaximumNArgs(1), RunE: func(*cobra.Command, []string) error { return run() }})
		c.AddCommand(&cobra.Command{Use: "list", Args: cobra.ExactArgs(1), RunE: func(*cobra.Command, []string) error { return run() }})
		return c
	}
}

func TestRunReportsAndCodes(t *testing.T) {
	for _, c := range []struct {
		why  string
		args string
		run  func() error
		code int
		says []string
	}{
		{"an unknown flag is wrong usage and says where to look", "--scall 2", nil, 2, []string{"tool: unknown flag: --scall\n", `hint: did you mean --scale? "tool --help"`}},
		{"with the flag that was meant", "--scal 2", nil, 2, []string{"tool: unknown flag: --scal\n", `did you mean --scale?`}},
		{"what is like nothing is guessed at by nobody", "--recording x", nil, 2, []string{"unknown flag: --recording\n  hint: \"tool --help\""}},
		{"an unknown short flag", "-sx", nil, 2, []string{"tool: unknown flag: -sx", "two hyphens"}},
		{"a bad flag value", "--scale many", nil, 2, []string{"tool: --scale many: is not a whole number\n", "hint: write for instance --scale 20: how many"}},
		{"a value that is too large", "--scale 99999999999999999999", nil, 2, []string{"is not a whole number, or is too large"}},
		{"an empty value", "--scale=", nil, 2, []string{`tool: --scale "": is not a whole number`}},
		{"a duration without a unit", "--wait 5", nil, 2, []string{"tool: --wait 5: is not a duration such as 30s or 5m\n", "--wait 30s: how long"}},
		{"no value at all", "--scale", nil, 2, []string{"tool: --scale has no value\n", "it is a whole number: how many"}},
		{"what is no flag", "--=3", nil, 2, []string{"is not a flag"}},
		{"an unknown command", "lits", nil, 2, []string{`unknown argument "lits" for tool`, `did you mean "tool list"?`}},
		{"missing argument names the sub-command's help", "list", nil, 2, []string{`"tool list --help"`}},
		{"too many arguments", "show a b", nil, 2, []string{"tool: tool show takes at most 1 of what stands behind it, and was given 2\n", `"tool show --help"`}},
		{"a plain error from the command itself is not usage", "", func() error { return errors.New("boom") }, 1, []string{"tool: boom"}},
		{"hints are printed once, on lines of their own", "", func() error {
			return fmt.Errorf("a: %w", cli.Invalidf("nobody answered").With("is it running?"))
		}, 3, []string{"tool: a: nobody answered\n  hint: is it running?\n"}},
		{"help ends with the exit status", "--help", nil, 0, []string{"Exit status"}},
	} {
		var out, errs bytes.Buffer
		run := c.run
		if run == nil {
			run = func() error { t.Errorf("%s: the command ran", c.why); return nil }
		}
		code := cli.Run(t.Context(), cli.Streams{Out: &out, Err: &errs}, strings.Fields(c.args), root(run))
		if code != c.code {
			t.Errorf("%s: exit %d, want %d (%s)", c.why, code, c.code, errs.String())
		}
		for _, want := range c.says {
			if !strings.Contains(out.String()+errs.String(), want) {
				t.Errorf("%s: %q is not in:\n%s%s", c.why, want, out.String(), errs.String())
			}
		}
	}
}
