package scenario

import (
	"fmt"
	"math"
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

// Shorten returns the scenario with another whole length, longer ones too, and
// says what was changed: start times, durations, stages and longest durations
// in proportion, in whole milliseconds. What holds a load (a duration, a
// max_duration, a stage at the level before it) never becomes shorter than a
// second, so that the whole may come out longer than asked; jumps stay jumps.
// Think times, numbers of iterations and graceful stops stay. The error is a
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
	stretch := func(at time.Duration) time.Duration { // of a moment of the run, so that sums stay exact
		ms := math.Round(float64(at) / float64(whole) * float64(total) / float64(time.Millisecond))
		return time.Duration(ms) * time.Millisecond
	}
	for i := range out.Personas {
		out.Personas[i].Load = out.Personas[i].Load.stretched(stretch)
	}
	said := fmt.Sprintf("length changed from %s to %s", FormatDuration(whole), FormatDuration(out.Length()))
	if got := out.Length(); got != total {
		said += fmt.Sprintf(", not %s: no load is held for less than 1s", FormatDuration(total))
	}
	return out, said, nil
}

func (l Load) stretched(moment func(time.Duration) time.Duration) Load {
	from := l.StartTime
	part := func(begin, length time.Duration) time.Duration { return moment(begin+length) - moment(begin) }
	l.StartTime = moment(from)
	if l.Duration > 0 {
		l.Duration = max(least, part(from, l.Duration))
	}
	if l.MaxDuration > 0 {
		l.MaxDuration = max(least, part(from, l.MaxDuration))
	}
	before := l.StartRate
	if l.Executor == RampingVUs {
		before = float64(l.StartVUs)
	}
	for i, stage := range l.Stages {
		length := part(from, stage.Duration)
		if stage.Target == before && stage.Duration > 0 {
			length = max(least, length)
		}
		from += stage.Duration
		before = stage.Target
		l.Stages[i].Duration = length
	}
	if sum := l.Length(); len(l.Stages) > 0 && sum < least { // ramps alone may shrink below what measures anything
		l.Stages[len(l.Stages)-1].Duration += least - sum
	}
	return l
}
