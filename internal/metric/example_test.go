package metric_test

import (
	"fmt"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/sample"
)

func Example() {
	t, err := metric.ParseThreshold("response_time{endpoint:GET /courses/{id}}", "p(95)<=300")
	if err != nil {
		fmt.Println(err)
		return
	}
	names := sample.Names{Endpoints: []sample.Endpoint{{Name: "GET /courses/{course}", Category: "detail"}}}
	exact := metric.NewExact([]*metric.Threshold{t}, names)
	for i := range 101 {
		exact.Sample(&sample.Sample{Status: 200, End: time.Duration(i) * 4 * time.Millisecond})
	}
	s := exact.Evaluate(10 * time.Second)[0]
	fmt.Printf("%s: %g %s of %d requests, %s\n", s.Expr, s.Value, s.Unit(), s.Samples, s.Status)
	// Output: p(95)<=300: 380 ms of 101 requests, fail
}
