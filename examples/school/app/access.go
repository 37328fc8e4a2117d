package app

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Access is one request as the school saw it. Nothing secret is in it: no cookie, no token, no body.
type Access struct {
	Time        time.Time     // when its header had been read
	RequestID   string        // the client's X-Request-Id, or one of our own
	Traceparent string        // as received
	Origin      string        // the Origin header, as received
	Method      string        //
	Path        string        // as received, without the query
	Query       string        // raw
	Route       string        // pattern: "POST /api/v1/submissions/{id}/grade"; "" when none fits
	Alias       string        // the route's short name: "grade"
	Status      int           // 499: the client went away before there was an answer
	Code        string        // of the error, if it is one: "validation_failed", "csrf", "injected", …
	BytesIn     int64         // of the body
	BytesOut    int64         // of the body
	Duration    time.Duration //
	User        string        // e-mail address; "" when nobody is logged in
	Persona     string        // role of the user
	Queries     int           // that reached the database
	DBTime      time.Duration // that they took
}

// MarshalJSON writes a line of the access log; durations are in milliseconds.
func (a Access) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Time        time.Time `json:"time"`
		RequestID   string    `json:"request_id"`
		Traceparent string    `json:"traceparent,omitempty"`
		Origin      string    `json:"origin,omitempty"`
		Method      string    `json:"method"`
		Path        string    `json:"path"`
		Query       string    `json:"query,omitempty"`
		Route       string    `json:"route"`
		Alias       string    `json:"alias"`
		Status      int       `json:"status"`
		Code        string    `json:"code,omitempty"`
		BytesIn     int64     `json:"bytes_in"`
		BytesOut    int64     `json:"bytes_out"`
		Duration    float64   `json:"duration_ms"`
		User        string    `json:"user,omitempty"`
		Persona     string    `json:"persona,omitempty"`
		Queries     int       `json:"queries"`
		DBTime      float64   `json:"db_ms"`
	}{a.Time.UTC(), a.RequestID, a.Traceparent, a.Origin, a.Method, a.Path, a.Query, a.Route, a.Alias, a.Status, a.Code,
		a.BytesIn, a.BytesOut, ms(a.Duration), a.User, a.Persona, a.Queries, ms(a.DBTime)})
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// accessLog writes one line at a time. The first error ends it and is kept.
type accessLog struct {
	mu  sync.Mutex
	w   io.Writer
	err error
}

func (l *accessLog) write(a Access) error {
	if l.w == nil {
		return nil
	}
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		_, l.err = l.w.Write(append(line, '\n'))
		return l.err
	}
	return nil
}
