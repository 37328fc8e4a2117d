package load

import (
	"time"

	"firedrill/internal/sample"
)

// Tee is a Sink that gives everything to each of several.
func Tee(sinks ...Sink) Sink { return tee(sinks) }

type tee []Sink

func (t tee) Sample(s *sample.Sample) {
	for _, k := range t {
		k.Sample(s)
	}
}

func (t tee) Iteration(it sample.Iteration) {
	for _, k := range t {
		k.Iteration(it)
	}
}

func (t tee) Drop(d sample.Drop) {
	for _, k := range t {
		k.Drop(d)
	}
}

func (t tee) Users(at time.Duration, persona uint16, n int) {
	for _, k := range t {
		k.Users(at, persona, n)
	}
}
