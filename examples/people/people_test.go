package people_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"firedrill/examples/people"
	"firedrill/examples/school/app"
)

// The people are only of use if the school takes what they do for what its pages do.
func TestPeopleAtTheSchool(t *testing.T) {
	for _, auth := range []string{app.AuthSession, app.AuthJWT} {
		t.Run(auth, func(t *testing.T) {
			school, err := app.Start(t.Context(), app.Options{Teachers: 3, Students: 30, Auth: auth, AITime: 20 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { school.Close() })
			teacher := people.New(school.URL(), "teacher1@test.local", 1)
			student := people.New(school.URL(), "student1@test.local", 2)
			admin := people.New(school.URL(), "admin1@test.local", 3)
			for _, step := range []struct {
				name string
				do   func() error
			}{
				{"teacher logs in", func() error { return teacher.LogIn(t.Context()) }},
				{"teacher browses", func() error { return teacher.Browse(t.Context()) }},
				{"teacher grades", func() error { return teacher.Grade(t.Context(), 3) }},
				{"student logs in", func() error { return student.LogIn(t.Context()) }},
				{"student takes a quiz", func() error { return student.TakeQuiz(t.Context()) }},
				{"student hands in", func() error { return student.HandIn(t.Context()) }},
				{"student hands in a file", func() error { return student.HandInFile(t.Context(), "essay.txt", []byte("It rained.\n")) }},
				{"student arrives", func() error { return student.Arrive(t.Context()) }},
				{"student searches", func() error { return finds(student.Search(t.Context(), "quiz")) }},
				{"teacher sets up", func() error { return teacher.SetUp(t.Context(), "Zinnias and zebras") }},
				{"teacher finds what she set up", func() error { return finds(teacher.Search(t.Context(), "zinnias")) }},
				{"teacher generates", func() error {
					text, err := teacher.Generate(t.Context(), "how a pond changes")
					if err == nil && (!strings.HasPrefix(text.ID, "gen_") || !strings.Contains(text.Text, "how a pond changes") || text.Pieces < 40 || text.Busy != 0) {
						err = fmt.Errorf("the text is %+v", text)
					}
					return err
				}},
				{"admin logs in", func() error { return admin.LogIn(t.Context()) }},
				{"admin looks around", func() error { return admin.LookAround(t.Context()) }},
				{"admin creates a course", func() error { return admin.CreateCourse(t.Context(), "Robotics 8d", 3) }},
				{"teacher logs out", func() error { return teacher.LogOut(t.Context()) }},
			} {
				if err := step.do(); err != nil {
					t.Fatalf("%s: %v", step.name, err)
				}
			}
			truth, err := school.Truth(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			graded, handedIn := 0, 0
			for _, v := range truth.Submissions {
				if v.Grader != nil && *v.Grader == "teacher1@test.local" {
					graded++
				}
				if v.Student == "student1@test.local" && strings.HasPrefix(v.Content, "My answer") {
					handedIn++
				}
			}
			if graded != 3 || handedIn != 2 || len(truth.Attempts) != 1 {
				t.Errorf("the school has %d grades, %d pieces of work, %d attempts", graded, handedIn, len(truth.Attempts))
			}
			// An access token outlives its session by design; a session cookie does not.
			if err := teacher.Browse(t.Context()); err == nil && auth == app.AuthSession {
				t.Error("the teacher browses after logging out")
			}
		})
	}
}

func finds(n int, err error) error {
	if err == nil && n == 0 {
		err = errors.New("nothing was found")
	}
	return err
}

// A busy helper is asked again when it says, a text without an end is an error, and nobody waits for ever.
func TestWaitingForAText(t *testing.T) {
	for name, c := range map[string]struct {
		busy  int    // answers 429 before a text
		tail  string // of the stream
		asked int    // requests for a text
		busyN int
		fails bool
	}{
		"at once":    {0, "event: done\ndata: {}\n\n", 1, 0, false},
		"busy twice": {2, "event: done\ndata: {}\n\n", 3, 2, false},
		"broken off": {0, "event: delta\ndata: {\"text\":", 1, 0, true},
		"cut":        {1, "", 2, 1, true},
		"for ever":   {100, "", 10, 9, true},
	} {
		t.Run(name, func(t *testing.T) {
			asked, saved := 0, 0
			school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/api/v1/unit_plans":
					fmt.Fprint(w, `{"items":[{"id":7}]}`)
				case strings.HasSuffix(r.URL.Path, "/save"):
					saved++
				default:
					if asked++; asked <= c.busy {
						w.Header().Set("Retry-After", "0")
						w.WriteHeader(http.StatusTooManyRequests)
						return
					}
					fmt.Fprint(w, "event: start\ndata: {\"id\":\"gen_1\"}\n\n: a comment\nevent: delta\ndata: {\"text\":\"A\"}\n\nevent: delta\ndata: {\"text\":\"b\"}\n\n", c.tail)
				}
			}))
			t.Cleanup(school.Close)
			text, err := people.New(school.URL, "teacher1@test.local", 1).Generate(t.Context(), "x")
			if (err != nil) != c.fails || asked != c.asked || text.Busy != c.busyN {
				t.Errorf("asked %d times, %+v, %v", asked, text, err)
			}
			if !c.fails && (text.Text != "Ab" || text.Pieces != 2 || saved != 1) {
				t.Errorf("saved %d times: %+v", saved, text)
			}
			var refused *people.AnswerError
			if name == "for ever" && (!errors.As(err, &refused) || refused.Status != http.StatusTooManyRequests) {
				t.Errorf("the end is %v", err)
			}
			if name == "cut" && !errors.Is(err, people.ErrBrokenOff) {
				t.Errorf("the end is %v", err)
			}
		})
	}
}
