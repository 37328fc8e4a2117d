package account

import (
	"fmt"
	"log/slog"
	"strings"
)

// Account is one person that a virtual user may act as. String and LogValue
// hide everything but the persona and the place in the list.
type Account struct {
	Persona  string
	N        int // 1-based place among the accounts of its persona
	Login    string
	Password string
	Columns  map[string]string // further columns, by name
}

// Column returns the named column; "login" and "password" included.
func (a Account) Column(name string) (string, bool) {
	switch strings.ToLower(name) {
	case "login":
		return a.Login, true
	case "password":
		return a.Password, true
	case "persona":
		return a.Persona, true
	}
	v, ok := a.Columns[name]
	return v, ok
}

// String names the account without its secrets: "teacher #7".
func (a Account) String() string { return fmt.Sprintf("%s #%d", a.Persona, a.N) }

// LogValue keeps credentials out of logs.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.String()) }
