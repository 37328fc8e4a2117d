package vuser

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/load/wire"
)

// What a user does who is told to come back later.
const (
	defaultLongest = time.Minute // of a Retry-After that is waited for
	defaultWait    = time.Second // after a 429 that does not say how long
)

// retryAfter is how long an answer said to wait (RFC 9110, section 10.2.3):
// seconds, or a date, which is read against the answer's own Date where there is
// one, since two clocks seldom agree. A date that has passed is no wait.
func retryAfter(res *wire.Response, now time.Time) (wait time.Duration, said bool) {
	if res.Status != http.StatusTooManyRequests && res.Status != http.StatusServiceUnavailable {
		return 0, false
	}
	text, _ := res.Get("Retry-After")
	text = strings.TrimSpace(text)
	n, err := strconv.ParseUint(text, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(n, uint64(maxWait/time.Second))) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if date, ok := res.Get("Date"); ok {
		if sent, err := http.ParseTime(strings.TrimSpace(date)); err == nil {
			now = sent
		}
	}
	return min(max(0, at.Sub(now)), maxWait), true
}

// maxWait bounds what is kept of an absurd Retry-After.
const maxWait = 365 * 24 * time.Hour

// tryAgain reports after which wait an answered request shall be sent again:
// after a 429, or a 503 that says when, as often as the scenario has it.
func (u *User) tryAgain(b *job, repeats int) (time.Duration, bool) {
	rule := u.run.Group.Persona.Retry
	if repeats >= rule.Times {
		return 0, false
	}
	wait, said := retryAfter(&b.res, u.run.Clock.Now())
	if !said {
		if b.res.Status != http.StatusTooManyRequests {
			return 0, false
		}
		wait = defaultWait
	}
	return wait, wait <= cmp.Or(rule.Longest, defaultLongest)
}
