package analysis

import (
	"slices"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// streamTally gathers the event streams of one endpoint.
type streamTally struct {
	streams, truncated, limited int
	stalls                      int
	personas                    map[uint16]bool // that ask for them
	retries                     []int64         // how long answers said to wait
	hold, all                   streamTimes     // of the phases that count, and of the whole run
}

// streamTimes are the times of streams, in nanoseconds, and their speeds, in thousandths a second.
type streamTimes struct {
	first, gaps   []int64
	events, bytes []int64
	longest       time.Duration
}

// stream takes a sample that may be one, or may have been refused in place of one.
func (t *tally) stream(s *sample.Sample) {
	if !s.Has(sample.Stream) && !s.Has(sample.RateLimited) {
		return
	}
	st := t.streams[s.Endpoint]
	if st == nil {
		st = &streamTally{personas: map[uint16]bool{}}
		t.streams[s.Endpoint] = st
	}
	st.personas[s.Persona] = true
	if s.Has(sample.RateLimited) {
		st.limited++
		if s.RetryAfter > 0 {
			st.retries = append(st.retries, int64(s.RetryAfter))
		}
		return
	}
	st.stalls += metric.Stalls(s)
	if s.Has(sample.Truncated) {
		st.truncated++
	} else if s.Status != 0 && !s.Has(sample.Failed) {
		st.streams++
	}
	st.all.add(s)
	if t.counts(s) {
		st.hold.add(s)
	}
}

func (x *streamTimes) add(s *sample.Sample) {
	if s.FirstEvent != 0 {
		x.first = append(x.first, int64(s.FirstEvent-s.Intended))
	}
	for _, g := range s.Gaps {
		x.gaps = append(x.gaps, int64(g)*int64(time.Microsecond))
	}
	x.longest = max(x.longest, s.MaxGap)
	if length, ok := metric.Streaming(s); ok {
		x.events = append(x.events, int64(float64(s.Events-1)/length.Seconds()*1000))
		x.bytes = append(x.bytes, int64(float64(s.BytesIn)/length.Seconds()*1000))
	}
}

// streams are the endpoints that answered with event streams, by name. Their times
// are of hold phases; of the whole run where no stream began in one.
func (j *judge) streams() []verdict.Stream {
	t := j.tally
	var rows []verdict.Stream
	for i, st := range t.streams {
		if len(st.all.first)+st.streams+st.truncated == 0 {
			continue // rate-limited, but no stream
		}
		x := &st.hold
		if len(x.first) == 0 {
			x = &st.all
		}
		row := verdict.Stream{Endpoint: t.endpointName(i), Streams: st.streams, Truncated: st.truncated, Stalls: st.stalls, RateLimited: st.limited,
			GapMaxMS: ms(x.longest), RetryAfterP50: -1}
		row.FirstP50MS, row.FirstP95MS, _ = percentiles(x.first)
		_, row.GapP95MS, row.GapP99MS = percentiles(x.gaps)
		row.EventsPerSecond, row.BytesPerSecond = median(x.events)/1000, median(x.bytes)/1000
		if len(st.retries) > 0 {
			row.RetryAfterP50 = median(st.retries) / float64(time.Second)
		}
		if t.length > 0 {
			row.PerMinute = float64(st.streams) / t.length.Minutes()
		}
		if users := t.users.spent(st.personas, t.length); users > 0 {
			row.PerUserMinute = float64(st.streams) / users.Minutes()
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b verdict.Stream) int {
		if a.Endpoint < b.Endpoint {
			return -1
		}
		return 1
	})
	return rows
}

// median is that of values; 0 without any.
func median(values []int64) float64 {
	if len(values) == 0 {
		return 0
	}
	metric.Sort(values)
	return metric.Percentile(values, 50)
}

// generator is how the load generator itself fared. What was not measured says so.
func (j *judge) generator() verdict.Generator {
	g, late := j.ending.Generator, j.tally.late
	row := verdict.Generator{
		LateP50MS: float64(late.ValueAtPercentile(50)) / 1e3, LateP95MS: float64(late.ValueAtPercentile(95)) / 1e3,
		LateP99MS: float64(late.ValueAtPercentile(99)) / 1e3, LateMaxMS: float64(late.Max()) / 1e3,
		CPU: g.CPU, MachineCPU: g.MachineCPU, GCPauseMS: ms(g.GCPauseMax), Sockets: g.Sockets, SocketLimit: g.SocketLimit, ClockStepMS: ms(g.ClockStep),
		Kept: len(j.generatorFaults()) == 0,
	}
	if row.CPU == 0 {
		row.CPU = -1
	}
	if row.MachineCPU == 0 {
		row.MachineCPU = -1
	}
	return row
}
