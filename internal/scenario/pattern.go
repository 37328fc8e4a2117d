package scenario

import (
	"fmt"
	"strings"
)

// CheckEndpoint says what is wrong with an endpoint pattern in the grammar of
// plan.MatchEndpoint, or nil. It is stricter than the matching: what could never
// match is an error here. The error is a *SyntaxError.
func CheckEndpoint(text string) error {
	if bad := strings.IndexByte(text, '?'); bad > 0 {
		return &SyntaxError{Offset: bad, Why: "a query does not belong into an endpoint pattern", Fix: "leave it out: an endpoint is method and path"}
	}
	return CheckStep(text)
}

// CheckStep is CheckEndpoint for a step of a journey, which may also be told by
// what its query holds: "GET /api/v1/notifications?unread=true".
func CheckStep(text string) error {
	text, query, asked := strings.Cut(text, "?")
	if err := checkEndpoint(text); err != nil || !asked {
		return err
	}
	at := len(text) + 1
	for _, pair := range strings.Split(query, "&") {
		if pair == "" || strings.HasPrefix(pair, "=") || strings.ContainsAny(pair, " #?") {
			return &SyntaxError{Offset: at, Why: fmt.Sprintf("%q is not a part of a query", pair), Fix: "write name=value, as it is sent, with & between two"}
		}
		at += len(pair) + 1
	}
	return nil
}

func checkEndpoint(text string) error {
	const like = `write METHOD and path, such as "POST /api/v1/submissions/{id}/grade" or "POST …/grade"`
	head, path, ok := strings.Cut(text, " ")
	at := len(head) + 1
	if !ok && (strings.HasPrefix(text, "/") || strings.HasPrefix(text, "…") || strings.HasPrefix(text, "...")) {
		head, path, at = "*", text, 0
	}
	_, method, named := strings.Cut(head, ":")
	if !named {
		method = head
	}
	switch {
	case strings.TrimSpace(text) == "":
		return &SyntaxError{Why: "the endpoint pattern is empty", Fix: like}
	case path == "":
		return &SyntaxError{Offset: len(text), Why: fmt.Sprintf("%q has no path", text), Fix: like}
	case method != "*" && (method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != ""):
		return &SyntaxError{Offset: len(head) - len(method), Why: fmt.Sprintf("%q is not an HTTP method", method), Fix: "methods are upper case: GET, POST, PUT, PATCH, DELETE; * is any"}
	}
	return checkPath(path, at, like)
}

func checkPath(path string, at int, like string) error {
	for _, dots := range []string{"…", "..."} {
		if rest, cut := strings.CutPrefix(path, dots); cut {
			path, at = rest, at+len(dots)
			break
		}
	}
	if bad := strings.IndexAny(path, "# "); bad >= 0 {
		return &SyntaxError{Offset: at + bad, Why: fmt.Sprintf("%q does not belong into an endpoint pattern", path[bad:bad+1]), Fix: "an endpoint is method and path: " + like}
	}
	if !strings.HasPrefix(path, "/") {
		return &SyntaxError{Offset: at, Why: "the path does not begin with /", Fix: like}
	}
	if later := strings.Index(path, "…"); later >= 0 {
		return &SyntaxError{Offset: at + later, Why: "… may stand only at the beginning of the path", Fix: "use * for one segment, or ** for any rest"}
	}
	return nil
}
