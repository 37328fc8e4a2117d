package plan_test

import (
	"testing"

	"firedrill/internal/plan"
)

func TestEndpointPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"GET /a/{id}", "GET /a/{course}", true},
		{"GET /a/*", "GET /a/{id}", true},
		{"GET /a/*", "GET /a/b/c", false},
		{"POST …/grade", "POST /api/v1/submissions/{id}/grade", true},
		{"POST .../{x}/grade", "POST /api/v1/submissions/{id}/grade", true},
		{"GET …/grade", "POST /api/v1/submissions/{id}/grade", false},
		{"POST …/grades", "POST /api/v1/submissions/{id}/grade", false},
		{"GET /a/{id}", "GET /a/b", false},
		{"GET /a", "GET /a/b", false},
		{"", "GET /", false},
	} {
		if got := plan.MatchEndpoint(c.pattern, c.name); got != c.want {
			t.Errorf("MatchEndpoint(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}
