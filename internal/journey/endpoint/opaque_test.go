package endpoint

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Random ids are parameters however few digits chance gave them.
func TestRandomIDsAreOpaque(t *testing.T) {
	const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	r := rand.New(rand.NewPCG(1, 2))
	const n = 20000
	missed := map[int]int{}
	for range n {
		var id strings.Builder
		digits := 0
		for range 22 {
			c := base62[r.IntN(len(base62))]
			if isDigit(c) {
				digits++
			}
			id.WriteByte(c)
		}
		if !isOpaque(id.String()) {
			missed[digits]++
		}
	}
	total := 0
	for _, k := range missed {
		total += k
	}
	if total > n/100 {
		t.Errorf("%d of %d random ids are taken for words, by digits: %v", total, n, missed)
	}
	for _, word := range []string{"submissions", "internationalization", "unitPlans2", "step-2", "oauth-2"} {
		if isOpaque(word) {
			t.Errorf("%s is taken for an id", word)
		}
	}
}
