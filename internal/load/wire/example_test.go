package wire_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"firedrill/internal/load/wire"
)

func ExampleClient_Do() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.Header.Get("X-Who"))
	}))
	defer srv.Close()
	addr := srv.Listener.Addr().String()
	user := wire.New(nil)
	defer user.Close()
	req := &wire.Request{
		Method: "GET", Scheme: "http", Authority: "school.test", Dial: addr, Target: "/",
		Header: []wire.Field{{Name: "x-who", Value: "Ada"}}, Timeout: time.Second,
	}
	var res wire.Response
	for range 2 {
		if err := user.Do(context.Background(), req, &res); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(res.Status, string(res.Body()), res.Reused)
	}
	// Output:
	// 200 hello Ada false
	// 200 hello Ada true
}
