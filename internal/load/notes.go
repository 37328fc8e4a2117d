package load

import (
	"fmt"
	"time"
)

// maxReasons bounds the texts that a run keeps.
const maxReasons = 1000

func (r *run) reason(text string) uint16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i, ok := r.reasons[text]; ok {
		return i
	}
	if len(r.texts) >= maxReasons {
		text = "other reasons"
		if i, ok := r.reasons[text]; ok {
			return i
		}
	}
	i := uint16(len(r.texts))
	r.reasons[text] = i
	r.texts = append(r.texts, text)
	return i
}

// notes are what a person should know of how the load went, and how many starts
// the pacing of all personas missed.
func (r *run) notes() (missed uint64, notes []string) {
	for i, g := range r.program.Groups {
		name := g.Persona.Name
		if n := r.missed[i].Load(); n > 0 {
			missed += n
			notes = append(notes, fmt.Sprintf("persona %s: %s due by its pacing while the iteration before still ran: they were left out, not made up for", name, counted(n, "start was", "starts were")))
		}
		for _, x := range r.shared[i].Gatherings() {
			if x.Incomplete > 0 {
				notes = append(notes, fmt.Sprintf("persona %s: before %s %d of %s went on incomplete after %s; at worst %d of %d users had come",
					name, x.Step, x.Incomplete, counted(uint64(x.Rounds), "rendezvous", "rendezvous"), x.Within.Round(time.Millisecond), x.Came, x.Of))
			}
		}
	}
	return missed, notes
}

// counted is "1 start was" or "5 starts were".
func counted(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
