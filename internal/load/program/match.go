package program

import (
	"slices"
	"strings"

	"firedrill/internal/plan"
)

// stepMatches is plan.MatchEndpoint for a step: each parameter of a query in the
// pattern ("GET /notifications?unread=true") must be in the step's own query.
func stepMatches(pattern string, st *plan.Step) bool {
	pattern, query, _ := strings.Cut(pattern, "?")
	if !plan.MatchEndpoint(strings.TrimSpace(pattern), st.Endpoint) {
		return false
	}
	if query == "" {
		return true
	}
	_, sent, _ := strings.Cut(st.Request.Target, "?")
	have := strings.Split(sent, "&")
	for want := range strings.SplitSeq(query, "&") {
		if !slices.Contains(have, want) {
			return false
		}
	}
	return true
}

// findStep is the first step that a pattern fits, or -1.
func findStep(pattern string, j *plan.Journey) int {
	for i := range j.Steps {
		if stepMatches(pattern, &j.Steps[i]) {
			return i
		}
	}
	return -1
}
