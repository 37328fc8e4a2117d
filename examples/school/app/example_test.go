package app_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"

	"firedrill/examples/school/app"
)

func ExampleStart() {
	s, err := app.Start(context.Background(), app.Options{Teachers: 2, Students: 20, OnAccess: func(a app.Access) {
		fmt.Println(a.Alias, a.User, a.Queries, "queries")
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Post(s.URL()+"/api/v1/auth/login", "application/json", strings.NewReader(`{"email":"teacher1@test.local","password":"password"}`))
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	fmt.Println(res.Status, res.Header.Get("X-DB-Query-Count"))
	// Output:
	// login teacher1@test.local 2 queries
	// 200 OK 2
}
