package drill

import (
	"fmt"
	"os"
	"strings"

	"firedrill/internal/account"
	"firedrill/internal/cli"
)

// readAccounts reads who the virtual users log in as: the named CSV, else the
// environment's file or patterns. said tells in one line where they came from.
func readAccounts(file string, env place) (accounts []account.Account, said string, err error) {
	if file == "" {
		file = env.path(env.Accounts.File)
	}
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return nil, "", cli.Usagef("reading the accounts: %w", err).
				With("a CSV with the columns persona, login and password, and any others; --accounts names it")
		}
		defer f.Close()
		accounts, err := account.ReadCSV(file, f)
		return accounts, fmt.Sprintf("%s (%s)", file, countByPersona(accounts)), err
	}
	for _, p := range env.Accounts.Patterns {
		more, err := account.FromPattern(p.Persona, p.Pattern, p.Password, p.Count)
		if err != nil {
			return nil, "", fmt.Errorf("%s: accounts of environment %q: %w", env.config, env.Name, err)
		}
		accounts = append(accounts, more...)
	}
	if len(accounts) == 0 {
		return nil, "none", nil
	}
	return accounts, fmt.Sprintf("patterns of %s (%s)", env.config, countByPersona(accounts)), nil
}

func countByPersona(accounts []account.Account) string {
	var names []string
	counts := map[string]int{}
	for _, a := range accounts {
		if counts[a.Persona] == 0 {
			names = append(names, a.Persona)
		}
		counts[a.Persona]++
	}
	for i, n := range names {
		names[i] = fmt.Sprintf("%d %s", counts[n], n)
	}
	return strings.Join(names, ", ")
}
