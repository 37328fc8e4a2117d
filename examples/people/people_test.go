package people_test

import (
	"testing"

	"firedrill/examples/people"
	"firedrill/examples/school/app"
)

// The people are only of use if the school takes what they do for what its pages do.
func TestPeopleAtTheSchool(t *testing.T) {
	for _, auth := range []string{app.AuthSession, app.AuthJWT} {
		t.Run(auth, func(t *testing.T) {
			school, err := app.Start(t.Context(), app.Options{Teachers: 3, Students: 30, Auth: auth})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { school.Close() })
			teacher := people.New(school.URL(), "teacher1@test.local", 1)
			student := people.New(school.URL(), "student1@test.local", 2)
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
				{"teacher logs out", func() error { return teacher.LogOut(t.Context()) }},
			} {
				if err := step.do(); err != nil {
					t.Fatalf("%s: %v", step.name, err)
				}
			}
			// An access token outlives its session by design; a session cookie does not.
			if err := teacher.Browse(t.Context()); err == nil && auth == app.AuthSession {
				t.Error("the teacher browses after logging out")
			}
		})
	}
}
