package metric_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedrill/internal/metric"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// endsAt is an answer of the hold phase that came at a moment.
func endsAt(end, took time.Duration) *sample.Sample {
	start := end - took
	return &sample.Sample{Endpoint: 1, Phase: 1, Status: 200, Intended: start, Start: start, Sent: start, FirstByte: end, End: end, Queries: -1, QueryTime: -1}
}

// TestWindowsAreExact compares each window with what its own samples alone give.
func TestWindowsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const seconds = 40
		var all []*sample.Sample
		for range rapid.IntRange(0, 200).Draw(t, "n") {
			took := time.Duration(rapid.Int64Range(1, 9).Draw(t, "took")) * time.Millisecond
			s := endsAt(time.Duration(rapid.Int64Range(int64(took), seconds*int64(time.Second)-1).Draw(t, "end")), took)
			if rapid.IntRange(0, 4).Draw(t, "failed") == 0 {
				s.Flags |= sample.Failed
			}
			all = append(all, s)
		}
		size := rapid.IntRange(1, 15).Draw(t, "window")
		window := time.Duration(size) * time.Second
		least := rapid.IntRange(0, 8).Draw(t, "least")
		expr := rapid.SampledFrom([][2]string{{"response_time", "p(90)<5"}, {"response_time", "avg<5"}, {"response_time", "med>=4"}, {"response_time", "max<=8"}, {"response_time", "min>1"},
			{"http_req_failed", "rate<0.3"}, {"http_reqs", "count>5"}, {"http_reqs", "rate<2"}, {"db_queries", "max<5"}}).Draw(t, "expr")
		whole, err := metric.ParseThreshold(expr[0], expr[1])
		if err != nil {
			t.Fatal(err)
		}
		th := *whole
		th.Window, th.MinSamples = window, least
		whole.MinSamples = least
		exact := metric.NewExact([]*metric.Threshold{&th}, names())
		for _, s := range all {
			exact.Sample(s)
		}
		got := exact.Windows(0, seconds*time.Second+300*time.Millisecond)
		if len(got) != seconds-size+1 {
			t.Fatalf("%d windows of %d s in %d s", len(got), size, seconds)
		}
		var worst metric.State
		worst.Status, worst.BrokeAt = verdict.NoData, -1
		for i, w := range got {
			alone := metric.NewExact([]*metric.Threshold{whole}, names())
			for _, s := range all {
				if s.End >= w.End-window && s.End < w.End {
					alone.Sample(s)
				}
			}
			want := alone.Evaluate(window)[0]
			if w.End != time.Duration(size+i)*time.Second || w.Status != want.Status || math.Abs(w.Value-want.Value) > 1e-9 || w.Samples != want.Samples {
				t.Fatalf("window %d of %s: %+v, alone %v of %d, %s", i, expr, w, want.Value, want.Samples, want.Status)
			}
			if want.Status == verdict.Fail && worst.BrokeAt < 0 {
				worst.BrokeAt = w.End
			}
			if want.Status == verdict.Fail || want.Status == verdict.Pass && worst.Status == verdict.NoData {
				worst.Status = want.Status
			}
		}
		if st := exact.Evaluate(seconds * time.Second)[0]; st.Status != worst.Status || st.BrokeAt != worst.BrokeAt {
			t.Fatalf("%s broke at %s, want %s at %s", st.Status, st.BrokeAt, worst.Status, worst.BrokeAt)
		}
	})
}

// TestLiveWindowsAreNear: within the width of a bucket of the exact ones, at every evaluation.
func TestLiveWindowsAreNear(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var all []*metric.Threshold
	for _, x := range []struct{ name, expr string }{{"response_time", "p(95)<1 over 7s"}, {"response_time", "avg<1 over 7s"}, {"response_time", "max<1 over 3s"}, {"http_req_failed", "rate<0.0001 over 5s"}, {"http_reqs", "rate<1 over 1s"}} {
		all = append(all, threshold(t, x.name, x.expr))
	}
	live, exact := metric.NewLive(all, names()), metric.NewExact(all, names())
	var samples []*sample.Sample
	for range 60_000 {
		took := time.Duration(math.Exp(r.NormFloat64()*0.8) * 40e6)
		s := endsAt(took+time.Duration(r.Int64N(int64(30*time.Second))), took)
		if r.IntN(50) == 0 {
			s.Flags = sample.Failed
		}
		samples = append(samples, s)
	}
	slices.SortFunc(samples, func(a, b *sample.Sample) int { return int(a.End - b.End) })
	at := metric.Every
	worst := make([]float64, len(all))
	for _, s := range samples {
		for ; s.End >= at; at += metric.Every {
			for i, st := range live.Evaluate(at) {
				if st.Status != verdict.NoData {
					worst[i] = st.Value
				}
			}
		}
		live.Sample(s)
		exact.Sample(s)
	}
	for i, th := range all {
		want := 0.0
		for _, w := range exact.Windows(i, at-metric.Every) {
			if w.End%metric.Every == 0 {
				want = max(want, w.Value)
			}
		}
		if math.Abs(worst[i]-want) > 0.003*want || want == 0 {
			t.Errorf("%s: live says %v at worst, exact %v", th.Expr, worst[i], want)
		}
	}
}

func TestABrokenWindowStaysBroken(t *testing.T) {
	th := threshold(t, "response_time", "p(95)<100 over 4s")
	th.Abort, th.Delay = true, 9*time.Second
	live, exact := metric.NewLive([]*metric.Threshold{th}, names()), metric.NewExact([]*metric.Threshold{th}, names())
	for _, step := range []struct {
		at     time.Duration
		took   time.Duration // of the answers since the last step; 0 = none came
		status verdict.Status
		now    verdict.Status
		broke  time.Duration
		aborts bool
	}{
		{2 * time.Second, 10 * time.Millisecond, verdict.NoData, verdict.NoData, -1, false}, // shorter than a window
		{4 * time.Second, 10 * time.Millisecond, verdict.Pass, verdict.Pass, -1, false},
		{6 * time.Second, 300 * time.Millisecond, verdict.Fail, verdict.Fail, 6 * time.Second, false}, // before the delay
		{8 * time.Second, 0, verdict.Fail, verdict.Fail, 6 * time.Second, false},
		{10 * time.Second, 0, verdict.Fail, verdict.NoData, 6 * time.Second, false}, // nothing in it
		{12 * time.Second, 10 * time.Millisecond, verdict.Fail, verdict.Pass, 6 * time.Second, false},
		{14 * time.Second, 200 * time.Millisecond, verdict.Fail, verdict.Fail, 6 * time.Second, true},
	} {
		if step.took > 0 {
			for i := range 10 {
				s := endsAt(step.at-time.Duration(i+1)*50*time.Millisecond, step.took)
				live.Sample(s)
				exact.Sample(s)
			}
		}
		states := live.Evaluate(step.at)
		got := states[0]
		if got.Status != step.status || got.Now != step.now || got.BrokeAt != step.broke || (metric.Aborts(states, step.at) != nil) != step.aborts {
			t.Errorf("at %s: %s, now %s, broke at %s", step.at, got.Status, got.Now, got.BrokeAt)
		}
	}
	got := exact.Evaluate(14 * time.Second)[0]
	if got.Status != verdict.Fail || got.Value != 300 || got.BrokeAt != 6*time.Second || got.Samples != 20 {
		t.Errorf("%+v", got)
	}
}

func TestMinSamples(t *testing.T) {
	for _, c := range []struct {
		metric, expr string
		least        int
		status       verdict.Status
		samples      int
	}{
		{"response_time", "p(95)<100", 4, verdict.Pass, 4},
		{"response_time", "p(95)<100", 5, verdict.NoData, 4},
		{"http_reqs{status:5xx}", "count<1", 0, verdict.Pass, 0},
		{"http_reqs{status:5xx}", "count<1", 1, verdict.NoData, 0},
		{"response_time", "p(95)<100 over 2s", 3, verdict.Pass, 3}, // the windows with one are not judged
		{"response_time", "p(95)<5 over 2s", 3, verdict.Pass, 3},
		{"response_time", "p(95)<5 over 2s", 1, verdict.Fail, 1},
		{"response_time", "p(95)<100 over 2s", 4, verdict.NoData, 0},
	} {
		th := threshold(t, c.metric, c.expr)
		th.MinSamples = c.least
		exact := metric.NewExact([]*metric.Threshold{th}, names())
		for range 3 {
			exact.Sample(endsAt(time.Second, time.Millisecond))
		}
		exact.Sample(endsAt(5*time.Second, 50*time.Millisecond))
		if got := exact.Evaluate(10 * time.Second)[0]; got.Status != c.status || got.Samples != c.samples {
			t.Errorf("%s %s with at least %d: %s of %d", c.metric, c.expr, c.least, got.Status, got.Samples)
		}
	}
}

// stepNames are those of a run with three phases.
func stepNames() sample.Names {
	n := names()
	n.Endpoints = append(n.Endpoints, sample.Endpoint{Name: "POST /ai/generate", Category: "ai"})
	n.Phases = []sample.Phase{{Name: "step 1: 50 users", To: 20 * time.Second, Hold: true}, {Name: "step 10: 500 users", From: 20 * time.Second, To: 50 * time.Second, Hold: true}, {Name: "wind-down", From: 50 * time.Second}}
	return n
}

func TestPhases(t *testing.T) {
	for _, c := range []struct {
		metric, expr string
		status       verdict.Status
		value        float64
	}{
		{"http_reqs{phase:step 10}", "count==30", verdict.Pass, 30},
		{"http_reqs{phase:step 10: 500 users}", "count==30", verdict.Pass, 30},
		{"http_reqs{phase:step 1}", "count==20", verdict.Pass, 20},
		{"http_reqs{phase:step}", "count==0", verdict.NoData, 0},
		{"http_reqs{phase:step 1}", "rate==1", verdict.Pass, 1},     // per second of the phase, not of the run
		{"http_reqs{hold:true}", "rate==1", verdict.Pass, 1},        // of both
		{"http_reqs{phase:wind-down}", "rate<1", verdict.Pass, 0.1}, // an open phase lasts to the end
		{"http_reqs", "rate>0.8", verdict.Pass, 51.0 / 60},
		{"http_reqs{phase:step 10}", "count>=10 over 10s", verdict.Pass, 10}, // windows outside the phase would be empty
		{"http_reqs{hold:true}", "count>=45 over 45s", verdict.Pass, 45},     // phases that touch are one stretch
		{"http_reqs", "count>=10 over 10s", verdict.Fail, 1},
	} {
		th := threshold(t, c.metric, c.expr)
		exact := metric.NewExact([]*metric.Threshold{th}, stepNames())
		for i := range 51 {
			s := endsAt(time.Duration(i)*time.Second+time.Millisecond, time.Millisecond)
			s.Phase = 0
			if i >= 20 {
				s.Phase = uint16(1 + i/50)
			}
			exact.Sample(s)
		}
		if got := exact.Evaluate(60 * time.Second)[0]; got.Status != c.status || math.Abs(got.Value-c.value) > 1e-9 {
			t.Errorf("%s %s: %v, %s; want %v", c.metric, c.expr, got.Value, got.Status, c.value)
		}
	}
}

func TestStreams(t *testing.T) {
	ai := func(end time.Duration, flags sample.Flags, gaps ...uint32) *sample.Sample {
		s := endsAt(end, 5*time.Second)
		s.Endpoint, s.Persona, s.Flags = 3, 1, flags
		if s.Has(sample.Stream) {
			s.FirstEvent, s.Events, s.Gaps = s.Intended+800*time.Millisecond, uint32(len(gaps)+1), gaps
			for _, g := range gaps {
				s.MaxGap = max(s.MaxGap, time.Duration(g)*time.Microsecond)
			}
		}
		return s
	}
	limited := endsAt(6*time.Second, time.Millisecond)
	limited.Endpoint, limited.Persona, limited.Status, limited.Flags, limited.RetryAfter = 3, 1, 429, sample.Failed|sample.RateLimited, 7*time.Second
	old := ai(9*time.Second, sample.Stream)
	old.Events, old.MaxGap, old.Gaps = 11, 3*time.Second, nil // from a file that has no gaps
	all := []*sample.Sample{
		ai(8*time.Second, sample.Stream, 100_000, 100_000, 2_000_000),
		ai(16*time.Second, sample.Stream|sample.Truncated|sample.Failed, 300_000),
		limited, old,
		endsAt(17*time.Second, time.Millisecond), // no stream, nobody who generates
	}
	for _, c := range []struct {
		metric, expr string
		status       verdict.Status
		value        float64
		samples      int
	}{
		{"stream_first_event", "max<=800", verdict.Pass, 800, 3},
		{"stream_gap", "p(50)<=200", verdict.Pass, 200, 4},
		{"stream_gap", "max==2000", verdict.Pass, 2000, 4},
		{"stream_max_gap", "med>=1990", verdict.Pass, 2000, 3},
		{"stream_stalls", "count==2", verdict.Pass, 2, 3},
		{"stream_truncated", "rate<0.34", verdict.Pass, 1.0 / 3, 3},
		{"stream_events", "count==17", verdict.Pass, 17, 3},
		{"stream_events_per_second", "max<4", verdict.Pass, 1 / .3, 3},
		{"generations", "count==2", verdict.Pass, 2, 4},
		{"retry_after", "max<=7000", verdict.Pass, 7000, 1},
		{"generations_per_user", "value>=1", verdict.Fail, 2.0 / 3, 4}, // 2 users for one minute, one for another
		{"generations_per_user{phase:step 1}", "value>=1", verdict.Pass, 3, 4},
		{"generations_per_user{persona:teacher}", "value>=1", verdict.NoData, 0, 0},
		{"generations_per_user", "value>=1 over 10s", verdict.Fail, 0, 1},
		{"generations_per_user", "value<9 over 10s", verdict.Pass, 6, 3},
		{"generations", "rate<0.3 over 5s", verdict.Fail, 0.4, 3},
	} {
		th := threshold(t, c.metric, c.expr)
		exact, live := metric.NewExact([]*metric.Threshold{th}, stepNames()), metric.NewLive([]*metric.Threshold{th}, stepNames())
		for _, sink := range []interface {
			Sample(*sample.Sample)
			Users(time.Duration, uint16, int)
		}{exact, live} {
			sink.Users(0, 0, 50) // others
			sink.Users(0, 1, 2)
			sink.Users(time.Minute, 1, 1)
			for _, s := range all {
				s := *s
				s.Phase = 0
				sink.Sample(&s)
			}
		}
		if c.metric == "generations_per_user{phase:step 1}" {
			c.value = 2 / (2 * 20.0 / 60)
		}
		got := exact.Evaluate(2 * time.Minute)[0]
		if got.Status != c.status || math.Abs(got.Value-c.value) > 1e-3 || got.Samples != c.samples {
			t.Errorf("%s %s: %v of %d, %s; want %v of %d, %s", c.metric, c.expr, got.Value, got.Samples, got.Status, c.value, c.samples, c.status)
		}
		if near := live.Evaluate(2 * time.Minute)[0]; th.Window == 0 && (near.Status != c.status || math.Abs(near.Value-c.value) > 0.002*c.value && th.Method != "med" && th.Method != "p") {
			t.Errorf("%s %s live: %v, %s", c.metric, c.expr, near.Value, near.Status)
		}
	}
}

// TestLiveWindowsAreBounded: what a ring keeps does not grow with the run, and is
// within its bound for any number of samples a second.
func TestLiveWindowsAreBounded(t *testing.T) {
	th := threshold(t, "response_time", "p(95)<1 over 10s")
	live := metric.NewLive([]*metric.Threshold{th}, names())
	fill := func(from, to int) uint64 {
		for second := from; second < to; second++ {
			for i := range 40_000 {
				live.Sample(endsAt(time.Duration(second)*time.Second+time.Duration(i)*time.Microsecond, time.Duration(1+i)*time.Millisecond))
			}
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	first := fill(0, 20)
	later := fill(20, 60)
	if got := live.Evaluate(time.Minute)[0]; got.Samples == 0 {
		t.Fatal("nothing was judged")
	}
	if int64(later-first) > 1<<20 && later > first {
		t.Errorf("it grew by %d bytes", later-first)
	}
}

func BenchmarkLiveWindow(b *testing.B) {
	th := threshold(b, "response_time", "p(95)<500 over 30s")
	live := metric.NewLive([]*metric.Threshold{th}, names())
	r := rand.New(rand.NewPCG(1, 2))
	second := 0
	b.ReportAllocs()
	for b.Loop() { // one evaluation: two seconds of 1,000 answers each
		for range 2 {
			for range 1000 {
				live.Sample(endsAt(time.Duration(second)*time.Second+500*time.Millisecond, time.Duration(math.Exp(r.NormFloat64()*0.5)*40e6)))
			}
			second++
		}
		live.Evaluate(time.Duration(second) * time.Second)
	}
}

func BenchmarkExactWindows1M(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	exact := metric.NewExact([]*metric.Threshold{threshold(b, "response_time", "p(95)<500 over 30s")}, names())
	for i := range 1_000_000 {
		exact.Sample(endsAt(time.Duration(i)*2500*time.Microsecond, time.Duration(r.ExpFloat64()*1e8)))
	}
	b.ReportAllocs()
	for b.Loop() {
		exact.Evaluate(2500 * time.Second)
	}
}

// A persona that walks several journeys is several groups of users; its name is all
// of them, the name of a group that one.
func TestAPersonaThatWalksSeveralJourneys(t *testing.T) {
	n := names()
	n.Personas = []string{"calls (teacher: looks)", "calls (teacher: grades)", "calls more", "call"}
	for _, c := range []struct {
		metric, expr string
		status       verdict.Status
		value        float64
	}{
		{"http_reqs{persona:calls}", "count==2", verdict.Pass, 2},
		{"http_req_failed{persona:calls}", "rate<0.1", verdict.Pass, 0},
		{"vus_max{persona:calls}", "value==5", verdict.Pass, 5},
		{"http_reqs{persona:calls more}", "count==1", verdict.Pass, 1},
		{"http_reqs{persona:call}", "count==1", verdict.Pass, 1},
		{"http_reqs{persona:cal}", "count==0", verdict.NoData, 0},
	} {
		e := metric.NewExact([]*metric.Threshold{threshold(t, c.metric, c.expr)}, n)
		for i, users := range []int{2, 3, 4, 5} {
			s := answered(1, time.Second)
			s.Persona = uint16(i)
			e.Sample(s)
			e.Users(0, uint16(i), users)
		}
		if got := e.Evaluate(10 * time.Second)[0]; got.Status != c.status || got.Value != c.value {
			t.Errorf("%s: %+v", c.metric, got)
		}
	}
}
