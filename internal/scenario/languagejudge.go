package scenario

import (
	"fmt"
	"strconv"
	"strings"

	"firedrill/internal/yamldoc"
)

// The shapes of what judges more than the run as a whole.

func stepsShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "steps", What: "{must_hold: 133}", Doc: "Judge each level of users on its own by the thresholds that name no phase: how many does it carry?", Fields: []yamldoc.Field{
		{Key: "must_hold", Required: true, Shape: whole("A level of at most so many users that breaks fails the run; of more, it is the answer. 0: none fails it.", 0, maxCount)},
	}}
}

func recoveryShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "recovery", What: "{after: step 2, within: 60s, thresholds: {http_req_failed: \"rate<0.05\"}}", Doc: "The target must be well again after a phase.", Fields: []yamldoc.Field{
		{Key: "after", Required: true, Shape: &yamldoc.Shape{Kind: yamldoc.Text, What: "a phase such as step 2", Example: "step %s", Doc: "The phase: its name, or what stands before the colon, such as step 2."}},
		{Key: "within", Shape: durationShape("From the end of that phase until it must be well; default 60s.")},
		{Key: "window", Shape: durationShape("Length of the sliding window that is judged; default 10s.")},
		{Key: "keep", Shape: durationShape("How long the windows must go on holding; default 30s.")},
		{Key: "thresholds", Required: true, Shape: thresholdsShape()},
	}}
}

func driftShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "drift", What: "{p95: 10%, errors: 1%, queries: 5%}", Doc: "How much may change from the beginning to the end of the hold phases.", Fields: []yamldoc.Field{
		{Key: "p95", Shape: percentShape("Growth of the 95th percentile of the response time, in percent of its beginning; default 10%.")},
		{Key: "errors", Shape: percentShape("Growth of the share of failed requests, in percentage points; default 1%.")},
		{Key: "queries", Shape: percentShape("Growth of an endpoint's mean number of database queries, in percent of its beginning; default 5%.")},
	}}
}

func percentShape(doc string) *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, Doc: doc + " none: not judged.", What: "a percentage such as 10%, or none", Example: "%s%%", Pattern: `^([0-9]+(\.[0-9]+)?%|none)$`,
		Check: func(s string) *yamldoc.Trouble { _, t := readPercent(s); return t }}
}

// readPercent reads "10%" as 0.1 and "none" as -1.
func readPercent(text string) (float64, *yamldoc.Trouble) {
	const fix = "write a percentage such as 10%, or none"
	if text == "none" {
		return -1, nil
	}
	digits, ok := strings.CutSuffix(text, "%")
	n := yamldoc.Node{Text: digits}
	v, plain := n.Number()
	switch {
	case !ok && plain || text == "":
		return 0, &yamldoc.Trouble{Offset: len(text), Why: "the percent sign is missing", Fix: fix}
	case !ok || !plain:
		return 0, &yamldoc.Trouble{Why: fmt.Sprintf("%q is not a percentage", text), Fix: fix}
	case v < 0 || v > 1000:
		return 0, &yamldoc.Trouble{Why: fmt.Sprintf("%q is not from 0%% to 1000%%", text), Fix: fix}
	}
	// "10%" is the float64 nearest to 0.1, not a tenth of a float64.
	v, err := strconv.ParseFloat(digits+"e-2", 64)
	if err != nil {
		return 0, &yamldoc.Trouble{Why: fmt.Sprintf("%q is not a percentage", text), Fix: fix}
	}
	return v, nil
}

// formatPercent is what readPercent reads.
func formatPercent(v float64) string {
	if v < 0 {
		return "none"
	}
	digits := strconv.FormatFloat(v, 'f', -1, 64)
	whole, fraction, _ := strings.Cut(digits, ".")
	fraction += "00"
	whole, fraction = strings.TrimLeft(whole+fraction[:2], "0"), strings.TrimRight(fraction[2:], "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole + "%"
}
