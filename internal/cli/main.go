package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Streams is what a command may know of the world around it. Results go to Out,
// talk to Err.
type Streams struct {
	Out, Err io.Writer
	In       io.Reader
	Env      func(string) string // the environment's variables
	Terminal bool                // Err is a terminal and CI is not set: progress may redraw
	Color    bool                // Out is a terminal and NO_COLOR is not set
	Ask      bool                // In and Err are terminals: a question can be answered
	Width    int                 // columns of the terminal; 80 when there is none
}

// Process is the Streams of this process.
func Process() Streams {
	out, errs, in := term.IsTerminal(int(os.Stdout.Fd())), term.IsTerminal(int(os.Stderr.Fd())), term.IsTerminal(int(os.Stdin.Fd()))
	ci := os.Getenv("CI") != "" && os.Getenv("CI") != "false"
	s := Streams{Out: os.Stdout, Err: os.Stderr, In: os.Stdin, Env: os.Getenv, Width: 80}
	s.Terminal = errs && !ci && os.Getenv("TERM") != "dumb"
	s.Color = out && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	s.Ask = in && errs && !ci
	if w, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && w > 0 {
		s.Width = w
	}
	return s
}

// Main runs the command that root makes with the process's arguments and
// returns the exit code. The first SIGINT or SIGTERM cancels the command's
// context; the second ends the process at once with 130.
func Main(root func(Streams) *cobra.Command) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-signals:
				if n > 0 {
					fmt.Fprintln(os.Stderr, "stopped at once; the last moments are not in the file")
					os.Exit(Interrupted)
				}
				cancel()
			}
		}
	}()
	return Run(ctx, Process(), os.Args[1:], root)
}

// Run runs the command with args and returns the exit code; what a test calls
// instead of Main.
func Run(ctx context.Context, s Streams, args []string, root func(Streams) *cobra.Command) int {
	command := root(s)
	started := false
	prepare(command, &started)
	command.SetArgs(args)
	command.SetIn(s.In)
	command.SetOut(s.Out)
	command.SetErr(s.Err)
	at, err := command.ExecuteContextC(ctx)
	if err == nil {
		return OK
	}
	if !started {
		var coded interface{ ExitCode() int }
		if !errors.As(err, &coded) {
			err = flagError(at, err)
		}
	}
	Report(s.Err, command.Name(), err)
	return Code(err)
}

// prepare silences cobra's own printing, ends each help with the exit status and
// notes when a command's own code begins.
func prepare(command *cobra.Command, started *bool) {
	command.SilenceErrors, command.SilenceUsage = true, true
	command.CompletionOptions.HiddenDefaultCmd = true
	command.SetHelpTemplate(`{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{end}}
` + ExitStatus + "\n")
	var wrap func(*cobra.Command)
	wrap = func(c *cobra.Command) {
		if run := c.RunE; run != nil {
			c.RunE = func(c *cobra.Command, args []string) error {
				*started = true
				return run(c, args)
			}
		}
		for _, sub := range c.Commands() {
			wrap(sub)
		}
	}
	wrap(command)
}

// Report prints err the one way: the command, what went wrong, what to do.
func Report(w io.Writer, command string, err error) {
	if err == nil {
		return
	}
	text := strings.TrimSpace(err.Error())
	fmt.Fprintf(w, "%s: %s\n", command, strings.ReplaceAll(text, "\n", "\n  "))
	for _, hint := range hints(err) {
		fmt.Fprintf(w, "  hint: %s\n", strings.ReplaceAll(hint, "\n", "\n        "))
	}
}
