package environment

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"firedrill/internal/plan"
	"firedrill/internal/scenario"
	"firedrill/internal/yamldoc"
)

// language is the shape of firedrill.yaml: what Parse accepts and what
// docs/environment.schema.json is made from.
func language() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Doc: "Where firedrill rehearses: environments, their accounts and what may be contacted.", Fields: []yamldoc.Field{
		{Key: "environments", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Map, Elem: environmentShape(), Least: 1, Key: checkName,
			What: "a mapping of environments", Doc: "The environments, by the name that --env takes; local is meant where none is named."}},
		{Key: "categories", Shape: &yamldoc.Shape{Kind: yamldoc.List, Elem: categoryShape(), Doc: "Categories of endpoints that cannot be learned from traffic; the first match wins."}},
	}}
}

func environmentShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "environment", What: "an environment with targets", Doc: "One place to rehearse against.", Fields: []yamldoc.Field{
		{Key: "targets", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Map, Least: 1, Key: checkName, Elem: targetShape(), What: "{NAME: URL}",
			Doc: "Where the requests of each recorded origin go. Nothing else is contacted."}},
		{Key: "recording", Shape: &yamldoc.Shape{Kind: yamldoc.Text, What: "a path", Doc: "The recording, as a path relative to this file."}},
		{Key: "accounts", Shape: accountsShape()},
		{Key: "secrets", Shape: &yamldoc.Shape{Kind: yamldoc.Map, Elem: secretShape(), Doc: "Constants that requests need: env:NAME, file:PATH or the value."}},
		{Key: "allow", Shape: &yamldoc.Shape{Kind: yamldoc.List, Elem: hostShape(), Set: true, Doc: "Hosts besides this machine that may be loaded."}},
		{Key: "expect", Shape: expectShape()},
		{Key: "tls", Shape: tlsShape()},
		{Key: "proxy", Shape: proxyShape()},
		{Key: "resolve", Shape: resolveShape()},
		{Key: "critical", Shape: &yamldoc.Shape{Kind: yamldoc.List, Elem: endpointShape(), Set: true,
			Doc: "Endpoints that matter here: added to those of each scenario that visits its critical endpoints."}},
	}}
}

func accountsShape() *yamldoc.Shape {
	pattern := &yamldoc.Shape{Kind: yamldoc.Map, Name: "pattern", What: `{pattern: "teacher{n}@test.local", password: PASSWORD, count: 50}`, Fields: []yamldoc.Field{
		{Key: "pattern", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Text, Doc: "The log-in; {n} counts from 1."}},
		{Key: "password", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Text, What: "a password", Hidden: true, Doc: "The password of all of them."}},
		{Key: "count", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Integer, Min: ptr(1), Max: ptr(1_000_000), Doc: "How many there are."}},
	}}
	return &yamldoc.Shape{Kind: yamldoc.Map, Least: 1, What: "file: PATH, or a pattern per persona", Elem: &yamldoc.Shape{What: "a path (for file:) or a pattern (for a persona)",
		OneOf: []*yamldoc.Shape{free("A CSV file with the columns persona, login, password and any others, relative to this file."), pattern}},
		Doc: "Who virtual users log in as: file: with a CSV file, or for each persona a pattern."}
}

func expectShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Least: 1, What: `{header: "NAME: VALUE"}`, Doc: "What each target must show, before the first request of a run, to prove that it is what it should be.", Fields: []yamldoc.Field{
		{Key: "header", Shape: &yamldoc.Shape{Kind: yamldoc.Text, What: `text such as "X-Environment: staging"`, Pattern: `^[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+:\s*\S`, Check: checkHeader, Doc: `A header of the answer: "X-Environment: staging".`}},
		{Key: "path", Shape: &yamldoc.Shape{Kind: yamldoc.Text, Pattern: `^/`, Check: checkPath, Doc: "Where to ask; default /."}},
		{Key: "body", Shape: free("Text that the answer must contain.")},
		{Key: "timeout", Shape: &yamldoc.Shape{Kind: yamldoc.Text, What: "a duration such as 5s", Example: "%ss", Pattern: `^[+]?([0-9.]+(ns|us|µs|μs|ms|s|m|h))+$`, Check: checkTimeout, Doc: "How long to wait for the answer; default 5s."}},
	}}
}

func categoryShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "category", What: `{match: "GET /courses/*/gradebook", category: gradebook}`, Fields: []yamldoc.Field{
		{Key: "match", Required: true, Shape: endpointShape()},
		{Key: "category", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Text, Doc: "What latency targets apply.", Words: []string{
			string(plan.Auth), string(plan.List), string(plan.Detail), string(plan.Update), string(plan.Gradebook), string(plan.Analytics),
			string(plan.AI), string(plan.Search), string(plan.Upload), string(plan.Stream), string(plan.Other)}}},
		{Key: "class", Shape: &yamldoc.Shape{Kind: yamldoc.Text, Doc: "What a request does to the application.", Words: []string{
			string(plan.Read), string(plan.Write), string(plan.Destructive), string(plan.Costly)}}},
	}}
}

func endpointShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, What: "an endpoint pattern", Pattern: `^(([^ :]+:)?([A-Z]+|\*) )?(…|\.\.\.)?/[^ ?#]*$`,
		Check: checkEndpoint, Doc: "Method and path; * is one segment, ** any rest, … any beginning."}
}

func free(doc string) *yamldoc.Shape { return &yamldoc.Shape{Kind: yamldoc.Text, Doc: doc} }

func ptr(v float64) *float64 { return &v }

func targetShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, What: "a URL such as http://localhost:4000", Pattern: `^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+/?$`, Check: checkTarget, Doc: "Scheme, host and port."}
}

func secretShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, Hidden: true, What: "env:NAME, file:PATH or a value", Pattern: `\S`, Check: func(text string) *yamldoc.Trouble {
		if strings.TrimSpace(text) == "" {
			return &yamldoc.Trouble{Why: "the secret is empty", Fix: "write env:NAME or file:PATH"}
		}
		_, trouble := checkElsewhere(text)
		return trouble
	}}
}

// checkElsewhere looks at env:NAME and file:PATH, which stand for a value that is
// kept elsewhere; elsewhere is false for other texts.
func checkElsewhere(text string) (elsewhere bool, trouble *yamldoc.Trouble) {
	for _, of := range []string{"env:", "file:"} {
		name, ok := strings.CutPrefix(text, of)
		switch {
		case ok && strings.TrimSpace(name) == "":
			return true, &yamldoc.Trouble{Offset: len(of), Why: of + " names nothing", Fix: "write " + of + "NAME"}
		case ok:
			return true, nil
		}
	}
	return false, nil
}

func hostShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, What: "a host such as api.staging.example.org", Pattern: `^[^/@ ]+$`, Check: func(text string) *yamldoc.Trouble {
		const fix = "write just the host, such as api.staging.example.org, or host:port"
		switch {
		case text == "":
			return &yamldoc.Trouble{Why: "the host is empty", Fix: fix}
		case strings.Contains(text, "*"):
			return &yamldoc.Trouble{Offset: strings.Index(text, "*"), Why: "hosts are named one by one, without *", Fix: fix}
		case strings.ContainsAny(text, "/@ "):
			return &yamldoc.Trouble{Offset: strings.IndexAny(text, "/@ "), Why: fmt.Sprintf("%q is not a host", text), Fix: fix}
		}
		return nil
	}}
}

// checkTarget accepts what can be contacted as an origin.
func checkTarget(text string) *yamldoc.Trouble {
	const like = "write scheme, host and port, such as http://localhost:4000"
	u, err := url.Parse(text)
	switch {
	case text == "":
		return &yamldoc.Trouble{Why: "the URL is empty", Fix: like}
	case err != nil:
		return &yamldoc.Trouble{Why: fmt.Sprintf("%q is not a URL", text), Fix: like}
	case u.Scheme != "http" && u.Scheme != "https":
		return &yamldoc.Trouble{Why: fmt.Sprintf("%q does not begin with http:// or https://", text), Fix: like}
	case u.Hostname() == "":
		return &yamldoc.Trouble{Offset: len(u.Scheme) + 3, Why: fmt.Sprintf("%q names no host", text), Fix: like}
	case u.User != nil:
		return &yamldoc.Trouble{Offset: len(u.Scheme) + 3, Why: "the URL holds a user name", Fix: "log-ins belong under accounts:"}
	case u.Path != "" && u.Path != "/":
		return &yamldoc.Trouble{Offset: len(u.Scheme) + 3 + len(u.Host), Why: "the URL holds a path", Fix: "leave it out: the paths come from the recording"}
	case u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(text, "?#"):
		return &yamldoc.Trouble{Offset: strings.IndexAny(text, "?#"), Why: "the URL holds a query", Fix: "leave it out: the paths come from the recording"}
	}
	return nil
}

func checkHeader(text string) *yamldoc.Trouble {
	name, value, ok := strings.Cut(text, ":")
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if !ok || name == "" || strings.Trim(name, token) != "" || strings.TrimSpace(value) == "" {
		return &yamldoc.Trouble{Why: fmt.Sprintf("%q is not a header with its value", text), Fix: `write it as in "X-Environment: staging", in quotes`}
	}
	return nil
}

func checkPath(text string) *yamldoc.Trouble {
	if !strings.HasPrefix(text, "/") || strings.ContainsAny(text, " ?#") {
		return &yamldoc.Trouble{Why: fmt.Sprintf("%q is not a path", text), Fix: "write it as in /health"}
	}
	return nil
}

func checkTimeout(text string) *yamldoc.Trouble {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > time.Hour {
		return &yamldoc.Trouble{Why: fmt.Sprintf("%q is not a duration above zero and up to 1h", text), Fix: "write a number and a unit, such as 5s"}
	}
	return nil
}

func checkEndpoint(text string) *yamldoc.Trouble {
	var s *scenario.SyntaxError
	if errors.As(scenario.CheckEndpoint(text), &s) {
		return &yamldoc.Trouble{Offset: s.Offset, Why: s.Why, Fix: s.Fix}
	}
	return nil
}

func checkName(text string) *yamldoc.Trouble {
	if text == "" || strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
		return &yamldoc.Trouble{Why: fmt.Sprintf("%q is not a name", text), Fix: "use letters, digits, hyphens, underscores and dots"}
	}
	return nil
}
