package report_test

import (
	"fmt"

	"firedrill/internal/report"
	"firedrill/internal/verdict"
)

func ExampleBaselines() {
	doc, err := report.Baselines([]byte("Mine.\n\n<!-- firedrill:begin definitions -->\nold\n<!-- firedrill:end definitions -->\n\nAlso mine.\n"),
		&verdict.Report{Status: verdict.Pass, Run: verdict.Run{Scenario: "smoke"}, Definitions: []string{"No data is a failure."}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(doc[len("Mine.\n\n"):][:40]))
	// Output: <!-- firedrill:begin scenario smoke -->
}
