package scenario

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ScaleError says why a scenario cannot be scaled as asked.
type ScaleError struct {
	Arg string
	Why string
	Fix string
}

// Error names what was asked.
func (e *ScaleError) Error() string { return fmt.Sprintf("--scale %s: %s", e.Arg, e.Why) }

// Hint says what to do.
func (e *ScaleError) Hint() string { return e.Fix }

// ExitCode is that of wrong usage.
func (e *ScaleError) ExitCode() int { return 2 }

// PeakUsers is the sum of the personas' peaks: how many virtual users the
// scenario asks for where all personas are at their height.
func (s *Scenario) PeakUsers() int {
	sum := 0
	for _, p := range s.Personas {
		sum += p.Load.Peak()
	}
	return sum
}

// Scale returns the scenario with another number of users, and says what was
// changed. The error is a *ScaleError.
//
//	"20"   so many users at the peak, shared among the personas in their
//	       proportions by largest remainder, each at least one. Shared iterations,
//	       the stages of ramps and arrival rates change with their persona's share
//	"3x"   every number of users, shared iterations and arrival rate times three;
//	       a fraction such as 0.5x is rounded to the nearest, and never below one
//
// Iterations of each user, durations and think times stay.
func (s *Scenario) Scale(arg string) (*Scenario, string, error) {
	if factor, times := strings.CutSuffix(arg, "x"); times {
		return s.multiply(arg, factor)
	}
	n, err := strconv.ParseUint(arg, 10, 31)
	switch {
	case err != nil:
		return nil, "", &ScaleError{arg, "not a number of users, nor a factor", "write 20 for twenty users at the peak, or 3x for three times the scenario's numbers"}
	case n > maxCount:
		return nil, "", &ScaleError{arg, fmt.Sprintf("more than %d users", maxCount), ""}
	case int(n) < len(s.Personas):
		return nil, "", &ScaleError{arg, fmt.Sprintf("fewer users than the %d personas of %s", len(s.Personas), s.Name), fmt.Sprintf("each persona needs at least one: write %d or more", len(s.Personas))}
	}
	peaks := make([]int, len(s.Personas))
	for i, p := range s.Personas {
		peaks[i] = p.Load.Peak()
		if peaks[i] < 1 {
			return nil, "", &ScaleError{arg, fmt.Sprintf("persona %s starts its sessions as recorded and has no number of users", p.Name), "write a factor such as 2x where the personas have numbers, or give it vus"}
		}
	}
	out := s.clone()
	for i, users := range Share(int(n), peaks) {
		out.Personas[i].Load = s.Personas[i].Load.toUsers(users)
	}
	s.keepProportions(out)
	return out, s.scaled(out), nil
}

func (s *Scenario) multiply(arg, text string) (*Scenario, string, error) {
	factor, err := strconv.ParseFloat(text, 64)
	if plain := strings.Trim(text, "0123456789.") == ""; err != nil || !plain || !(factor > 0) {
		return nil, "", &ScaleError{arg, "not a factor above zero", "write for instance 3x or 0.5x"}
	}
	out := s.clone()
	for i := range out.Personas {
		p := &out.Personas[i]
		if float64(p.Load.Peak())*factor > maxCount || p.Load.topRate()*factor > maxCount {
			return nil, "", &ScaleError{arg, fmt.Sprintf("persona %s would have more than %d users or arrivals", p.Name, maxCount), ""}
		}
		p.Load = s.Personas[i].Load.times(factor)
	}
	s.keepProportions(out)
	return out, s.scaled(out), nil
}

// Share divides n among the weights in their proportions, each getting at least
// one: who would get less than one gets one, and the others divide what is left
// by the method of the largest remainder (Hare quota; of equal remainders the
// first wins). The sum is n wherever n is at least the number of weights.
// Weights must be positive.
func Share(n int, weights []int) []int {
	shares := make([]int, len(weights))
	for {
		left, total := int64(n), int64(0) // for those that are not lifted to one
		for i, w := range weights {
			if shares[i] == 1 {
				left--
			} else {
				total += int64(w)
			}
		}
		lifted := false
		for i, w := range weights {
			if shares[i] == 0 && left*int64(w) < total {
				shares[i], lifted = 1, true
			}
		}
		if !lifted {
			return largestRemainder(left, total, weights, shares)
		}
	}
}

// largestRemainder divides left among the weights whose share is still 0; total is their sum.
func largestRemainder(left, total int64, weights, shares []int) []int {
	var open []int
	given := int64(0)
	for i, w := range weights {
		if shares[i] == 0 {
			open = append(open, i)
			shares[i] = int(left * int64(w) / total)
			given += int64(shares[i])
		}
	}
	slices.SortStableFunc(open, func(a, b int) int {
		return cmp.Compare(left*int64(weights[b])%total, left*int64(weights[a])%total)
	})
	for _, i := range open[:max(0, left-given)] {
		shares[i]++
	}
	return shares
}

// toUsers gives the load another peak.
func (l Load) toUsers(users int) Load {
	factor := float64(users) / float64(l.Peak())
	l = l.times(factor)
	switch l.Executor { // exactly, whatever the rounding of the factor did
	case ConstantArrivalRate, RampingArrivalRate:
		l.MaxVUs = users
		l.PreAllocatedVUs = min(l.PreAllocatedVUs, users)
	case RampingVUs:
	default:
		l.VUs = users
		if l.Executor == SharedIterations {
			l.Iterations = max(l.Iterations, users)
		}
	}
	return l
}

// times multiplies users, shared iterations and rates.
func (l Load) times(factor float64) Load {
	l.VUs, l.StartVUs = atLeastOne(l.VUs, factor), atLeastOne(l.StartVUs, factor)
	l.PreAllocatedVUs, l.MaxVUs = atLeastOne(l.PreAllocatedVUs, factor), atLeastOne(l.MaxVUs, factor)
	l.Rate *= factor
	l.StartRate *= factor
	if l.Executor == SharedIterations {
		l.Iterations = max(atLeastOne(l.Iterations, factor), l.VUs)
	}
	if l.Executor == AsRecorded {
		if copies := atLeastOne(max(1, l.Copies), factor); copies != max(1, l.Copies) {
			l.Copies = copies
		}
	}
	l.Stages = slices.Clone(l.Stages)
	for i := range l.Stages {
		if l.Executor == RampingVUs {
			l.Stages[i].Target = float64(atLeastOne(int(l.Stages[i].Target), factor))
		} else {
			l.Stages[i].Target *= factor
		}
	}
	return l
}

// atLeastOne rounds n times the factor; what was above zero stays so.
func atLeastOne(n int, factor float64) int {
	if n <= 0 {
		return n
	}
	return max(1, int(math.Round(float64(n)*factor)))
}

func (l Load) topRate() float64 {
	top := max(l.Rate, l.StartRate)
	for _, s := range l.Stages {
		top = max(top, s.Target)
	}
	return top
}

// scaled says what Scale did: "scaled from 130 to 26 users: teachers 30 → 6, students 100 → 20".
func (s *Scenario) scaled(to *Scenario) string {
	before, after := s.PeakUsers(), to.PeakUsers()
	var each []string
	for i, p := range s.Personas {
		q := to.Personas[i].Load
		text := fmt.Sprintf("%s %s", p.Name, arrow(p.Load.Peak(), q.Peak()))
		if p.Load.Executor == SharedIterations && p.Load.Iterations != q.Iterations {
			text += fmt.Sprintf(" (iterations %s)", arrow(p.Load.Iterations, q.Iterations))
		}
		if p.Load.topRate() != q.topRate() && p.Load.Executor != RampingVUs {
			text += fmt.Sprintf(" (rate %.4g → %.4g)", p.Load.topRate(), q.topRate())
		}
		if a, b := max(1, p.Load.Copies), max(1, q.Copies); a != b {
			text += fmt.Sprintf(" (copies %s)", arrow(a, b))
		}
		each = append(each, text)
	}
	if before == after {
		return fmt.Sprintf("%s as it stands: %s", plural(after, "user"), strings.Join(each, ", "))
	}
	return fmt.Sprintf("scaled from %d to %s: %s", before, plural(after, "user"), strings.Join(each, ", "))
}

func arrow(a, b int) string {
	if a == b {
		return strconv.Itoa(a)
	}
	return fmt.Sprintf("%d → %d", a, b)
}

// clone copies what Scale, Shorten and Expand change; the rest is shared and read-only.
func (s *Scenario) clone() *Scenario {
	out := *s
	out.Thresholds = slices.Clone(s.Thresholds)
	if s.Recovery != nil {
		recovery := *s.Recovery
		recovery.Thresholds = slices.Clone(s.Recovery.Thresholds)
		out.Recovery = &recovery
	}
	out.Personas = slices.Clone(s.Personas)
	for i := range out.Personas {
		out.Personas[i].Load.Stages = slices.Clone(out.Personas[i].Load.Stages)
	}
	return &out
}
