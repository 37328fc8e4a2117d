package scenario

import (
	"math/rand/v2"
	"strings"
)

// phrase is a remark such as a teacher writes below a piece of work; it names nobody.
func phrase(r *rand.Rand) string {
	praise := [...]string{
		"Clear work that is easy to follow", "A careful answer", "Good use of examples", "The main idea comes across well",
		"A solid piece of work", "Well organized from start to end", "The reasoning is sound", "Nice progress since the last task",
		"You explain the steps well", "A thoughtful answer", "The conclusion fits the evidence", "A good start",
	}
	advice := [...]string{
		"keep it up", "next time show one more step", "please check the spelling", "add a source for the second point",
		"read the question once more at the end", "compare your result with the example", "try to shorten the introduction",
		"label the axes of the diagram", "explain why, not only how", "leave a little time for checking",
		"use the terms from the unit", "a short summary would help",
	}
	return praise[r.IntN(len(praise))] + "; " + advice[r.IntN(len(advice))] + "."
}

// prose is a number of words in sentences of four to eleven; the last one may be shorter.
func prose(r *rand.Rand, words int) string {
	vocabulary := [...]string{
		"the", "a", "this", "every", "first", "second", "same", "other", "short", "long", "clear", "simple",
		"useful", "early", "late", "common", "water", "light", "number", "river", "forest", "map", "table", "figure",
		"plant", "season", "result", "method", "question", "answer", "step", "change", "reason", "shows", "follows", "explains",
		"grows", "turns", "moves", "keeps", "begins", "ends", "depends", "compares", "describes", "with", "without", "before",
		"after", "between", "from", "under", "over", "because", "while", "when", "and", "so",
	}
	var b strings.Builder
	left := 0 // words left in the sentence
	for i := range words {
		word := vocabulary[r.IntN(len(vocabulary))]
		switch {
		case left == 0:
			if i > 0 {
				b.WriteString(". ")
			}
			left = 4 + r.IntN(8)
			word = strings.ToUpper(word[:1]) + word[1:]
		default:
			b.WriteByte(' ')
		}
		left--
		b.WriteString(word)
	}
	if words > 0 {
		b.WriteByte('.')
	}
	return b.String()
}
