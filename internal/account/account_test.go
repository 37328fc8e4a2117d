package account_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/account"
)

func TestReadCSV(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []account.Account
	}{
		{"plain", "persona,login,password\nteacher,a@x,p1\nteacher,b@x,p2\nstudent,c@x,p3\n", []account.Account{
			{Persona: "teacher", N: 1, Login: "a@x", Password: "p1"},
			{Persona: "teacher", N: 2, Login: "b@x", Password: "p2"},
			{Persona: "student", N: 1, Login: "c@x", Password: "p3"},
		}},
		{"any order and case, more columns", "School ID,Password,LOGIN,persona\n7, p 1 ,a@x,teacher\n", []account.Account{
			{Persona: "teacher", N: 1, Login: "a@x", Password: " p 1 ", Columns: map[string]string{"School ID": "7"}},
		}},
		{"byte order mark, semicolons, CRLF", "\ufeffpersona;login;password\r\nteacher;a@x;p,1\r\n", []account.Account{
			{Persona: "teacher", N: 1, Login: "a@x", Password: "p,1"},
		}},
		{"quotes", "persona,login,password\nteacher,a@x,\"p,\"\"1\"\n", []account.Account{
			{Persona: "teacher", N: 1, Login: "a@x", Password: `p,"1`},
		}},
		{"one login in two personas", "persona,login,password\nteacher,a,p\nadmin,a,p\n", []account.Account{
			{Persona: "teacher", N: 1, Login: "a", Password: "p"}, {Persona: "admin", N: 1, Login: "a", Password: "p"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := account.ReadCSV("accounts.csv", strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadCSVErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "a.csv: the file is empty"},
		{"heading only", "persona,login,password\n", "a.csv: there is a heading and no account"},
		{"no password", "persona,login\nx,y\n", `a.csv:1:1: the column "password" is missing; there are persona, login`},
		{"no heading", "teacher,t1@x,hunter2\n", "a.csv:1:1: the first line names none of the columns persona, login, password"},
		{"column twice", "persona,login,password,Login\n", `a.csv:1:24: the column "Login" occurs twice`},
		{"login twice", "persona,login,password\nt,a,1\nt,b,2\nt,a,3\n", `a.csv:4:3: the t "a" stands already in line 2`},
		{"no login", "persona,login,password\nt,,1\n", "a.csv:2:3: the login is empty"},
		{"no persona", "persona,login,password\n ,a,1\n", "a.csv:2:1: the persona is empty"},
		{"too few fields", "persona,login,password\nt,a\n", "a.csv:2:1: the line has not as many fields as the heading"},
		{"open quote", "persona,login,password\nt,a,\"secret\n", "a.csv:2:"},
		{"bare quote", "persona,login,password\nt,a,se\"cret\n", "a.csv:2:7: a quotation mark stands where none may be"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := account.ReadCSV("a.csv", strings.NewReader(tt.text))
			var fe *account.FormatError
			if !errors.As(err, &fe) {
				t.Fatalf("%v is no *FormatError", err)
			}
			if !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%q, want %q", err, tt.want)
			}
			if fe.ExitCode() != 2 || strings.Contains(err.Error()+fe.Hint(), "secret") {
				t.Errorf("exit code %d, %q", fe.ExitCode(), err)
			}
			if fe.Line > 0 && fe.Column < 1 {
				t.Errorf("no column: %q", err)
			}
		})
	}
}

func TestFromPattern(t *testing.T) {
	got, err := account.FromPattern("teacher", "teacher{n}@test.local", "pw{n}", 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range got {
		want := account.Account{Persona: "teacher", N: i + 1, Login: fmt.Sprintf("teacher%d@test.local", i+1), Password: fmt.Sprintf("pw%d", i+1)}
		if d := cmp.Diff(want, a); d != "" {
			t.Error(d)
		}
	}
	for _, bad := range []struct {
		pattern string
		count   int
	}{{"", 1}, {"same@x", 2}, {"t{n}", 0}} {
		var pe *account.PatternError
		if _, err := account.FromPattern("teacher", bad.pattern, "p", bad.count); !errors.As(err, &pe) || pe.ExitCode() != 2 || pe.Hint() == "" {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestPool(t *testing.T) {
	all, _ := account.FromPattern("teacher", "t{n}", "p", 5)
	student, _ := account.FromPattern("student", "s{n}", "p", 1)
	pool := account.NewPool(append(all, student...))
	seen := map[string]bool{}
	for _, n := range []int{2, 3} {
		got, err := pool.Take("teacher", n)
		if err != nil || len(got) != n {
			t.Fatal(got, err)
		}
		for _, a := range got {
			if seen[a.Login] {
				t.Errorf("%s was handed out twice", a.Login)
			}
			seen[a.Login] = true
		}
	}
	for _, tt := range []struct {
		persona string
		n       int
		text    string
		hint    string
	}{
		{"teacher", 1, `1 more virtual user needs an account of persona "teacher": there are 5 and 5 of them are taken`, "add at least 1 to those of persona teacher"},
		{"student", 4, `4 virtual users need accounts of persona "student" and there are 1`, "add at least 3 to those of persona student"},
		{"admin", 2, `2 virtual users need accounts of persona "admin" and there are none`, "there are accounts of student (1), teacher (5)"},
	} {
		_, err := pool.Take(tt.persona, tt.n)
		var se *account.ShortageError
		if !errors.As(err, &se) || se.ExitCode() != 2 || err.Error() != tt.text || !strings.Contains(se.Hint(), tt.hint) {
			t.Errorf("%v; hint %q", err, se.Hint())
		}
	}
	if got, err := pool.Take("student", 1); err != nil || got[0].Login != "s1" {
		t.Errorf("after a shortage the accounts are still there: %v %v", got, err)
	}
	_, err := account.NewPool(nil).Take("teacher", 2)
	var se *account.ShortageError
	if !errors.As(err, &se) || !strings.Contains(se.Hint(), "--accounts FILE") {
		t.Errorf("%v: %q", err, se.Hint())
	}
}

func TestAccountHidesItself(t *testing.T) {
	a := account.Account{Persona: "teacher", N: 7, Login: "secret@x", Password: "secret", Columns: map[string]string{"pin": "secret"}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "account", a)
	if text := fmt.Sprint(a) + log.String(); strings.Contains(text, "secret") || !strings.Contains(text, "teacher #7") {
		t.Error(text)
	}
	for name, want := range map[string]string{"login": "secret@x", "Password": "secret", "persona": "teacher", "pin": "secret"} {
		if got, ok := a.Column(name); !ok || got != want {
			t.Errorf("%s: %q %v", name, got, ok)
		}
	}
	if _, ok := a.Column("none"); ok {
		t.Error("a column that is not there")
	}
}

// FuzzReadCSV: any text gives accounts that make sense, or an error with a place.
func FuzzReadCSV(f *testing.F) {
	f.Add("persona,login,password\nt,a,p\n")
	f.Add("\ufeffpersona;login;password;x\nt;a;\"p\";1\n")
	f.Add("persona,login,password\nt,\"a\nb\",p\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := account.ReadCSV("a.csv", strings.NewReader(text))
		if err != nil {
			var fe *account.FormatError
			if !errors.As(err, &fe) || fe.Why == "" || fe.Line > 0 && fe.Column < 1 {
				t.Fatalf("%#v", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, a := range got {
			key := a.Persona + "\x00" + a.Login
			if a.Persona == "" || a.Login == "" || a.N < 1 || seen[key] {
				t.Fatalf("%#v", a)
			}
			seen[key] = true
			for name := range a.Columns {
				if !utf8.ValidString(name) {
					t.Fatalf("column %q", name)
				}
			}
		}
	})
}
