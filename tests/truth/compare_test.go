package truth_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/montanaflynn/stats"

	"firedrill/internal/load"
)

// punctual is how late the generator may say it was for its figures to be held to
// 1 % + 2 ms.
const punctual = 2 * ms

// onTime makes a run and judges it; one that differs is made again when the
// generator says that it was late, three times at most. slack is what a run may be
// off beyond that: 0, but in the last one as much as the generator says.
func onTime(t *testing.T, run func() load.Outcome, judge func(slack time.Duration) []string) {
	t.Helper()
	for try := 1; ; try++ {
		out := run()
		late := max(out.Self.LateP99, out.Self.SchedP99)
		slack := time.Duration(0)
		if try == 3 && late > punctual {
			slack = late
		}
		wrong := judge(slack)
		t.Logf("run %d: the generator says it was late by %v (95 %%), %v (99 %%), its goroutines waited %v; %d things differ", try, out.Self.LateP95, out.Self.LateP99, out.Self.SchedP99, len(wrong))
		if len(wrong) == 0 {
			return
		}
		if late <= punctual || try == 3 {
			for _, w := range wrong {
				t.Error(w)
			}
			return
		}
	}
}

// compare holds percentiles of what was measured against those of the truth: they
// may differ by 1 % + 2 ms + slack.
func compare(what string, measured, truth []float64, slack time.Duration) (wrong []string) {
	if len(measured) != len(truth) || len(measured) == 0 {
		return []string{fmt.Sprintf("%s: %d measured, %d true", what, len(measured), len(truth))}
	}
	for _, p := range []float64{50, 95, 99} {
		m, t := percentile(measured, p), percentile(truth, p)
		most := 0.01*t + (2*ms + slack).Seconds()
		if m < t-most || m > t+most {
			wrong = append(wrong, fmt.Sprintf("%s: p%.0f is %.1f ms, the truth is %.1f ms (±%.1f)", what, p, 1e3*m, 1e3*t, 1e3*most))
		}
	}
	return wrong
}

func percentile(values []float64, p float64) float64 {
	v, err := stats.Percentile(values, p)
	if err != nil {
		return -1
	}
	return v
}
