package drill

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"firedrill/internal/capture/proxy"
	"firedrill/internal/exchange"
	"firedrill/internal/recording"
	"firedrill/internal/redact"
)

// liveCounts is what can be said while a recording grows. see is called from one
// goroutine; redacted belongs to it until the recording has stopped.
type liveCounts struct {
	redacted redact.Report

	mu      sync.Mutex
	wire    int64
	private map[string]bool            // names of cookies that were set HttpOnly: sessions are kept in those
	holders map[string]map[string]bool // by such a name, the values that were shown: pseudonyms of people
	clients map[string]bool
}

// maxHolders bounds the memory of counting people; beyond it the count stands still.
const maxHolders = 50_000

func newLiveCounts() *liveCounts {
	return &liveCounts{private: map[string]bool{}, holders: map[string]map[string]bool{}, clients: map[string]bool{}}
}

// see looks at a redacted exchange.
func (l *liveCounts) see(x *exchange.Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wire += x.Request.Body.Size
	if len(l.clients) < maxHolders {
		l.clients[x.Client] = true
	}
	for _, v := range exchange.Values(x.Request.Header, "Authorization") {
		l.hold("Authorization", v)
	}
	for _, line := range exchange.Values(x.Request.Header, "Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && l.private[name] {
				l.hold(name, value)
			}
		}
	}
	if x.Response == nil {
		return
	}
	l.wire += x.Response.Body.Size
	for _, line := range exchange.Values(x.Response.Header, "Set-Cookie") {
		name, rest, ok := strings.Cut(line, "=")
		if ok && len(l.private) < 100 && strings.Contains(strings.ToLower(rest), "httponly") {
			l.private[strings.TrimSpace(name)] = true
		}
	}
}

func (l *liveCounts) hold(name, value string) {
	if l.holders[name] == nil {
		l.holders[name] = map[string]bool{}
	}
	if len(l.holders[name]) < maxHolders {
		l.holders[name][value] = true
	}
}

// users is how many different people were seen, as far as what they showed tells.
func (l *liveCounts) users() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.clients)
	for _, values := range l.holders {
		n = max(n, len(values))
	}
	return n
}

// progress writes one line again and again until it is stopped.
type progress struct {
	end  chan struct{}
	done chan struct{}
	o    RecordOptions
}

func startProgress(o RecordOptions, front *proxy.Proxy, writer *recording.Writer, live *liveCounts) *progress {
	if o.Every <= 0 {
		o.Every = 10 * time.Second
		if o.Terminal {
			o.Every = time.Second
		}
	}
	p := &progress{end: make(chan struct{}), done: make(chan struct{}), o: o}
	go func() {
		defer close(p.done)
		tick := time.NewTicker(o.Every)
		defer tick.Stop()
		before, at := 0, time.Now()
		for {
			select {
			case <-p.end:
				return
			case now := <-tick.C:
				s := front.Stats()
				rate := float64(s.Exchanges-before) / now.Sub(at).Seconds()
				before, at = s.Exchanges, now
				p.line(recordLine(s, rate, live.users(), writer.Stats().Losses))
			}
		}
	}()
	return p
}

func (p *progress) line(text string) {
	if p.o.Terminal {
		if runes := []rune(text); p.o.Width > 0 && len(runes) >= p.o.Width {
			text = string(runes[:p.o.Width-1]) // a line that wraps cannot be redrawn
		}
		fmt.Fprint(p.o.Talk, "\r\x1b[K"+text)
	} else {
		fmt.Fprintln(p.o.Talk, text)
	}
}

// stop ends the lines and says why.
func (p *progress) stop(why string) {
	close(p.end)
	<-p.done
	if p.o.Terminal {
		fmt.Fprint(p.o.Talk, "\r\x1b[K")
	}
	fmt.Fprintln(p.o.Talk, why)
}

func recordLine(s proxy.Stats, rate float64, users int, losses map[string]int) string {
	text := fmt.Sprintf("%s, %.1f/s, %s, %d in flight", count(s.Exchanges, "exchange"), rate, count(users, "user"), s.InFlight)
	if s.Failures > 0 {
		text += fmt.Sprintf(", %d failed", s.Failures)
	}
	if n := total(losses); n > 0 {
		text += fmt.Sprintf(", %d LOST", n)
	}
	if n := total(s.Refused); n > 0 {
		text += fmt.Sprintf(", %d refused", n)
	}
	if s.Handshakes > 0 {
		text += fmt.Sprintf(", %s broken off (recorder ca says how to trust the certificate)", count(s.Handshakes, "TLS handshake"))
	}
	return text
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// result is made when the recording has been closed.
func (o *RecordOptions) result(s proxy.Stats, file *recordFile, live *liveCounts) RecordResult {
	w := file.writer.Stats()
	r := RecordResult{
		Path: file.path, KeyPath: file.keyPath, Exchanges: int(w.Exchanges), Failures: s.Failures, Wire: w.Wire,
		Redacted: total(live.redacted.Counts), Losses: w.Losses, Refused: s.Refused, Handshakes: s.Handshakes,
	}
	if info, err := os.Stat(file.path); err == nil {
		r.Size = info.Size()
	}
	if r.Exchanges > countable {
		r.Sessions, r.Endpoints = -1, -1
		return r
	}
	// A recording that cannot be read back is what `check` is for; the counts above stand.
	if sessions, err := Sessions(SessionsOptions{Recordings: []string{file.path}}); err == nil {
		r.Sessions = len(sessions)
		r.Endpoints = len(endpointsOf(sessions))
	}
	return r
}

// countable is how many exchanges are read again at the end to count sessions:
// who ends the recording of a whole day shall not wait for it.
const countable = 100_000

func endpointsOf(sessions []Session) map[string]bool {
	all := map[string]bool{}
	for _, s := range sessions {
		for _, e := range s.Endpoints {
			all[e] = true
		}
	}
	return all
}

// PrintRecorded says what was recorded, and what was not.
func PrintRecorded(w io.Writer, r RecordResult) {
	what := count(r.Exchanges, "exchange")
	if r.Sessions >= 0 {
		what += fmt.Sprintf(" of %s at %s", count(r.Sessions, "session"), count(r.Endpoints, "endpoint"))
	}
	fmt.Fprintf(w, "recorded %s in %s: %s of bodies, %s redacted\n", what, r.Length.Round(time.Second), bytesText(r.Wire), count(r.Redacted, "value"))
	fmt.Fprintf(w, "file     %s, %s\n", r.Path, bytesText(r.Size))
	if r.Failures > 0 {
		fmt.Fprintf(w, "failed   %d of them had no whole answer; they are in the recording\n", r.Failures)
	}
	if len(r.Losses) == 0 {
		fmt.Fprintln(w, "lost     nothing")
	}
	for _, cause := range byCount(r.Losses) {
		fmt.Fprintf(w, "lost     %d: %s\n", r.Losses[cause], cause)
	}
	for i, host := range byCount(r.Refused) {
		if i == 10 {
			fmt.Fprintf(w, "refused  and %d hosts more\n", len(r.Refused)-i)
			break
		}
		fmt.Fprintf(w, "refused  %d to %s, which --allow-host does not name\n", r.Refused[host], host)
	}
	if r.Handshakes > 0 {
		fmt.Fprintf(w, "refused  %s broken off by clients that do not trust the certificate: recorder ca\n", count(r.Handshakes, "TLS handshake"))
	}
}

// byCount are the keys, highest count first.
func byCount(counts map[string]int) []string {
	var keys []string
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	return keys
}

// bytesText is a size as people read it.
func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/unit, 0
	for v >= unit && i < 3 {
		v, i = v/unit, i+1
	}
	return fmt.Sprintf("%.1f %s", v, [...]string{"KiB", "MiB", "GiB", "TiB"}[i])
}
