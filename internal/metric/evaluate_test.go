package metric_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/montanaflynn/stats"
	"pgregory.net/rapid"

	"firedrill/internal/metric"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

func names() sample.Names {
	return sample.Names{
		Personas: []string{"teacher", "student"}, Journeys: []string{"grade", "browse"},
		Endpoints: []sample.Endpoint{{Name: "POST /login", Category: "auth"}, {Name: "GET /courses/{id}", Category: "detail"}, {Name: "GET /courses", Category: "list"}},
		Phases:    []sample.Phase{{Name: "ramp-up"}, {Name: "hold", Hold: true}},
	}
}

func threshold(t testing.TB, name, expr string) *metric.Threshold {
	t.Helper()
	th, err := metric.ParseThreshold(name, expr)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// answered is a sample of the given response time, all of it waiting.
func answered(endpoint uint16, took time.Duration) *sample.Sample {
	return &sample.Sample{Endpoint: endpoint, Phase: 1, Status: 200, Intended: 10, Start: 10, Sent: 10, FirstByte: 10 + took, End: 10 + took, Queries: -1, QueryTime: -1, Flags: sample.CheckStatus}
}

func TestPercentileIsThatOfStats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 1, 300).Draw(t, "values")
		p := rapid.Float64Range(0.001, 100).Draw(t, "p")
		var floats stats.Float64Data
		for _, v := range values {
			floats = append(floats, float64(v))
		}
		want, err := stats.Percentile(floats, p)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(values)
		if got := metric.Percentile(values, p); got != want {
			t.Fatalf("p(%v) = %v, stats says %v", p, got, want)
		}
	})
	if got := metric.Percentile(nil, 50); !math.IsNaN(got) {
		t.Errorf("no values: %v", got)
	}
	if got := metric.Percentile([]int64{3, 9}, 0); got != 3 {
		t.Errorf("p(0) = %v", got)
	}
}

func TestEvaluate(t *testing.T) {
	all := []*sample.Sample{
		answered(1, 100*time.Millisecond), answered(1, 200*time.Millisecond), answered(1, 400*time.Millisecond), answered(2, 10*time.Millisecond),
		{Endpoint: 1, Phase: 1, Error: sample.TimedOut, End: 30 * time.Second, Queries: -1, QueryTime: -1, Flags: sample.Failed},
		{Endpoint: 2, Phase: 0, Status: 429, Start: 5, Sent: 9, Sending: 2, FirstByte: 1e6, End: 2e6, Persona: 1, Journey: 1, Queries: 7, QueryTime: 3e6, BytesOut: 100, BytesIn: 50, Flags: sample.Failed | sample.RateLimited},
		{Endpoint: 2, Status: 200, FirstByte: 1, End: time.Hour, Queries: 900, Flags: sample.Interrupted, BytesOut: 1},
		{Endpoint: 1, Phase: 1, Status: 200, Intended: 1, Start: 2, Sent: 3, FirstByte: 4, End: 20e6 + 1, Queries: 1, QueryTime: -1, Flags: sample.Login | allChecks},
	}
	for _, c := range []struct {
		why, metric, expr string
		status            verdict.Status
		value             float64
		samples           int
	}{
		{"interrupted samples do not count", "http_reqs", "count==7", verdict.Pass, 7, 7},
		{"but their bytes were sent", "data_sent", "count==101", verdict.Pass, 101, 8},
		{"per second of the run", "http_reqs", "rate<1", verdict.Pass, 0.7, 7},
		{"a failed share", "http_req_failed", "rate<0.2", verdict.Fail, 2.0 / 7, 7},
		{"unanswered requests have no time", "response_time", "max<=400", verdict.Pass, 400, 6},
		{"the median by type 7", "http_req_duration{endpoint:GET /courses/{x}}", "med<150", verdict.Fail, 150, 4},
		{"by its endpoint's category", "response_time{category:list}", "max<11", verdict.Pass, 10, 2},
		{"a log-in request is auth whatever its endpoint is", "response_time{category:auth}", "max<=20", verdict.Pass, 20, 1},
		{"and not its endpoint's category", "response_time{category:detail}", "min>=100", verdict.Pass, 100, 3},
		{"by status class", "http_reqs{status:4xx}", "count==1", verdict.Pass, 1, 1},
		{"no answer", "http_reqs{status:none}", "count==1", verdict.Pass, 1, 1},
		{"a counter of nothing is data", "http_reqs{status:5xx}", "count<1", verdict.Pass, 0, 0},
		{"a counter of a name that is not there is not", "http_reqs{endpoint:GET /nowhere}", "count<1", verdict.NoData, 0, 0},
		{"a trend without values", "stream_gap", "max<1", verdict.NoData, 0, 0},
		{"hold phases", "http_reqs{hold:true}", "count==6", verdict.Pass, 6, 6},
		{"one phase by name", "http_reqs{phase:ramp-up}", "count==1", verdict.Pass, 1, 1},
		{"persona and journey", "http_reqs{persona:student,journey:browse}", "count==1", verdict.Pass, 1, 1},
		{"contradictory tags", "http_reqs{persona:student,journey:grade}", "count==0", verdict.Pass, 0, 0},
		{"three checks a request", "checks", "rate<0.4", verdict.Pass, 7.0 / 21, 21},
		{"429 alone", "rate_limited", "rate>0.14", verdict.Pass, 1.0 / 7, 7},
		{"known counts only", "db_queries", "avg==4", verdict.Pass, 4, 2},
		{"database time", "db_time", "max==3", verdict.Pass, 3, 1},
		{"iterations but cut ones", "iterations", "count==3", verdict.Pass, 3, 3},
		{"length of those that were walked", "iteration_duration", "max==2000", verdict.Pass, 2000, 1},
		{"starved of those that ended", "starved", "rate<0.3", verdict.Fail, 1.0 / 3, 3},
		{"refused log-ins", "login_failed{persona:student}", "rate==1", verdict.Pass, 1, 1},
		{"drops are counts", "dropped_iterations", "count==5", verdict.Pass, 5, 1},
		{"starts that pacing left out", "pacing_missed", "count==3", verdict.Pass, 3, 4},
		{"users now", "vus", "value==3", verdict.Pass, 3, 3},
		{"users at most", "vus_max", "value==14", verdict.Pass, 14, 3},
		{"users of one persona", "vus_max{persona:student}", "value<4", verdict.Pass, 3, 1},
		{"waiting", "http_req_waiting{status:429}", "max<1", verdict.Pass, (1e6 - 9.0) / 1e6, 1},
		{"blocked is until there was a connection", "http_req_blocked{status:429}", "max<1", verdict.Pass, 2e-6, 1},
	} {
		th := threshold(t, c.metric, c.expr)
		exact, live := metric.NewExact([]*metric.Threshold{th}, names()), metric.NewLive([]*metric.Threshold{th}, names())
		for _, sink := range []interface {
			Sample(*sample.Sample)
			Iteration(sample.Iteration)
			Drop(sample.Drop)
			Users(time.Duration, uint16, int)
		}{exact, live} {
			for _, s := range all {
				sink.Sample(s)
			}
			sink.Iteration(sample.Iteration{Outcome: sample.Completed, End: 2 * time.Second, Missed: 3})
			sink.Iteration(sample.Iteration{Outcome: sample.Starved, End: time.Hour})
			sink.Iteration(sample.Iteration{Outcome: sample.Cut, End: time.Hour})
			sink.Iteration(sample.Iteration{Outcome: sample.LoginFailed, Persona: 1})
			sink.Drop(sample.Drop{Count: 5})
			sink.Users(0, 0, 11)
			sink.Users(0, 1, 3)
			sink.Users(0, 0, 0)
		}
		got := exact.Evaluate(10 * time.Second)[0]
		if got.Status != c.status || math.Abs(got.Value-c.value) > 1e-9 || got.Samples != c.samples {
			t.Errorf("%s: %s: %s is %v of %d, %s; want %v of %d, %s", c.why, c.metric, c.expr, got.Value, got.Samples, got.Status, c.value, c.samples, c.status)
		}
		near := live.Evaluate(10 * time.Second)[0]
		if near.Samples != c.samples || math.Abs(near.Value-c.value) > 0.001*math.Abs(c.value)+0.001 && th.Method != "med" {
			t.Errorf("%s: live: %v of %d, want %v of %d", c.why, near.Value, near.Samples, c.value, c.samples)
		}
	}
}

const allChecks = sample.CheckStatus | sample.CheckUnder500 | sample.CheckUnder1s

func TestBrokeAt(t *testing.T) {
	live := metric.NewLive([]*metric.Threshold{threshold(t, "http_req_failed", "rate<0.5")}, names())
	ok, bad := answered(1, time.Millisecond), &sample.Sample{Flags: sample.Failed}
	for i, step := range []struct {
		add    []*sample.Sample
		status verdict.Status
		broke  time.Duration
	}{
		{nil, verdict.NoData, -1},
		{[]*sample.Sample{bad}, verdict.Fail, 4 * time.Second},
		{[]*sample.Sample{ok, ok}, verdict.Pass, -1},
		{[]*sample.Sample{bad, bad}, verdict.Fail, 8 * time.Second},
		{[]*sample.Sample{bad}, verdict.Fail, 8 * time.Second},
	} {
		for _, s := range step.add {
			live.Sample(s)
		}
		got := live.Evaluate(time.Duration(i+1) * metric.Every)[0]
		if got.Status != step.status || got.BrokeAt != step.broke {
			t.Errorf("step %d: %s, broke at %s; want %s, %s", i, got.Status, got.BrokeAt, step.status, step.broke)
		}
	}
}

func TestAborts(t *testing.T) {
	th := threshold(t, "http_req_failed", "rate<0.5")
	live := metric.NewLive([]*metric.Threshold{th}, names())
	live.Sample(&sample.Sample{Flags: sample.Failed})
	states := live.Evaluate(2 * time.Second)
	if metric.Aborts(states, 2*time.Second) != nil {
		t.Error("a threshold without abortOnFail ended the run")
	}
	th.Abort, th.Delay = true, 4*time.Second
	if metric.Aborts(states, 2*time.Second) != nil {
		t.Error("it ended the run before its delay")
	}
	if metric.Aborts(states, 4*time.Second) == nil {
		t.Error("it did not end the run")
	}
}

func TestNamesMayGrow(t *testing.T) {
	few := names()
	few.Endpoints = few.Endpoints[:1]
	live := metric.NewLive([]*metric.Threshold{threshold(t, "http_reqs{endpoint:GET /courses}", "count==1")}, few)
	live.Sample(answered(2, 1))
	live.SetNames(names())
	live.Sample(answered(2, 1))
	if got := live.Evaluate(time.Second)[0]; got.Status != verdict.Pass {
		t.Errorf("%+v", got)
	}
}

func TestLiveFromManyGoroutines(t *testing.T) {
	live := metric.NewLive([]*metric.Threshold{threshold(t, "http_reqs{hold:true}", "count==8000")}, names())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				live.Sample(answered(1, time.Millisecond))
			}
			live.Evaluate(time.Second)
		})
	}
	wg.Wait()
	if got := live.Evaluate(time.Second)[0]; got.Status != verdict.Pass {
		t.Errorf("%v of %d", got.Value, got.Samples)
	}
}

func BenchmarkLiveSample(b *testing.B) {
	var all []*metric.Threshold
	for _, name := range []string{"http_req_duration", "http_req_failed", "response_time{category:list,hold:true}", "response_time{category:detail,hold:true}", "checks"} {
		expr := "rate<1"
		if name[0] == 'r' || name == "http_req_duration" {
			expr = "p(95)<500"
		}
		all = append(all, threshold(b, name, expr))
	}
	live := metric.NewLive(all, names())
	s := answered(1, 3*time.Millisecond)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			live.Sample(s)
		}
	})
}

func BenchmarkPercentiles1M(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, 1_000_000)
	for i := range values {
		values[i] = int64(r.ExpFloat64() * 1e8)
	}
	work := make([]int64, len(values))
	b.ReportAllocs()
	for b.Loop() {
		copy(work, values)
		metric.Sort(work)
		_ = metric.Percentile(work, 50) + metric.Percentile(work, 95) + metric.Percentile(work, 99)
	}
}
