package loop_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// doorman stands before the school and looks at every request whole.
type doorman struct {
	mu        sync.Mutex
	recording bool
	secrets   map[string]string   // what belongs to a recorded session → what it is
	leaks     []string            // requests of a replay that carried one
	walks     map[string][]string // by virtual user: what it sent, in order
	requests  int
}

func newDoorman() *doorman {
	return &doorman{secrets: map[string]string{}, walks: map[string][]string{}}
}

func (d *doorman) record(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.recording = on
}

// forget starts a new replay: what was recorded stays known.
func (d *doorman) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leaks, d.walks, d.requests = nil, map[string][]string{}, 0
}

func (d *doorman) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.HasPrefix(r.URL.Path, "/healthz") || strings.HasPrefix(r.URL.Path, "/admin") {
			next.ServeHTTP(w, r)
			return
		}
		d.mu.Lock()
		recording := d.recording
		d.mu.Unlock()
		if !recording {
			d.inspect(r, body)
			next.ServeHTTP(w, r)
			return
		}
		copied := &copyingWriter{ResponseWriter: w}
		next.ServeHTTP(copied, r)
		d.learn(r, copied)
	})
}

// learn notes what belongs to the session that is being recorded.
func (d *doorman) learn(r *http.Request, w *copyingWriter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range r.Cookies() {
		d.secrets[c.Value] = "cookie " + c.Name
	}
	for _, c := range (&http.Response{Header: w.Header()}).Cookies() {
		d.secrets[c.Value] = "cookie " + c.Name
	}
	for _, name := range []string{"X-CSRF-Token", "Authorization"} {
		if v := r.Header.Get(name); v != "" {
			d.secrets[strings.TrimPrefix(v, "Bearer ")] = name
		}
	}
	var answer any
	if json.Unmarshal(w.body.Bytes(), &answer) == nil {
		d.learnJSON("", answer)
	}
	// A gradebook is its teacher's alone; ids of quizzes and the like are shared by a class.
	if id, ok := strings.CutPrefix(r.URL.Path, "/api/v1/courses/"); ok && strings.HasSuffix(id, "/gradebook") {
		d.secrets[strings.TrimSuffix(id, "/gradebook")] = "course id"
	}
}

func (d *doorman) learnJSON(key string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			d.learnJSON(k, inner)
		}
	case []any:
		for _, inner := range v {
			d.learnJSON(key, inner)
		}
	case string:
		if len(v) >= 16 && !strings.ContainsAny(v, " :/@") && strings.ContainsAny(v, "0123456789") {
			d.secrets[v] = "json " + key
		}
	}
}

// inspect looks for anything recorded in a replayed request.
func (d *doorman) inspect(r *http.Request, body []byte) {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", r.Method, r.URL.RequestURI())
	for name, values := range r.Header {
		for _, v := range values {
			fmt.Fprintf(&text, "%s: %s\n", name, v)
		}
	}
	text.Write(body)
	whole := text.String()
	if plain, err := url.QueryUnescape(whole); err == nil {
		whole += "\n" + plain
	}
	words := tokens(whole)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests++
	if strings.Contains(whole, "fd~") {
		d.leaks = append(d.leaks, fmt.Sprintf("%s %s: a pseudonym of the recording", r.Method, r.URL.Path))
	}
	for secret, what := range d.secrets {
		if slices.Contains(words, secret) || len(secret) >= 16 && strings.Contains(whole, secret) {
			d.leaks = append(d.leaks, fmt.Sprintf("%s %s: %s of a recorded session", r.Method, r.URL.Path, what))
		}
	}
	if run := strings.Split(r.Header.Get("X-Firedrill"), "/"); len(run) == 3 {
		d.walks[run[1]] = append(d.walks[run[1]], r.Method+" "+shape(r.URL.Path)+" "+generated(body))
	}
}

// tokens are the words of a request, so that a short id is not found inside a longer number.
func tokens(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool {
		return !(c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
	})
}

// shape is a path without its ids.
func shape(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.ContainsAny(s, "0123456789") && s != "v1" {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

// generated are the values of a body that a scenario generates.
func generated(body []byte) string {
	var in struct {
		Grade    *int   `json:"grade"`
		Feedback string `json:"feedback"`
	}
	if json.Unmarshal(body, &in) != nil || in.Grade == nil {
		return ""
	}
	return fmt.Sprint(*in.Grade, " ", in.Feedback)
}

type copyingWriter struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (w *copyingWriter) Write(b []byte) (int, error) {
	w.body.Write(b)
	return w.ResponseWriter.Write(b)
}

// Unwrap lets handlers flush.
func (w *copyingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
