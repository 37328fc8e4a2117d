package vuser

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"firedrill/internal/load/pace"
	"firedrill/internal/load/program"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
)

// Sink takes samples. It is called from many goroutines and must not block; the
// sample is the sink's to keep.
type Sink interface {
	Sample(s *sample.Sample)
}

// Run is what the users of one persona share: read-only while they run.
type Run struct {
	Start    time.Time
	Seed     uint64
	Group    *program.Group
	Phases   []sample.Phase
	Origins  []plan.Origin
	Targets  map[string]*url.URL // by origin name; all that the journey needs
	Secrets  map[string]string
	Clock    pace.Clock
	Sink     Sink
	NewDoer  func(user int) wire.Doer
	Speed    float64       // think times are divided by it; 0 = 1
	Timeout  time.Duration // of one request
	Closed   bool          // iterations follow one another: between them the first step's think time is kept
	Paced    bool          // iterations start by a pacing of their own: no think time between them
	Seq      *atomic.Uint64
	Reason   func(text string) uint16 // index of a reason in Names.Reasons
	Late     func(time.Duration)      // how late a planned request began; called from many goroutines; may be nil
	Spend    func() bool              // asks for one more costly request; nil = no cap
	Markers  bool                     // send traceparent, X-Request-Id and X-Firedrill
	RunID    string                   // in X-Firedrill
	TraceKey []byte                   // trace ids are made from it

	steps   []target // by step
	rewrite []rewrite
	gathers []*gathering // as Group.Gathers
}

// target is where a step goes.
type target struct {
	scheme, authority, dial string
	at                      place // without the path
}

// rewrite replaces a recorded origin by the target that stands for it.
type rewrite struct{ from, to string }

// Bind resolves the targets and opens the rendezvous. It must be called once, before the first user.
func (r *Run) Bind() error {
	if r.Speed <= 0 {
		r.Speed = 1
	}
	for _, g := range r.Group.Gathers {
		r.gathers = append(r.gathers, &gathering{within: g.Within, clock: r.Clock,
			seen: Gathering{Step: r.Group.Journey.Steps[g.Step].Name, Within: g.Within}})
	}
	recorded := map[string]string{}
	for _, o := range r.Origins {
		recorded[o.Name] = o.URL
		if to, ok := r.Targets[o.Name]; ok && o.URL != "" {
			r.rewrite = append(r.rewrite, rewrite{o.URL, to.Scheme + "://" + to.Host})
		}
	}
	r.steps = make([]target, len(r.Group.Journey.Steps))
	for i := range r.steps {
		name := r.Group.Journey.Steps[i].Origin
		to, ok := r.Targets[name]
		if !ok || to == nil {
			return fmt.Errorf("no target is given for origin %q", name)
		}
		t := target{scheme: to.Scheme, authority: to.Host, dial: to.Host}
		if to.Port() == "" {
			port := "80"
			if to.Scheme == "https" {
				port = "443"
			}
			t.dial = net.JoinHostPort(to.Hostname(), port)
		}
		t.at = place{host: strings.ToLower(to.Hostname()), secure: to.Scheme == "https" || trusted(to.Hostname())}
		if u, err := url.Parse(recorded[name]); err == nil {
			t.at.recorded = strings.ToLower(u.Hostname())
		}
		r.steps[i] = t
	}
	return nil
}

// trusted reports whether browsers keep Secure cookies for the host without TLS.
func trusted(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() || strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost")
}

// since is the offset of t from the run's start; 0 for no time.
func (r *Run) since(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return t.Sub(r.Start)
}
