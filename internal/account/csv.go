package account

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// FormatError is a mistake in a file of accounts. It never quotes a password.
type FormatError struct {
	File         string
	Line, Column int // from 1, Column in bytes; 0 = the file as a whole
	Why, Fix     string
}

func (e *FormatError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Why)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Why)
}

// Hint says what to do.
func (e *FormatError) Hint() string { return e.Fix }

// ExitCode marks it as a matter of usage.
func (e *FormatError) ExitCode() int { return 2 }

const example = "the first line names the columns: persona,login,password and any others"

// ReadCSV reads accounts from a CSV file with a heading line. The columns
// persona, login and password are needed, in any order and case; all others are
// kept under their names. A byte order mark is skipped, and a heading with
// semicolons instead of commas is read as such. name is for messages. Errors are
// *FormatError, or those of r.
func ReadCSV(name string, r io.Reader) ([]Account, error) {
	br := bufio.NewReader(r)
	if mark, _ := br.Peek(3); string(mark) == "\ufeff" {
		_, _ = br.Discard(3)
	}
	c := csv.NewReader(br)
	if head, _ := br.Peek(br.Size()); semicolons(string(head)) {
		c.Comma = ';'
	}
	heading, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, &FormatError{File: name, Why: "the file is empty", Fix: example}
	}
	if err != nil {
		return nil, csvError(name, err)
	}
	t := &table{file: name, csv: c, seen: map[[2]string]int{}, count: map[string]int{}}
	if err := t.columns(heading); err != nil {
		return nil, err
	}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(name, err)
		}
		if err := t.add(row); err != nil {
			return nil, err
		}
	}
	if len(t.accounts) == 0 {
		return nil, &FormatError{File: name, Why: "there is a heading and no account", Fix: "add one line for each account"}
	}
	return t.accounts, nil
}

func semicolons(head string) bool {
	line, _, _ := strings.Cut(head, "\n")
	return strings.Contains(line, ";") && !strings.Contains(line, ",")
}

func csvError(name string, err error) error {
	var pe *csv.ParseError
	if !errors.As(err, &pe) {
		return fmt.Errorf("reading accounts from %s: %w", name, err)
	}
	e := &FormatError{File: name, Line: pe.Line, Column: pe.Column, Why: pe.Err.Error()}
	switch {
	case errors.Is(pe.Err, csv.ErrFieldCount):
		e.Why, e.Fix = "the line has not as many fields as the heading", "quote fields that hold a comma: \"a, b\""
	case errors.Is(pe.Err, csv.ErrQuote), errors.Is(pe.Err, csv.ErrBareQuote):
		e.Why, e.Fix = "a quotation mark stands where none may be", "quote the whole field and double the marks inside it: \"say \"\"hi\"\"\""
	}
	return e
}

type table struct {
	file     string
	csv      *csv.Reader
	names    []string
	at       [3]int // columns of persona, login, password
	accounts []Account
	seen     map[[2]string]int // persona and login → line
	count    map[string]int    // accounts by persona
}

var needed = [3]string{"persona", "login", "password"}

func isNeeded(heading string) bool {
	return slices.Contains(needed[:], strings.ToLower(strings.TrimSpace(heading)))
}

func (t *table) columns(heading []string) error {
	t.at = [3]int{-1, -1, -1}
	if !slices.ContainsFunc(heading, isNeeded) { // an account, perhaps: nothing of it is repeated
		return &FormatError{t.file, 1, 1, "the first line names none of the columns persona, login, password", example}
	}
	first := map[string]bool{}
	for i, h := range heading {
		h = strings.TrimSpace(h)
		line, column := t.csv.FieldPos(i)
		if !utf8.ValidString(h) {
			return &FormatError{t.file, line, column, "the heading is not UTF-8 text", "save the file as UTF-8 CSV"}
		}
		key := strings.ToLower(h)
		if first[key] {
			return &FormatError{t.file, line, column, fmt.Sprintf("the column %q occurs twice", h), "give each column a name of its own"}
		}
		first[key] = true
		for k, n := range needed {
			if key == n {
				t.at[k] = i
			}
		}
		t.names = append(t.names, h)
	}
	for k, n := range needed {
		if t.at[k] < 0 {
			return &FormatError{t.file, 1, 1, fmt.Sprintf("the column %q is missing; there are %s", n, strings.Join(t.names, ", ")), example}
		}
	}
	return nil
}

func (t *table) add(row []string) error {
	a := Account{
		Persona:  strings.TrimSpace(row[t.at[0]]),
		Login:    strings.TrimSpace(row[t.at[1]]),
		Password: row[t.at[2]],
	}
	for k, v := range [2]string{a.Persona, a.Login} {
		if v == "" {
			line, column := t.csv.FieldPos(t.at[k])
			return &FormatError{t.file, line, column, fmt.Sprintf("the %s is empty", needed[k]), "each account needs a persona and a login"}
		}
	}
	line, column := t.csv.FieldPos(t.at[1])
	key := [2]string{a.Persona, a.Login}
	if before, ok := t.seen[key]; ok {
		return &FormatError{t.file, line, column, fmt.Sprintf("the %s %q stands already in line %d", a.Persona, a.Login, before), "no two users may share an account: remove one of the lines"}
	}
	t.seen[key] = line
	t.count[a.Persona]++
	a.N = t.count[a.Persona]
	for i, v := range row {
		if i == t.at[0] || i == t.at[1] || i == t.at[2] {
			continue
		}
		if a.Columns == nil {
			a.Columns = map[string]string{}
		}
		a.Columns[t.names[i]] = v
	}
	t.accounts = append(t.accounts, a)
	return nil
}
