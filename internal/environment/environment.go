package environment

import "time"

// File is a parsed firedrill.yaml.
type File struct {
	Name         string // path it was read from, for messages
	Environments []Environment
	Categories   []Category // for all environments; first match wins
}

// Environment is one place to rehearse against.
type Environment struct {
	Name      string
	Targets   []Target          // in file order
	Recording string            // path, relative to the file
	Accounts  Accounts          //
	Secrets   map[string]string // slot name → "env:NAME", "file:PATH" or the value
	Allow     []string          // hosts that may be contacted besides loopback
	Expect    Expect            // proof that the target is what it should be
	TLS       TLS               // how https targets are trusted, and this client by them
	Proxy     string            // "http://user:password@proxy.example.org:3128": outbound proxy for hosts that are not loopback; "" = none. A "env:NAME" or "file:PATH" as in Secrets
	Resolve   map[string]string // host or host:port, in lower case → IP or IP:port that is connected to instead; Host and TLS names stay
	Critical  []string          // endpoints that matter here: added to those of each scenario that visits its critical endpoints
	Line      int
}

// TLS is for https targets. The zero value trusts what the machine trusts. CA, Cert
// and Key are PEM files, relative to the file, with or without "file:" before them;
// or "env:NAME" of a variable that holds the PEM text itself.
type TLS struct {
	CA       string // further authorities
	Cert     string // the client's certificate (and chain)
	Key      string // its key; "" = in Cert
	Insecure bool   // trust anything; said loudly with each run
}

// Target is where the requests of one recorded origin go.
type Target struct {
	Name string // the origin's name in the plan: "api"
	URL  string // "http://localhost:4000"
}

// Accounts says who virtual users log in as: a CSV file, or per persona a pattern.
type Accounts struct {
	File     string // CSV with columns persona, login, password and any others
	Patterns []Pattern
}

// Pattern makes accounts of one persona: "{n}" counts from 1 to Count.
type Pattern struct {
	Persona  string
	Pattern  string // "teacher{n}@test.local"
	Password string
	Count    int
}

// Expect is checked once before the first request of a run. Zero: no check.
type Expect struct {
	Header  string        // "X-Environment: staging"
	Path    string        // where to ask; default "/"
	Body    string        // text that the answer must contain
	Timeout time.Duration // default 5s
}

// Category is a pattern that sets an endpoint's category and, optionally, class
// ("GET /api/v1/courses/*/gradebook" → gradebook).
type Category struct {
	Match    string
	Category string
	Class    string
}

// Get returns the named environment.
func (f *File) Get(name string) (Environment, bool) {
	for _, e := range f.Environments {
		if e.Name == name {
			return e, true
		}
	}
	return Environment{}, false
}
