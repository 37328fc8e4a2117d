package writer

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"
)

// Model is the name that the machine gives itself.
const Model = "school-writer-1"

// The kinds of text.
const (
	LessonPlan = "lesson_plan"
	Quiz       = "quiz"
	Feedback   = "feedback"
)

// Kinds are all kinds of text.
var Kinds = []string{LessonPlan, Quiz, Feedback}

// The pieces of a text.
const (
	leastPieces = 40
	mostPieces  = 90
)

// Script is a text and the times at which its pieces are sent, counted from the request.
type Script struct {
	First  time.Duration // of the first sign of life: 15 % of Total
	Pieces []Piece
	Total  time.Duration
}

// Piece of a text.
type Piece struct {
	At   time.Duration
	Text string
}

// Text is the whole of it.
func (s Script) Text() string {
	var b strings.Builder
	for _, p := range s.Pieces {
		b.WriteString(p.Text)
	}
	return b.String()
}

// Writer makes scripts.
type Writer struct {
	seed  uint64
	time  time.Duration
	count atomic.Uint64
}

// New makes a writer whose texts take a time of 0.6 to 1.5 times the one given.
func New(seed uint64, time time.Duration) *Writer { return &Writer{seed: seed, time: time} }

// Write is the next text. N counts them from 1.
func (w *Writer) Write(kind, topic string, minutes int) (s Script, n uint64) {
	n = w.count.Add(1)
	r := rand.New(rand.NewPCG(w.seed, n))
	s.Total = time.Duration((0.6 + 0.9*r.Float64()) * float64(w.time))
	s.First = s.Total * 15 / 100
	pieces := leastPieces + r.IntN(mostPieces-leastPieces+1)
	texts := compose(r, kind, topic, minutes, pieces)
	at, weights := 0.0, make([]float64, len(texts))
	for i := range weights {
		weights[i] = 0.5 + r.Float64()
		at += weights[i]
	}
	sum, left := at, float64(s.Total-s.First)
	at = 0
	for i, t := range texts {
		at += weights[i]
		s.Pieces = append(s.Pieces, Piece{At: s.First + time.Duration(left*at/sum), Text: t})
	}
	return s, n
}

// compose writes a text of so many pieces: a head, and words two or three at a time.
func compose(r *rand.Rand, kind, topic string, minutes, pieces int) []string {
	head := map[string]string{
		LessonPlan: fmt.Sprintf("Lesson plan (%d minutes): %s.\n\n", minutes, topic),
		Quiz:       fmt.Sprintf("Quiz (%d minutes): %s.\n\n", minutes, topic),
		Feedback:   fmt.Sprintf("Feedback on %s.\n\n", topic),
	}[kind]
	out := []string{head}
	var words []string
	for len(out) < pieces {
		if len(words) == 0 {
			if words = strings.SplitAfter(sentence(r, kind, topic), " "); words[len(words)-1] == "" { // it ended with a space
				words = words[:len(words)-1]
			}
		}
		k := min(2+r.IntN(2), len(words))
		out = append(out, strings.Join(words[:k], ""))
		words = words[k:]
	}
	return out
}

// sentence of a kind of text; it ends with a space or a line's end.
func sentence(r *rand.Rand, kind, topic string) string {
	of := sentences[kind]
	return strings.ReplaceAll(of[r.IntN(len(of))], "{topic}", topic) + []string{" ", " ", "\n"}[r.IntN(3)]
}

var sentences = map[string][]string{
	LessonPlan: {
		"Begin with a question about {topic} that has no quick answer.", "Let the class sort six cards and explain the order to a neighbour.",
		"Collect three observations on the board before anybody names a rule.", "Groups of three prepare one example each and swap it with the next table.",
		"Leave five minutes of silence for notes.", "Ask who has changed their mind about {topic}, and why.", "Have the fastest group write a hint for the others.",
		"Close with one sentence that everybody writes down.", "As homework, find {topic} outside school and draw it.",
	},
	Quiz: {
		"Which of these statements about {topic} can be checked?", "Name two reasons and say which is the stronger one.",
		"True or false: a larger sample is always the better one.", "Put the four steps into their order.", "What would change if only one part of {topic} were missing?",
		"Complete the table and mark the cell that surprised you.", "Give an example and a counter-example.", "Explain {topic} to somebody who is ten years old.",
	},
	Feedback: {
		"Your first paragraph states clearly what you want to show about {topic}.", "The second example is the stronger one; begin with it.",
		"You measured carefully and said how sure you are.", "One sentence claims more than the table shows.", "Read your text aloud once: two sentences are too long.",
		"The drawing explains {topic} better than the words beside it.", "Next time, name your source at the place where you use it.", "The ending answers the question that you began with.",
	},
}
