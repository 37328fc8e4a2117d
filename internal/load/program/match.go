package program

import "strings"

// Matches reports whether an endpoint pattern fits an endpoint's name, such as
// "POST /api/v1/submissions/{id}/grade" (an "origin:" before it does not matter
// unless the pattern has one). In a pattern
//
//	{anything}  one segment that is a parameter, whatever its name
//	*           any one segment
//	**          any rest
//	…           or ... any beginning of the path
//
// The method may be left out. A query in the pattern is compared by the caller.
func Matches(pattern, endpoint string) bool {
	pm, pp := split(pattern)
	em, ep := split(endpoint)
	if o, rest, ok := strings.Cut(em, ":"); ok {
		if po, prest, ok := strings.Cut(pm, ":"); ok {
			if po != o {
				return false
			}
			pm = prest
		}
		em = rest
	}
	if pm != "" && !strings.EqualFold(pm, em) {
		return false
	}
	pp, _, _ = strings.Cut(pp, "?")
	ep, _, _ = strings.Cut(ep, "?")
	rest, open := strings.CutPrefix(pp, "…")
	if !open {
		rest, open = strings.CutPrefix(pp, "...")
	}
	want, have := segments(rest), segments(ep)
	if !open {
		return fits(want, have)
	}
	for i := range len(have) + 1 {
		if fits(want, have[i:]) {
			return true
		}
	}
	return false
}

// Query is what a pattern asks of the query string: "unread=true", or "".
func Query(pattern string) string {
	_, path := split(pattern)
	_, query, _ := strings.Cut(path, "?")
	return query
}

func split(s string) (method, path string) {
	s = strings.TrimSpace(s)
	method, path, ok := strings.Cut(s, " ")
	if !ok {
		return "", s
	}
	return method, strings.TrimSpace(path)
}

func segments(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func fits(want, have []string) bool {
	for i, w := range want {
		if w == "**" {
			return true
		}
		if i >= len(have) || !segment(w, have[i]) {
			return false
		}
	}
	return len(want) == len(have)
}

func segment(want, have string) bool {
	if want == "*" || want == have {
		return true
	}
	return strings.HasPrefix(want, "{") && strings.HasSuffix(want, "}") && strings.Contains(have, "{")
}

// stepMatches is Matches for a step: a query in the pattern must be in its target.
func stepMatches(pattern, endpoint, target string) bool {
	if !Matches(pattern, endpoint) {
		return false
	}
	query := Query(pattern)
	if query == "" {
		return true
	}
	_, have, _ := strings.Cut(target, "?")
	for _, want := range strings.Split(query, "&") {
		found := false
		for _, h := range strings.Split(have, "&") {
			found = found || h == want
		}
		if !found {
			return false
		}
	}
	return true
}
