package vuser

import (
	"net/url"
	"strings"
	"time"

	"firedrill/internal/dbheader"
	"firedrill/internal/load/pace"
	"firedrill/internal/load/program"
	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
)

// measure makes the sample of an attempt from what the wire says.
func (u *User) measure(b *job, i int, intended time.Time, attempt uint8) *sample.Sample {
	r, res := u.run, &b.res
	st := &r.Group.Journey.Steps[i]
	t := &res.Timing
	s := &sample.Sample{
		Seq: r.Seq.Add(1), VU: u.number, Iteration: u.it.number, Step: uint16(i), Turn: u.it.turn, Attempt: attempt,
		Persona: r.Group.Index, Journey: r.Group.Journey.Index, Endpoint: st.Endpoint,
		Status:   uint16(res.Status),
		Intended: r.since(intended), Start: r.since(t.Start), Sent: r.since(t.Sent), FirstByte: r.since(t.FirstByte), End: r.since(t.End),
		DNS: t.DNS, Connect: t.Connect, TLS: t.TLS, Sending: t.Sending,
		BytesOut: res.BytesOut, BytesIn: res.BytesIn,
		Events: uint32(res.Events), FirstEvent: r.since(res.FirstEvent), MaxGap: res.MaxGap, Gaps: res.Gaps,
	}
	s.RetryAfter, _ = retryAfter(res, r.Clock.Now())
	s.Phase = u.phase(s.Intended)
	for _, f := range []struct {
		on   bool
		flag sample.Flags
	}{
		{st.Login, sample.Login}, {attempt > 0, sample.Retried}, {res.Reused, sample.Reused},
		{res.Stream, sample.Stream}, {res.Truncated, sample.Truncated},
	} {
		if f.on {
			s.Flags |= f.flag
		}
	}
	facts := dbheader.New()
	for k := range res.Header {
		facts.Field(res.Header[k].Name, res.Header[k].Value)
	}
	for k := range res.Trailer {
		facts.Field(res.Trailer[k].Name, res.Trailer[k].Value)
	}
	s.Queries, s.QueryTime = facts.Queries, facts.Time
	return s
}

func (u *User) phase(at time.Duration) uint16 { return uint16(pace.PhaseAt(u.run.Phases, at)) }

// checks sets the flags of the checks that an answer passed.
func (u *User) checks(s *sample.Sample) {
	if s.Status == 0 || s.Error != sample.None {
		return
	}
	if !s.Has(sample.Failed) {
		s.Flags |= sample.CheckStatus
	}
	if s.ResponseTime() < 500*time.Millisecond {
		s.Flags |= sample.CheckUnder500
	}
	if s.ResponseTime() < time.Second {
		s.Flags |= sample.CheckUnder1s
	}
}

// verdict compares an answer with what was recorded.
func verdict(st *program.Step, res *wire.Response) sample.Flags {
	if res.Status == 429 {
		return sample.Failed | sample.RateLimited
	}
	if !expected(st.Expect.Status, res.Status) {
		return sample.Failed
	}
	if !redirected(st, res) || !sameMedia(st, res) {
		return sample.Unexpected
	}
	return 0
}

// expected reports whether a status is of a recorded class; an answer that had
// not changed (304) and the thing itself (2xx) are as good as each other. Nothing
// recorded: 2xx and 3xx.
func expected(recorded []int, status int) bool {
	if len(recorded) == 0 {
		return status >= 200 && status < 400
	}
	for _, r := range recorded {
		if r/100 == status/100 && r != 304 && status != 304 || r == status ||
			r == 304 && status/100 == 2 || status == 304 && r/100 == 2 {
			return true
		}
	}
	return false
}

// redirected reports whether an answer leads where the recorded one led.
func redirected(st *program.Step, res *wire.Response) bool {
	if st.Expect.Redirect == "" || res.Status/100 != 3 || res.Status == 304 {
		return true
	}
	location, ok := res.Get("Location")
	if !ok {
		return false
	}
	u, err := url.Parse(location)
	if err != nil {
		return false
	}
	want, _, _ := strings.Cut(st.Expect.Redirect, "?")
	return pathFits(want, u.EscapedPath())
}

// pathFits compares a path with a template whose parameters are in braces.
func pathFits(template, path string) bool {
	a, b := strings.Split(strings.Trim(template, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.Contains(a[i], "{") {
			return false
		}
	}
	return true
}

// sameMedia reports whether an answer is of the recorded media type.
func sameMedia(st *program.Step, res *wire.Response) bool {
	if st.Expect.ContentType == "" || res.Size() == 0 || res.Status/100 == 3 {
		return true
	}
	have, ok := res.Get("Content-Type")
	if !ok {
		return false
	}
	media, _, _ := strings.Cut(have, ";")
	return strings.EqualFold(strings.TrimSpace(media), st.Expect.ContentType)
}

func pathOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return path
}

func cloned(s string) string { return strings.Clone(s) }

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }
