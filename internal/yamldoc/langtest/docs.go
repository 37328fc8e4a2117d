package langtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Docs checks a page that explains the language: its yaml blocks are read (but for
// those marked "yaml fragment"), and each key of the language is named in it.
func (l Language) Docs(t *testing.T, page string) {
	text := "\n" + string(read(t, page))
	whole := 0
	for i, block := range strings.Split(text, "\n```")[1:] {
		head, body, _ := strings.Cut(block, "\n")
		if head != "yaml" {
			continue
		}
		whole++
		if _, err := l.Parse(fmt.Sprintf("block-%d.yaml", i), []byte(body+"\n")); err != nil {
			t.Errorf("%s: %v (%s)\n%s", page, err, hint(err), body)
		}
	}
	if whole == 0 {
		t.Errorf("%s shows no whole file", page)
	}
	for _, key := range l.Keys(t) {
		if !strings.Contains(text, "`"+key+"`") && !strings.Contains(text, key+":") {
			t.Errorf("%s does not name the key %s", page, key)
		}
	}
}

// Keys are all keys of the language: the properties of its schema, sorted.
func (l Language) Keys(t *testing.T) []string {
	var schema any
	if err := json.Unmarshal(l.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	collect(schema, keys)
	return slices.Sorted(maps.Keys(keys))
}

func collect(part any, keys map[string]bool) {
	switch part := part.(type) {
	case []any:
		for _, p := range part {
			collect(p, keys)
		}
	case map[string]any:
		for name, p := range part {
			if of, ok := p.(map[string]any); ok && name == "properties" {
				for key := range of {
					keys[key] = true
				}
			}
			collect(p, keys)
		}
	}
}
