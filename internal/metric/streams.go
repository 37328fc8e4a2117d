package metric

import (
	"time"

	"firedrill/internal/sample"
)

// streamMetrics are those of event streams and of what a model generates.
func streamMetrics() []Metric {
	generated := []Tag{{"category", "ai"}}
	return []Metric{
		{Name: "stream_first_event", Type: Trend, Unit: Time, About: "from the intended start to the first event of a stream", ofSample: func(s *sample.Sample) (int64, int64) {
			return only(s.FirstEvent != 0, int64(s.FirstEvent-s.Intended))
		}},
		{Name: "stream_gap", Type: Trend, Unit: Time, About: "gaps between two events of a stream, all of them", ofGaps: func(s *sample.Sample) []uint32 { return s.Gaps }},
		{Name: "stream_max_gap", Type: Trend, Unit: Time, About: "longest gap between two events of each stream", ofSample: func(s *sample.Sample) (int64, int64) {
			return only(s.Has(sample.Stream) && s.Events > 1, int64(s.MaxGap))
		}},
		{Name: "stream_stalls", Type: Counter, About: "gaps of 2 s and more between two events of a stream", ofSample: func(s *sample.Sample) (int64, int64) {
			return only(s.Has(sample.Stream), int64(Stalls(s)))
		}},
		{Name: "stream_truncated", Type: Rate, About: "streams that broke off, of all streams", ofSample: func(s *sample.Sample) (int64, int64) {
			if !s.Has(sample.Stream) {
				return 0, 0
			}
			return flag(sample.Truncated)(s)
		}},
		{Name: "stream_events", Type: Counter, About: "events of streams", ofSample: func(s *sample.Sample) (int64, int64) {
			return only(s.Has(sample.Stream), int64(s.Events))
		}},
		{Name: "stream_events_per_second", Type: Trend, Unit: PerSecond, About: "events of each stream per second, from its first to its last", ofSample: func(s *sample.Sample) (int64, int64) {
			length, ok := Streaming(s)
			if !ok {
				return 0, 0
			}
			return int64(float64(s.Events-1) / length.Seconds() * 1000), 1
		}},
		{Name: "generations", Type: Counter, About: "whole answers of the category ai", within: generated, ofSample: generation},
		{Name: "generations_per_user", Type: Gauge, About: "generations per user and minute of the personas that ask for them", within: generated, perUser: true, ofSample: generation},
	}
}

// generation counts an answer that came whole; one that did not is an observation of nothing.
func generation(s *sample.Sample) (int64, int64) {
	if s.Status == 0 || s.Has(sample.Failed) || s.Has(sample.Truncated) {
		return 0, 1
	}
	return 1, 1
}

// Streaming is how long a stream lasted from its first event to its last; not ok
// where it is unknown or took no time. Of a stream with more events than gaps are
// kept, it lasts to the end of the answer.
func Streaming(s *sample.Sample) (length time.Duration, ok bool) {
	if !s.Has(sample.Stream) || s.Events < 2 || s.FirstEvent == 0 {
		return 0, false
	}
	if len(s.Gaps) == int(s.Events)-1 {
		for _, g := range s.Gaps {
			length += time.Duration(g) * time.Microsecond
		}
	} else {
		length = s.End - s.FirstEvent
	}
	return length, length > 0
}

// Stalls counts a stream's stalls, at least that of which only the longest gap is known.
func Stalls(s *sample.Sample) int {
	if n := s.Stalls(); n > 0 {
		return n
	}
	if s.MaxGap >= sample.Stall {
		return 1
	}
	return 0
}
