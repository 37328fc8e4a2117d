package message

import (
	"slices"
	"strings"
)

// Shape is the structure of the body without its values, as sorted lines: paths
// of JSON with [*] for lists and for keys that are ids, each with its kind
// ("json.items[*].id:number", "json.items:list"); the keys of forms; of html the
// forms, fields, headings and title by the names of their elements. Two answers
// of one endpoint have like shapes whatever they are about. nil without a body.
func (t *Tree) Shape() []string {
	b := t.content()
	if b == nil {
		return nil
	}
	var lines []string
	if b.layer == "html" {
		lines = b.htmlShape()
	} else {
		lines = b.shape(lines, []byte(b.prefix), 0)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// shape appends the lines of node i, whose generalised ref is path.
func (t *text) shape(lines []string, path []byte, i int32) []string {
	n := &t.nodes[i]
	if in := n.inner; n.leaf && in != nil && (t.layer == "events" || t.layer == "lines") {
		return in.shape(lines, append(append(path, '|'), in.layer...), 0)
	}
	if n.leaf {
		line := string(path)
		if t.layer == "json" {
			line += ":" + n.kind.String()
		}
		return append(lines, line)
	}
	if t.layer == "json" && n.inner == nil {
		switch {
		case n.list:
			lines = append(lines, string(path)+":list")
		case n.first == 0:
			lines = append(lines, string(path)+":object")
		}
	}
	for k := n.first; k != 0; k = t.nodes[k].after {
		c := &t.nodes[k]
		at := len(path)
		switch {
		case c.by == byIndex, t.layer == "json" && c.by == byName && idLike(c.name):
			path = append(path, "[*]"...)
		case c.by == byName || c.by == byKey:
			path = appendWord(append(path, '.'), c.name, &nameKeeps)
		case c.by == byAttr && c.name == "comment":
			continue
		default:
			path = c.appendStep(path, t)
		}
		lines = t.shape(lines, path, k)
		path = path[:at]
	}
	return lines
}

// htmlShape names the elements that make a page what it is.
func (t *text) htmlShape() (lines []string) {
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.by != byElement {
			continue
		}
		tag, _, _ := strings.Cut(n.name, "[")
		switch tag {
		case "form", "input", "select", "textarea", "h1", "h2", "title", "table":
			lines = append(lines, "html."+n.name)
		case "meta":
			if strings.Contains(n.name, "csrf") {
				lines = append(lines, "html."+n.name)
			}
		}
	}
	return lines
}
