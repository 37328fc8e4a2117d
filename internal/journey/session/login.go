package session

import (
	"bytes"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/endpoint"
	"firedrill/internal/message"
	"firedrill/internal/redact"
)

// Login says where a log-in request holds the account's values.
type Login struct {
	LoginRef    message.Ref // e-mail or user name
	LoginText   string
	PasswordRef message.Ref
	Password    string // as recorded: a pseudonym
}

// LoginOf reports whether e logged somebody in: it sends a password, and the
// answer gives a cookie or a token, or sends the client on.
func LoginOf(e *Event) (Login, bool) {
	x := e.X
	if x.Request.Method == "GET" || x.Request.Method == "HEAD" || x.Response == nil || x.Status() >= 400 || len(x.Request.Body.Data) == 0 {
		return Login{}, false
	}
	if !bytes.Contains(bytes.ToLower(x.Request.Body.Data), []byte("pass")) && !bytes.Contains(bytes.ToLower(x.Request.Body.Data), []byte("pwd")) {
		return Login{}, false
	}
	var l Login
	best, passwords := 0, 0
	for leaf := range e.Req().Leaves() {
		s := leaf.Ref.String()
		if strings.HasPrefix(s, "header") || strings.HasPrefix(s, "cookie") || strings.HasPrefix(s, "path") {
			continue
		}
		if endpoint.IsPassword(leaf.Ref.Name()) {
			if passwords++; passwords == 1 {
				l.PasswordRef, l.Password = leaf.Ref, leaf.Text
			}
			continue
		}
		if score := loginField(leaf); score > best {
			best, l.LoginRef, l.LoginText = score, leaf.Ref, leaf.Text
		}
	}
	if passwords != 1 || !admitted(e) { // two passwords: a registration or a change of password
		return Login{}, false
	}
	return l, true
}

// loginField says how much a field looks like the one that names the account.
func loginField(leaf message.Leaf) int {
	name := leaf.Ref.Name()
	if i := strings.LastIndexByte(name, '['); i >= 0 {
		name = strings.Trim(name[i:], "[]")
	}
	name = flat(name)
	switch {
	case leaf.Text == "" || leaf.Kind == message.Bool || leaf.Kind == message.Null:
		return 0
	case strings.Contains(name, "csrf"), strings.Contains(name, "token"), strings.Contains(name, "captcha"):
		return 0
	case name == "email", name == "login", name == "username", name == "useremail", name == "emailaddress", name == "loginid", name == "userid", name == "jusername":
		return 4
	case strings.Contains(leaf.Text, "@") && strings.Contains(leaf.Text, "."):
		return 3
	case name == "user", name == "identifier", name == "account", name == "log", name == "uid", name == "name", name == "u":
		return 2
	case strings.Contains(name, "email"), strings.Contains(name, "user"), strings.Contains(name, "login"):
		return 1
	}
	return 0
}

// admitted reports whether the answer to a log-in let the user in.
func admitted(e *Event) bool {
	x := e.X
	if x.Status() >= 300 {
		location, ok := exchange.Get(x.Response.Header, "Location")
		return ok && pathOf(location) != endpoint.Path(x.Request.Target)
	}
	contentType, _ := exchange.Get(x.Response.Header, "Content-Type")
	if media := message.MediaType(contentType); media == "text/html" {
		// a form shown again also sets cookies
		body := bytes.ToLower(x.Response.Body.Data)
		return !bytes.Contains(body, []byte(`type="password"`)) && !bytes.Contains(body, []byte(`type=password`))
	}
	for _, c := range exchange.Values(x.Response.Header, "Set-Cookie") {
		if _, value, live := parseSetCookie(c); live && value != "" {
			return true
		}
	}
	for leaf := range e.Res().Leaves() {
		if isTokenName(leaf.Ref.Name()) && strong(leaf.Text) {
			return true
		}
		if strings.HasPrefix(leaf.Ref.String(), "header.Authorization") {
			return true
		}
	}
	return false
}

// isTokenName reports whether a field's name is one that session tokens go by.
func isTokenName(name string) bool {
	n := flat(name)
	return strings.HasSuffix(n, "token") && !strings.Contains(n, "csrf") && !strings.Contains(n, "xsrf") || n == "jwt" || n == "sessionid" || n == "sid" || n == "bearer"
}

// IsLogout reports whether e ended a session.
func IsLogout(e *Event) bool {
	if e.Status() >= 400 || e.Status() == 0 {
		return false
	}
	path := strings.TrimRight(strings.ToLower(endpoint.Path(e.X.Request.Target)), "/")
	last := path[strings.LastIndexByte(path, '/')+1:]
	if i := strings.IndexAny(last, ".;"); i > 0 {
		last = last[:i]
	}
	switch flat(last) {
	case "logout", "signout", "logoff", "signoff", "endsession":
		return true
	case "session", "sessions", "login", "token":
		return e.X.Request.Method == "DELETE"
	}
	return false
}

func pathOf(location string) string {
	if i := strings.Index(location, "://"); i >= 0 {
		location = location[i+3:]
		if i := strings.IndexByte(location, '/'); i >= 0 {
			location = location[i:]
		} else {
			location = "/"
		}
	}
	return endpoint.Path(location)
}

// parseSetCookie is a Set-Cookie field's name and value and whether it sets (rather than deletes) the cookie.
func parseSetCookie(field string) (name, value string, live bool) {
	pair, attributes, _ := strings.Cut(field, ";")
	name, value, ok := strings.Cut(pair, "=")
	if !ok {
		return "", "", false
	}
	live = true
	for _, a := range strings.Split(attributes, ";") {
		key, v, _ := strings.Cut(strings.TrimSpace(a), "=")
		switch strings.ToLower(key) {
		case "max-age":
			live = live && !strings.HasPrefix(v, "-") && v != "0"
		case "expires":
			live = live && !strings.Contains(v, " 1970 ") && !strings.Contains(v, "-1970 ")
		}
	}
	return strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`), live
}

// strong reports whether a value can tell one client from another.
func strong(v string) bool {
	return redact.IsToken(v) || len(v) >= 10 && (endpoint.Unguessable(v) || strings.Contains(v, "fd~"))
}

// flat is a name without case and separators: "user_name" and "userName" are one.
func flat(name string) string {
	for i := range len(name) {
		if c := name[i]; c == '_' || c == '-' || 'A' <= c && c <= 'Z' {
			b := make([]byte, 0, len(name))
			for j := range len(name) {
				switch c := name[j]; {
				case 'A' <= c && c <= 'Z':
					b = append(b, c+'a'-'A')
				case c != '_' && c != '-':
					b = append(b, c)
				}
			}
			return string(b)
		}
	}
	return name
}
