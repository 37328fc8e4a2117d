package progress_test

import (
	"fmt"
	"time"

	"firedrill/internal/load/progress"
	"firedrill/internal/sample"
)

func ExampleLine() {
	var m progress.Meter
	m.Users(0, 0, 20)
	for i := range 100 {
		m.Sample(&sample.Sample{Status: 200, Intended: time.Duration(i) * 40 * time.Millisecond, End: time.Duration(i)*40*time.Millisecond + 12*time.Millisecond})
	}
	fmt.Println(progress.Line(m.View(4*time.Second, time.Minute)))
	// Output:
	// 0:04 of 1:00 · 20 users · 25.0 req/s · p50 12 ms · p95 12 ms · 0 failed of 100 · 0 iterations
}
