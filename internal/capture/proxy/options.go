package proxy

import (
	"context"
	"crypto/x509"
	"fmt"
	"hash"
	"log/slog"
	"net/url"
	"time"

	"firedrill/internal/capture/ca"
	"firedrill/internal/exchange"
)

// Target is an application behind a reverse proxy.
type Target struct {
	Name   string   // as recorded
	URL    *url.URL // scheme and host; no path
	Listen string   // host:port for its listener; port 0 = any
}

// Options says what to stand between, and what becomes of the exchanges.
type Options struct {
	Targets   []Target
	Forward   string        // host:port of the forward proxy; "" = none
	AllowHost []string      // hosts that the forward proxy connects to: "school.test", "*.school.test", "school.test:8443"
	AllowAny  bool          // the forward proxy connects to every host
	Authority *ca.Authority // needed with Forward

	RootCAs  *x509.CertPool // whom to believe about applications; nil = the system's
	Insecure bool           // believe every certificate of an application

	BodyCap    int64         // bytes of a body that are kept; default 8 MiB
	QueueBytes int64         // bytes of finished exchanges that wait for redaction and storing; default 64 MiB
	Patience   time.Duration // how long a client is held back when that is full; default 2 s
	Grace      time.Duration // how long Shutdown lets exchanges in flight finish; default 5 s

	Redact func(*exchange.Exchange)                        // changes it in place, before Sink sees it; nil = leave it
	Client func(addr string) string                        // pseudonym of a client's IP address; nil = none is recorded
	Digest func() hash.Hash                                // keyed hash for bodies beyond BodyCap; nil = none
	Sink   func(context.Context, *exchange.Exchange) error // takes each exchange; it counts what it refuses
	Lose   func(cause string, n int)                       // counts exchanges that never reach Sink
	Log    *slog.Logger                                    // nil = silent
}

// Causes under which exchanges are lost before they reach Sink.
const (
	LostBehind     = "recorder could not keep up"
	LostUnfinished = "unfinished when the recorder stopped"
)

// bodyBudget bounds the bodies of all exchanges in flight together: above it,
// bodies are cut as if they had reached the cap.
const bodyBudget = 512 << 20

func (o Options) withDefaults() Options {
	if o.BodyCap <= 0 {
		o.BodyCap = 8 << 20
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 64 << 20
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Second
	}
	if o.Grace <= 0 {
		o.Grace = 5 * time.Second
	}
	if o.Redact == nil {
		o.Redact = func(*exchange.Exchange) {}
	}
	if o.Client == nil {
		o.Client = func(string) string { return "" }
	}
	if o.Lose == nil {
		o.Lose = func(string, int) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// UsageError says which option cannot work.
type UsageError struct{ Why, Fix string }

func (e *UsageError) Error() string { return e.Why }
func (e *UsageError) Hint() string  { return e.Fix } // Hint says what to do.
func (e *UsageError) ExitCode() int { return 2 }     // ExitCode is that of wrong usage.

func (o Options) validate() error {
	if len(o.Targets) == 0 && o.Forward == "" {
		return &UsageError{Why: "there is nothing to record", Fix: "name an application with --target URL, or a forward proxy with --forward"}
	}
	if o.Sink == nil {
		return &UsageError{Why: "exchanges have nowhere to go"}
	}
	for _, t := range o.Targets {
		if t.URL == nil || (t.URL.Scheme != "http" && t.URL.Scheme != "https") || t.URL.Host == "" {
			return &UsageError{Why: fmt.Sprintf("target %q is no address", t.Name), Fix: "write --target http://localhost:4000 or --target api=https://api.example.org"}
		}
	}
	if o.Forward != "" {
		if o.Authority == nil {
			return &UsageError{Why: "a forward proxy needs a certificate authority"}
		}
		if len(o.AllowHost) == 0 && !o.AllowAny && len(o.Targets) == 0 {
			return &UsageError{Why: "the forward proxy may not connect to any host",
				Fix: "name what may be recorded with --allow-host staging.example.org, or --allow-any-host"}
		}
	}
	return nil
}
