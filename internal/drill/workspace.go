package drill

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"firedrill/internal/cli"
	"firedrill/internal/environment"
)

// ConfigName is the file that names the environments.
const ConfigName = "firedrill.yaml"

// DefaultEnvironment is the environment that is meant when none is named.
const DefaultEnvironment = "local"

// Workspace says which environment a command works in. Zero: `local` of the
// firedrill.yaml in the current folder, or of none at all.
type Workspace struct {
	Config      string // path of firedrill.yaml; "" = look in the current folder, and do without when there is none
	Environment string // "" = DefaultEnvironment
}

// place is an environment with the folder that its paths are relative to.
type place struct {
	environment.Environment
	categories []environment.Category
	dir        string // folder of firedrill.yaml
	config     string // its path; "" = there is none
}

// open reads firedrill.yaml and takes the named environment. Without a file, or
// with an environment that was not asked for by name, it answers an empty one.
func (w Workspace) open() (place, error) {
	path, asked := w.Config, w.Config != ""
	if path == "" {
		path = ConfigName
	}
	name, named := w.Environment, w.Environment != ""
	if name == "" {
		name = DefaultEnvironment
	}
	src, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		if named && name != DefaultEnvironment {
			return place{}, cli.Usagef("environment %q is not known: there is no %s here", name, ConfigName).
				With("run in the folder that holds %s, or name it with --config", ConfigName)
		}
		return place{Environment: environment.Environment{Name: name}, dir: "."}, nil
	}
	if err != nil {
		return place{}, cli.Usagef("reading the environments: %w", err)
	}
	file, err := environment.Parse(path, src)
	if err != nil {
		return place{}, err
	}
	env, ok := file.Get(name)
	if !ok {
		if !named {
			return place{Environment: environment.Environment{Name: name}, categories: file.Categories, dir: filepath.Dir(path), config: path}, nil
		}
		var known []string
		for _, e := range file.Environments {
			known = append(known, e.Name)
		}
		return place{}, cli.Usagef("%s has no environment %q", path, name).With("it has: %s", strings.Join(known, ", "))
	}
	return place{Environment: env, categories: file.Categories, dir: filepath.Dir(path), config: path}, nil
}

// path makes a path of the environment relative to its file.
func (p place) path(name string) string {
	if name == "" || filepath.IsAbs(name) || p.dir == "" || p.dir == "." {
		return name
	}
	return filepath.Join(p.dir, name)
}

// secret resolves "env:NAME", "file:PATH" or the value itself.
func (p place) secret(name string) (string, error) {
	if p.Secrets[name] == "" {
		return "", cli.Usagef("the recording needs the secret %q and environment %q gives none", name, p.Name).
			With("add it under secrets: in %s, as env:NAME or file:PATH", fallback(p.config, ConfigName))
	}
	return p.elsewhere("secrets."+name, p.Secrets[name])
}

// elsewhere is the value that env:NAME or file:PATH stands for, or the value
// itself. key is where it stands in the environment, for messages.
func (p place) elsewhere(key, value string) (string, error) {
	if name, ok := strings.CutPrefix(value, "env:"); ok {
		v, ok := os.LookupEnv(name)
		if !ok {
			return "", cli.Usagef("%s: the environment variable %s is not set", key, name).
				With("export it, or change %s of environment %q in %s", key, p.Name, p.config)
		}
		return v, nil
	}
	if path, ok := strings.CutPrefix(value, "file:"); ok {
		b, err := os.ReadFile(p.path(path))
		if err != nil {
			return "", cli.Usagef("%s of environment %q: %w", key, p.Name, err).With("paths in %s are relative to it", p.config)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
	return value, nil
}

func fallback(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

// quoteList is "a, b and c" for messages.
func quoteList(words []string) string {
	switch len(words) {
	case 0:
		return "nothing"
	case 1:
		return words[0]
	}
	return fmt.Sprintf("%s and %s", strings.Join(words[:len(words)-1], ", "), words[len(words)-1])
}
