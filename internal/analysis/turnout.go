package analysis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/sample"
	"firedrill/internal/verdict"
)

// absentLimit is from which share of users on that were there and got nothing
// done a level of users is not the one that was asked for.
const absentLimit = 0.05

// wholeRun stands for all phases together.
const wholeRun = -1

// turnout is which virtual users got anything done, over the run and in each phase.
// A user who is refused at the log-in, finds nothing to choose from, or reaches
// nobody, is no load.
type turnout struct {
	phases  []sample.Phase
	refused map[turnKey]bool // iterations whose log-in was refused
	users   map[uint32]*attendance
}

type turnKey struct{ user, iteration uint32 }

// attendance is what became of one user; each list is by phase, the whole run last.
type attendance struct {
	persona         uint16
	worked          []bool // a request past the log-in was answered or timed out, or an iteration was completed
	failed          []bool // an iteration came to nothing
	refused         []bool // of those at the log-in
	account, answer string // "teacher51@test.local", "POST /api/v1/auth/login answered 401"
	denied          bool   // a log-in was refused for what was sent, and not because the target could do no more
}

// forAccount is whether an answer refuses a log-in for what was sent. No answer (0)
// and a target that can do no more say nothing of the account.
func forAccount(status int) bool {
	return status != 0 && status != 408 && status != 429 && status < 500
}

func newTurnout(phases []sample.Phase) *turnout {
	return &turnout{phases: phases, refused: map[turnKey]bool{}, users: map[uint32]*attendance{}}
}

func (t *turnout) user(vu uint32, persona uint16) *attendance {
	a := t.users[vu]
	if a == nil {
		n := len(t.phases) + 1
		a = &attendance{persona: persona, worked: make([]bool, n), failed: make([]bool, n), refused: make([]bool, n)}
		t.users[vu] = a
	}
	return a
}

// mark sets the phases that a stretch touches, and the whole run.
func (t *turnout) mark(list []bool, s stretch) {
	list[len(list)-1] = true
	for i, p := range t.phases {
		if s.from < p.To && s.to >= p.From || p.To <= p.From && s.to >= p.From {
			list[i] = true
		}
	}
}

// iteration takes all iterations before the first sample.
func (t *turnout) iteration(it *sample.Iteration, reasons []string) {
	if it.Outcome == sample.Cut {
		return // it may have been at the log-in still
	}
	a, during := t.user(it.VU, it.Persona), stretch{it.Start, it.End}
	if it.Outcome == sample.Completed {
		t.mark(a.worked, during)
		return
	}
	t.mark(a.failed, during)
	if it.Outcome != sample.LoginFailed {
		return
	}
	t.mark(a.refused, during)
	t.refused[turnKey{it.VU, it.Iteration}] = true
	if int(it.Reason) >= len(reasons) {
		return
	}
	text, ok := strings.CutPrefix(reasons[it.Reason], "log-in refused: ")
	if !ok { // one of more than a run keeps
		return
	}
	answer, account, _ := strings.Cut(text, " (account ")
	status, _ := strconv.Atoi(answer[strings.LastIndexByte(answer, ' ')+1:])
	if a.answer == "" || forAccount(status) {
		a.answer, a.account = answer, strings.TrimSuffix(account, ")")
	}
}

func (t *turnout) sample(s *sample.Sample) {
	a := t.user(s.VU, s.Persona)
	refused := t.refused[turnKey{s.VU, s.Iteration}]
	switch {
	case s.Has(sample.Login):
		a.denied = a.denied || refused && (s.Has(sample.Failed) || s.Has(sample.Unexpected)) && forAccount(int(s.Status))
	case s.Status == 0 && s.Error != sample.TimedOut, refused:
	default:
		t.mark(a.worked, stretch{s.Intended, s.End})
	}
}

// absence is the users of a phase that got nothing done.
type absence struct {
	seen     []int // by persona: users of whom something is known
	denied   []int // of those refused at the log-in, for their account's sake
	turned   []int // refused because the target could do no more
	idle     []int // that got nothing done for another reason
	total    int   // of the three
	accounts []string
	answer   string // to the first of them
}

// absent counts them, of one phase or of the wholeRun.
func (t *turnout) absent(phase, personas int) absence {
	b := absence{seen: make([]int, personas), denied: make([]int, personas), turned: make([]int, personas), idle: make([]int, personas)}
	numbers := make([]uint32, 0, len(t.users))
	for vu := range t.users {
		numbers = append(numbers, vu)
	}
	slices.Sort(numbers)
	for _, vu := range numbers {
		a := t.users[vu]
		k := phase
		if k == wholeRun {
			k = len(t.phases)
		}
		if int(a.persona) >= personas || !a.worked[k] && !a.failed[k] {
			continue
		}
		b.seen[a.persona]++
		if a.worked[k] {
			continue
		}
		b.total++
		switch {
		case !a.refused[k]:
			b.idle[a.persona]++
			continue
		case a.denied:
			b.denied[a.persona]++
		default:
			b.turned[a.persona]++
		}
		b.answer = or(b.answer, a.answer)
		if a.account != "" && !slices.Contains(b.accounts, a.account) {
			b.accounts = append(b.accounts, a.account)
		}
	}
	return b
}

// of is how many of so many users these are: where users come and go, their share.
func (b absence) of(users int) int {
	known := 0
	for _, n := range b.seen {
		known += n
	}
	if b.total == 0 || known == 0 {
		return 0
	}
	known = max(known, users)
	return min(users, (b.total*users+known-1)/known)
}

// sum adds up the personas.
func sum(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}

// refusals says whose log-in was refused: "70 of 120 teachers and 8 of 11 admins".
func (j *judge) refusals(b absence, of ...[]int) string {
	var parts []string
	for i, name := range j.names.Personas {
		n := 0
		for _, list := range of {
			n += list[i]
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s of %s", verdict.Number(n), people(b.seen[i], name)))
		}
	}
	return list(parts)
}

// people is "1 teacher", "113 teachers", whichever of the two the persona is called.
func people(n int, persona string) string {
	if n != 1 && strings.HasSuffix(persona, "s") {
		return verdict.Number(n) + " " + persona
	}
	return verdict.Count(n, persona)
}

// words says why users got nothing done: "70 of 120 teachers were refused at the log-in".
func (j *judge) absentWords(b absence) string {
	var parts []string
	if who := j.refusals(b, b.denied, b.turned); who != "" {
		parts = append(parts, who+" "+wereOf(sum(b.denied)+sum(b.turned))+" refused at the log-in")
	}
	if who := j.refusals(b, b.idle); who != "" {
		parts = append(parts, who+" got nothing done")
	}
	return strings.Join(parts, ", and ")
}

func wereOf(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// which names the accounts, and what they were answered.
func (b absence) which() string {
	var parts []string
	if len(b.accounts) > 0 {
		noun := "account "
		if len(b.accounts) > 1 {
			noun = "accounts "
		}
		parts = append(parts, noun+few(b.accounts, 3))
	}
	if b.answer != "" {
		parts = append(parts, b.answer)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

// peak is the greatest number of users at once that got something done.
func (j *judge) peak() int { return j.tally.users.peak - j.absent.of(j.tally.users.peak) }

// neverIn is why the run does not count, if too many users never got in; "": it does.
func (j *judge) neverIn() string {
	b := j.absent
	if n := sum(b.denied); n == 0 || float64(n) <= absentLimit*float64(sum(b.seen)) {
		return ""
	}
	return fmt.Sprintf("%s never got past the log-in%s, so they were no load: give this environment accounts that the target knows", j.refusals(b, b.denied), b.which())
}

// absentFinding says who never got in, where that does not make the run invalid.
func (j *judge) absentFinding() {
	b := j.absent
	n, at := sum(b.denied)+sum(b.turned), j.tally.firsts.loginFailed
	if n == 0 || j.neverIn() != "" {
		return
	}
	status, advice := verdict.Info, "they were no load; check these accounts"
	if turned := sum(b.turned); turned > 0 {
		advice = "whoever is not let in is not served, and was no load; look at what the log-in costs"
		if float64(turned) > absentLimit*float64(sum(b.seen)) && j.manifest.Steps == nil {
			status = verdict.Fail
		}
	}
	j.find(status, at, "log-in", fmt.Sprintf("%s never got past the log-in%s", j.refusals(b, b.denied, b.turned), b.which()), advice)
}

// missing is why a step is not the level of users that was asked for; "": it is.
func (j *judge) missing(phase int) string {
	b, users := j.tally.turnout.absent(phase, len(j.names.Personas)), j.stepUsers(phase)
	if n := b.of(users); n == 0 || float64(n) <= absentLimit*float64(users) {
		return ""
	}
	return j.absentWords(b)
}

// stepWorked is how many of a step's users got something done in it.
func (j *judge) stepWorked(phase int) int {
	users := j.stepUsers(phase)
	return users - j.tally.turnout.absent(phase, len(j.names.Personas)).of(users)
}
