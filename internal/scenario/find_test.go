package scenario_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"firedrill/internal/scenario"
)

func file(name, aliases string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("name: " + name + "\naliases: [" + aliases + "]\npersonas: {a: {journey: {persona: x}, load: {executor: constant-vus, vus: 1, duration: 1s}}}\n")}
}

func TestFind(t *testing.T) {
	fsys := fstest.MapFS{
		"school-day.yaml":   file("school-day", "load, day"),
		"rush.yml":          file("grading-rush", "day"),
		"broken.yaml":       {Data: []byte("name: broken\n")},
		"README.md":         {Data: []byte("no scenario")},
		"deeper/other.yaml": file("other", ""),
		"folder.yaml/x":     {Data: nil},
	}
	for name, want := range map[string]string{"school-day": "school-day.yaml", "load": "school-day.yaml", "grading-rush": "rush.yml", "day": "rush.yml"} {
		s, err := scenario.Find(fsys, name)
		if err != nil || s.File != want {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	_, err := scenario.Find(fsys, "broken")
	var parse *scenario.ParseError
	if !errors.As(err, &parse) || !strings.Contains(err.Error(), `broken.yaml:1:1: "personas" is missing`) {
		t.Error(err)
	}
	_, err = scenario.Find(fsys, "grading-rsh")
	var missing *scenario.NotFoundError
	if !errors.As(err, &missing) || missing.Hint() != `did you mean "grading-rush"? There are: day, grading-rush, load, school-day` || missing.ExitCode() != 2 {
		t.Errorf("%v: %s", err, missing.Hint())
	}
	_, err = scenario.Find(fsys, "quite-different")
	if !errors.As(err, &missing) || !errors.As(err, &parse) {
		t.Errorf("the broken file may be the one that is meant: %v", err)
	}
	delete(fsys, "broken.yaml")
	if _, err = scenario.Find(fsys, "quite-different"); !errors.As(err, &missing) || errors.As(err, &parse) || missing.Hint() != "there are: day, grading-rush, load, school-day" {
		t.Error(err)
	}
	if _, err = scenario.Find(fstest.MapFS{}, "x"); !errors.As(err, &missing) || missing.Hint() != "there are no scenarios here" {
		t.Error(err)
	}
}

func TestListKeepsOrderAndErrors(t *testing.T) {
	fsys := fstest.MapFS{"b.yaml": file("alpha", ""), "a.yaml": file("beta", ""), "c.yaml": {Data: []byte("?")}}
	all, broken := scenario.List(fsys)
	if len(all) != 2 || all[0].Name != "alpha" || all[1].Name != "beta" || len(broken) != 1 {
		t.Error(all, broken)
	}
	if _, broken := scenario.List(failing{}); len(broken) != 1 || !errors.Is(broken[0], fs.ErrPermission) {
		t.Error(broken)
	}
	if _, err := scenario.Find(failing{}, "x"); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Open(string) (fs.File, error) { return nil, fs.ErrPermission }
