package report_test

import (
	"fmt"
	"strings"

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
	for line := range strings.Lines(string(doc)) {
		if strings.HasPrefix(line, "<!-- firedrill:begin") || strings.HasSuffix(line, "ine.\n") {
			fmt.Print(line)
		}
	}
	// Output:
	// Mine.
	// <!-- firedrill:begin categories -->
	// <!-- firedrill:begin queries -->
	// <!-- firedrill:begin scenario smoke -->
	// <!-- firedrill:begin definitions -->
	// Also mine.
	// <!-- firedrill:begin concurrency -->
}
