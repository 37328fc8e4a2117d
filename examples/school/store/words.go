package store

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// The words that seeded people, courses and texts are made of. Nobody is meant.
var (
	firstNames = strings.Fields(`Ada Amir Anneke Bao Bela Carla Chidi Dana Dmitri Edda Elif Emil Farah Fynn Gita Goran Hana Henk
		Ines Ivo Jana Jonas Kaja Kofi Lale Levi Mira Moritz Nadia Nils Olga Oskar Paula Pedro Quinn Rania Rafael Selma Sven Tala Timo
		Uma Ugo Vera Viktor Wanda Willem Xenia Yara Yusuf Zita Zoran`)
	lastNames = strings.Fields(`Abel Albers Aydin Baker Brandt Castro Cerny Dahl Diallo Dubois Eriksen Falk Ferrari Fischer Garcia
		Graf Haas Hoang Ivanova Jansen Jung Kaya Keller Kovac Larsen Lopez Maier Mbeki Moreau Nagy Nguyen Okafor Olsen Petrov Quist
		Rossi Sato Silva Tanaka Thiel Ueda Vargas Vogel Weber Winter Yilmaz Young Zhou`)
	subjects = strings.Fields(`Mathematics Biology History Chemistry English Geography Physics Music Art Civics Spanish Informatics`)
	topics   = []string{
		"patterns and rules", "cause and effect", "life in a pond", "a journey by sea", "measuring the room", "light and shadow",
		"a letter to the editor", "maps of our town", "rhythm and rest", "the water cycle", "comparing sources", "balance and motion",
		"fractions at the market", "voices of a century", "rocks and soil", "graphs that mislead",
	}
	tasks      = []string{"Essay", "Worksheet", "Lab report", "Reading log", "Project", "Reflection"}
	quizTitles = []string{"Mental arithmetic, week 44", "Ten-minute numbers", "Warm-up quiz: sums and products", "Number sense check"}
	praise     = []string{
		"Clear and well argued.", "Good work; show one more step next time.", "You found the main point. Watch the units.",
		"Careful observation, tidy drawing.", "A strong start. The last paragraph needs an example.", "Right result, nicely explained.",
	}
	lines = []string{
		"We compared both drawings and marked what had changed.", "The first measurement was too high because the ruler had slipped.",
		"I think the author wants us to doubt the narrator.", "After ten minutes the water had become clear again.",
		"The table shows that most of the class walks to school.", "My second attempt was closer to what we had predicted.",
		"In the end both groups agreed on the same answer.", "The map leaves out the river, so the distances look wrong.",
		"Our model was simple, but it explained three of the four cases.", "I asked my grandmother, who remembers it differently.",
		"If we repeat it, we should change only one thing at a time.", "The chorus returns twice and each time it is louder.",
		"It was hard to decide which source to trust.", "The graph goes up at first and then becomes flat.",
	}
	orders = []string{
		"Read the chapter and choose one example that surprised you.", "Work in pairs, but hand in your own text.", "Half a page is enough.",
		"Say which source you used and why you trust it.", "A drawing with labels counts as much as a paragraph.", "Begin with a question and end with an answer.",
		"Show every step, also those that led nowhere.", "Compare two of the examples from class.", "Use at least three of the new words.",
	}
	notices = map[string][]string{
		"system":     {"Report cards are due on Friday.", "The library closes at three on Thursday.", "Photo day is next week.", "Fire drill on Tuesday, second period."},
		"submission": {"New work was handed in.", "A late submission has arrived.", "Somebody handed in a second version."},
		"assignment": {"A new assignment is open.", "An assignment is due tomorrow.", "Your class has a quiz this week."},
		"message":    {"The parents' evening has moved to room 12.", "Please bring the signed form.", "Choir practice starts ten minutes later."},
	}
)

// The words of lessons, and the programs that a school exchanges data with.
var (
	aims = []string{
		"Explain the idea in one's own words.", "Find the rule behind five examples.", "Tell a cause from a coincidence.",
		"Read a diagram without its caption.", "Argue for one side and then for the other.", "Measure twice and say how sure the figure is.",
		"Name three sources and rank them.", "Use the new words in a sentence of one's own.", "Check a neighbour's result and say how.",
	}
	steps = []string{
		"Everybody writes down what they expect.", "Groups of three compare their drawings.", "One pupil explains, another one draws along.",
		"The class votes before the experiment and once more after it.", "Each table gets a different source.", "Two minutes of silence, then questions only.",
		"The board is divided into what we know and what we guess.", "A volunteer repeats the last step aloud.", "Cards are sorted until all agree.",
		"The slowest solution is discussed first.", "Everybody marks the sentence that they doubt.",
	}
	phases = [][]string{
		{"Warm-up", "Question of the day", "Looking back", "Picture to begin with"},
		{"Working in groups", "Experiment", "Reading with a pencil", "Stations", "Building a model"},
		{"Exit ticket", "Gallery walk", "Summary in one sentence", "Homework"},
	}
	standardTexts = []string{
		"Describes processes with words and diagrams.", "Plans an investigation and keeps one thing constant.", "Judges how far a source can be trusted.",
		"Uses symbols and units correctly.", "Presents a result to an audience.", "Works in a team and takes on a role.", "Connects a question with everyday life.",
		"Revises a text after feedback.", "Recognises patterns and continues them.", "Argues with evidence.",
	}
	integrations = []struct{ name, kind, status string }{
		{"Google Classroom", "roster", IntegrationConnected}, {"Clever", "roster", IntegrationConnected}, {"Canvas", "lms", IntegrationConnected},
		{"Moodle", "lms", IntegrationOff}, {"School district log-in", "sso", IntegrationConnected}, {"Microsoft Entra", "sso", IntegrationOff},
		{"Town library", "library", IntegrationError}, {"Atlas of maps", "library", IntegrationConnected},
	}
)

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// sentences are n of a list, in any order and none twice.
func sentences(r *rand.Rand, of []string, n int) string {
	return strings.Join(some(r, of, n), " ")
}

// sum is a question of arithmetic with its answer and three wrong ones.
func sum(r *rand.Rand) (prompt, right string, wrong []string) {
	a, b := 3+r.IntN(40), 2+r.IntN(18)
	var is int
	switch r.IntN(3) {
	case 0:
		prompt, is = fmt.Sprintf("What is %d + %d?", a, b), a+b
	case 1:
		prompt, is = fmt.Sprintf("What is %d − %d?", a+b, b), a
	default:
		prompt, is = fmt.Sprintf("What is %d × %d?", a, b), a*b
	}
	for _, d := range r.Perm(6)[:Choices-1] {
		wrong = append(wrong, strconv.Itoa(is+[]int{-10, -2, -1, 1, 2, 10}[d]))
	}
	return prompt, strconv.Itoa(is), wrong
}
