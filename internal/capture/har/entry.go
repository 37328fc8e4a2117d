package har

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"firedrill/internal/exchange"
)

// skipped says why an entry is no exchange that was on the wire; "" = it is.
func (e *entry) skipped() string {
	scheme, _, _ := strings.Cut(e.Request.URL, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "ws", "wss":
	default:
		return "not http"
	}
	if e.FromCache != "" {
		return "answered by the browser's cache"
	}
	return ""
}

// ms turns milliseconds into a duration; what is not known is nothing.
func ms(v float64) time.Duration {
	if !(v > 0) || v > 1e12 { // NaN too
		return 0
	}
	return time.Duration(math.Round(v * 1e6))
}

// before is the time until the request had been sent.
func (t *timings) before() time.Duration {
	return ms(t.Blocked) + ms(t.DNS) + ms(t.Connect) + ms(t.Send)
}

// length is how long the exchange took.
func (e *entry) length() time.Duration {
	return max(ms(e.Time), e.Timings.before()+ms(e.Timings.Wait)+ms(e.Timings.Receive))
}

// exchange is what an entry tells.
func (a *Archive) exchange(e *entry) (*exchange.Exchange, error) {
	started, err := parseTime(e.Started)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(e.Request.URL)
	if err != nil {
		return nil, errors.New("request.url cannot be read")
	}
	scheme := map[string]string{"ws": "http", "wss": "https"}[strings.ToLower(u.Scheme)]
	if scheme == "" {
		scheme = strings.ToLower(u.Scheme)
	}
	target := u.EscapedPath()
	if target == "" {
		target = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		target += "?" + u.RawQuery
	}
	x := &exchange.Exchange{
		Start: started,
		Conn:  a.conn(string(e.Connection)),
		Request: exchange.Request{
			Method: strings.ToUpper(e.Request.Method), Scheme: scheme, Host: hostOf(scheme, u.Host), Target: target, Proto: proto(e.Request.Version),
			Header: fields(e.Request.Headers, e.Request.Cookies, "Cookie"),
		},
	}
	if x.Request.Method == "" || x.Request.Host == "" {
		return nil, errors.New("the request has no method or no host")
	}
	if x.Request.Body, err = e.asked(x.Request.Header); err != nil {
		return nil, err
	}
	x.Timing.RequestEnd = e.Timings.before()
	x.Timing.End = e.length()
	x.Frames = frames(e.Messages, started)
	if e.Response.Status <= 0 {
		x.Failure = &exchange.Failure{Stage: "wait", Reason: reason(string(e.Error) + " " + string(e.Response.Error))}
		return x, nil
	}
	x.Timing.FirstByte = min(x.Timing.RequestEnd+ms(e.Timings.Wait), x.Timing.End)
	x.Response = &exchange.Response{Status: e.Response.Status, Proto: proto(e.Response.Version), Header: fields(e.Response.Headers, e.Response.Cookies, "Set-Cookie")}
	if x.Response.Body, err = e.answered(x); err != nil {
		return nil, err
	}
	return x, nil
}

// conn numbers connections in the order in which they are met. What has no name
// has no number.
func (a *Archive) conn(name string) uint64 {
	if name == "" {
		return 0
	}
	if a.conns[name] == 0 {
		a.conns[name] = uint64(len(a.conns) + 1)
	}
	return a.conns[name]
}

// hostOf leaves the scheme's own port out.
func hostOf(scheme, host string) string {
	if scheme == "http" {
		return strings.TrimSuffix(strings.ToLower(host), ":80")
	}
	return strings.TrimSuffix(strings.ToLower(host), ":443")
}

// proto is a version as exchanges name it.
func proto(version string) string {
	switch strings.ToLower(version) {
	case "h2", "http/2", "http/2.0":
		return "HTTP/2.0"
	case "h3", "http/3", "http/3.0":
		return "HTTP/3.0"
	case "http/1.0":
		return "HTTP/1.0"
	}
	return "HTTP/1.1"
}

// hop are fields of one connection, which exchanges do not have.
var hop = map[string]bool{"connection": true, "keep-alive": true, "proxy-connection": true, "transfer-encoding": true, "te": true, "upgrade": true, "trailer": true, "host": true, "content-length": true}

// fields are header fields without those of HTTP/2 itself and of one connection.
// Where the field that carries cookies is missing, it is made from those listed.
func fields(headers []pair, cookies []cookie, carrier string) []exchange.Field {
	var out []exchange.Field
	carried := false
	for _, h := range headers {
		if strings.HasPrefix(h.Name, ":") || h.Name == "" || hop[strings.ToLower(h.Name)] {
			continue
		}
		carried = carried || strings.EqualFold(h.Name, carrier)
		if strings.EqualFold(h.Name, "Set-Cookie") {
			for line := range strings.SplitSeq(h.Value, "\n") {
				out = append(out, exchange.Field{Name: h.Name, Value: strings.TrimSpace(line)})
			}
			continue
		}
		out = append(out, exchange.Field{Name: h.Name, Value: strings.ReplaceAll(h.Value, "\n", ", ")})
	}
	if carried || len(cookies) == 0 {
		return out
	}
	if carrier == "Cookie" {
		parts := make([]string, len(cookies))
		for i, c := range cookies {
			parts[i] = c.Name + "=" + c.Value
		}
		return append(out, exchange.Field{Name: carrier, Value: strings.Join(parts, "; ")})
	}
	for _, c := range cookies {
		out = append(out, exchange.Field{Name: carrier, Value: c.line()})
	}
	return out
}

// line is a cookie as an answer sets it.
func (c *cookie) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s=%s", c.Name, c.Value)
	if c.Path != "" {
		b.WriteString("; Path=" + c.Path)
	}
	if strings.HasPrefix(c.Domain, ".") { // without the dot it is the host itself, which needs no attribute
		b.WriteString("; Domain=" + strings.TrimPrefix(c.Domain, "."))
	}
	if t, err := parseTime(c.Expires); err == nil {
		b.WriteString("; Expires=" + t.Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	}
	if c.Secure {
		b.WriteString("; Secure")
	}
	if c.HTTPOnly {
		b.WriteString("; HttpOnly")
	}
	if c.SameSite != "" {
		b.WriteString("; SameSite=" + c.SameSite)
	}
	return b.String()
}

// frames are the messages of a WebSocket.
func frames(messages []message, started time.Time) []exchange.Frame {
	var out []exchange.Frame
	for _, m := range messages {
		f := exchange.Frame{ToHost: m.Type == "send", Opcode: uint8(m.Opcode & 0xf), Data: []byte(m.Data)}
		if f.Opcode == 2 {
			if b, err := base64.StdEncoding.DecodeString(m.Data); err == nil {
				f.Data = b
			}
		}
		f.Size = int64(len(f.Data))
		if f.At = time.Duration(m.Time*1e9) - time.Duration(started.UnixNano()); f.At < 0 {
			f.At = 0
		}
		out = append(out, f)
	}
	return out
}

// reason is the class of a failure, without what a program wrote about it.
func reason(said string) string {
	said = strings.ToLower(said)
	for _, known := range []struct{ part, reason string }{
		{"refused", "refused"}, {"reset", "reset"}, {"timed_out", "timeout"}, {"timeout", "timeout"}, {"name_not_resolved", "unknown host"},
		{"cert", "unknown authority"}, {"ssl", "unknown authority"}, {"aborted", "aborted"}, {"blocked", "blocked by the browser"},
	} {
		if strings.Contains(said, known.part) {
			return known.reason
		}
	}
	return "no answer"
}
