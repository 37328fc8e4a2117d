package session

import (
	"fmt"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/endpoint"
	"firedrill/internal/message"
	"firedrill/internal/redact"
)

// roleNames are the fields that say what a user is, best first.
var roleNames = []string{"role", "roles", "userrole", "primaryrole", "persona", "usertype", "accounttype", "profiletype", "membertype", "type", "kind"}

// noRole are words in such fields that say nothing.
var noRole = map[string]bool{"": true, "user": true, "bearer": true, "jwt": true, "default": true, "member": true, "authenticated": true, "account": true, "session": true, "jwtclaims": true, "null": true, "true": true, "false": true, "object": true, "users": true, "submit": true, "hidden": true}

// rolePaths are words in paths that only some users have business with.
var rolePaths = []string{"admin", "staff", "teacher", "instructor", "student", "learner", "parent", "guardian", "manager", "agent", "seller", "vendor", "buyer", "customer", "driver", "patient", "doctor", "employee", "employer"}

// persona is what kind of user the session's is, and how that is known.
func persona(s *Session) (name, why string) {
	best, role, at := 0, "", (*Event)(nil)
	field := ""
	for _, e := range s.Events {
		if e.Status() >= 400 || e.X.Response == nil {
			continue
		}
		weight := identityWeight(e)
		if weight == 0 {
			continue
		}
		for leaf := range e.Res().Leaves() {
			score := roleScore(leaf)
			if score == 0 {
				continue
			}
			if score += weight; score > best {
				best, role, at, field = score, strings.ToLower(leaf.Text), e, leaf.Ref.Name()
			}
		}
		e.Forget()
	}
	if at != nil {
		return role, fmt.Sprintf("%s: %s in %s %s", field, role, at.X.Request.Method, endpoint.Template(endpoint.Path(at.X.Request.Target)))
	}
	if r, ok := loginRole(s.Account); ok {
		return r, "the log-in's name begins with it"
	}
	if r, path, ok := pathRole(s); ok {
		return r, "requests " + path
	}
	if s.Login >= 0 {
		return "user", "logged in; no answer says a role"
	}
	for _, e := range s.Events {
		if len(credentials(e)) > 0 {
			return "user", "holds a session; no answer says a role"
		}
	}
	return "anonymous", "never logged in"
}

// identityWeight says how much an answer is about the user herself; 0 = not at all.
func identityWeight(e *Event) int {
	if _, ok := LoginOf(e); ok {
		return 30
	}
	path := strings.TrimRight(strings.ToLower(endpoint.Path(e.X.Request.Target)), "/")
	last := path[strings.LastIndexByte(path, '/')+1:]
	switch flat(last) {
	case "me", "whoami", "currentuser", "userinfo":
		return 40
	case "session", "profile", "account", "user", "self", "bootstrap", "context", "viewer", "auth", "status", "token", "refresh":
		return 20
	}
	contentType, _ := exchange.Get(e.X.Response.Header, "Content-Type")
	if message.MediaType(contentType) == "text/html" {
		return 5
	}
	return 0
}

// roleScore says how much a leaf looks like the user's role; 0 = not at all.
func roleScore(leaf message.Leaf) int {
	if leaf.Kind != message.String || len(leaf.Text) < 3 || len(leaf.Text) > 32 || redact.IsToken(leaf.Text) || noRole[strings.ToLower(leaf.Text)] {
		return 0
	}
	for i := range len(leaf.Text) {
		if c := leaf.Text[i] | 0x20; (c < 'a' || c > 'z') && c != '_'|0x20 && c != '-'|0x20 {
			return 0
		}
	}
	ref := strings.ToLower(leaf.Ref.String())
	name := strings.TrimPrefix(strings.TrimPrefix(flat(leaf.Ref.Name()), "data"), "currentuser")
	html := strings.HasPrefix(ref, "html")
	depth := strings.Count(ref, ".") + 2*strings.Count(ref, "[")
	for i, n := range roleNames {
		if name != n {
			continue
		}
		if html && (i > 5 || !strings.Contains(ref, "html.body") && !strings.Contains(ref, "html.html") && !strings.Contains(ref, "html.meta")) {
			return 0 // <input type=…>, <button role=…>
		}
		if i >= len(roleNames)-2 && !strings.Contains(ref, "user") && depth > 1 {
			return 0 // a type, but of what?
		}
		return max(1, 20-i-depth)
	}
	return 0
}

// loginRole: teacher12, teacher12@school.test.
func loginRole(account string) (string, bool) {
	local, _, _ := strings.Cut(strings.ToLower(account), "@")
	for _, r := range rolePaths {
		if rest, ok := strings.CutPrefix(local, r); ok && strings.Trim(rest, "0123456789-_.") == "" {
			return r, true
		}
	}
	return "", false
}

func pathRole(s *Session) (role, path string, ok bool) {
	count := map[string]int{}
	example := map[string]string{}
	for _, e := range s.Events {
		p := endpoint.Template(endpoint.Path(e.X.Request.Target))
		for _, w := range strings.Split(strings.ToLower(p), "/") {
			w = endpoint.Singular(w)
			for _, r := range rolePaths[:11] {
				if w == r && e.Status() < 400 {
					count[r]++
					if example[r] == "" {
						example[r] = e.X.Request.Method + " " + p
					}
				}
			}
		}
	}
	for _, r := range rolePaths { // in this order, so that ties are decided the same each time
		if count[r] > count[role] && !strings.Contains(example[r], "/"+r+"s/") {
			role, path, ok = r, example[r], true
		}
	}
	return role, path, ok
}
