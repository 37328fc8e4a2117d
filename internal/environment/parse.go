package environment

import (
	"fmt"
	"strings"
	"time"

	"firedrill/internal/yamldoc"
)

// ParseError says what is wrong with a file, where, and what to do about it.
type ParseError = yamldoc.Error

// Parse reads firedrill.yaml. It is strict: whatever it does not understand is a
// *ParseError with line and column. file is for messages and for File.Name.
// Defaults are filled in (Expect.Path, Expect.Timeout), hosts of Resolve are in
// lower case; "env:" and "file:" values are not resolved.
func Parse(file string, src []byte) (*File, error) {
	root, bad := yamldoc.Parse(file, src)
	if bad == nil {
		bad = language().Conform(root)
	}
	if bad != nil {
		return nil, bad
	}
	f := &File{Name: file}
	for _, p := range root.Get("environments").Pairs {
		e, bad := readEnvironment(p.Key, p.Value)
		if bad != nil {
			return nil, bad
		}
		f.Environments = append(f.Environments, e)
	}
	for _, c := range root.Get("categories").Each() {
		f.Categories = append(f.Categories, Category{Match: c.Get("match").String(), Category: c.Get("category").String(), Class: c.Get("class").String()})
	}
	return f, nil
}

func readEnvironment(key, n *yamldoc.Node) (Environment, *yamldoc.Error) {
	e := Environment{Name: key.Text, Line: key.Line, Recording: n.Get("recording").String(), Allow: n.Get("allow").Strings(),
		Proxy: n.Get("proxy").String(), Critical: n.Get("critical").Strings()}
	for _, t := range n.Get("targets").Pairs {
		e.Targets = append(e.Targets, Target{Name: t.Key.Text, URL: strings.TrimSuffix(t.Value.Text, "/")})
	}
	if secrets := n.Get("secrets"); secrets != nil {
		e.Secrets = map[string]string{}
		for _, s := range secrets.Pairs {
			e.Secrets[s.Key.Text] = s.Value.Text
		}
	}
	where := "environments." + key.Text
	var bad *yamldoc.Error
	if accounts := n.Get("accounts"); accounts != nil {
		if e.Accounts, bad = readAccounts(accounts, where+".accounts"); bad != nil {
			return e, bad
		}
	}
	if expect := n.Get("expect"); expect != nil {
		if e.Expect, bad = readExpect(expect, where+".expect"); bad != nil {
			return e, bad
		}
	}
	if e.TLS, bad = readTLS(n.Get("tls"), where+".tls"); bad != nil {
		return e, bad
	}
	e.Resolve, bad = readResolve(n.Get("resolve"), where+".resolve")
	return e, bad
}

func readAccounts(n *yamldoc.Node, where string) (Accounts, *yamldoc.Error) {
	var a Accounts
	for _, p := range n.Pairs {
		if p.Value.Kind == yamldoc.Text {
			if p.Key.Text != "file" {
				return a, p.Value.Errorf(fmt.Sprintf("%s.%s must be a pattern, and is text", where, p.Key.Text),
					fmt.Sprintf(`write %s: {pattern: "%s{n}@test.local", password: PASSWORD, count: 50}, or file: for a CSV file`, p.Key.Text, p.Key.Text))
			}
			a.File = p.Value.Text
			continue
		}
		pattern := p.Value.Get("pattern")
		count, _ := p.Value.Get("count").Number() // checked by the language
		if count > 1 && !strings.Contains(pattern.Text, "{n}") {
			return a, pattern.Errorf(fmt.Sprintf("%s.%s.pattern has no {n}: all %.0f accounts would be the same", where, p.Key.Text, count),
				`write it as in "teacher{n}@test.local", or count: 1`)
		}
		a.Patterns = append(a.Patterns, Pattern{Persona: p.Key.Text, Pattern: pattern.Text, Password: p.Value.Get("password").Text, Count: int(count)})
	}
	if a.File != "" && len(a.Patterns) > 0 {
		return a, n.Key("file").Errorf(where+" has a file and patterns", "keep one of the two")
	}
	return a, nil
}

func readExpect(n *yamldoc.Node, where string) (Expect, *yamldoc.Error) {
	x := Expect{Header: n.Get("header").String(), Path: n.Get("path").String(), Body: n.Get("body").String(), Timeout: 5 * time.Second}
	if x.Header == "" && x.Body == "" {
		return x, n.Errorf(where+" says nothing to expect", "give header or body")
	}
	if x.Path == "" {
		x.Path = "/"
	}
	if t := n.Get("timeout"); t != nil {
		x.Timeout, _ = time.ParseDuration(t.Text) // checked by the language
	}
	return x, nil
}
