package report_test

import (
	"fmt"
	"time"

	"firedrill/internal/verdict"
)

// all are the reports that every format is tried with.
func all() map[string]*verdict.Report {
	return map[string]*verdict.Report{"pass": passing(), "fail": failing(), "invalid": invalid(), "steps": stepped(), "spike": spiked(), "ai": generating()}
}

var fine = verdict.Generator{LateP50MS: .08, LateP95MS: .4, LateP99MS: 1.2, LateMaxMS: 9, CPU: .34, MachineCPU: .81, GCPauseMS: .9, Sockets: 512, SocketLimit: 1048576, ClockStepMS: .02, Kept: true}

// stepped is a stress run that passed: it broke above what must hold.
func stepped() *verdict.Report {
	r := passing()
	r.Run.Scenario, r.Run.About, r.Run.Users, r.Run.Length, r.Run.Requests, r.Run.Failed = "stress", "until it degrades", 500, 10*time.Minute, 90000, 5400
	r.Summary = "Passed: carries 133 users; at 250 users http_req_duration p(95)<1000 broke first (1,240 ms at 4:31, GET /api/v1/dashboard)."
	r.Thresholds = []verdict.Threshold{{Metric: "http_req_duration", Expr: "p(95)<1000", Measured: f(335), Unit: "ms", Samples: 7980, Status: verdict.Pass, BrokeAt: -1},
		{Metric: "http_req_failed", Expr: "rate<0.05", Window: 30 * time.Second, Measured: f(.06), Samples: 900, Status: verdict.Info, BrokeAt: -1},
		{Metric: "http_req_duration", Expr: "p(95)<1000", Measured: f(335), Unit: "ms", Samples: 7980, Status: verdict.Pass, BrokeAt: -1}}
	r.Findings = []verdict.Finding{{Status: verdict.Info, What: "at 250 users http_req_duration p(95)<1000 broke first", Where: "step 4: 250 users", When: 271 * time.Second, Load: "250 users", Advice: "this is its limit"}}
	r.Phases, r.Timeline = nil, nil
	for i, users := range []int{50, 100, 133, 250, 500} {
		from := time.Duration(i) * 2 * time.Minute
		name := fmt.Sprintf("step %d: %d users", i+1, users)
		r.Phases = append(r.Phases, verdict.Phase{Name: fmt.Sprintf("to step %d", i+1), From: from, To: from + 10*time.Second}, verdict.Phase{Name: name, From: from + 10*time.Second, To: from + 2*time.Minute, Hold: true})
		step := verdict.Step{Name: name, Users: users, MustHold: users <= 133, Requests: users * 60, P50MS: 20 + float64(users)/4, P95MS: 40 + float64(users)*float64(users)/60, P99MS: 60 + float64(users)*float64(users)/40, Status: verdict.Pass}
		if users > 133 {
			step.Status, step.ErrorRate, step.Broke = verdict.Fail, .002*float64(users)/10, []string{"http_req_duration p(95)<1000: 1,240 ms at 4:31"}
		}
		r.Steps = append(r.Steps, step)
		for s := range 120 {
			r.Timeline = append(r.Timeline, verdict.Second{At: i*120 + s, Users: users, Requests: users / 2, Failed: i / 3 * users / 40, P50MS: step.P50MS + float64(s%7), P95MS: step.P95MS * (1 + float64(s%5)/20)})
		}
	}
	r.Stalls = []verdict.Stall{{From: 420 * time.Second, To: 426 * time.Second, Users: 240}}
	r.Generator = fine
	return r
}

// spiked is a spike from which the target did not come back in time, and whose
// numbers drift.
func spiked() *verdict.Report {
	r := passing()
	r.Status, r.Run.Scenario, r.Summary = verdict.Fail, "spike", "Failed: after the spike it was well again only after 1:32 and 60 s are allowed."
	took, limit := 92*time.Second, .1
	r.Recovery = &verdict.Recovery{After: "spike", Ended: 4 * time.Minute, Within: time.Minute, Took: &took, Broke: []string{"http_req_duration p(95)<1000: 2,310 ms"}, Status: verdict.Fail}
	r.Drift = []verdict.Drift{
		{What: "p95 of response_time", Unit: "ms", Windows: 24, Start: 100, End: 131.5, SlopeHour: 15.7, Low: 9.1, High: 22.4, Limit: &limit, Status: verdict.Fail},
		{What: "errors", Windows: 24, Start: .001, End: .0008, SlopeHour: -.0001, Low: -.0011, High: .0009, Limit: &limit, Status: verdict.Pass},
		{What: "queries of GET /api/v1/courses", Unit: "queries", Windows: 24, Start: 7, End: 7.01, SlopeHour: .005, Low: -.2, High: .21, Status: verdict.Info},
		{What: "queries of GET /silent", Unit: "queries", Limit: &limit, Status: verdict.NoData},
	}
	r.Findings = []verdict.Finding{{Status: verdict.Fail, What: "it was not well again within 60 s", Where: "spike", When: 4 * time.Minute, Load: "520 users", Advice: "look at its queue"}}
	r.Endpoints[0].Critical = true
	r.Thresholds = append(r.Thresholds, verdict.Threshold{Metric: "http_req_duration{endpoint:POST /api/v1/auth/login}", Expr: "p(95)<500", Measured: f(640), Unit: "ms", Samples: 480, Status: verdict.Fail, BrokeAt: 30 * time.Second})
	r.Generator = fine
	r.Generator.CPU, r.Generator.MachineCPU, r.Generator.Kept, r.Generator.SocketLimit = -1, -1, false, 0
	return r
}

// generating is a run of event streams.
func generating() *verdict.Report {
	r := passing()
	r.Run.Scenario, r.Run.Users, r.Run.About = "ai-gateway", 15, "teachers generate"
	r.Categories = append(r.Categories[:1:1], verdict.Latency{Name: "ai", Requests: 210, All: 240, Failed: 12, P50MS: 4100, P95MS: 6900, P99MS: 7800, MaxMS: 8123, ServiceP95MS: 6900, Target: &verdict.Target{P50MS: 5000, P95MS: 10000, P99MS: 15000}, Status: verdict.Pass, Checks: verdict.Checks{Of: 240, Status: 228}})
	r.Streams = []verdict.Stream{{Endpoint: "POST /api/v1/ai/generate", Streams: 228, Truncated: 2, FirstP50MS: 610, FirstP95MS: 1240, GapP95MS: 88, GapP99MS: 131, GapMaxMS: 2400, Stalls: 1, EventsPerSecond: 16.4, BytesPerSecond: 1890.4, PerMinute: 45.6, PerUserMinute: 3.04, RateLimited: 12, RetryAfterP50: 4},
		{Endpoint: "POST /api/v1/ai/other", RateLimited: 3, RetryAfterP50: -1}}
	r.Generator = fine
	return r
}
