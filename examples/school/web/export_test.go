package web

import (
	"slices"
	"strings"
)

// Source is the template of a page.
func Source(name string) ([]byte, error) { return files.ReadFile("templates/" + name + ".html") }

// Names of all pages, sorted.
func Names() []string {
	entries, err := files.ReadDir("templates")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".html"); name != "layout" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
