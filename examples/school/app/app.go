package app

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"firedrill/examples/school/fault"
	"firedrill/examples/school/store"
	"firedrill/examples/school/web"
	"firedrill/examples/school/writer"
)

// grace is how long requests under way may take to end after Close.
const grace = 5 * time.Second

// School is a running school.
type School struct {
	o       Options
	store   *store.Store
	pages   *web.Pages
	faults  *fault.Faults
	gate    *writer.Gate
	writer  *writer.Writer
	key     []byte          // signs access tokens and log-in forms; new at each start
	origins map[string]bool // that may write; nil: not looked at
	api     string          // where pages find the API; "": their own origin

	url, webURL string
	servers     []*http.Server
	log         accessLog

	stop sync.Once
	done chan struct{} // closed when everything has stopped
	err  error         // valid after done
}

// Start opens, seeds and serves a school. It stops when ctx ends or Close is called. Errors wrap ErrOptions,
// fault.ErrInvalid, *fault.UnknownRouteError or *store.MismatchError where a person can do something about them.
func Start(ctx context.Context, o Options) (_ *School, err error) {
	if o, err = o.complete(); err != nil {
		return nil, err
	}
	s := &School{o: o, done: make(chan struct{}), key: make([]byte, 32)}
	crand.Read(s.key)
	s.log.w = o.AccessLog
	if s.pages, err = web.New(); err != nil {
		return nil, err
	}
	var listeners []net.Listener
	defer func() {
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			if s.store != nil {
				s.store.Close()
			}
		}
	}()
	listen := func(addr string) (string, error) { // before seeding: a port that is taken is found at once
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		if err != nil {
			return "", err
		}
		listeners = append(listeners, l)
		return "http://" + reachable(l.Addr()), nil
	}
	if s.url, err = listen(o.Listen); err != nil {
		return nil, err
	}
	s.webURL = s.url
	if o.Web != "" {
		if s.webURL, err = listen(o.Web); err != nil {
			return nil, err
		}
		s.api = strings.TrimSuffix(o.PublicAPI, "/")
		if s.api == "" {
			s.api = s.url
		}
		s.origins = allowedOrigins(append([]string{s.url, s.webURL, o.PublicAPI}, o.AllowOrigins...))
	}
	if s.store, err = store.Open(ctx, store.Options{DB: o.DB, Seed: o.seed(), Fresh: o.Fresh}); err != nil {
		return nil, err
	}
	s.faults = fault.New(o.Faults)
	s.gate, s.writer = writer.NewGate(o.AIPerMinute, o.AIConcurrent), writer.New(o.Seed, o.AITime)
	s.serve(listeners)
	context.AfterFunc(ctx, func() { s.shutdown() })
	return s, nil
}

// serve starts one server per listener: the first has the API, the last the pages.
func (s *School) serve(listeners []net.Listener) {
	var wg sync.WaitGroup
	errs := make([]error, len(listeners))
	for i, l := range listeners {
		var h http.Handler = s.handler(i == 0, i == len(listeners)-1)
		if s.o.Wrap != nil {
			h = s.o.Wrap(h)
		}
		srv := &http.Server{
			Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
			ErrorLog: slog.NewLogLogger(s.o.Logger.Handler(), slog.LevelWarn),
		}
		s.servers = append(s.servers, srv)
		wg.Go(func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				errs[i] = err
				go s.shutdown()
			}
		})
	}
	go func() {
		wg.Wait()
		s.shutdown() // waits for the requests under way
		s.err = errors.Join(append(errs, s.store.Close())...)
		close(s.done)
	}()
}

// shutdown lets requests under way end, for a while. Later callers wait for the first.
func (s *School) shutdown() {
	s.stop.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		var wg sync.WaitGroup
		for _, srv := range s.servers {
			wg.Go(func() {
				if srv.Shutdown(ctx) != nil {
					srv.Close()
				}
			})
		}
		wg.Wait()
	})
}

// Close stops the school and waits for it: requests under way have five seconds to end.
func (s *School) Close() error {
	s.shutdown()
	return s.Wait()
}

// Wait returns when the school has stopped.
func (s *School) Wait() error {
	<-s.done
	return s.err
}

// URL is the origin of the API, and of the pages unless they have their own: "http://127.0.0.1:4000".
func (s *School) URL() string { return s.url }

// WebURL is the origin of the pages.
func (s *School) WebURL() string { return s.webURL }

// Accounts are the e-mail addresses of a role's people ("teacher", "student", "admin"). Their password is store.Password.
func (s *School) Accounts(role string) []string { return s.o.seed().Accounts(role) }

// Truth tells what has happened since seeding; with all also what was seeded.
func (s *School) Truth(ctx context.Context, all bool) (store.Truth, error) {
	return s.store.Truth(ctx, all)
}

// Reset puts the school back to what it was after seeding; everybody is logged out.
func (s *School) Reset(ctx context.Context) error { return s.store.Reset(ctx) }

// Describe says in a few lines what is running: addresses, accounts, database, faults.
func (s *School) Describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "school is open\n  pages      %s\n  API        %s/api/v1 (log-in: %s)\n", s.webURL, s.url, s.o.Auth)
	fmt.Fprintf(&b, "  accounts   teacher1 … teacher%d, student1 … student%d, admin1 … admin%d  @test.local, password %q\n",
		s.o.Teachers, s.o.Students, store.Admins, store.Password)
	fmt.Fprintf(&b, "  database   %s, seed %d\n", s.store.Kind(), s.o.Seed)
	for i, f := range s.o.Faults.List() {
		label := "          "
		if i == 0 {
			label = "made worse"
		}
		fmt.Fprintf(&b, "  %s %s\n", label, f)
	}
	fmt.Fprintf(&b, "  reset      curl -X POST %s/admin/reset", s.url)
	return b.String()
}

// reachable is where a client of this machine finds a listener.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// allowedOrigins has each origin as it is, and loopback ones under both names: people type either.
func allowedOrigins(urls []string) map[string]bool {
	out := map[string]bool{}
	for _, u := range urls {
		if u = strings.TrimSuffix(u, "/"); u == "" {
			continue
		}
		out[u] = true
		out[strings.Replace(u, "//127.0.0.1:", "//localhost:", 1)] = true
		out[strings.Replace(u, "//localhost:", "//127.0.0.1:", 1)] = true
	}
	return out
}
