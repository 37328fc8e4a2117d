package correlate_test

import (
	"fmt"

	"firedrill/internal/journey/compose"
	"firedrill/internal/journey/convtest"
	"firedrill/internal/journey/correlate"
	"firedrill/internal/journey/session"
	"firedrill/internal/plan"
)

func ExampleFind() {
	c, err := convtest.Parse(`
user ann id=811
user bob id=923

login
POST /api/orders
> {"kind":"book"}
< 201 {"order":{"id":$id}}
GET /api/orders/$id
< 200 {"ok":true}
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	var events []*session.Event
	names := []string{"POST /login", "POST /api/orders", "GET /api/orders/{id}"}
	endpoints := make([]plan.Endpoint, len(names))
	for i, x := range c.Exchanges() {
		events = append(events, &session.Event{X: x, Endpoint: i % len(names)})
		endpoints[i%len(names)].Name = names[i%len(names)]
	}
	group := compose.Groups(session.Group(events, session.Options{}), names)[0]
	found := correlate.Find(group, correlate.Options{Endpoints: endpoints})
	slot := found.Steps[2].Slots[0]
	fmt.Println(slot.At, "←", convtest.Source(slot.From))
	fmt.Println(slot.Reason)
	// Output:
	// path[2] ← answer s02 json.order.id
	// json.order.id of POST /api/orders held it in 2 of 2 recorded requests, as its own identifier
}
