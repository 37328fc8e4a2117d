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
		{"an unknown flag is wrong usage and says where to look", "--scall 2", nil, 2, []string{"tool: unknown flag: --scall", `hint: "tool --help"`}},
		{"a bad flag value", "--scale many", nil, 2, []string{"invalid argument"}},
		{"an unknown command", "lits", nil, 2, []string{`unknown argument "lits" for tool`, `did you mean "tool list"?`}},
		{"missing argument names the sub-command's help", "list", nil, 2, []string{`"tool list --help"`}},
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
