package analysis_test

import (
	"fmt"

	"firedrill/internal/analysis"
	"firedrill/internal/analysis/baseline"
	"firedrill/internal/runs/runstest"
)

func ExampleJudge() {
	r, err := analysis.Judge(runstest.Grading(runstest.Options{}), baseline.Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Summary)
	// Output: Passed: 20 users ran grading-rush for 2:00 against local: 569 requests, 0 failed; 2 thresholds and 4 latency baselines held.
}
