package load

import (
	"context"
	"fmt"
	"sync"
	"time"

	"firedrill/internal/sample"
	"firedrill/internal/scenario"
)

// watch sees when going on is pointless. It looks at every sample, so it does
// little; what it needs is under one short lock.
type watch struct {
	r       *run
	endSoft context.CancelFunc
	endHard context.CancelFunc

	mu       sync.Mutex
	end      string
	detail   string
	died     Death
	answers  uint64
	failures int // attempts without answer since the last answer, by refused or broken connections
	nothing  int // attempts without answer since the start
	last     time.Duration
	lastFail time.Duration
	reason   sample.ErrorKind
	active   []int
	atLast   int // users active at the last answer
	seconds  [rateWindow]uint32
	second   int64
	logins   []logins
}

// rateWindow is over how many seconds the rate before a death is taken.
const rateWindow = 8

// logins are the first log-ins of a group's users.
type logins struct {
	walks   bool // the journey has a log-in
	last    int  // its last step
	need    int  // refusals, with none accepted, that end the run
	refused int
	ok      bool
	why     uint16
}

// firstLogins is how many refused first log-ins are enough to know.
const firstLogins = 10

func (w *watch) init(r *run, endSoft, endHard context.CancelFunc) {
	w.r, w.endSoft, w.endHard = r, endSoft, endHard
	w.active = make([]int, len(r.program.Groups))
	w.logins = make([]logins, len(r.program.Groups))
	for i, g := range r.program.Groups {
		need := min(firstLogins, g.Users)
		if e := g.Persona.Load.Executor; e == scenario.SharedIterations {
			need = min(need, g.Persona.Load.Iterations)
		}
		w.logins[i] = logins{need: max(1, need)}
		for k := range g.Journey.Steps {
			if g.Journey.Steps[k].Login {
				w.logins[i].walks, w.logins[i].last = true, k
			}
		}
	}
}

// stop ends the run early; the first reason counts.
func (w *watch) stop(end, detail string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopLocked(end, detail)
}

func (w *watch) stopLocked(end, detail string) {
	if w.end != "" {
		return
	}
	w.end, w.detail = end, detail
	w.endSoft()
	if end != EndCostly {
		w.endHard()
	}
}

// abort waits for a value on ch.
func (w *watch) abort(over context.Context, ch <-chan string) {
	select {
	case why := <-ch:
		if why == "" {
			why = "aborted"
		}
		w.stop(why, "")
	case <-over.Done():
	}
}

func (w *watch) users(persona uint16, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active[persona] = n
}

func (w *watch) total() int {
	n := 0
	for _, a := range w.active {
		n += a
	}
	return n
}

// sample looks at an attempt.
func (w *watch) sample(s *sample.Sample) {
	if s.Flags&sample.Interrupted != 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count(s.End)
	if s.Status != 0 {
		if s.End > w.last {
			w.last, w.atLast = s.End, w.total()
		}
		w.answers++
		w.failures = 0
		if l := &w.logins[s.Persona]; s.Flags&(sample.Login|sample.Failed|sample.Unexpected) == sample.Login && int(s.Step) == l.last {
			l.ok = true
		}
		return
	}
	w.reason, w.lastFail = s.Error, max(w.lastFail, s.End)
	if w.answers == 0 {
		w.nothing++
		if w.nothing >= w.giveUp() {
			w.stopLocked(EndUnreachable, fmt.Sprintf("%d attempts and not one answer: %s", w.nothing, s.Error))
		}
		return
	}
	if s.Error == sample.TimedOut { // slow is not dead
		return
	}
	w.failures++
	if w.failures >= minFailures && w.lastFail-w.last >= w.r.DeadAfter {
		w.die()
	}
}

// minFailures is how many failed attempts in a row it takes to call a target dead.
const minFailures = 10

// giveUp is how many attempts without an answer are enough: for few users fewer,
// since each of them pauses after a failure.
func (w *watch) giveUp() int {
	users := 0
	for _, g := range w.r.program.Groups {
		users += g.Users
	}
	return min(w.r.GiveUp, max(3, users))
}

// count counts attempts by second, for the rate before a death.
func (w *watch) count(at time.Duration) {
	second := int64(at / time.Second)
	for w.second < second {
		w.second++
		w.seconds[w.second%rateWindow] = 0
	}
	if second > w.second-rateWindow && second >= 0 {
		w.seconds[second%rateWindow]++
	}
}

func (w *watch) die() {
	w.died = Death{At: w.last, Users: w.atLast, Rate: w.rate()}
	w.stopLocked(EndDied, fmt.Sprintf("no answer since %s into the run, at %d users; %d attempts failed: %s",
		w.last.Round(100*time.Millisecond), w.atLast, w.failures, w.reason))
}

// rate is requests per second in the whole seconds before the last answer that are still known.
func (w *watch) rate() float64 {
	last := int64(w.last / time.Second)
	var n, seconds float64
	for s := last - 1; s > w.second-rateWindow && s >= 0; s-- {
		n += float64(w.seconds[s%rateWindow])
		seconds++
	}
	if seconds == 0 {
		return 0
	}
	return n / seconds
}

// iteration looks at how first log-ins went.
func (w *watch) iteration(it sample.Iteration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &w.logins[it.Persona]
	if !l.walks || l.ok {
		return
	}
	switch it.Outcome {
	case sample.LoginFailed:
		l.refused++
		l.why = it.Reason
		if l.refused >= l.need {
			name := w.r.program.Groups[it.Persona].Persona.Name
			w.stopLocked(EndRefused, fmt.Sprintf("persona %s: %d log-ins and none succeeded", name, l.refused))
		}
	case sample.Cut:
	default:
		l.ok = true // whoever came past the log-in was let in
	}
}

// conclude writes how the run ended.
func (w *watch) conclude(out *Outcome, ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end == "" && ctx.Err() == nil && w.answers == 0 && w.nothing > 0 {
		w.end, w.detail = EndUnreachable, fmt.Sprintf("%d attempts and not one answer: %s", w.nothing, w.reason)
	}
	// A target that died shortly before the end: too late to be sure while running.
	if w.end == "" && ctx.Err() == nil && w.failures >= minFailures && w.lastFail-w.last >= min(w.r.DeadAfter, 2*time.Second) {
		w.die()
	}
	switch {
	case w.end != "":
		out.End, out.Detail, out.Died = w.end, w.detail, w.died
	case ctx.Err() != nil:
		out.End = EndInterrupted
	default:
		out.End = EndCompleted
	}
	if out.End == EndRefused {
		for i := range w.logins {
			if l := &w.logins[i]; !l.ok && l.refused > 0 && int(l.why) < len(w.r.texts) {
				out.Detail += ": " + w.r.texts[l.why]
				break
			}
		}
	}
}
