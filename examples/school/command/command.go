package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"firedrill/examples/school/app"
	"firedrill/examples/school/fault"
	"firedrill/examples/school/store"
	"firedrill/examples/school/writer"
)

const usage = `school is a school platform in small: real tables, real log-ins, pages and an API under /api/v1.

  school                                                 pages and API on http://127.0.0.1:4000
  school --web 127.0.0.1:3000                            pages on an origin of their own
  school --auth jwt --access-ttl 1m                      short-lived tokens instead of a cookie for the API
  school --db postgres://me:secret@localhost/db          in PostgreSQL, schema "school"
  school --n-plus-one gradebook --slow grade=400ms       made worse on purpose
  school --ai-concurrent 3 --ai-gap 6s:5 --ai-cut 2%     a writing machine that is busy, pauses and breaks off

Accounts are teacher1@test.local …, student1@test.local …, admin1@test.local …; the password is "password".

Flags:
`

const exits = `
Routes that --slow and --error-rate can name:
%s
Exit status: 0 stopped as asked, 1 error, 2 wrong usage.
`

// flags adds all flags to fs and gives the options that they fill; logPath is where the access log goes.
func flags(fs *flag.FlagSet) (o *app.Options, logPath *string) {
	o = &app.Options{Faults: fault.Config{Slow: map[string]time.Duration{}, ErrorRate: map[string]float64{}}}
	fs.StringVar(&o.Listen, "listen", "127.0.0.1:4000", "`address` of the API, and of the pages unless --web is given")
	fs.StringVar(&o.Web, "web", "", "`address` of the pages, as an origin of their own")
	fs.StringVar(&o.PublicAPI, "public-api", "", "with --web: the `origin` at which browsers reach the API, if a proxy stands before it")
	fs.Func("allow-origin", "with --web: one more `origin` that may write; can be given again", func(s string) error {
		o.AllowOrigins = append(o.AllowOrigins, s)
		return nil
	})
	fs.StringVar(&o.DB, "db", "", "`database`: file:PATH or postgres://…; a temporary SQLite file if not given")
	fs.BoolVar(&o.Fresh, "fresh", false, "with --db: drop the school that it holds and seed it anew")
	fs.IntVar(&o.Teachers, "teachers", 130, "how many")
	fs.IntVar(&o.Students, "students", 500, "how many")
	fs.Uint64Var(&o.Seed, "seed", 1, "`number` that the school is made from")
	fs.StringVar(&o.Auth, "auth", app.AuthSession, "`how` the API knows people: session or jwt")
	fs.DurationVar(&o.AccessTTL, "access-ttl", 15*time.Minute, "life of an access token (jwt)")
	fs.DurationVar(&o.SessionTTL, "session-ttl", 12*time.Hour, "life of a session and of a refresh token")
	fs.IntVar(&o.AttemptLimit, "attempt-limit", 0, "attempts per student and quiz; 0: any number")
	fs.Int64Var(&o.UploadLimit, "upload-limit", 10<<20, "`bytes` that an uploaded file may have")
	fs.DurationVar(&o.AITime, "ai-time", writer.DefaultTime, "`time` that a generated text takes, 0.6 to 1.5 times this")
	fs.IntVar(&o.AIPerMinute, "ai-per-minute", writer.DefaultPerMinute, "texts that one teacher may begin in a minute, else 429")
	fs.IntVar(&o.AIConcurrent, "ai-concurrent", writer.DefaultConcurrent, "texts that may be written at once, else 429")
	fs.BoolVar(&o.NoQueryHeaders, "no-query-headers", false, "do not tell query counts in X-DB-Query-Count and Server-Timing")
	logPath = fs.String("access-log", "", "`file` that gets one JSON line per request; - is stdout")
	fs.Func("n-plus-one", "`route` that asks the database once per row: courses, gradebook, users, search or analytics-courses; can be given again", func(s string) error {
		o.Faults.NPlusOne = append(o.Faults.NPlusOne, strings.Split(s, ",")...)
		return nil
	})
	fs.Func("slow", "`route=time` that a route takes longer, like grade=400ms; can be given again", func(s string) error {
		name, d, err := fault.ParseSlow(s)
		o.Faults.Slow[name] = d
		return err
	})
	fs.Func("error-rate", "`route=share` of a route's requests that fail, like grade=5%; can be given again", func(s string) error {
		name, r, err := fault.ParseRate(s)
		o.Faults.ErrorRate[name] = r
		return err
	})
	fs.Func("stall-every", "`every:length` of standing still, like 20s:2s", func(s string) (err error) {
		o.Faults.StallEvery, o.Faults.StallFor, err = fault.ParseStall(s)
		return err
	})
	fs.Func("ai-gap", "`time:n` of pause in the middle of every n-th generated text, like 6s:5", func(s string) (err error) {
		o.Faults.GapFor, o.Faults.GapEvery, err = fault.ParseGap(s)
		return err
	})
	fs.Func("ai-cut", "`share` of the generated texts that break off, like 5%", func(s string) (err error) {
		o.Faults.Cut, err = fault.ParseShare(s)
		return err
	})
	fs.IntVar(&o.Faults.Capacity, "capacity", 0, "requests handled at once, the others wait in line; 0: any number")
	return o, logPath
}

// Main runs the school until ctx ends and gives the exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("school", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	o, logPath := flags(fs)
	fs.Usage = func() {}
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		help(fs, stdout)
		return 0
	}
	if err == nil && fs.NArg() > 0 {
		err = fmt.Errorf("unknown argument %q", fs.Arg(0))
	}
	if err == nil && (o.Teachers < 1 || o.Students < 1) { // for Options 0 means the default
		err = fmt.Errorf("--teachers %d --students %d: a school has at least one of each", o.Teachers, o.Students)
	}
	if err == nil && (o.UploadLimit == 0 || o.AITime == 0 || o.AIPerMinute == 0 || o.AIConcurrent == 0) {
		err = errors.New("--upload-limit, --ai-time, --ai-per-minute and --ai-concurrent are never 0: with nothing allowed, nothing can be tried")
	}
	if err != nil {
		return complain(stderr, 2, err, "school --help shows the flags")
	}
	o.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	switch *logPath {
	case "":
	case "-":
		o.AccessLog = stdout
	default:
		f, err := os.OpenFile(*logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return complain(stderr, 2, fmt.Errorf("--access-log: %w", err), "")
		}
		defer f.Close()
		o.AccessLog = f
	}
	return run(ctx, *o, stdout, stderr)
}

func run(ctx context.Context, o app.Options, stdout, stderr io.Writer) int {
	s, err := app.Start(ctx, o)
	if err != nil {
		code, hint := judge(err)
		return complain(stderr, code, err, hint)
	}
	fmt.Fprintln(stdout, s.Describe())
	if err := s.Wait(); err != nil {
		return complain(stderr, 1, err, "")
	}
	fmt.Fprintln(stdout, "school is closed")
	return 0
}

// judge says whose fault an error of the start is, and what helps.
func judge(err error) (code int, hint string) {
	var route *fault.UnknownRouteError
	var other *store.MismatchError
	switch {
	case errors.As(err, &route):
		return 2, route.Hint()
	case errors.As(err, &other):
		return 2, "--fresh drops it and seeds a new one"
	case errors.Is(err, app.ErrOptions), errors.Is(err, fault.ErrInvalid), errors.Is(err, store.ErrSeed), errors.Is(err, store.ErrDatabase):
		return 2, "school --help shows the flags"
	case strings.Contains(err.Error(), "address already in use"):
		return 1, "another program listens there; --listen 127.0.0.1:0 takes a free port"
	}
	return 1, ""
}

func complain(w io.Writer, code int, err error, hint string) int {
	fmt.Fprintf(w, "school: %v\n", err)
	if hint != "" {
		fmt.Fprintf(w, "  hint: %s\n", hint)
	}
	return code
}

func help(fs *flag.FlagSet, w io.Writer) {
	fmt.Fprint(w, usage)
	fs.VisitAll(func(f *flag.Flag) {
		name, text := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" {
			text += " (" + f.DefValue + ")"
		}
		fmt.Fprintf(w, "  %-26s %s\n", strings.TrimSpace("--"+f.Name+" "+name), text)
	})
	var b strings.Builder
	width := 0
	for _, name := range app.Routes() {
		if width+len(name) > 90 {
			b.WriteString("\n")
			width = 0
		}
		b.WriteString("  " + name)
		width += len(name) + 2
	}
	fmt.Fprintf(w, exits, b.String())
}
