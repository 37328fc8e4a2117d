package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"firedrill/internal/cli"
	"firedrill/internal/environment"
	"firedrill/internal/load/wire"
	"firedrill/internal/plan"
)

// ParseTarget reads "[name=]URL" as given by --target.
func ParseTarget(text string) (environment.Target, error) {
	name, address, ok := strings.Cut(text, "=")
	if !ok || strings.Contains(name, ":") {
		name, address = "", text
	}
	if _, err := parseTargetURL(address); err != nil {
		return environment.Target{}, err
	}
	return environment.Target{Name: name, URL: address}, nil
}

func parseTargetURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, cli.Usagef("target %q is not a URL: %w", address, err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, cli.Usagef("target %q must begin with http:// or https://", address)
	case u.Hostname() == "":
		return nil, cli.Usagef("target %q names no host", address)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, cli.Usagef("target %q must be an origin: scheme, host and port only", address).With("leave out %q: the paths come from the recording", u.RequestURI())
	case u.User != nil:
		return nil, cli.Usagef("target %q must not hold a password", u.Redacted()).With("accounts come from --accounts or %s", ConfigName)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// mapTargets says where the requests of each needed origin go: by name, else by
// the URL that was recorded, else one to one where there is one of each.
func mapTargets(origins []plan.Origin, needed []string, given []environment.Target) (map[string]*url.URL, error) {
	var wanted []plan.Origin
	for _, o := range origins {
		if slices.Contains(needed, o.Name) {
			wanted = append(wanted, o)
		}
	}
	targets := map[string]*url.URL{}
	var missing []string
	for _, o := range wanted {
		t, ok := targetFor(o, given, len(wanted) == 1)
		if !ok {
			missing = append(missing, fmt.Sprintf("%s (recorded as %s)", o.Name, o.URL))
			continue
		}
		u, err := parseTargetURL(t.URL)
		if err != nil {
			return nil, err
		}
		targets[o.Name] = u
	}
	if len(missing) > 0 {
		return nil, cli.Usagef("no target is given for %s", quoteList(missing)).
			With("add --target NAME=URL, or targets: {NAME: URL} to the environment in %s; recorded hosts are never contacted unless mapped", ConfigName)
	}
	return targets, nil
}

func originNames(origins []plan.Origin) []string {
	var names []string
	for _, o := range origins {
		names = append(names, o.Name)
	}
	return names
}

func targetFor(o plan.Origin, given []environment.Target, only bool) (environment.Target, bool) {
	for _, t := range given {
		if t.Name == o.Name && t.Name != "" {
			return t, true
		}
	}
	for _, t := range given {
		if strings.TrimSuffix(t.URL, "/") == o.URL {
			return t, true
		}
	}
	if only && len(given) == 1 {
		return given[0], true
	}
	if only { // several targets, one recorded origin: the unnamed one is meant
		for _, t := range given {
			if t.Name == "" {
				return t, true
			}
		}
	}
	return environment.Target{}, false
}

// loopback reports whether the host can only be this machine.
func loopback(host string) bool { return wire.Loopback(host) }

// permit refuses targets that are neither on this machine, by their name and by the
// address that is connected to, nor allowed in the environment, nor confirmed with --yes.
func permit(targets map[string]*url.URL, env place, way *wire.Options, confirmed bool) error {
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		u := targets[name]
		host := u.Hostname()
		address, _, _ := way.Way(u)
		at, _, _ := net.SplitHostPort(address) // made by JoinHostPort
		allowed := slices.ContainsFunc(env.Allow, func(a string) bool { return strings.EqualFold(a, host) || strings.EqualFold(a, u.Host) })
		switch {
		case loopback(host) && loopback(at), confirmed, allowed:
			continue
		case loopback(host):
			return cli.Usagef("%s is not on this machine: resolve: of environment %q leads it to %s, which is not allowed yet", u, env.Name, address).
				With("name the target by its own name, and that under allow: in %s", fallback(env.config, ConfigName))
		}
		return cli.Usagef("%s is not on this machine and is not allowed yet: replaying writes to it", u).
			With("if it is a system that may be loaded, add %q to allow: of environment %q in %s, or confirm this once with --yes", host, env.Name, fallback(env.config, ConfigName))
	}
	return nil
}

// prove asks the targets for what the environment expects, the way that the run's
// requests will go, so that a wrong system behind the right name is refused before
// the first of them.
func prove(ctx context.Context, targets map[string]*url.URL, env place, way *wire.Options) error {
	if env.Expect.Header == "" && env.Expect.Body == "" {
		return nil
	}
	c := wire.New(way)
	defer c.Close()
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		if err := proveOne(ctx, c, name, targets[name], env); err != nil {
			return err
		}
	}
	return nil
}

// longestProof bounds the answer that is searched for the expected text.
const longestProof = 1 << 20

func proveOne(ctx context.Context, c *wire.Client, name string, u *url.URL, env place) error {
	expect := env.Expect
	req := &wire.Request{
		Method: "GET", Scheme: u.Scheme, Authority: u.Host, Dial: wire.HostPort(u), Target: fallback(expect.Path, "/"),
		Header:  []wire.Field{{Name: "User-Agent", Value: "firedrill/" + Version}, {Name: "Accept", Value: "*/*"}},
		Timeout: cmp.Or(expect.Timeout, 5*time.Second), MaxBody: longestProof,
	}
	var res wire.Response
	err := c.Do(ctx, req, &res)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, wire.ErrTooLarge) {
		return cli.Invalidf("target %s did not prove what it is: %w", name, err).With("%s", env.wayHint(u, err))
	}
	if key, want, ok := strings.Cut(expect.Header, ":"); ok {
		key, want = strings.TrimSpace(key), strings.TrimSpace(want)
		if got, _ := res.Get(key); got != want {
			return cli.Usagef("target %s is not what was expected: %s is %q, not %q", name, key, got, want).
				With("nothing was sent to it but one GET %s; look whether %s is the system you mean", req.Target, u)
		}
	}
	if expect.Body != "" {
		body, err := res.Content()
		if err != nil || !strings.Contains(string(body), expect.Body) {
			return cli.Usagef("target %s is not what was expected: the answer to GET %s does not contain the expected text", name, req.Target).
				With("nothing was sent to it but that; look whether %s is the system you mean", u)
		}
	}
	return nil
}
