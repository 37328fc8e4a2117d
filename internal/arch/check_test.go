package arch_test

import (
	"fmt"
	"slices"
	"strings"
)

// violation is one thing that a rule forbids.
type violation struct {
	rule  string
	at    string // package, or file
	what  string
	where string // "file:line"
	text  string
}

func (v violation) String() string { return fmt.Sprintf("%s: %s", v.where, v.text) }

// among reports whether a package is one of those named; "x/..." is x and everything inside.
func among(path string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		prefix, deep := strings.CutSuffix(n, "/...")
		return path == prefix || deep && strings.HasPrefix(path, prefix+"/")
	})
}

func layerOf(path string) (layer, bool) {
	for _, l := range layers() {
		if among(path, l.packages) {
			return l, true
		}
	}
	return layer{}, false
}

// top is the part of a path that stands for a wing or a command: "internal/load", "cmd/analyze".
func top(path string) string {
	parts := strings.SplitN(path, "/", 3)
	return strings.Join(parts[:min(len(parts), 2)], "/")
}

// check returns what the rules forbid and no exception allows, and the
// exceptions that nothing needed.
func check(all []pkg, exceptions []pardon) (bad []violation, idle []pardon) {
	ours := map[string]bool{}
	for _, p := range all {
		ours[p.path] = true
	}
	for _, p := range all {
		bad = append(bad, checkEdges(p, ours)...)
		bad = append(bad, checkBans(p)...)
		bad = append(bad, checkLengths(p)...)
		bad = append(bad, checkDoc(p)...)
	}
	needed := map[pardon]bool{}
	bad = slices.DeleteFunc(bad, func(v violation) bool {
		for _, x := range exceptions {
			if x.rule == v.rule && x.at == v.at && x.what == v.what {
				needed[x] = true
				return true
			}
		}
		return false
	})
	for _, x := range exceptions {
		if !needed[x] {
			idle = append(idle, x)
		}
	}
	return bad, idle
}

// production are the files of a package that are not tests.
func (p pkg) production() []file {
	return slices.DeleteFunc(slices.Clone(p.files), func(f file) bool { return f.test })
}

func checkEdges(p pkg, ours map[string]bool) (bad []violation) {
	mine, known := layerOf(p.path)
	if !known {
		return []violation{{"layers", p.path, "", p.files[0].path + ":1", p.path + " stands in no layer: add it to the rules"}}
	}
	for _, f := range p.production() {
		for _, i := range f.imports {
			if !ours[i.name] {
				continue
			}
			theirs, _ := layerOf(i.name)
			if slices.Contains(mine.may, theirs.name) && theirs.name != mine.name || theirs.name == mine.name && (slices.Contains(mine.may, mine.name) || mine.inside && top(i.name) == top(p.path)) {
				continue
			}
			bad = append(bad, violation{"layers", p.path, i.name, fmt.Sprintf("%s:%d", f.path, i.line),
				fmt.Sprintf("%s (%s) imports %s (%s): %s", p.path, mine.name, i.name, theirs.name, mine.why)})
		}
	}
	return bad
}

func checkBans(p pkg) (bad []violation) {
	for _, b := range bans() {
		if !among(p.path, b.in) {
			continue
		}
		for _, f := range p.production() {
			for _, i := range f.imports {
				if slices.Contains(b.imports, i.name) {
					bad = append(bad, violation{"ban", p.path, i.name, fmt.Sprintf("%s:%d", f.path, i.line), fmt.Sprintf("%s imports %s: %s", p.path, i.name, b.why)})
				}
			}
			for _, s := range f.selectors {
				whole := strings.HasSuffix(s.name, ".*") && slices.ContainsFunc(b.calls, func(c string) bool { return strings.HasPrefix(c, strings.TrimSuffix(s.name, "*")) })
				if whole || slices.Contains(b.calls, s.name) {
					bad = append(bad, violation{"ban", p.path, s.name, fmt.Sprintf("%s:%d", f.path, s.line), fmt.Sprintf("%s uses %s: %s", p.path, s.name, b.why)})
				}
			}
		}
	}
	return bad
}

func checkLengths(p pkg) (bad []violation) {
	long := func(f file, line int, what, text string, lines, most int) {
		if lines > most {
			bad = append(bad, violation{"length", f.path, what, fmt.Sprintf("%s:%d", f.path, line), fmt.Sprintf("%s has %d lines, more than %d", text, lines, most)})
		}
	}
	for _, f := range p.files {
		if f.test {
			long(f, 1, "file", "the file", f.lines, longestTestFile)
			continue
		}
		long(f, 1, "file", "the file", f.lines, longestFile)
		for _, fn := range f.funcs {
			if p.name == "main" && fn.name == "main" {
				long(f, fn.line, fn.name, "main", fn.lines, longestMain)
				continue
			}
			long(f, fn.line, fn.name, "function "+fn.name, fn.lines, longestFunction)
		}
	}
	return bad
}

// checkDoc: a package says what it is for, those of the house in doc.go.
func checkDoc(p pkg) (bad []violation) {
	production := p.production()
	switch {
	case len(production) == 0:
		return nil
	case !p.comment:
		return []violation{{"doc", p.path, "comment", production[0].path + ":1", p.path + " has no package comment"}}
	case !p.hasDoc && (strings.HasPrefix(p.path, "internal/") || p.path == "scenarios"):
		return []violation{{"doc", p.path, "doc.go", production[0].path + ":1", p.path + " has no doc.go"}}
	}
	return nil
}
