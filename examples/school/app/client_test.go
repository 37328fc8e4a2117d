package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"sync"
	"testing"

	"firedrill/examples/school/app"
	"firedrill/examples/school/store"
)

// start runs a small school for a test. change may be nil.
func start(t testing.TB, change func(*app.Options)) *app.School {
	t.Helper()
	o := app.Options{Teachers: 3, Students: 40, Seed: 7}
	if change != nil {
		change(&o)
	}
	s, err := app.Start(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// client is one person with a cookie jar.
type client struct {
	t      testing.TB
	base   string
	http   *http.Client
	csrf   string
	bearer string
}

func visitor(t testing.TB, base string) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &client{t: t, base: base, http: &http.Client{
		Jar: jar, Transport: tr,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// login logs somebody in through the API: by cookie, or by token where the school answers with one.
func login(t testing.TB, s *app.School, name string) *client {
	t.Helper()
	c := visitor(t, s.URL())
	a := c.post("/api/v1/auth/login", map[string]string{"email": name + "@test.local", "password": store.Password})
	if a.status != http.StatusOK {
		t.Fatalf("log-in of %s: %d %s", name, a.status, a.body)
	}
	c.bearer = get[struct {
		AccessToken string `json:"access_token"`
	}](a).AccessToken
	c.csrf = get[struct {
		CSRFToken string `json:"csrf_token"`
	}](c.get("/api/v1/me")).CSRFToken
	return c
}

type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

func (c *client) get(path string, header ...string) answer {
	c.t.Helper()
	return c.do(http.MethodGet, path, nil, header...)
}

func (c *client) post(path string, body any, header ...string) answer {
	c.t.Helper()
	return c.do(http.MethodPost, path, body, header...)
}

// do sends a request; a body that is no string becomes JSON; header is names and values, "" for a value removes it.
func (c *client) do(method, path string, body any, header ...string) answer {
	c.t.Helper()
	a, err := c.try(method, path, body, header...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (c *client) try(method, path string, body any, header ...string) (answer, error) {
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, r)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.csrf != "" && method != http.MethodGet {
		req.Header.Set("X-CSRF-Token", c.csrf)
	}
	if c.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Del(header[i])
		if header[i+1] != "" {
			req.Header.Set(header[i], header[i+1])
		}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{c.t, res.StatusCode, res.Header, b}, err
}

func get[T any](a answer) (v T) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("%d %.200s: %v", a.status, a.body, err)
	}
	return v
}

type problem struct {
	Error struct {
		Code      string            `json:"code"`
		Message   string            `json:"message"`
		Fields    map[string]string `json:"fields"`
		RequestID string            `json:"request_id"`
	} `json:"error"`
}

// code of the error; "" when it is none.
func (a answer) code() string {
	var p problem
	json.Unmarshal(a.body, &p)
	return p.Error.Code
}

func (a answer) queries() int {
	n, err := strconv.Atoi(a.header.Get("X-DB-Query-Count"))
	if err != nil {
		return -1
	}
	return n
}

type items[T any] struct{ Items []T }

// firstCourse of whoever is logged in.
func firstCourse(c *client) int64 {
	c.t.Helper()
	return get[items[store.Course]](c.get("/api/v1/courses")).Items[0].ID
}

func gradebook(c *client, course int64, query string) store.Gradebook {
	c.t.Helper()
	return get[store.Gradebook](c.get("/api/v1/courses/" + strconv.FormatInt(course, 10) + "/gradebook" + query))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// ledger collects what a school says about its requests.
type ledger struct {
	mu   sync.Mutex
	list []app.Access
}

func (l *ledger) add(a app.Access) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, a)
}

func (l *ledger) last() app.Access {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return app.Access{}
	}
	return l.list[len(l.list)-1]
}
