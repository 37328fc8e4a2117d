package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"firedrill/examples/school/fault"
	"firedrill/examples/school/store"
	"firedrill/examples/school/writer"
)

// The ways in which the API knows who is asking.
const (
	AuthSession = "session"
	AuthJWT     = "jwt"
)

// Options of a school. The zero value is a healthy one of 50 teachers and 500 students in a temporary SQLite database,
// on a free port of the loopback interface.
type Options struct {
	Listen       string   // host:port of the API and the pages; "" means 127.0.0.1:0
	Web          string   // host:port of the pages, when they get an origin of their own
	PublicAPI    string   // where browsers reach the API, when that is not Listen (a proxy before it)
	AllowOrigins []string // origins whose writes are accepted besides those of Listen and Web; only with Web

	DB       string // "": a temporary SQLite file; "file:PATH"; "postgres://…"
	Fresh    bool   // drop another school that DB holds
	Teachers int    // 0 means 50
	Students int    // 0 means 500
	Seed     uint64 // of the seeded rows and of the faults; 0 is as good as any

	Auth         string        // AuthSession (default) or AuthJWT
	AccessTTL    time.Duration // life of an access token; 0 means 15 minutes
	SessionTTL   time.Duration // life of a session and of a refresh token; 0 means 12 hours
	AttemptLimit int           // attempts per student and quiz; 0 means any number
	UploadLimit  int64         // bytes of an uploaded file; 0 means 10 MiB

	AITime       time.Duration // a generated text takes 0.6 to 1.5 times this; 0 means writer.DefaultTime
	AIPerMinute  int           // texts that one teacher may begin in a minute; 0 means writer.DefaultPerMinute
	AIConcurrent int           // texts that may be written at once; 0 means writer.DefaultConcurrent

	NoQueryHeaders bool // keep X-DB-Query-Count and Server-Timing to oneself
	Faults         fault.Config

	AccessLog io.Writer                       // one JSON object per line; nil: none. Written by one goroutine at a time
	OnAccess  func(Access)                    // nil: none
	Wrap      func(http.Handler) http.Handler // around everything, for tests that want to see the raw requests
	Logger    *slog.Logger                    // nil: silent
}

// ErrOptions is wrapped by the errors of Options that cannot be used.
var ErrOptions = errors.New("cannot be used")

// complete fills in the defaults and checks the rest.
func (o Options) complete() (Options, error) {
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	set(&o.Listen, "127.0.0.1:0")
	set(&o.Auth, AuthSession)
	if o.Teachers == 0 {
		o.Teachers = 50
	}
	if o.Students == 0 {
		o.Students = 500
	}
	if o.AccessTTL == 0 {
		o.AccessTTL = 15 * time.Minute
	}
	if o.SessionTTL == 0 {
		o.SessionTTL = 12 * time.Hour
	}
	if o.UploadLimit == 0 {
		o.UploadLimit = 10 << 20
	}
	if o.AITime == 0 {
		o.AITime = writer.DefaultTime
	}
	if o.AIPerMinute == 0 {
		o.AIPerMinute = writer.DefaultPerMinute
	}
	if o.AIConcurrent == 0 {
		o.AIConcurrent = writer.DefaultConcurrent
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Faults.Seed = o.Seed
	for _, a := range []string{o.Listen, o.Web} {
		if a == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(a); err != nil {
			return o, fmt.Errorf("address %q %w: %w", a, ErrOptions, err)
		}
	}
	for _, u := range append([]string{o.PublicAPI}, o.AllowOrigins...) {
		if u == "" {
			continue
		}
		if p, err := url.Parse(u); err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https" || p.Path != "" && p.Path != "/" {
			return o, fmt.Errorf("origin %q %w: it is not like http://host:port", u, ErrOptions)
		}
	}
	if o.Web == "" && (o.PublicAPI != "" || len(o.AllowOrigins) > 0) {
		return o, fmt.Errorf("origins beside that of the API %w: the pages have none of their own", ErrOptions)
	}
	if o.Auth != AuthSession && o.Auth != AuthJWT {
		return o, fmt.Errorf("log-in %q %w: it is %s or %s", o.Auth, ErrOptions, AuthSession, AuthJWT)
	}
	if o.AccessTTL < time.Second || o.SessionTTL < time.Second {
		return o, fmt.Errorf("token life of %v %w: a second is the least", min(o.AccessTTL, o.SessionTTL), ErrOptions)
	}
	if o.AttemptLimit < 0 {
		return o, fmt.Errorf("attempt limit %d %w", o.AttemptLimit, ErrOptions)
	}
	if o.UploadLimit < 1 || o.UploadLimit > 1<<30 {
		return o, fmt.Errorf("upload limit of %d bytes %w: it is 1 byte to 1 GiB", o.UploadLimit, ErrOptions)
	}
	if o.AITime < time.Millisecond || o.AIPerMinute < 1 || o.AIConcurrent < 1 {
		return o, fmt.Errorf("writing machine of %v, %d in a minute, %d at once %w: a millisecond and one of each are the least",
			o.AITime, o.AIPerMinute, o.AIConcurrent, ErrOptions)
	}
	if err := o.Faults.Check(Routes(), naive); err != nil {
		return o, err
	}
	return o, nil
}

func (o Options) seed() store.Seed {
	return store.Seed{Number: o.Seed, Teachers: o.Teachers, Students: o.Students}
}
