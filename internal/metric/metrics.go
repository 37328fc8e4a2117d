package metric

import (
	"math/bits"
	"slices"
	"time"

	"firedrill/internal/sample"
)

// Type is a metric's type, as in k6.
type Type string

// The types.
const (
	Counter Type = "counter"
	Gauge   Type = "gauge"
	Rate    Type = "rate"
	Trend   Type = "trend"
)

// Unit is what a metric's values are.
type Unit string

// The units. Time is measured in nanoseconds and judged in milliseconds;
// PerSecond is measured in thousandths.
const (
	Plain     Unit = ""
	Time      Unit = "ms"
	Bytes     Unit = "B"
	PerSecond Unit = "/s"
)

// Metric is something that is measured.
type Metric struct {
	Name  string
	Type  Type
	Unit  Unit
	About string // one line for people

	// Exactly one is set. Each gives what one event adds: the value, and how many
	// observations it stands for (0 = nothing). Of a rate, value of n were true.
	ofSample    func(*sample.Sample) (value, n int64)
	ofIteration func(*sample.Iteration) (value, n int64)
	ofDrop      func(*sample.Drop) (value, n int64)
	ofUsers     bool                          // the number of virtual users
	ofGaps      func(*sample.Sample) []uint32 // many values, in microseconds
	within      []Tag                         // narrows it whatever the selector says
	perUser     bool                          // the sum of ofSample per user and minute

	interrupted bool // counts samples that the end of the run cut off, too
}

// sampled is whether samples feed it.
func (m *Metric) sampled() bool { return m.ofSample != nil || m.ofGaps != nil }

// scale is what one unit of a judged value is in measured ones.
func (m *Metric) scale() float64 {
	switch m.Unit {
	case Time:
		return float64(time.Millisecond)
	case PerSecond:
		return 1000
	}
	return 1
}

// Metrics lists every metric that a threshold can name, k6's first.
func Metrics() []Metric {
	return slices.Concat(httpMetrics(), ownMetrics(), streamMetrics(), loadMetrics())
}

// httpMetrics are k6's of requests.
func httpMetrics() []Metric {
	return []Metric{
		{Name: "http_reqs", Type: Counter, About: "requests", ofSample: func(*sample.Sample) (int64, int64) { return 1, 1 }},
		{Name: "http_req_failed", Type: Rate, About: "requests that failed: no answer, time-out, or another status class than expected; 429 included", ofSample: flag(sample.Failed)},
		{Name: "http_req_duration", Type: Trend, Unit: Time, About: "sending + waiting + receiving", ofSample: answered((*sample.Sample).Duration)},
		{Name: "http_req_blocked", Type: Trend, Unit: Time, About: "until there was a connection: DNS, connecting and TLS included", ofSample: answered(blocked)},
		{Name: "http_req_connecting", Type: Trend, Unit: Time, About: "connecting; 0 on a connection that was open", ofSample: answered(func(s *sample.Sample) time.Duration { return s.Connect })},
		{Name: "http_req_tls_handshaking", Type: Trend, Unit: Time, About: "TLS handshake; 0 on a connection that was open", ofSample: answered(func(s *sample.Sample) time.Duration { return s.TLS })},
		{Name: "http_req_sending", Type: Trend, Unit: Time, About: "writing the request", ofSample: answered(func(s *sample.Sample) time.Duration { return s.Sending })},
		{Name: "http_req_waiting", Type: Trend, Unit: Time, About: "from the last byte sent to the first received", ofSample: answered((*sample.Sample).Waiting)},
		{Name: "http_req_receiving", Type: Trend, Unit: Time, About: "from the first byte received to the last", ofSample: answered((*sample.Sample).Receiving)},
		{Name: "checks", Type: Rate, About: "checks that passed: status as expected, under 500 ms, under 1 s", ofSample: checks},
		{Name: "data_sent", Type: Counter, Unit: Bytes, About: "bytes sent", interrupted: true, ofSample: func(s *sample.Sample) (int64, int64) { return s.BytesOut, 1 }},
		{Name: "data_received", Type: Counter, Unit: Bytes, About: "bytes received", interrupted: true, ofSample: func(s *sample.Sample) (int64, int64) { return s.BytesIn, 1 }},
	}
}

// ownMetrics are those of requests that k6 has not.
func ownMetrics() []Metric {
	return []Metric{
		{Name: "response_time", Type: Trend, Unit: Time, About: "from the intended start to the end: what a person waited", ofSample: answered((*sample.Sample).ResponseTime)},
		{Name: "rate_limited", Type: Rate, About: "requests answered with 429", ofSample: flag(sample.RateLimited)},
		{Name: "unexpected_answers", Type: Rate, About: "answers of the expected status whose shape was another", ofSample: flag(sample.Unexpected)},
		{Name: "stale_requests", Type: Counter, About: "requests sent with a value that is the recording's", ofSample: count(sample.Stale)},
		{Name: "retries", Type: Counter, About: "further attempts of a request", ofSample: count(sample.Retried)},
		{Name: "relogins", Type: Counter, About: "log-in requests of sessions that had ended", ofSample: count(sample.Relogin)},
		{Name: "login_duration", Type: Trend, Unit: Time, About: "response time of log-in requests", ofSample: func(s *sample.Sample) (int64, int64) {
			return only(s.Status != 0 && s.Has(sample.Login), int64(s.ResponseTime()))
		}},
		{Name: "db_queries", Type: Trend, About: "database queries of a request, where known", ofSample: func(s *sample.Sample) (int64, int64) {
			return only(s.Queries >= 0, int64(s.Queries))
		}},
		{Name: "db_time", Type: Trend, Unit: Time, About: "database time of a request, where known", ofSample: func(s *sample.Sample) (int64, int64) {
			return only(s.QueryTime >= 0, int64(s.QueryTime))
		}},
		{Name: "retry_after", Type: Trend, Unit: Time, About: "how long an answer said to wait, where it said so", ofSample: func(s *sample.Sample) (int64, int64) {
			return only(s.RetryAfter > 0, int64(s.RetryAfter))
		}},
	}
}

// loadMetrics are those of iterations and users.
func loadMetrics() []Metric {
	return []Metric{
		{Name: "iterations", Type: Counter, About: "iterations that ended by themselves", ofIteration: func(it *sample.Iteration) (int64, int64) {
			return only(it.Outcome != sample.Cut, 1)
		}},
		{Name: "iteration_duration", Type: Trend, Unit: Time, About: "length of completed and broken iterations, think times included", ofIteration: func(it *sample.Iteration) (int64, int64) {
			return only(it.Outcome == sample.Completed || it.Outcome == sample.Broken, int64(it.End-it.Start))
		}},
		{Name: "iterations_broken", Type: Rate, About: "iterations that a failed step ended", ofIteration: outcome(sample.Broken)},
		{Name: "starved", Type: Rate, About: "iterations that found nothing to choose from", ofIteration: outcome(sample.Starved)},
		{Name: "login_failed", Type: Rate, About: "iterations whose log-in was refused", ofIteration: outcome(sample.LoginFailed)},
		{Name: "dropped_iterations", Type: Counter, About: "starts that were scheduled and could not be made", ofDrop: func(d *sample.Drop) (int64, int64) { return int64(d.Count), 1 }},
		{Name: "pacing_missed", Type: Counter, About: "starts that pacing left out because their user still ran", ofIteration: func(it *sample.Iteration) (int64, int64) {
			return int64(it.Missed), 1
		}},
		{Name: "vus", Type: Gauge, About: "virtual users now", ofUsers: true},
		{Name: "vus_max", Type: Gauge, About: "greatest number of virtual users so far", ofUsers: true},
	}
}

// answered is a time of requests that were answered.
func answered(of func(*sample.Sample) time.Duration) func(*sample.Sample) (int64, int64) {
	return func(s *sample.Sample) (int64, int64) { return only(s.Status != 0, int64(of(s))) }
}

// only is v where ok, else nothing.
func only(ok bool, v int64) (int64, int64) {
	if ok {
		return v, 1
	}
	return 0, 0
}

// flag is the share of samples that have it.
func flag(f sample.Flags) func(*sample.Sample) (int64, int64) {
	return func(s *sample.Sample) (int64, int64) {
		if s.Has(f) {
			return 1, 1
		}
		return 0, 1
	}
}

// count is the number of samples that have the flag.
func count(f sample.Flags) func(*sample.Sample) (int64, int64) {
	return func(s *sample.Sample) (int64, int64) { return only(s.Has(f), 1) }
}

// outcome is the share of iterations that ended so, of those that ended by themselves.
func outcome(o sample.Outcome) func(*sample.Iteration) (int64, int64) {
	return func(it *sample.Iteration) (int64, int64) {
		switch it.Outcome {
		case sample.Cut:
			return 0, 0
		case o:
			return 1, 1
		}
		return 0, 1
	}
}

const allChecks = sample.CheckStatus | sample.CheckUnder500 | sample.CheckUnder1s

func checks(s *sample.Sample) (int64, int64) {
	return int64(bits.OnesCount32(uint32(s.Flags & allChecks))), 3
}

// blocked is the time until there was a connection to write to.
func blocked(s *sample.Sample) time.Duration {
	if s.Sent == 0 {
		return 0
	}
	return max(0, s.Sent-s.Sending-s.Start)
}
