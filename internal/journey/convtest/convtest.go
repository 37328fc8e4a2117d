package convtest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/exchange"
)

// Conversation is a parsed fixture.
type Conversation struct {
	Users  []User
	Talk   []Request
	Expect []string // lines after "="
}

// User is one person of the conversation.
type User struct {
	Name string
	Vars map[string]string
}

// Request is one request and its answer, with placeholders.
type Request struct {
	Wait     time.Duration
	Parallel bool
	If       string
	Method   string
	Target   string
	Header   []exchange.Field
	Body     string
	Status   int
	Answer   []exchange.Field
	Text     string
	Line     int
}

// Epoch is when the first user's first request begins.
var Epoch = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// logIn is what the line "login" stands for.
var logIn = []string{
	"POST /login",
	`> {"email":"$login","password":"$password"}`,
	"< 200",
	"< Set-Cookie: sid=@sid; Path=/; HttpOnly",
	`< {"user":{"role":"teacher"}}`,
}

var methods = map[string]bool{"GET": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "OPTIONS": true, "HEAD": true}

// Parse reads a conversation.
func Parse(text string) (*Conversation, error) {
	c := &Conversation{}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		if err := c.line(line, n+1); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	if len(c.Users) == 0 {
		c.Users = []User{{Name: "ann", Vars: map[string]string{}}}
	}
	return c, nil
}

func (c *Conversation) line(line string, n int) error {
	switch {
	case line == "" || strings.HasPrefix(line, "#"):
		return nil
	case line == "login":
		for _, l := range logIn {
			if err := c.line(l, n); err != nil {
				return err
			}
		}
		return nil
	case strings.HasPrefix(line, "="):
		c.Expect = append(c.Expect, strings.TrimSpace(line[1:]))
		return nil
	case strings.HasPrefix(line, "user "):
		u := User{Vars: map[string]string{}}
		for i, f := range strings.Fields(line[5:]) {
			if i == 0 {
				u.Name = f
				continue
			}
			k, v, ok := strings.Cut(f, "=")
			if !ok {
				return fmt.Errorf("%q is no name=value", f)
			}
			u.Vars[k] = v
		}
		c.Users = append(c.Users, u)
		return nil
	case strings.HasPrefix(line, ">"), strings.HasPrefix(line, "<"):
		if len(c.Talk) == 0 {
			return fmt.Errorf("there is no request before it")
		}
		return c.Talk[len(c.Talk)-1].part(line[0] == '>', strings.TrimSpace(line[1:]))
	}
	return c.request(line, n)
}

func (c *Conversation) request(line string, n int) error {
	r := Request{Wait: time.Second, Line: n}
	words := strings.Fields(line)
	for len(words) > 0 {
		w := words[0]
		switch {
		case w == "if" && len(words) > 1:
			r.If, words = strings.TrimSuffix(words[1], ":"), words[2:]
			continue
		case strings.HasPrefix(w, "+"):
			d, err := time.ParseDuration(w[1:])
			if err != nil {
				return err
			}
			r.Wait = d
		case w == "&":
			r.Parallel = true
		case methods[w] && len(words) == 2:
			r.Method, r.Target = w, words[1]
			c.Talk = append(c.Talk, r)
			return nil
		default:
			return fmt.Errorf("%q is not understood", line)
		}
		words = words[1:]
	}
	return fmt.Errorf("%q names no request", line)
}

var header = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*): (.*)$`)

func (r *Request) part(request bool, s string) error {
	fields, body := &r.Header, &r.Body
	if !request {
		fields, body = &r.Answer, &r.Text
		if r.Status == 0 {
			code, rest, _ := strings.Cut(s, " ")
			status, err := strconv.Atoi(code)
			if err != nil {
				return fmt.Errorf("%q is no status", code)
			}
			r.Status = status
			if s = strings.TrimSpace(rest); s == "" {
				return nil
			}
		}
	}
	if m := header.FindStringSubmatch(s); m != nil && *body == "" {
		*fields = append(*fields, exchange.Field{Name: m[1], Value: m[2]})
		return nil
	}
	if *body != "" {
		*body += "\n"
	}
	*body += s
	return nil
}

// Token is a redacted value: the same for the same user and name.
func Token(user, name string) string {
	sum := sha256.Sum256([]byte("token " + user + " " + name))
	return "fd~" + base64.RawURLEncoding.EncodeToString(sum[:16])
}

// UUID is an identifier: the same for the same user and name.
func UUID(user, name string) string {
	sum := sha256.Sum256([]byte("uuid " + user + " " + name))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Login is a user's e-mail address as recordings have it.
func Login(user string) string {
	sum := sha256.Sum256([]byte("mail " + user))
	return "u" + hex.EncodeToString(sum[:5]) + "@example.test"
}

var placeholder = regexp.MustCompile(`(\$|@@|@|%%|%)([a-z][a-z0-9_]*)`)

// Fill puts a user's values in the place of the placeholders.
func (u User) Fill(s string) string {
	return placeholder.ReplaceAllStringFunc(s, func(m string) string {
		switch {
		case m == "@example":
			return m
		case strings.HasPrefix(m, "@@"):
			return Token("", m[2:])
		case m[0] == '@':
			return Token(u.Name, m[1:])
		case strings.HasPrefix(m, "%%"):
			return UUID("", m[2:])
		case m[0] == '%':
			return UUID(u.Name, m[1:])
		case m == "$login":
			return Login(u.Name)
		case m == "$password":
			return Token(u.Name, "password")
		}
		if v, ok := u.Vars[m[1:]]; ok {
			return u.Fill(v)
		}
		return m
	})
}

// Exchanges are the users' sessions, one after the other, five minutes apart.
// Each user has a client and connection of their own.
func (c *Conversation) Exchanges() []*exchange.Exchange {
	var all []*exchange.Exchange
	for i, u := range c.Users {
		all = append(all, c.Session(u, Epoch.Add(time.Duration(i)*5*time.Minute), uint64(i+1))...)
	}
	for i, x := range all {
		x.Seq = uint64(i + 1)
	}
	return all
}

// Took is how long every request of a conversation takes.
const Took = 50 * time.Millisecond

// Session is one user's conversation from a time on.
func (c *Conversation) Session(u User, at time.Time, conn uint64) []*exchange.Exchange {
	var all []*exchange.Exchange
	jar := map[string]string{}
	var names []string
	for _, r := range c.Talk {
		if r.If != "" && u.Vars[r.If] == "" {
			continue
		}
		if r.Parallel {
			at = at.Add(-Took + time.Millisecond)
		} else {
			at = at.Add(r.Wait)
		}
		x := &exchange.Exchange{Start: at, Client: "c" + u.Name, Conn: conn, Timing: exchange.Timing{RequestEnd: time.Millisecond, FirstByte: Took / 2, End: Took}}
		x.Request = exchange.Request{Method: r.Method, Scheme: "http", Host: "app.test", Target: u.Fill(r.Target), Proto: "HTTP/1.1"}
		x.Request.Header, x.Request.Body = u.message(r.Header, r.Body)
		var pairs []string
		for _, n := range names {
			if jar[n] != "" {
				pairs = append(pairs, n+"="+jar[n])
			}
		}
		if len(pairs) > 0 {
			x.Request.Header = append(x.Request.Header, exchange.Field{Name: "Cookie", Value: strings.Join(pairs, "; ")})
		}
		x.Response = &exchange.Response{Status: r.Status, Proto: "HTTP/1.1"}
		x.Response.Header, x.Response.Body = u.message(r.Answer, r.Text)
		for _, v := range exchange.Values(x.Response.Header, "Set-Cookie") {
			pair, _, _ := strings.Cut(v, ";")
			k, value, _ := strings.Cut(pair, "=")
			if _, ok := jar[k]; !ok {
				names = append(names, k)
			}
			jar[k] = value
		}
		all = append(all, x)
		at = at.Add(Took)
	}
	return all
}

// message fills header and body; a body without a type is JSON or a page by its look, else a form.
func (u User) message(fields []exchange.Field, text string) ([]exchange.Field, exchange.Body) {
	var out []exchange.Field
	for _, f := range fields {
		out = append(out, exchange.Field{Name: f.Name, Value: u.Fill(f.Value)})
	}
	text = u.Fill(text)
	if _, ok := exchange.Get(out, "Content-Type"); !ok && text != "" {
		media := "application/x-www-form-urlencoded"
		switch text[0] {
		case '{', '[', '"':
			media = "application/json"
		case '<':
			media = "text/html; charset=utf-8"
		}
		out = append(out, exchange.Field{Name: "Content-Type", Value: media})
	}
	n := int64(len(text))
	return out, exchange.Body{Size: n, Decoded: n, Data: []byte(text)}
}

// Sequence is exchanges as a recording gives them.
func Sequence(all []*exchange.Exchange) iter.Seq2[*exchange.Exchange, error] {
	return func(yield func(*exchange.Exchange, error) bool) {
		for _, x := range all {
			if !yield(x, nil) {
				return
			}
		}
	}
}
