package fault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config is what is wrong. The zero value is a healthy application.
type Config struct {
	NPlusOne   []string                 // routes that ask the database once per row
	Slow       map[string]time.Duration // added to every request of a route, before it begins
	ErrorRate  map[string]float64       // share of a route's requests that fail with 500, 0..1
	StallEvery time.Duration            // this long after the start, and again and again,
	StallFor   time.Duration            // everything stands still for so long; shorter than StallEvery
	Capacity   int                      // requests handled at once, the others wait in line; 0: any number
	GapFor     time.Duration            // pause in the middle of
	GapEvery   int                      // every so many-th stream; 0: of none
	Cut        float64                  // share of the streams that break off before their end, 0..1
	Seed       uint64                   // of the choice of which requests fail
}

// UnknownRouteError says that a fault names a route that there is not.
type UnknownRouteError struct {
	Fault string   // "--slow"
	Name  string   // what was asked for
	Known []string // what can be named there, sorted
}

func (e *UnknownRouteError) Error() string {
	return fmt.Sprintf("%s: no route is called %q", e.Fault, e.Name)
}

// Hint lists the names.
func (e *UnknownRouteError) Hint() string { return "routes are " + strings.Join(e.Known, ", ") }

// ErrInvalid is what all errors of Check that are no *UnknownRouteError wrap.
var ErrInvalid = errors.New("invalid fault")

// Check says whether the application can do this: routes are the names of all, naive those that can be made to ask
// once per row.
func (c Config) Check(routes, naive []string) error {
	known := func(fault string, names, of []string) error {
		for _, n := range slices.Sorted(slices.Values(names)) {
			if !slices.Contains(of, n) {
				return &UnknownRouteError{Fault: fault, Name: n, Known: slices.Sorted(slices.Values(of))}
			}
		}
		return nil
	}
	if err := known("--n-plus-one", c.NPlusOne, naive); err != nil {
		return err
	}
	if err := known("--slow", slices.Collect(maps.Keys(c.Slow)), routes); err != nil {
		return err
	}
	if err := known("--error-rate", slices.Collect(maps.Keys(c.ErrorRate)), routes); err != nil {
		return err
	}
	for name, d := range c.Slow {
		if d < 0 {
			return fmt.Errorf("%w: --slow %s=%v: time does not run backwards", ErrInvalid, name, d)
		}
	}
	for name, r := range c.ErrorRate {
		if !(r >= 0 && r <= 1) { // NaN too
			return fmt.Errorf("%w: --error-rate %s=%v is not in 0..100%%", ErrInvalid, name, r*100)
		}
	}
	if c.StallEvery < 0 || c.StallFor < 0 || c.StallEvery > 0 && (c.StallFor == 0 || c.StallFor >= c.StallEvery) || c.StallEvery == 0 && c.StallFor > 0 {
		return fmt.Errorf("%w: --stall-every %v:%v: a stall is shorter than the time between two", ErrInvalid, c.StallEvery, c.StallFor)
	}
	if c.GapFor < 0 || c.GapEvery < 0 || (c.GapFor == 0) != (c.GapEvery == 0) {
		return fmt.Errorf("%w: --ai-gap %v:%d: a pause has a length, and there is one in every so many streams", ErrInvalid, c.GapFor, c.GapEvery)
	}
	if !(c.Cut >= 0 && c.Cut <= 1) {
		return fmt.Errorf("%w: --ai-cut %v is not in 0..100%%", ErrInvalid, c.Cut*100)
	}
	if c.Capacity < 0 {
		return fmt.Errorf("%w: --capacity %d is negative", ErrInvalid, c.Capacity)
	}
	return nil
}

// ParseSlow reads "grade=400ms".
func ParseSlow(s string) (route string, d time.Duration, err error) {
	route, value, ok := strings.Cut(s, "=")
	if d, err = time.ParseDuration(value); !ok || route == "" || err != nil {
		return "", 0, fmt.Errorf("%w: %q is not like grade=400ms", ErrInvalid, s)
	}
	return route, d, nil
}

// ParseRate reads "grade=5%" or "grade=0.05".
func ParseRate(s string) (route string, rate float64, err error) {
	route, value, ok := strings.Cut(s, "=")
	if rate, err = share(value); !ok || route == "" || err != nil {
		return "", 0, fmt.Errorf("%w: %q is not like grade=5%%", ErrInvalid, s)
	}
	return route, rate, nil
}

// share reads "5%" or "0.05".
func share(s string) (float64, error) {
	number, percent := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(number, 64)
	if percent {
		f /= 100
	}
	return f, err
}

// ParseShare reads "5%" or "0.05".
func ParseShare(s string) (float64, error) {
	f, err := share(s)
	if err != nil {
		return 0, fmt.Errorf("%w: %q is not like 5%%", ErrInvalid, s)
	}
	return f, nil
}

// ParseGap reads "6s:5": a pause of six seconds in every fifth stream.
func ParseGap(s string) (length time.Duration, every int, err error) {
	a, b, ok := strings.Cut(s, ":")
	length, err1 := time.ParseDuration(a)
	every, err2 := strconv.Atoi(b)
	if !ok || err1 != nil || err2 != nil || length <= 0 || every < 1 {
		return 0, 0, fmt.Errorf("%w: %q is not like 6s:5", ErrInvalid, s)
	}
	return length, every, nil
}

// ParseStall reads "20s:2s".
func ParseStall(s string) (every, length time.Duration, err error) {
	a, b, ok := strings.Cut(s, ":")
	every, err1 := time.ParseDuration(a)
	length, err2 := time.ParseDuration(b)
	if !ok || err1 != nil || err2 != nil || every <= 0 {
		return 0, 0, fmt.Errorf("%w: %q is not like 20s:2s", ErrInvalid, s)
	}
	return every, length, nil
}

// List says what is wrong in one line per fault; empty when nothing is.
func (c Config) List() []string {
	var out []string
	for _, n := range slices.Sorted(slices.Values(c.NPlusOne)) {
		out = append(out, n+" asks the database once per row")
	}
	for _, n := range slices.Sorted(maps.Keys(c.Slow)) {
		out = append(out, fmt.Sprintf("%s takes %v longer", n, c.Slow[n]))
	}
	for _, n := range slices.Sorted(maps.Keys(c.ErrorRate)) {
		out = append(out, fmt.Sprintf("%s fails in %s%% of the requests", n, strconv.FormatFloat(100*c.ErrorRate[n], 'g', 4, 64)))
	}
	if c.StallEvery > 0 {
		out = append(out, fmt.Sprintf("everything stands still for %v every %v", c.StallFor, c.StallEvery))
	}
	if c.GapEvery > 0 {
		out = append(out, fmt.Sprintf("every %s stream pauses for %v", ordinal(c.GapEvery), c.GapFor))
	}
	if c.Cut > 0 {
		out = append(out, fmt.Sprintf("%s%% of the streams break off", strconv.FormatFloat(100*c.Cut, 'g', 4, 64)))
	}
	if c.Capacity > 0 {
		out = append(out, fmt.Sprintf("at most %d requests are handled at once", c.Capacity))
	}
	return out
}

func ordinal(n int) string {
	switch {
	case n%10 == 1 && n%100 != 11:
		return strconv.Itoa(n) + "st"
	case n%10 == 2 && n%100 != 12:
		return strconv.Itoa(n) + "nd"
	case n%10 == 3 && n%100 != 13:
		return strconv.Itoa(n) + "rd"
	}
	return strconv.Itoa(n) + "th"
}

// Faults does what a Config says.
type Faults struct {
	cfg     Config
	start   time.Time
	workers chan struct{} // nil: any number

	mu   sync.Mutex
	dice *rand.Rand
}

// New starts the clock of the stalls.
func New(c Config) *Faults {
	f := &Faults{cfg: c, start: time.Now(), dice: rand.New(rand.NewPCG(c.Seed, 0x5c4001))}
	if c.Capacity > 0 {
		f.workers = make(chan struct{}, c.Capacity)
	}
	return f
}

// Enter waits in line for a worker; leave gives it back. The error is the context's.
func (f *Faults) Enter(ctx context.Context) (leave func(), err error) {
	if f.workers == nil {
		return func() {}, nil
	}
	select {
	case f.workers <- struct{}{}:
		return func() { <-f.workers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Delay is what a request of a route waits before its work begins: until a stall is over, and for how slow it is.
func (f *Faults) Delay(ctx context.Context, route string) error {
	wait := f.cfg.Slow[route]
	if every := f.cfg.StallEvery; every > 0 {
		since := time.Since(f.start)
		if in := since % every; since >= every && in < f.cfg.StallFor {
			wait += f.cfg.StallFor - in
		}
	}
	if wait == 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Fails throws the dice for one request of a route.
func (f *Faults) Fails(route string) bool {
	return f.hit(f.cfg.ErrorRate[route])
}

// Gap is the pause in the middle of the n-th stream, counted from 1; usually none.
func (f *Faults) Gap(n uint64) time.Duration {
	if f.cfg.GapEvery == 0 || n%uint64(f.cfg.GapEvery) != 0 {
		return 0
	}
	return f.cfg.GapFor
}

// Cuts throws the dice for one stream: whether it breaks off.
func (f *Faults) Cuts() bool { return f.hit(f.cfg.Cut) }

func (f *Faults) hit(rate float64) bool {
	if rate == 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dice.Float64() < rate
}

// Naive says whether a route is to ask once per row.
func (f *Faults) Naive(route string) bool { return slices.Contains(f.cfg.NPlusOne, route) }
