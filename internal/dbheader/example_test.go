package dbheader_test

import (
	"fmt"

	"firedrill/internal/dbheader"
)

func ExampleFacts() {
	f := dbheader.New()
	f.Field("Server-Timing", `db;dur=53.1;desc="17 queries", app;dur=47.2`)
	fmt.Println(f.Queries, f.Time)
	// Output: 17 53.1ms
}
