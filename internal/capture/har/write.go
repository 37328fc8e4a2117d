package har

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"firedrill/internal/exchange"
)

// Maker is the program that is named in a file.
type Maker struct{ Name, Version string }

// Write writes exchanges as a HAR, one entry at a time, in the order in which
// they come. Program and comment are named in the file.
func Write(w io.Writer, by Maker, comment string, exchanges iter.Seq2[*exchange.Exchange, error]) error {
	out := bufio.NewWriter(w)
	made, err := json.Marshal(creator(by))
	if err != nil {
		return err
	}
	said, err := json.Marshal(comment)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "{\"log\":{\"version\":\"1.2\",\"creator\":%s,\"comment\":%s,\"entries\":[", made, said)
	between := "\n"
	for x, err := range exchanges {
		if err != nil {
			return err
		}
		e, err := json.Marshal(entryOf(x))
		if err != nil {
			return err
		}
		out.WriteString(between)
		if _, err := out.Write(e); err != nil {
			return err
		}
		between = ",\n"
	}
	out.WriteString("\n]}}\n")
	return out.Flush()
}

// entryOf is an exchange as a HAR tells it.
func entryOf(x *exchange.Exchange) entry {
	e := entry{
		Started: x.Start.UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
		Time:    inMS(x.Timing.End),
		Request: askedOf(x),
		Timings: timingsOf(x.Timing),
	}
	if x.Conn > 0 {
		e.Connection = text(strconv.FormatUint(x.Conn, 10))
	}
	if len(x.Labels) > 0 {
		e.Comment = "marks: " + strings.Join(x.Labels, ", ")
	}
	if x.Failure != nil {
		e.Error = text(x.Failure.Stage + ": " + x.Failure.Reason)
	}
	e.Response = answeredOf(x)
	for _, f := range x.Frames {
		m := message{Type: "receive", Opcode: int(f.Opcode), Data: string(f.Data), Time: float64(x.Start.Add(f.At).UnixMicro()) / 1e6}
		if f.ToHost {
			m.Type = "send"
		}
		if f.Opcode == 2 {
			m.Data = base64.StdEncoding.EncodeToString(f.Data)
		}
		e.Messages = append(e.Messages, m)
	}
	return e
}

func inMS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// timingsOf parts an exchange's time; what nobody measured is -1.
func timingsOf(t exchange.Timing) timings {
	out := timings{Blocked: -1, DNS: -1, Connect: -1, SSL: -1, Send: inMS(min(t.RequestEnd, t.End))}
	first := max(t.FirstByte, t.RequestEnd)
	if t.FirstByte == 0 {
		first = t.End
	}
	first = min(max(first, t.RequestEnd), max(t.End, t.RequestEnd))
	out.Wait = inMS(first - min(t.RequestEnd, t.End))
	out.Receive = inMS(max(0, t.End-first))
	return out
}

func askedOf(x *exchange.Exchange) request {
	r := &x.Request
	out := request{
		Method: r.Method, URL: r.Origin() + r.Target, Version: r.Proto, Headers: pairs(append([]exchange.Field{{Name: "Host", Value: r.Host}}, r.Header...)),
		Cookies: []cookie{}, QueryString: []pair{}, HeadersSize: -1, BodySize: r.Body.Size,
	}
	if u, err := url.Parse(r.Target); err == nil {
		for part := range strings.SplitSeq(u.RawQuery, "&") {
			name, value, _ := strings.Cut(part, "=")
			if name = unescaped(name); part != "" {
				out.QueryString = append(out.QueryString, pair{name, unescaped(value)})
			}
		}
	}
	for _, line := range exchange.Values(r.Header, "Cookie") {
		for part := range strings.SplitSeq(line, ";") {
			if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
				out.Cookies = append(out.Cookies, cookie{Name: name, Value: value})
			}
		}
	}
	if len(r.Body.Data) > 0 || r.Body.Cut != "" {
		media, _ := exchange.Get(r.Header, "Content-Type")
		out.PostData = &postData{MimeType: media, Text: string(r.Body.Data), Comment: cutComment(r.Body)}
		if !utf8.Valid(r.Body.Data) {
			out.PostData.Text, out.PostData.Encoding = base64.StdEncoding.EncodeToString(r.Body.Data), "base64"
		}
	}
	return out
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func answeredOf(x *exchange.Exchange) response {
	out := response{Version: x.Request.Proto, Cookies: []cookie{}, Headers: []pair{}, HeadersSize: -1, BodySize: -1}
	r := x.Response
	if r == nil {
		return out
	}
	out.Status, out.StatusText, out.Version, out.Headers, out.BodySize = r.Status, http.StatusText(r.Status), r.Proto, pairs(r.Header), r.Body.Size
	out.RedirectURL, _ = exchange.Get(r.Header, "Location")
	header := http.Header{}
	for _, v := range exchange.Values(r.Header, "Set-Cookie") {
		header.Add("Set-Cookie", v)
	}
	for _, c := range (&http.Response{Header: header}).Cookies() {
		k := cookie{Name: c.Name, Value: c.Value, Path: c.Path, Domain: c.Domain, HTTPOnly: c.HttpOnly, Secure: c.Secure}
		if !c.Expires.IsZero() {
			k.Expires = c.Expires.UTC().Format(time.RFC3339)
		}
		out.Cookies = append(out.Cookies, k)
	}
	media, _ := exchange.Get(r.Header, "Content-Type")
	if media == "" {
		media = "x-unknown"
	}
	out.Content = content{Size: r.Body.Decoded, MimeType: media, Comment: cutComment(r.Body)}
	if r.Body.Decoded > r.Body.Size {
		out.Content.Compression = r.Body.Decoded - r.Body.Size
	}
	if len(r.Body.Data) > 0 {
		data := string(r.Body.Data)
		if !utf8.Valid(r.Body.Data) {
			data, out.Content.Encoding = base64.StdEncoding.EncodeToString(r.Body.Data), "base64"
		}
		out.Content.Text = &data
	}
	return out
}

// cutComment says why a body is not the whole one.
func cutComment(b exchange.Body) string {
	if b.Cut == "" {
		return ""
	}
	return "not the whole body: " + b.Cut
}

func pairs(fields []exchange.Field) []pair {
	out := make([]pair, len(fields))
	for i, f := range fields {
		out[i] = pair(f)
	}
	return out
}
