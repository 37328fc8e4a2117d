package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"firedrill/internal/yamldoc"
)

// NotFoundError says that no scenario has the name, and which there are.
type NotFoundError struct {
	Name  string
	Known []string // names and aliases, sorted
}

// Error names what was looked for.
func (e *NotFoundError) Error() string { return fmt.Sprintf("no scenario is called %q", e.Name) }

// Hint lists what there is.
func (e *NotFoundError) Hint() string {
	if len(e.Known) == 0 {
		return "there are no scenarios here"
	}
	if s := yamldoc.Suggest(e.Name, e.Known); s != "" {
		return fmt.Sprintf("did you mean %q? There are: %s", s, strings.Join(e.Known, ", "))
	}
	return "there are: " + strings.Join(e.Known, ", ")
}

// ExitCode is that of wrong usage.
func (e *NotFoundError) ExitCode() int { return 2 }

// Find returns the scenario that has the name or alias among the *.yaml and *.yml files
// at the top of fsys. Its error is a *NotFoundError, a *ParseError of the file
// that has the name, or one of reading. A file that does not parse hinders only
// who asks for it by its file name, or for a name that no other file has.
func Find(fsys fs.FS, name string, checkers ...Checker) (*Scenario, error) {
	all, broken := List(fsys, checkers...)
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
	}
	for _, s := range all {
		if slices.Contains(s.Aliases, name) {
			return s, nil
		}
	}
	var known []string
	for _, s := range all {
		known = append(append(known, s.Name), s.Aliases...)
	}
	slices.Sort(known)
	missing := &NotFoundError{Name: name, Known: slices.Compact(known)}
	for _, err := range broken {
		var p *ParseError
		if !errors.As(err, &p) || strings.TrimSuffix(path.Base(p.File), path.Ext(p.File)) == name {
			return nil, err
		}
	}
	if len(broken) > 0 && yamldoc.Suggest(name, known) == "" {
		return nil, fmt.Errorf("%w, and a file that may be it cannot be read: %w", missing, errors.Join(broken...))
	}
	return nil, missing
}

// List returns the scenarios at the top of fsys in the order of their names, and
// the errors of the files that could not be read or parsed.
func List(fsys fs.FS, checkers ...Checker) (all []*Scenario, broken []error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, []error{fmt.Errorf("listing the scenarios: %w", err)}
	}
	for _, e := range entries {
		if ext := path.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		src, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			broken = append(broken, fmt.Errorf("reading a scenario: %w", err))
			continue
		}
		s, err := Parse(e.Name(), src, checkers...)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b *Scenario) int { return strings.Compare(a.Name, b.Name) })
	return all, broken
}
