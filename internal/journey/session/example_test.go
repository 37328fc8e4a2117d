package session_test

import (
	"fmt"

	"firedrill/internal/journey/convtest"
	"firedrill/internal/journey/session"
)

func ExampleGroup() {
	c, err := convtest.Parse("user ann\nuser bob\n\nlogin\nGET /api/items\n< 200\n")
	if err != nil {
		fmt.Println(err)
		return
	}
	var events []*session.Event
	for _, x := range c.Exchanges() {
		events = append(events, &session.Event{X: x})
	}
	for _, s := range session.Group(events, session.Options{}) {
		fmt.Println(s.Persona, len(s.Events), s.PersonaWhy)
	}
	// Output:
	// teacher 2 role: teacher in POST /login
	// teacher 2 role: teacher in POST /login
}
