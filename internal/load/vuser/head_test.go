package vuser_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firedrill/internal/load/vuser"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
)

func TestRequestCoding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		st := step("s0", "POST /x", -1, at("json.a", plan.Source{Kind: plan.FromLiteral, Value: "new"}))
		st.Request.Header = append(st.Request.Header, struct{ Name, Value string }{"Content-Type", "application/json"}, struct{ Name, Value string }{"Content-Encoding", "gzip"})
		st.Request.Body = []byte(`{"a":"old"}`)
		a.user(t, journey(plan.Journey{Steps: []plan.Step{st}}), nil).Iterate(t.Context(), time.Time{})
		body := strings.TrimPrefix(a.sent[0], "POST /x ")
		if !strings.HasPrefix(body, "\x1f\x8b") {
			t.Errorf("not compressed: %q", body)
		}
	})
}

func TestTraceIDs(t *testing.T) {
	seen := map[[24]byte]bool{}
	for user := range uint32(10) {
		for seq := range uint64(10) {
			seen[vuser.TraceID([]byte("k"), user, seq)] = true
		}
	}
	seen[vuser.TraceID([]byte("other"), 1, 1)] = true
	check(t, "different ids", 101, len(seen))
	check(t, "the same request", vuser.TraceID([]byte("k"), 1, 1), vuser.TraceID([]byte("k"), 1, 1))
}

// A log-in that shows its form again, with whatever status, is refused.
func TestLogInRefusedByRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["POST /login"] = []string{"302 "}
		a.fields["POST /login"] = []wire.Field{{Name: "Location", Value: "/login?error=1"}}
		login := step("s0", "POST /login", -1)
		login.Expect = plan.Expect{Status: []int{302}, Redirect: "/dashboard"}
		u := a.user(t, journey(plan.Journey{Login: []int{0}, Steps: []plan.Step{login, step("s1", "/x", 0)}}), nil)
		for range 2 {
			if !u.WillLogIn() {
				t.Error("it is not logged in")
			}
			it := u.Iterate(t.Context(), time.Time{})
			check(t, "outcome", sample.LoginFailed, it.Outcome)
			check(t, "lost", uint32(1), it.Lost)
		}
		a.fields["POST /login"][0].Value = "/dashboard"
		check(t, "outcome", sample.Completed, u.Iterate(t.Context(), time.Time{}).Outcome)
		if u.WillLogIn() {
			t.Error("it is logged in")
		}
		check(t, "reason", "log-in refused: POST /login answered 302 (account teacher #1)", a.reasons[1])
	})
}

// What the wire says of a stream, and what an answer says to wait, is in the sample.
func TestStreamInSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp()
		a.answers["GET /s"] = []string{"429 {}"}
		a.fields["GET /s"] = []wire.Field{{Name: "Retry-After", Value: "4"}}
		a.edit = func(res *wire.Response) {
			res.Stream, res.Events, res.FirstEvent, res.MaxGap, res.Gaps = true, 3, res.Timing.Start, 20*time.Microsecond, []uint32{10, 20}
		}
		u := a.user(t, journey(plan.Journey{Steps: []plan.Step{step("s0", "/s", -1)}}), nil)
		u.Iterate(t.Context(), time.Time{})
		x := a.samples[0]
		check(t, "gaps", []uint32{10, 20}, x.Gaps)
		check(t, "events", []any{uint32(3), 20 * time.Microsecond, 4 * time.Second}, []any{x.Events, x.MaxGap, x.RetryAfter})
		if !x.Has(sample.Stream | sample.RateLimited) {
			t.Errorf("%+v", x)
		}
	})
}
