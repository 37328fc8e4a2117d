package metric

import "time"

// curve is the number of virtual users of each persona over time.
type curve struct {
	now     map[uint16]int
	total   int
	peak    int
	changes []userChange
	askers  map[uint16]bool // personas that send what is counted per user
}

type userChange struct {
	at      time.Duration
	persona uint16
	users   int // of that persona, from at on
}

func newCurve() *curve {
	return &curve{now: map[uint16]int{}, askers: map[uint16]bool{}}
}

func (c *curve) set(at time.Duration, persona uint16, n int) {
	c.total += n - c.now[persona]
	c.now[persona] = n
	c.peak = max(c.peak, c.total)
	c.changes = append(c.changes, userChange{at, persona, n})
}

func (c *curve) asks(persona uint16) { c.askers[persona] = true }

// spent is how much time the users of those personas that ask spent in the
// stretches: 3 users in 2 minutes spend 6.
func (c *curve) spent(spans []span) (total time.Duration) {
	for _, s := range spans {
		total += c.within(s.from, s.to)
	}
	return total
}

// within is spent of one stretch.
func (c *curve) within(from, to time.Duration) (total time.Duration) {
	last := map[uint16]userChange{}
	add := func(p userChange, until time.Duration) {
		if a, b := max(p.at, from), min(until, to); b > a {
			total += time.Duration(p.users) * (b - a)
		}
	}
	for _, ch := range c.changes {
		if !c.askers[ch.persona] {
			continue
		}
		if p, ok := last[ch.persona]; ok {
			add(p, ch.at)
		}
		last[ch.persona] = ch
	}
	for _, p := range last {
		add(p, to)
	}
	return total
}
