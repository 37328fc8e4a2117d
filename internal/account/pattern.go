package account

import (
	"fmt"
	"strconv"
	"strings"
)

// Placeholder stands for an account's number, from 1, in a pattern.
const Placeholder = "{n}"

// PatternError says why accounts cannot be made from a pattern.
type PatternError struct {
	Persona, Pattern string
	Why, Fix         string
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("accounts of persona %q from pattern %q: %s", e.Persona, e.Pattern, e.Why)
}

// Hint says what to do.
func (e *PatternError) Hint() string { return e.Fix }

// ExitCode marks it as a matter of usage.
func (e *PatternError) ExitCode() int { return 2 }

// FromPattern makes count accounts of persona: in the login and in the password
// "{n}" counts from 1 to count. The error is a *PatternError.
func FromPattern(persona, pattern, password string, count int) ([]Account, error) {
	bad := func(why, fix string) ([]Account, error) {
		return nil, &PatternError{Persona: persona, Pattern: pattern, Why: why, Fix: fix}
	}
	switch {
	case strings.TrimSpace(pattern) == "":
		return bad("it is empty", `write one such as "teacher{n}@test.local"`)
	case count < 1:
		return bad(fmt.Sprintf("count is %d", count), "count says how many accounts there are: at least 1")
	case count > 1 && !strings.Contains(pattern, Placeholder):
		return bad(fmt.Sprintf("it makes the same login %d times", count), "put {n} where the number goes, or set count to 1")
	}
	accounts := make([]Account, count)
	for i := range accounts {
		n := strconv.Itoa(i + 1)
		accounts[i] = Account{
			Persona:  persona,
			N:        i + 1,
			Login:    strings.ReplaceAll(pattern, Placeholder, n),
			Password: strings.ReplaceAll(password, Placeholder, n),
		}
	}
	return accounts, nil
}
