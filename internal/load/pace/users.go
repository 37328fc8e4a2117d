package pace

import (
	"slices"
	"time"

	"firedrill/internal/scenario"
)

// Step is an instant at which the wanted number of users changes.
type Step struct {
	At    time.Duration // from the load's start
	Users int
}

// UserSteps is the schedule of a load that keeps a number of users: constant-vus
// and ramping-vus. The first step is at 0. Ramps are k6's: within a stage from a
// to b users the n-th change comes after n/|b-a| of the stage, so that b is
// reached exactly at its end; a stage of no length is a jump.
func UserSteps(l scenario.Load) []Step {
	if l.Executor != scenario.RampingVUs {
		return []Step{{0, l.VUs}}
	}
	steps := []Step{{0, l.StartVUs}}
	var start time.Duration
	from := l.StartVUs
	for _, stage := range l.Stages {
		to := int(stage.Target)
		n, dir := to-from, 1
		if n < 0 {
			n, dir = -n, -1
		}
		if stage.Duration <= 0 {
			if n > 0 {
				steps = addStep(steps, Step{start, to})
			}
		} else {
			for i := 1; i <= n; i++ {
				at := start + time.Duration(float64(stage.Duration)*float64(i)/float64(n))
				steps = addStep(steps, Step{at, from + dir*i})
			}
		}
		start += max(0, stage.Duration)
		from = to
	}
	return steps
}

func addStep(steps []Step, s Step) []Step {
	if last := &steps[len(steps)-1]; last.At == s.At {
		last.Users = s.Users
		return steps
	}
	return append(steps, s)
}

// UsersAt is the number of users that a schedule of steps wants at an offset.
func UsersAt(steps []Step, at time.Duration) int {
	i, found := slices.BinarySearchFunc(steps, at, func(s Step, at time.Duration) int {
		return int(max(-1, min(1, s.At-at)))
	})
	if found {
		return steps[i].Users
	}
	if i == 0 {
		return 0
	}
	return steps[i-1].Users
}
