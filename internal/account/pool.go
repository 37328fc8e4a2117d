package account

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Pool hands out accounts so that no two virtual users ever act as the same
// person. It is not safe for concurrent use: accounts are handed out before a
// run starts, which also makes it the same person for the same user every time.
type Pool struct {
	free map[string][]Account // by persona, in order
	have map[string]int       // by persona, before anything was handed out
}

// NewPool is a pool of the given accounts, in their order within each persona.
func NewPool(accounts []Account) *Pool {
	p := &Pool{free: map[string][]Account{}, have: map[string]int{}}
	for _, a := range accounts {
		p.free[a.Persona] = append(p.free[a.Persona], a)
		p.have[a.Persona]++
	}
	return p
}

// Personas are the personas that the pool has accounts of, sorted.
func (p *Pool) Personas() []string { return slices.Sorted(maps.Keys(p.have)) }

// Have is the number of accounts of persona, handed out or not.
func (p *Pool) Have(persona string) int { return p.have[persona] }

// Take hands out the next n accounts of persona. The error is a *ShortageError
// when there are fewer left; nothing is handed out then.
func (p *Pool) Take(persona string, n int) ([]Account, error) {
	left := p.free[persona]
	if n > len(left) {
		e := &ShortageError{Persona: persona, Need: n, Left: len(left), Have: p.have[persona]}
		for _, name := range p.Personas() {
			e.Others = append(e.Others, Stock{Persona: name, Have: p.have[name]})
		}
		return nil, e
	}
	p.free[persona] = left[n:]
	return left[:n:n], nil
}

// Stock is how many accounts there are of a persona.
type Stock struct {
	Persona string
	Have    int
}

// ShortageError says that there are fewer accounts than virtual users.
type ShortageError struct {
	Persona string
	Need    int     // virtual users that need one now
	Left    int     // accounts not handed out yet
	Have    int     // accounts of the persona at all
	Others  []Stock // all that the pool has, by persona
}

func (e *ShortageError) Error() string {
	if e.Have == 0 {
		return fmt.Sprintf("%s of persona %q and there are none", e.users("virtual user"), e.Persona)
	}
	if e.Left < e.Have {
		return fmt.Sprintf("%s of persona %q: there are %d and %d of them are taken", e.users("more virtual user"), e.Persona, e.Have, e.Have-e.Left)
	}
	return fmt.Sprintf("%s of persona %q and there are %d", e.users("virtual user"), e.Persona, e.Have)
}

// users says how many need what.
func (e *ShortageError) users(noun string) string {
	if e.Need == 1 {
		return "1 " + noun + " needs an account"
	}
	return fmt.Sprintf("%d %ss need accounts", e.Need, noun)
}

// Hint says what to do.
func (e *ShortageError) Hint() string {
	if e.Have == 0 && len(e.Others) > 0 {
		var names []string
		for _, s := range e.Others {
			names = append(names, fmt.Sprintf("%s (%d)", cmp.Or(s.Persona, `""`), s.Have))
		}
		return fmt.Sprintf("there are accounts of %s; name one of these in the scenario (account: …), or add accounts of persona %s with --accounts or in firedrill.yaml", strings.Join(names, ", "), e.Persona)
	}
	if e.Have == 0 {
		return fmt.Sprintf("give accounts with --accounts FILE (columns persona, login, password), or a pattern in firedrill.yaml: accounts: {%s: {pattern: \"%s{n}@test.local\", password: …, count: %d}}", e.Persona, e.Persona, e.Need)
	}
	return fmt.Sprintf("add at least %d to those of persona %s, or run fewer users with --scale; no two users share an account", e.Need-e.Left, e.Persona)
}

// ExitCode marks it as a matter of usage.
func (e *ShortageError) ExitCode() int { return 2 }
