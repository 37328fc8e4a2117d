package message_test

import (
	"fmt"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

// A page's token is named, read, and written into the request that carries it.
func Example() {
	page := message.Message{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: "text/html"}},
		Body: []byte(`<form action="/login"><input name="_csrf" value="a&amp;b"></form>`)}
	for leaf := range message.Parse(page).Leaves() {
		fmt.Printf("%s = %s\n", leaf.Ref, leaf.Text)
	}
	token, _ := message.Parse(page).Get(message.MustRef("html.form[action=/login].input[name=_csrf]@value"))

	login := message.Message{Method: "POST", Target: "/login", Header: []exchange.Field{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
		Body: []byte("user=ann&_csrf=old&keep=%20this")}
	tmpl, err := message.Parse(login).Compile([]message.Ref{message.MustRef("form._csrf")})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", tmpl.Render([]string{token.Text}).Body)
	// Output:
	// header.Content-Type = text/html
	// html.form[action=/login]@action = /login
	// html.form[action=/login]@action|url.path[0] = login
	// html.form[action=/login].input[name=_csrf]@value = a&b
	// user=ann&_csrf=a%26b&keep=%20this
}

func ExampleRef_SplitList() {
	list, index, rest, _ := message.MustRef("json.items[2].owner.id").SplitList()
	fmt.Println(list, index, rest)
	fmt.Println(message.Join(list.Child("[5]"), rest))
	// Output:
	// json.items 2 .owner.id
	// json.items[5].owner.id
}
