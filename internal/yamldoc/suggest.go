package yamldoc

import (
	"fmt"
	"slices"
	"strings"
)

// Suggest returns the known word that a misspelt one most likely means, or "".
// Case, hyphens and underscores do not count, so that k6's maxDuration finds
// max_duration; otherwise up to a third of the letters may be wrong, or one may
// be the beginning of the other
// (optimal string alignment: insertions, deletions, substitutions and swaps of neighbours).
func Suggest(word string, known []string) string {
	best, least := "", 1+max(1, len(word)/3)
	for _, k := range known {
		if a, b := fold(k), fold(word); min(len(a), len(b)) >= 3 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)) {
			best = k // unless another is nearer
			break
		}
	}
	for _, k := range known {
		if fold(k) == fold(word) {
			return k
		}
		if d := distance(fold(word), fold(k)); d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best
}

// DidYouMean is what to do about an unknown word.
func DidYouMean(word string, known []string) string {
	if s := Suggest(word, known); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	if len(known) == 0 {
		return "remove it"
	}
	return "known here: " + strings.Join(slices.Clone(known), ", ")
}

func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	older, old := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old = old, row
	}
	return old[len(b)]
}
