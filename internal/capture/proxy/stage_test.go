package proxy_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"firedrill/internal/capture/proxy"
	"firedrill/internal/exchange"

	"go.uber.org/goleak"
)

// taken collects what a proxy gave to its sink.
type taken struct {
	mu   sync.Mutex
	all  []*exchange.Exchange
	lost map[string]int
}

func (t *taken) sink(_ context.Context, x *exchange.Exchange) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, x)
	return nil
}

func (t *taken) lose(cause string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lost == nil {
		t.lost = map[string]int{}
	}
	t.lost[cause] += n
}

// stage is a proxy in front of an application; stop shuts it down and returns
// what was taken.
type stage struct {
	*proxy.Proxy
	t     *testing.T
	taken *taken
	once  sync.Once
}

func start(t *testing.T, opt proxy.Options) *stage {
	t.Helper()
	s := &stage{t: t, taken: &taken{}}
	opt.Sink, opt.Lose = s.taken.sink, s.taken.lose
	p, err := proxy.Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	s.Proxy = p
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *stage) stop() []*exchange.Exchange {
	s.once.Do(func() { s.Shutdown(context.Background()) })
	s.taken.mu.Lock()
	defer s.taken.mu.Unlock()
	return s.taken.all
}

// only stops the proxy and returns the one exchange that was taken.
func (s *stage) only() *exchange.Exchange {
	s.t.Helper()
	all := s.stop()
	if len(all) != 1 {
		s.t.Fatalf("%d exchanges were taken, want 1: %+v", len(all), all)
	}
	return all[0]
}

func reverse(t *testing.T, app *httptest.Server, change func(*proxy.Options)) *stage {
	t.Helper()
	u, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	opt := proxy.Options{Targets: []proxy.Target{{Name: "app", URL: u, Listen: "127.0.0.1:0"}}, Grace: 2 * time.Second,
		Client: func(addr string) string { return "client of " + addr }}
	if change != nil {
		change(&opt)
	}
	return start(t, opt)
}

func application(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	app := httptest.NewServer(handler)
	t.Cleanup(app.Close)
	return app
}

// client is an HTTP client that sends what it is told and decodes nothing.
func client(t *testing.T, through string) *http.Client {
	tr := &http.Transport{DisableCompression: true}
	if through != "" {
		tr.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse("http://" + through) }
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func get(t *testing.T, c *http.Client, address string, header ...string) (*http.Response, string) {
	t.Helper()
	return send(t, c, http.MethodGet, address, nil, header...)
}

func send(t *testing.T, c *http.Client, method, address string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
