package load_test

import (
	"context"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firedrill/internal/load"
	"firedrill/internal/load/responder"
	"firedrill/internal/plan"
	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// counter is a Sink that only counts.
type counter struct{ samples, failed, iterations atomic.Int64 }

func (c *counter) Sample(s *sample.Sample) {
	c.samples.Add(1)
	if s.Has(sample.Failed) {
		c.failed.Add(1)
	}
}
func (c *counter) Iteration(sample.Iteration)       { c.iterations.Add(1) }
func (c *counter) Drop(sample.Drop)                 {}
func (c *counter) Users(time.Duration, uint16, int) {}

// loop is a journey of one request without think time; with a value that each
// answer gives to the next request.
func loop(correlate bool) *plan.Plan {
	st := step("s0", "GET /x", "/x?t=recorded", -1, think())
	st.Expect = plan.Expect{Status: []int{200}}
	if correlate {
		st.Slots = []plan.Slot{slot("query.t", plan.Source{Kind: plan.FromAnswer, Step: "s1", Part: "json.token"})}
	}
	first := step("s1", "GET /y", "/y", -1, think())
	return &plan.Plan{Origins: []plan.Origin{{Name: "api", URL: "https://school.example"}},
		Journeys: []plan.Journey{{Name: "j", Sessions: 1, Steps: []plan.Step{first, st}, Loops: []plan.Loop{{First: 0, Last: 1, Times: []int{50}}}}}}
}

// BenchmarkClosedLoop is a whole virtual user's request: draws, template, cookies,
// markers, the wire over loopback, sample and watch. 64 users, no think time.
// Package wire has the same for the wire alone and for net/http:
//
//	go test -run xxx -bench ClosedLoop -benchtime 200000x ./internal/load ./internal/load/wire
func BenchmarkClosedLoop(b *testing.B) {
	to := &url.URL{Scheme: "http", Host: responder.Start(b, `{"token":"abcdef","items":[1,2,3,4,5,6,7,8,9,10],"name":"`+strings.Repeat("x", 150)+`"}`)}
	for _, correlate := range []bool{false, true} {
		b.Run(fmt.Sprintf("correlate=%v", correlate), func(b *testing.B) {
			b.ReportAllocs()
			iterations := max(1, b.N/100)
			sc := &scenario.Scenario{Personas: []scenario.Persona{{Name: "p", Load: scenario.Load{
				Executor: scenario.SharedIterations, VUs: min(64, iterations), Iterations: iterations, MaxDuration: time.Hour, GracefulStop: time.Hour,
			}}}}
			prog, err := load.Compile(loop(correlate), sc, load.Options{})
			if err != nil {
				b.Fatal(err)
			}
			var c counter
			b.ResetTimer()
			cpu := responder.CPU()
			out, err := load.Run(context.Background(), context.Background(), prog, load.Config{Targets: map[string]*url.URL{"api": to}, Sink: &c})
			b.StopTimer()
			if err != nil || out.End != load.EndCompleted || c.failed.Load() > 0 {
				b.Fatal(err, out.End, out.Detail, c.failed.Load())
			}
			b.ReportMetric(float64((responder.CPU()-cpu).Microseconds())/float64(c.samples.Load()), "cpu-µs/req")
		})
	}
}

// BenchmarkIdleUsers is the memory of 2,000 users with connections, cookies and
// memory of their own who are thinking: bytes of heap and stacks for each.
func BenchmarkIdleUsers(b *testing.B) {
	const n = 2000
	to := &url.URL{Scheme: "http", Host: responder.Start(b, `{"token":"abcdef"}`)}
	p := loop(true)
	p.Journeys[0].Steps[1].Think = think(time.Hour)
	sc := &scenario.Scenario{Personas: []scenario.Persona{{Name: "p", Load: scenario.Load{Executor: scenario.ConstantVUs, VUs: n, Duration: time.Hour}}}}
	prog, err := load.Compile(p, sc, load.Options{})
	if err != nil {
		b.Fatal(err)
	}
	memory := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc + m.StackInuse)
	}
	before := memory()
	ctx, cancel := context.WithCancel(context.Background())
	var c counter
	done := make(chan error)
	go func() {
		_, err := load.Run(ctx, ctx, prog, load.Config{Targets: map[string]*url.URL{"api": to}, Sink: &c, KeepGCRate: true})
		done <- err
	}()
	for c.samples.Load() < n {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	b.ReportMetric((memory()-before)/n, "bytes/user")
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
