package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"firedrill/internal/metric"
	"firedrill/internal/runs"
	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// personaTally counts the iterations of one persona.
type personaTally struct {
	started, completed, broken, starved, cut, refused, dropped int

	reasons      map[string]int
	perUser      map[uint32]int // iterations that each virtual user began
	turns        int            // most turns of a loop in one iteration
	lengths      []int64        // of completed iterations
	steps        int            // requests of completed iterations
	starvedFirst time.Duration  // valid where starved > 0
	last         time.Duration  // end of the last iteration
}

func (t *tally) iteration(it *sample.Iteration) {
	if int(it.Persona) >= len(t.personas) {
		return
	}
	p := &t.personas[it.Persona]
	if p.perUser == nil {
		p.perUser, p.reasons = map[uint32]int{}, map[string]int{}
	}
	p.started++
	t.missed += int(it.Missed)
	t.turnout.iteration(it, t.names.Reasons)
	p.perUser[it.VU]++
	p.last = max(p.last, it.End)
	switch it.Outcome {
	case sample.Completed:
		p.completed++
		p.lengths = append(p.lengths, int64(it.End-it.Start))
		p.steps += int(it.Steps)
	case sample.Broken:
		p.broken++
	case sample.Cut:
		p.cut++
	case sample.LoginFailed:
		p.refused++
		first(&t.firsts.loginFailed, it.End)
	case sample.Starved:
		if p.starved == 0 || it.End < p.starvedFirst {
			p.starvedFirst = it.End
		}
		p.starved++
		t.starved++
		first(&t.firsts.starved, it.End)
	}
	if it.Outcome != sample.Completed && it.Outcome != sample.Cut && int(it.Reason) < len(t.names.Reasons) && t.names.Reasons[it.Reason] != "" {
		p.reasons[t.names.Reasons[it.Reason]]++
	}
}

func (t *tally) drop(d sample.Drop) {
	t.dropped += int(d.Count)
	if int(d.Persona) < len(t.personas) {
		t.personas[d.Persona].dropped += int(d.Count)
	}
}

// ended is the number of iterations that ended by themselves.
func (p *personaTally) ended() int { return p.started - p.cut }

// medianLength is that of completed iterations; 0 without any.
func (p *personaTally) medianLength() time.Duration {
	if len(p.lengths) == 0 {
		return 0
	}
	metric.Sort(p.lengths)
	return time.Duration(metric.Percentile(p.lengths, 50))
}

// need says how many objects one user needs in a run of the given length: the
// iterations that fit into it, one after the other, times the turns of one. Where
// none was completed, the most that a user began stand for them.
func (p *personaTally) need(length time.Duration) (objects, iterations int) {
	if one := p.medianLength(); one > 0 {
		iterations = int((length + one - 1) / one)
	} else {
		for _, n := range p.perUser {
			iterations = max(iterations, n)
		}
	}
	return iterations * max(1, p.turns), iterations
}

// reasonList gives reasons, most frequent first, as "text (count)".
func (p *personaTally) reasonList() []string {
	var names []string
	for r := range p.reasons {
		names = append(names, r)
	}
	slices.SortFunc(names, func(a, b string) int {
		if p.reasons[a] != p.reasons[b] {
			return p.reasons[b] - p.reasons[a]
		}
		return strings.Compare(a, b)
	})
	for i, r := range names {
		names[i] = fmt.Sprintf("%s (%d)", r, p.reasons[r])
	}
	return names
}

// iterations are the outcomes per persona, in the run's order.
func (j *judge) iterations() []verdict.Iterations {
	rows := []verdict.Iterations{}
	for i, name := range j.names.Personas {
		p := &j.tally.personas[i]
		rows = append(rows, verdict.Iterations{Persona: name, Started: p.started, Completed: p.completed, Broken: p.broken,
			Starved: p.starved, Cut: p.cut, Refused: p.refused, Dropped: p.dropped, Reasons: p.reasonList()})
	}
	return rows
}

// userCurve is the number of virtual users over time.
type userCurve struct {
	list    []sample.Users // of each persona
	changes []change       // of all together
	peak    int
}

type change struct {
	at    time.Duration
	users int // from at on
}

// spent is how much time the users of some personas spent in a run of the given
// length: 3 users in 2 minutes spend 6.
func (u *userCurve) spent(personas map[uint16]bool, length time.Duration) (total time.Duration) {
	last := map[uint16]sample.Users{}
	for _, c := range u.list {
		p := last[c.Persona]
		if personas[c.Persona] && c.At <= length {
			total += time.Duration(p.Count) * (c.At - p.At)
			last[c.Persona] = c
		}
	}
	for _, p := range last {
		total += time.Duration(p.Count) * max(0, length-p.At)
	}
	return total
}

// set takes the changes of all personas, ascending by time.
func (u *userCurve) set(list []sample.Users) {
	u.list = list
	now := map[uint16]int{}
	total := 0
	for _, c := range list {
		total += int(c.Count) - now[c.Persona]
		now[c.Persona] = int(c.Count)
		if n := len(u.changes); n > 0 && u.changes[n-1].at == c.At {
			u.changes[n-1].users = total
		} else {
			u.changes = append(u.changes, change{c.At, total})
		}
	}
	for _, c := range u.changes {
		u.peak = max(u.peak, c.users)
	}
}

// at is the number of users at a moment.
func (u *userCurve) at(d time.Duration) int {
	i, found := slices.BinarySearchFunc(u.changes, d, func(c change, d time.Duration) int { return int(min(1, max(-1, c.at-d))) })
	if found {
		return u.changes[i].users
	}
	if i == 0 {
		return 0
	}
	return u.changes[i-1].users
}

// within is the greatest number of users from a moment up to another.
func (u *userCurve) within(from, to time.Duration) int {
	n := u.at(from)
	for _, c := range u.changes {
		if c.at > from && c.at < to {
			n = max(n, c.users)
		}
		if c.at >= to {
			break
		}
	}
	return n
}

// timeline is one entry per second.
func (j *judge) timeline() []verdict.Second {
	rows := make([]verdict.Second, len(j.tally.seconds))
	for i := range j.tally.seconds {
		s := &j.tally.seconds[i]
		rows[i] = verdict.Second{At: i, Requests: s.requests, Failed: s.failed, Users: j.tally.users.within(time.Duration(i)*time.Second, time.Duration(i+1)*time.Second)}
		rows[i].P50MS, rows[i].P95MS, _ = percentiles(s.times)
	}
	return rows
}

// load says how many users there were at a moment, −1 meaning the whole run.
func (j *judge) load(at time.Duration) string {
	n := j.peak()
	if at >= 0 {
		if now := j.tally.users.at(at); now > 0 {
			n = now
		}
	}
	return verdict.Count(n, "user")
}

// closed is whether any persona waits for answers before it goes on.
func closed(m runs.Manifest) bool {
	return slices.ContainsFunc(m.Personas, runs.Persona.Closed)
}
