package analysis_test

import (
	"testing"
	"time"

	"firedrill/internal/analysis/baseline"
	"firedrill/internal/runs/runstest"
)

// TestStallsAreListed: whoever draws the run knows from when to when nothing was answered.
func TestStallsAreListed(t *testing.T) {
	r := judge(t, runstest.Grading(runstest.Options{Stall: 3 * time.Second, StallAt: time.Minute, Users: 40}), baseline.Default())
	if len(r.Stalls) != 1 {
		t.Fatalf("%+v", r.Stalls)
	}
	s := r.Stalls[0]
	if from, to := s.From-time.Minute, s.To-time.Minute; from < -time.Second || from > time.Second || to < 3*time.Second || to > 4*time.Second || s.Users < 2 || s.Users > 40 {
		t.Errorf("%+v", s)
	}
	if r := judge(t, runstest.Grading(runstest.Options{}), baseline.Default()); len(r.Stalls) != 0 {
		t.Errorf("none is none: %+v", r.Stalls)
	}
}
