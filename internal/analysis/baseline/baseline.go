package baseline

import (
	_ "embed"
	"fmt"
	"slices"
	"time"
)

// Baselines are the targets of a project.
type Baselines struct {
	File        string        // where they were read from; "built-in" for the defaults alone
	Latency     []Latency     // one per category
	Concurrency []Concurrency // one per row of the concurrency table
	Queries     []Budget      // one per endpoint
}

// Latency is the target of a category.
type Latency struct {
	Category      string
	P50, P95, P99 time.Duration
}

// Concurrency is a number of users that must be carried.
type Concurrency struct {
	Name     string
	Scenario string // whose runs speak to it
	Users    int
	P95      time.Duration
	Errors   float64 // must stay below, 0..1
}

// Passes says when the target is met: "p95 < 1 s, errors < 2 %".
func (c Concurrency) Passes() string {
	return fmt.Sprintf("p95 < %s, errors < %g %%", spaced(c.P95), c.Errors*100)
}

// spaced writes a duration as people do: "1 s", "500 ms".
func spaced(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%g ms", float64(d)/float64(time.Millisecond))
}

// Budget is how many database queries one request to an endpoint may cause.
type Budget struct {
	Endpoint string // a name, or a pattern as in a threshold's selector
	Max      int
}

// Of gives the target of a category.
func (b *Baselines) Of(category string) (Latency, bool) {
	i := slices.IndexFunc(b.Latency, func(l Latency) bool { return l.Category == category })
	if i < 0 {
		return Latency{}, false
	}
	return b.Latency[i], true
}

//go:embed default.yaml
var defaults []byte

// Default gives the built-in baselines.
func Default() Baselines {
	var b Baselines
	if err := b.read("built-in", defaults); err != nil {
		// The text is part of the program and read by its tests.
		panic(err)
	}
	return b
}
