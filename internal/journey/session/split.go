package session

import (
	"strings"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/endpoint"
)

// split cuts one client's events into visits: at silences longer than idle,
// after a log-out, and before a log-in of somebody who is logged in already.
func split(events []*Event, idle time.Duration) [][]*Event {
	var parts [][]*Event
	var end time.Time
	from, loggedIn := 0, false
	cut := func(i int) {
		if i > from {
			parts = append(parts, events[from:i])
		}
		from, loggedIn = i, false
	}
	for i := 0; i < len(events); i++ {
		e := events[i]
		if i > from && e.Start().Sub(end) > idle {
			cut(i)
		}
		if e.End().After(end) {
			end = e.End()
		}
		if _, ok := LoginOf(e); ok {
			if loggedIn {
				cut(pageBefore(events, from, i))
			}
			loggedIn = true
			continue
		}
		if loggedIn && IsLogout(e) {
			next := i + 1
			if !laterLogin(events[next:], idle) {
				next = afterFarewell(events, i)
			}
			if next < len(events) {
				for ; i < next-1; i++ {
					if t := events[i+1].End(); t.After(end) {
						end = t
					}
				}
				cut(next)
			} else {
				i = len(events)
			}
		}
	}
	cut(len(events))
	return parts
}

// pageBefore is the index of the first of the requests that only led to the log-in at i.
func pageBefore(events []*Event, from, i int) int {
	login := endpoint.Path(events[i].X.Request.Target)
	for i > from+1 {
		e := events[i-1]
		p := strings.ToLower(endpoint.Path(e.X.Request.Target))
		if e.X.Request.Method != "GET" || p != login && !strings.Contains(p, "login") && !strings.Contains(p, "sign") && !strings.Contains(p, "session") {
			break
		}
		i--
	}
	return i
}

func laterLogin(events []*Event, idle time.Duration) bool {
	for i, e := range events {
		if i > 0 && e.Start().Sub(events[i-1].End()) > idle {
			return false
		}
		if _, ok := LoginOf(e); ok {
			return true
		}
	}
	return false
}

// afterFarewell is the index behind the requests that a log-out at i caused: the
// page it redirected to, and whatever came within two seconds.
func afterFarewell(events []*Event, i int) int {
	location, redirects := "", false
	if r := events[i].X.Response; r != nil {
		location, redirects = exchange.Get(r.Header, "Location")
	}
	end := events[i].End()
	for i+1 < len(events) {
		e := events[i+1]
		follows := redirects && endpoint.Path(e.X.Request.Target) == pathOf(location)
		if !follows && e.Start().Sub(end) > 2*time.Second {
			break
		}
		redirects = redirects && !follows
		i++
	}
	return i + 1
}

// describe finds out who it was.
func describe(events []*Event) *Session {
	s := &Session{Events: events, Login: -1}
	for i, e := range events {
		if l, ok := LoginOf(e); ok {
			s.Login, s.LoginRefs, s.Account = i, l, l.LoginText
			break
		}
	}
	s.Persona, s.PersonaWhy = persona(s)
	for _, e := range events {
		e.Forget()
	}
	return s
}
