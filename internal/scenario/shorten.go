package scenario

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// LengthError says why a scenario cannot be given a length.
type LengthError struct {
	Total time.Duration
	Why   string
	Fix   string
}

// Error names what was asked.
func (e *LengthError) Error() string {
	return fmt.Sprintf("--duration %s: %s", FormatDuration(e.Total), e.Why)
}

// Hint says what to do.
func (e *LengthError) Hint() string { return e.Fix }

// ExitCode is that of wrong usage.
func (e *LengthError) ExitCode() int { return 2 }

// Length is how long the scenario lasts from its start to the end of the last
// persona, without graceful stops. Personas that are limited by iterations count
// with their max_duration; 0 for a persona that takes as long as was recorded.
func (s *Scenario) Length() time.Duration {
	var end time.Duration
	for _, p := range s.Personas {
		end = max(end, p.Load.StartTime+p.Load.Length())
	}
	return end
}

// least is the shortest that a load or the hold of a ramp is made.
const least = time.Second

// The shortest that the times of a recovery are made, unless the file has them shorter.
const (
	leastWithin = 5 * time.Second
	leastKeep   = 3 * time.Second
)

// Shorten returns the scenario with another whole length, longer ones too, and
// says what was changed: start times, durations, stages and longest durations
// in proportion, in whole milliseconds; what stands at one moment goes on doing
// so. What holds a load (a duration, a max_duration, a stage at the level before
// it, a stretch in which no load changes) never becomes shorter than a second,
// so that the whole may come out longer than asked; jumps stay jumps. The times
// of a recovery change in proportion, but within stays at least 5s, window 1s
// and keep 3s; in a shorter run so do the windows of "over" (1s) and what
// delay_abort_eval says. Think times, pacing, start offsets, the waits of a
// rendezvous, numbers of iterations and graceful stops stay. The error is a
// *LengthError.
func (s *Scenario) Shorten(total time.Duration) (*Scenario, string, error) {
	whole := s.Length()
	switch {
	case total < least:
		return nil, "", &LengthError{total, "shorter than 1s", "a shorter run measures nothing"}
	case total > maxDuration:
		return nil, "", &LengthError{total, "longer than " + FormatDuration(maxDuration), ""}
	case whole <= 0:
		return nil, "", &LengthError{total, fmt.Sprintf("%s lasts as long as its recording", s.Name), "give its personas a duration in the file"}
	}
	out := s.clone()
	w := s.warpTo(total)
	for i := range out.Personas {
		out.Personas[i].Load = out.Personas[i].Load.warped(w)
	}
	factor := float64(out.Length()) / float64(whole)
	stretchThresholds(out.Thresholds, factor)
	if r := out.Recovery; r != nil {
		r.Within, r.Window, r.Keep = stretch(r.Within, factor, leastWithin), stretch(r.Window, factor, least), stretch(r.Keep, factor, leastKeep)
		stretchThresholds(r.Thresholds, factor)
	}
	said := fmt.Sprintf("length changed from %s to %s", FormatDuration(whole), FormatDuration(out.Length()))
	if got := out.Length(); got != total {
		said += fmt.Sprintf(", not %s: no load is held for less than 1s", FormatDuration(total))
	}
	return out, said, nil
}

// stretch is a length times the factor in whole milliseconds, but not shorter
// than the floor unless it was so before.
func stretch(d time.Duration, factor float64, floor time.Duration) time.Duration {
	ms := math.Round(float64(d) * factor / float64(time.Millisecond))
	return max(time.Duration(ms)*time.Millisecond, min(d, floor))
}

// stretchThresholds shortens the windows of "over", and what delays an abort.
func stretchThresholds(all []Threshold, factor float64) {
	if factor >= 1 {
		return
	}
	for i := range all {
		t := &all[i]
		t.DelayAbortEval = stretch(t.DelayAbortEval, factor, 0)
		at := strings.LastIndex(t.Expr, " over ")
		if at < 0 {
			continue
		}
		head := t.Expr[:at+len(" over ")]
		if d, err := time.ParseDuration(strings.TrimSpace(t.Expr[len(head):])); err == nil && d > 0 {
			t.Expr = head + FormatDuration(max(least, stretch(d, factor, least).Round(time.Second))) // the grammar knows whole seconds
		}
	}
}

// warped moves what the load's numbers say of time.
func (l Load) warped(w warp) Load {
	from := l.StartTime
	part := func(begin, length time.Duration) time.Duration { return w.moment(begin+length) - w.moment(begin) }
	l.StartTime = w.moment(from)
	if l.Duration > 0 {
		l.Duration = part(from, l.Duration)
	}
	if l.MaxDuration > 0 {
		l.MaxDuration = part(from, l.MaxDuration)
	}
	for i, stage := range l.Stages {
		l.Stages[i].Duration = part(from, stage.Duration)
		from += stage.Duration
	}
	return l
}
