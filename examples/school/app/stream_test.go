package app_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// stream is what the events of a generated text say.
type stream struct {
	id, text, finish string
	deltas, tokens   int
}

// parse reads a whole stream; an order of events that there cannot be fails the test.
func parse(t testing.TB, body []byte) (s stream) {
	t.Helper()
	events := strings.Split(strings.TrimSuffix(string(body), "\n\n"), "\n\n")
	for i, e := range events {
		name, data, ok := strings.Cut(strings.TrimPrefix(e, "event: "), "\ndata: ")
		var v struct {
			ID, Model, Text, Finish string
			Tokens                  int
		}
		if err := json.Unmarshal([]byte(data), &v); !ok || err != nil {
			t.Fatalf("event %d is %q: %v", i, e, err)
		}
		switch {
		case name == "start" && i == 0 && v.Model != "":
			s.id = v.ID
		case name == "delta" && i > 0:
			s.text += v.Text
			s.deltas++
		case name == "done" && i == len(events)-1 && v.ID == s.id:
			s.tokens, s.finish = v.Tokens, v.Finish
		default:
			t.Fatalf("event %d of %d is %q", i, len(events), e)
		}
	}
	return s
}
