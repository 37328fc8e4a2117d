package drill

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/cli"
	"firedrill/internal/exchange"
	"firedrill/internal/journey"
	"firedrill/internal/recording"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// SessionsOptions say which recording is looked at.
type SessionsOptions struct {
	Recordings []string      // files of one recording set
	IdleGap    time.Duration // a longer silence ends a session; 0 = 30 minutes
}

// Session is one person's visit as it was recorded. Number counts from 1 in the
// order in which sessions began.
type Session struct {
	Number int
	journey.SessionSummary
}

// Sessions tells who used the application when.
func Sessions(o SessionsOptions) ([]Session, error) {
	set, err := recording.OpenSet(o.Recordings...)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	return sessionsOf(set, o.IdleGap)
}

func sessionsOf(set *recording.Set, idle time.Duration) ([]Session, error) {
	list, _, err := journey.Sessions(set.Exchanges(), journey.Options{IdleGap: idle})
	if err != nil {
		return nil, err
	}
	all := make([]Session, len(list))
	for i, s := range list {
		all[i] = Session{Number: i + 1, SessionSummary: s}
	}
	return all, nil
}

// PrintSessions writes the table of sessions.
func PrintSessions(w io.Writer, sessions []Session) {
	if len(sessions) == 0 {
		fmt.Fprintln(w, "there is no session in this recording")
		return
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options.DrawBorder = false
	t.Style().Options.SeparateColumns = false
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"session", "who", "why", "start", "length", "requests", "failed", "what"})
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 1, Align: text.AlignRight}, {Number: 5, Align: text.AlignRight}, {Number: 6, Align: text.AlignRight}, {Number: 7, Align: text.AlignRight},
		{Number: 3, WidthMax: 34, WidthMaxEnforcer: text.WrapText},
	})
	for _, s := range sessions {
		who := s.Persona
		if s.Account != "" {
			who += " " + s.Account
		}
		if len(s.Marks) > 0 {
			who += "\nmark: " + strings.Join(s.Marks, ", ")
		}
		t.AppendRow(table.Row{s.Number, who, s.PersonaWhy, s.Start.Local().Format("2006-01-02 15:04:05"), roundTime(s.Length), s.Requests, s.Failed, mainEndpoints(s.Endpoints)})
	}
	for line := range strings.SplitSeq(t.Render(), "\n") {
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// mainEndpoints names what a session did in one line: what tells most about it,
// and how many kinds of request there were besides.
func mainEndpoints(names []string) string {
	if len(names) == 0 {
		return ""
	}
	sorted := slices.Clone(names)
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(tells(b), tells(a)) })
	if len(sorted) == 1 {
		return sorted[0]
	}
	return fmt.Sprintf("%s, %d more", sorted[0], len(sorted)-1)
}

// tells ranks endpoints by how much they say about a session: what was written
// before what was read, and last the coming and going, which all have.
func tells(endpoint string) int {
	for _, word := range []string{"login", "logout", "log_in", "log_out", "signin", "signout", "sign_in", "sign_out", "/auth/", "session"} {
		if strings.Contains(strings.ToLower(endpoint), word) {
			return 0
		}
	}
	if writes(endpoint) {
		return 2
	}
	return 1
}

func writes(endpoint string) bool {
	return !strings.Contains(endpoint, "GET ") && !strings.Contains(endpoint, "HEAD ")
}

func roundTime(d time.Duration) time.Duration {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// Shown is a session with its exchanges.
type Shown struct {
	Session   Session
	Exchanges []*exchange.Exchange // by start
}

// Show reads one session; which is its number in Sessions.
func Show(o SessionsOptions, which string) (Shown, error) {
	set, err := recording.OpenSet(o.Recordings...)
	if err != nil {
		return Shown{}, err
	}
	defer set.Close()
	sessions, err := sessionsOf(set, o.IdleGap)
	if err != nil {
		return Shown{}, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(which, "#"))
	if err != nil || n < 1 || n > len(sessions) {
		return Shown{}, cli.Usagef("there is no session %q in %s", which, strings.Join(o.Recordings, ", ")).
			With("it has sessions 1 to %d: recorder sessions lists them", len(sessions))
	}
	shown := Shown{Session: sessions[n-1]}
	for _, seq := range shown.Session.Seqs {
		x, err := set.Get(seq)
		if err != nil {
			return Shown{}, err
		}
		shown.Exchanges = append(shown.Exchanges, x)
	}
	return shown, nil
}

// PrintShown writes a session as a waterfall: when each request began, what came
// of it, how long it took beside the longest, and how large the answer was.
func PrintShown(w io.Writer, s Shown, width int) {
	who := s.Session.Persona
	if s.Session.Account != "" {
		who += " " + s.Session.Account
	}
	fmt.Fprintf(w, "session %d: %s (%s), %s, %s, %s\n\n", s.Session.Number, who, s.Session.PersonaWhy,
		s.Session.Start.Local().Format("2006-01-02 15:04:05"), roundTime(s.Session.Length), count(s.Session.Requests, "request"))
	const bar = 20
	var longest time.Duration
	for _, x := range s.Exchanges {
		longest = max(longest, x.Timing.End)
	}
	var before time.Time
	for _, x := range s.Exchanges {
		offset := fmt.Sprintf("%9.3fs", x.Start.Sub(s.Session.Start).Seconds())
		side := " "
		if x.Start.Before(before) {
			side = "∥" // while an earlier one was still under way
		}
		if x.End().After(before) {
			before = x.End()
		}
		status, size := "  -", ""
		if x.Response != nil {
			status, size = fmt.Sprintf("%3d", x.Response.Status), bytesText(x.Response.Body.Size)
		}
		if n := len(x.Frames); n > 0 {
			size = strings.TrimSpace(size + " " + count(n, "message"))
		}
		if x.Failure != nil {
			size = strings.TrimSpace(size + " " + x.Failure.Stage + ": " + x.Failure.Reason)
		}
		what := x.Request.Method + " " + x.Request.Target
		if room := max(40, width-66); len([]rune(what)) > room {
			what = string([]rune(what)[:room-1]) + "…"
		}
		fmt.Fprintf(w, "%s %s %s %8s %-*s %9s  %s\n", offset, side, status, durationText(x.Timing.End), bar, waterBar(x.Timing, longest, bar), size, what)
	}
	fmt.Fprintln(w, "\n▒ until the answer began, █ until it was whole, ∥ while an earlier request was under way")
}

// waterBar draws a request in at most width cells, at least one.
func waterBar(t exchange.Timing, longest time.Duration, width int) string {
	if longest <= 0 {
		return ""
	}
	all := max(1, int(float64(t.End)/float64(longest)*float64(width)+0.5))
	wait := min(all, int(float64(t.FirstByte)/float64(longest)*float64(width)+0.5))
	return strings.Repeat("▒", wait) + strings.Repeat("█", all-wait)
}

func durationText(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2fs", d.Seconds())
}

// CheckRecording walks everything in a recording. A file that has something wrong
// is an error with exit code 2, beside the report.
func CheckRecording(path string) (recording.CheckReport, error) {
	report, err := recording.Check(path)
	if err != nil {
		return report, err
	}
	if n := len(report.Problems); n > 0 {
		return report, &cli.Coded{Code: cli.Usage, Err: fmt.Errorf("%s: %s found", path, count(n, "problem")), Tip: "use a copy of the file, or record again"}
	}
	return report, nil
}

// PrintCheck writes what a check found.
func PrintCheck(w io.Writer, r recording.CheckReport) {
	fmt.Fprintf(w, "%s: format %d, %s\n", r.Path, r.Manifest.Format, bytesText(r.Size))
	m := r.Manifest
	fmt.Fprintf(w, "set        %s, key %s, policy %s\n", m.Set, m.KeyID, fallback(m.Policy, "none"))
	fmt.Fprintf(w, "made       %s by %s on %s%s%s\n", m.Created.Local().Format("2006-01-02 15:04:05"), fallback(m.Tool, "unknown"), fallback(m.Host, "unknown"), label(", ", m.Who), label(": ", m.Why))
	for _, t := range m.Targets {
		fmt.Fprintf(w, "target     %s = %s: %s\n", t.Name, t.URL, count(r.Targets[t.Name], "exchange"))
	}
	if n := r.Targets[""]; n > 0 {
		fmt.Fprintf(w, "forward    %s\n", count(n, "exchange"))
	}
	fmt.Fprintf(w, "exchanges  %d, %d without a whole answer, %s of bodies\n", r.Exchanges, r.Failures, bytesText(r.Wire))
	if r.Exchanges > 0 {
		fmt.Fprintf(w, "from       %s for %s\n", r.From.Local().Format("2006-01-02 15:04:05"), roundTime(r.To.Sub(r.From)))
	}
	for _, cause := range byCount(m.Losses) {
		fmt.Fprintf(w, "lost       %d: %s\n", m.Losses[cause], cause)
	}
	for _, p := range m.Purges {
		fmt.Fprintf(w, "purged     %s: %s: %s\n", p.At.Local().Format("2006-01-02 15:04:05"), count(p.Removed, "exchange"), p.Why)
	}
	if r.Live {
		fmt.Fprintln(w, "note       it is being recorded now; this is how it stood a moment ago")
	} else if !m.Closed {
		fmt.Fprintln(w, "note       the recorder was killed: what it had not stored yet is not here, what is here is whole")
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "problem    %s\n", p)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(w, "sound")
	}
}

func label(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}
