package plan

import "strings"

// MatchEndpoint reports whether an endpoint's name ("POST /api/v1/submissions/{id}/grade",
// perhaps with "origin:" before it) fits a pattern:
//
//	POST /api/v1/submissions/{x}/grade   {x} is any parameter, whatever its name
//	GET /api/v1/courses/*/gradebook      * is any one segment
//	GET /admin/**                        ** is any rest, also none
//	POST …/grade                         … (or ...) is any beginning of the path
//	/api/v1/me                           without a method: any method
//	api:GET /me                          with an origin: only there
func MatchEndpoint(pattern, name string) bool {
	if pattern = strings.TrimSpace(pattern); pattern == "" {
		return false
	}
	pOrigin, pMethod, pPath := splitEndpoint(pattern)
	nOrigin, nMethod, nPath := splitEndpoint(name)
	if pOrigin != "" && pOrigin != nOrigin || pMethod != "" && pMethod != "*" && !strings.EqualFold(pMethod, nMethod) {
		return false
	}
	path := segments(nPath)
	for _, any := range []string{"…", "..."} {
		if rest, ok := strings.CutPrefix(pPath, any); ok {
			want := segments(rest)
			for i := 0; i <= len(path); i++ {
				if matchSegments(want, path[i:]) {
					return true
				}
			}
			return false
		}
	}
	return matchSegments(segments(pPath), path)
}

// splitEndpoint cuts "origin:METHOD path" apart; what is not there is "".
func splitEndpoint(s string) (origin, method, path string) {
	head, path, ok := strings.Cut(s, " ")
	if !ok {
		return "", "", s
	}
	if i := strings.LastIndexByte(head, ':'); i >= 0 {
		origin, head = head[:i], head[i+1:]
	}
	return origin, head, strings.TrimSpace(path)
}

func segments(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func matchSegments(pattern, path []string) bool {
	for i, p := range pattern {
		if p == "**" {
			for j := i; j <= len(path); j++ {
				if matchSegments(pattern[i+1:], path[j:]) {
					return true
				}
			}
			return false
		}
		if i >= len(path) || !matchSegment(p, path[i]) {
			return false
		}
	}
	return len(pattern) == len(path)
}

func matchSegment(pattern, segment string) bool {
	if pattern == "*" || pattern == segment {
		return true
	}
	return isParameter(pattern) && isParameter(segment)
}

func isParameter(segment string) bool {
	return strings.HasPrefix(segment, "{") && strings.Contains(segment, "}")
}
