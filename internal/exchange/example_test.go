package exchange_test

import (
	"fmt"

	"firedrill/internal/exchange"
)

func Example() {
	x := &exchange.Exchange{
		Request:  exchange.Request{Method: "GET", Scheme: "https", Host: "school.test", Target: "/api/v1/me"},
		Response: &exchange.Response{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: "application/json"}}},
	}
	record := exchange.EncodeTo(nil, x)
	again, err := exchange.Decode(record)
	if err != nil {
		fmt.Println(err)
		return
	}
	contentType, _ := exchange.Get(again.Response.Header, "content-type")
	fmt.Println(again.Request.Method, again.Request.Origin()+again.Request.Target, again.Status(), contentType)
	// Output: GET https://school.test/api/v1/me 200 application/json
}
