package redact_test

import (
	"fmt"

	"firedrill/internal/exchange"
	"firedrill/internal/redact"
)

func Example() {
	r := redact.New([]byte("the key of one recording set"), redact.Default())
	x := &exchange.Exchange{Request: exchange.Request{Method: "POST", Target: "/login",
		Header: []exchange.Field{{Name: "Content-Type", Value: "application/json"}},
		Body:   exchange.Body{Data: []byte(`{"email":"ann@school.example","password":"hunter2","remember":true}`)}}}
	report := r.Exchange(x)
	fmt.Printf("%s\n%v\n", x.Request.Body.Data, report.Counts)
	// Output:
	// {"email":"ufe53ff4065@example.test","password":"fd~6HzsHO31Goyunipxh-KdGA","remember":true}
	// map[e-mail:1 password:1]
}
