package session

import (
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

// Event is an exchange as journeys see it.
type Event struct {
	X        *exchange.Exchange
	Endpoint int // number of its endpoint

	req, res *message.Tree
}

// Req is the request, parsed.
func (e *Event) Req() *message.Tree {
	if e.req == nil {
		e.req = message.Parse(message.OfRequest(&e.X.Request))
	}
	return e.req
}

// Res is the answer, parsed; an empty tree when there was none.
func (e *Event) Res() *message.Tree {
	if e.res == nil {
		if e.X.Response == nil {
			e.res = message.Parse(message.Message{})
		} else {
			e.res = message.Parse(message.OfResponse(e.X.Response))
		}
	}
	return e.res
}

// Forget drops the parsed messages.
func (e *Event) Forget() { e.req, e.res = nil, nil }

// Start is when the request began.
func (e *Event) Start() time.Time { return e.X.Start }

// End is when the answer was whole.
func (e *Event) End() time.Time { return e.X.End() }

// Status is the answer's status; 0 without one.
func (e *Event) Status() int { return e.X.Status() }

// Session is one visit of one person.
type Session struct {
	Events     []*Event // by Start
	Persona    string
	PersonaWhy string
	Account    string // what was logged in with, as it stands in the recording (a pseudonym); "" without a log-in
	Login      int    // index of the event that logged in; -1 when none is in the recording
	LoginRefs  Login  // where that event holds the account's values
}

// Start is when the session's first request began.
func (s *Session) Start() time.Time { return s.Events[0].Start() }

// End is when its last answer was whole.
func (s *Session) End() time.Time {
	end := s.Events[0].End()
	for _, e := range s.Events[1:] {
		if e.End().After(end) {
			end = e.End()
		}
	}
	return end
}

// Labels are the marks in force during the session, in order of first sight.
func (s *Session) Labels() []string {
	var labels []string
	seen := map[string]bool{}
	for _, e := range s.Events {
		for _, l := range e.X.Labels {
			if !seen[l] {
				seen[l] = true
				labels = append(labels, l)
			}
		}
	}
	return labels
}
