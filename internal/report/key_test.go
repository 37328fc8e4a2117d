package report_test

import (
	"strings"
	"testing"
	"time"

	"firedrill/internal/report"
	"firedrill/internal/verdict"
)

func TestKey(t *testing.T) {
	late := stepped()
	late.Steps[1].Status = verdict.Fail // a step that holds above one that broke carries nothing
	none := stepped()
	for i := range none.Steps {
		none.Steps[i].Status = verdict.Fail
	}
	none.Status, none.Findings[0].What = verdict.Fail, "at 50 users it broke"
	well, took := spiked(), 12*time.Second
	well.Status, well.Recovery.Took = verdict.Pass, &took
	bare := passing()
	bare.Thresholds = nil
	for _, c := range []struct {
		why, want string
		r         *verdict.Report
	}{
		{"a run that does not count says why", "no request was made", invalid()},
		{"steps say what is carried", "carries 133 users", stepped()},
		{"up to the first that broke", "carries 50 users", late},
		{"no step held", "at 50 users it broke", none},
		{"what broke first", strings.ReplaceAll(hostile, "\x1b", "�") + " answered p95 1,240 ms; the target is 300 ms", failing()},
		{"a spike", "recovered in 12.0 s", well},
		{"streams", "3.04 generations per user and minute", generating()},
		{"the first threshold on times", "http_req_duration p(95)<1000: 212 ms", passing()},
		{"nothing else", "480 requests, 0 failed", bare},
	} {
		if got := report.Key(c.r); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}
