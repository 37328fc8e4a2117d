package pace_test

import (
	"fmt"
	"time"

	"firedrill/internal/load/pace"
	"firedrill/internal/scenario"
)

// Arrivals that rise from none to two a second: the i-th comes where the area
// under the rate reaches i.
func ExampleArrivals() {
	load := scenario.Load{Executor: scenario.RampingArrivalRate, Stages: []scenario.Stage{{Duration: 4 * time.Second, Target: 2}}}
	for at := range pace.Arrivals(load, nil) {
		fmt.Println(at.Round(time.Millisecond))
	}
	// Output:
	// 2s
	// 2.828s
	// 3.464s
	// 4s
}
