package people

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Person is somebody with a browser of their own.
type Person struct {
	Email    string
	Password string
	// Think is called where a person would read or type; it may return early
	// with the context's error. nil: no pauses.
	Think func(ctx context.Context, least, most time.Duration) error

	base   string // "http://127.0.0.1:8080": the recorder, or the school itself
	client *http.Client
	csrf   string
	bearer string
	rand   *rand.Rand
}

// New is a person at the door: nothing has been sent yet. The seed decides what
// is picked where a person would pick freely.
func New(base, email string, seed uint64) *Person {
	jar, err := cookiejar.New(nil)
	if err != nil { // only for options that are not given here
		panic(err)
	}
	transport := &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 6}
	return &Person{
		Email:    email,
		Password: "password",
		base:     strings.TrimSuffix(base, "/"),
		client:   &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second},
		rand:     rand.New(rand.NewPCG(seed, uint64(len(email)))),
	}
}

// Pause is a Think that waits for real, a uniform draw divided by speed.
func Pause(seed uint64, speed float64) func(context.Context, time.Duration, time.Duration) error {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(ctx context.Context, least, most time.Duration) error {
		d := least + time.Duration(r.Int64N(int64(most-least)+1))
		timer := time.NewTimer(time.Duration(float64(d) / speed))
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		}
	}
}

func (p *Person) think(ctx context.Context, least, most time.Duration) error {
	if p.Think == nil {
		return ctx.Err()
	}
	return p.Think(ctx, least, most)
}

// send sends one request as the pages' script does; kind is the body's content type.
func (p *Person) send(ctx context.Context, method, path, accept, kind string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) people/1")
	request.Header.Set("Referer", p.base+"/")
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if method != http.MethodGet {
		request.Header.Set("Origin", p.base)
		if p.csrf != "" {
			request.Header.Set("X-CSRF-Token", p.csrf)
		}
	}
	if p.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+p.bearer)
	}
	return p.client.Do(request)
}

// call sends JSON (nil: nothing) and decodes the answer into out (nil: ignored).
func (p *Person) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	kind := ""
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body, kind = bytes.NewReader(b), "application/json"
	}
	answer, err := p.send(ctx, method, path, "application/json", kind, body)
	if err != nil {
		return err
	}
	return read(answer, out)
}

// get is call for what is only read.
func (p *Person) get(ctx context.Context, path string, out any) error {
	return p.call(ctx, http.MethodGet, path, nil, out)
}

// read decodes an answer's JSON into out and closes it; a status that is no success is an *AnswerError.
func read(answer *http.Response, out any) error {
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	asked := answer.Request.Method + " " + answer.Request.URL.Path
	if answer.StatusCode >= 300 {
		return &AnswerError{Asked: asked, Status: answer.StatusCode, Text: string(text)}
	}
	if out == nil || len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s: %w", asked, err)
	}
	return nil
}

// AnswerError is an answer that is no success.
type AnswerError struct {
	Asked  string // "GET /api/v1/me"
	Status int
	Text   string // of the answer
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("%s answered %d: %.200s", e.Asked, e.Status, e.Text)
}

// LogIn logs in and asks who one is, as the first page does.
func (p *Person) LogIn(ctx context.Context) error {
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	in := map[string]string{"email": p.Email, "password": p.Password}
	if err := p.call(ctx, http.MethodPost, "/api/v1/auth/login", in, &tokens); err != nil {
		return err
	}
	p.bearer = tokens.AccessToken
	var me struct {
		CSRF string `json:"csrf_token"`
	}
	if err := p.call(ctx, http.MethodGet, "/api/v1/me", nil, &me); err != nil {
		return err
	}
	p.csrf = me.CSRF
	return nil
}

// LogOut ends the session and closes the connections.
func (p *Person) LogOut(ctx context.Context) error {
	err := p.call(ctx, http.MethodPost, "/api/v1/auth/logout", nil, nil)
	p.Close()
	return err
}

// Close closes the connections.
func (p *Person) Close() { p.client.CloseIdleConnections() }

// Cookie is the value of a cookie that the person holds, "" without it.
func (p *Person) Cookie(name string) string {
	u, err := url.Parse(p.base)
	if err != nil {
		return ""
	}
	for _, c := range p.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// CSRF is the session's token against forgery.
func (p *Person) CSRF() string { return p.csrf }
