package message_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

// replaceOne gives m with the part ref as value.
func replaceOne(m message.Message, ref message.Ref, value string) message.Message {
	return message.Parse(m).Replace(func(l message.Leaf) (string, bool) { return value, l.Ref == ref })
}

// Each row says how a value is written into its place: what a place needs escaped, and that all around it stays.
func TestReplace(t *testing.T) {
	multi := func(body string) message.Message {
		return message.Message{Method: "POST", Target: "/", Header: []exchange.Field{{Name: "Content-Type", Value: "multipart/form-data; boundary=B"}}, Body: []byte(body)}
	}
	events := func(body string) message.Message {
		return message.Message{Header: []exchange.Field{{Name: "Content-Type", Value: "text/event-stream"}}, Body: []byte(body)}
	}
	for _, c := range []struct {
		name     string
		m        message.Message
		ref, val string
		want     string // body, or target when there is no body
	}{
		{"string", jsonMessage("{ \"a\" : \"x\" , \"b\":1}"), "json.a", "q\"\\\n\x01é", "{ \"a\" : \"q\\\"\\\\\\n\\u0001é\" , \"b\":1}"},
		{"a string stays one", jsonMessage(`{"a":"x"}`), "json.a", "12", `{"a":"12"}`},
		{"number by number", jsonMessage(`{"a":1}`), "json.a", "-2.5e3", `{"a":-2.5e3}`},
		{"number by text", jsonMessage(`{"a":1}`), "json.a", "fd~x", `{"a":"fd~x"}`},
		{"number by no JSON number", jsonMessage(`{"a":1}`), "json.a", "007", `{"a":"007"}`},
		{"bool by bool", jsonMessage(`{"a":true}`), "json.a", "false", `{"a":false}`},
		{"bool by number", jsonMessage(`{"a":true}`), "json.a", "1", `{"a":"1"}`},
		{"null by null", jsonMessage(`[null]`), "json[0]", "null", `[null]`},
		{"null by text", jsonMessage(`[null]`), "json[0]", "x", `["x"]`},
		{"second of equal keys", jsonMessage(`{"a":1,"a":2}`), "json.a#1", "3", `{"a":1,"a":3}`},
		{"JSON in a string", jsonMessage(`{"a":"{\"b\":  \"c\"}"}`), "json.a|json.b", `"`, `{"a":"{\"b\":  \"\\\"\"}"}`},
		{"base64 in JSON", jsonMessage(`{"a":"Q291cnNlOjE3"}`), "json.a|b64", "Course:18", `{"a":"Q291cnNlOjE4"}`},
		{"base64 without padding stays so", jsonMessage(`{"a":"Q291cnNlOjE3OA"}`), "json.a|b64", "Course:1", `{"a":"Q291cnNlOjE"}`},
		{"claim", jsonMessage(`{"a":"eyJhbGciOiJub25lIn0.eyJhIjoxfQ.sig"}`), "json.a|jwt.claims.a", "2", `{"a":"eyJhbGciOiJub25lIn0.eyJhIjoyfQ.sig"}`},
		{"bearer", jsonMessage(`{"a":"Bearer abcdefghij"}`), "json.a|auth", "z", `{"a":"Bearer z"}`},
		{"form", formMessage("a=1&b=x%20y"), "form.a", "a b&=+é", "a=a+b%26%3D%2B%C3%A9&b=x%20y"},
		{"JSON in a form", formMessage("j=%7B%22a%22%3A1%7D"), "form.j|json.a", "2", "j=%7B%22a%22%3A2%7D"},
		{"form without =", formMessage("abc"), `form.""`, "x y", "x+y"},
		{"path", message.Message{Method: "GET", Target: "/a/b%20c?d=e"}, "path[1]", "x/y z?", "/a/x%2Fy%20z%3F?d=e"},
		{"path parameter", message.Message{Method: "GET", Target: "/a;v=1;jsessionid=2?x"}, "path[0]|params.jsessionid", "9 9", "/a;v=1;jsessionid=9%209?x"},
		{"query", message.Message{Method: "GET", Target: "/a?b=c&d=e+f"}, "query.b", "x&y=z #+", "/a?b=x%26y%3Dz%20%23%2B&d=e+f"},
		{"URL in a query", message.Message{Method: "GET", Target: "/a?u=https%3A%2F%2Fx.y%2Fz%3Fq%3D1"}, "query.u|url.query.q", "2", "/a?u=https://x.y/z?q%3D2"},
		{"attribute in double quotes", htmlMessage(`<meta name=t content="x">y`), "html.meta[name=t]@content", `"<'&`, `<meta name=t content="&#34;&lt;&#39;&amp;">y`},
		{"attribute in single quotes", htmlMessage(`<meta name=t content='x'>`), "html.meta[name=t]@content", `it's`, `<meta name=t content='it&#39;s'>`},
		{"attribute without quotes", htmlMessage(`<meta name=t content=x>`), "html.meta[name=t]@content", `y`, `<meta name=t content=y>`},
		{"attribute that comes to need them", htmlMessage(`<meta name=t content=x>`), "html.meta[name=t]@content", `a b`, `<meta name=t content="a b">`},
		{"text", htmlMessage("<h1> x \n</h1>"), "html.h1/text", "a<b ", "<h1> a&lt;b&#32; \n</h1>"},
		{"JSON in an attribute", htmlMessage(`<p data-p='{"a":"b"}'>`), "html.p[data-p][0]@data-p|json.a", "c", `<p data-p='{&#34;a&#34;:&#34;c&#34;}'>`},
		{"script literal", htmlMessage(`<script>a = {k: 'v'}</script>`), "html.script/script.k", "</script>'", `<script>a = {k: '\x3C/script\x3E\x27'}</script>`},
		{"script number", htmlMessage(`<script>a = 5;</script>`), "html.script/script.a", "x", `<script>a = "x";</script>`},
		{"JSON script", htmlMessage(`<script type=application/json>{"a":"b"}</script>`), "html.script[type=application/json]/script.a", "</script>", `<script type=application/json>{"a":"\u003C/script\u003E"}</script>`},
		{"multipart", multi("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n"), "multipart.a", "y\r\nz", "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ny\r\nz\r\n--B--\r\n"},
		{"file name", multi("--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x\"\r\n\r\nx\r\n--B--\r\n"), "multipart.a@filename", "q\".txt", "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"q%22.txt\"\r\n\r\nx\r\n--B--\r\n"},
		{"event", events("id: 1\r\ndata: a\r\ndata: b\r\n\r\n"), "events[0]", "c\nd\ne", "id: 1\r\ndata: c\r\ndata: d\r\ndata: e\r\n\r\n"},
		{"event id", events("id: 1\ndata: a\n\n"), "events[0]@id", "2\n3", "id: 2 3\ndata: a\n\n"},
		{"opaque body", message.Message{Body: []byte("plain")}, "body", "other", "other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkTree(t, c.m)
			ref := message.MustRef(c.ref)
			got := replaceOne(c.m, ref, c.val)
			body := string(got.Body)
			if c.m.Body == nil {
				body = got.Target
			}
			if body != c.want {
				t.Errorf("got  %q\nwant %q", body, c.want)
			}
			tmpl, err := message.Parse(c.m).Compile([]message.Ref{ref})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, tmpl.Render([]string{c.val})); diff != "" {
				t.Errorf("a template renders otherwise than Replace replaces:\n%s", diff)
			}
		})
	}
}

func TestReplaceInFields(t *testing.T) {
	m := message.Message{Method: "GET", Target: "/", Header: []exchange.Field{
		{Name: "X-A", Value: "1"}, {Name: "Cookie", Value: "a=1; b=\"2\";c=3"}, {Name: "authorization", Value: "Bearer  abc"}, {Name: "Set-Cookie", Value: "s=1; Path=/x"}, {Name: "x-a", Value: "2"},
	}}
	got := message.Parse(m).Replace(func(l message.Leaf) (string, bool) {
		switch l.Ref.String() {
		case "header.X-A[1]":
			return "a\r\nb", true
		case "cookie.b":
			return "x;y z", true
		case "header.Authorization|auth":
			return "tok", true
		case "set-cookie.s":
			return "2", true
		}
		return "", false
	})
	want := []exchange.Field{{Name: "X-A", Value: "1"}, {Name: "Cookie", Value: "a=1; b=\"x%3By%20z\";c=3"}, {Name: "authorization", Value: "Bearer tok"}, {Name: "Set-Cookie", Value: "s=2; Path=/x"}, {Name: "x-a", Value: "a  b"}}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Error(diff)
	}
	if m.Header[0].Value != "1" || m.Header[1].Value != "a=1; b=\"2\";c=3" {
		t.Errorf("the message itself was changed: %v", m.Header)
	}
}

// A value that is replaced is not looked into; one that is not, is.
func TestReplaceOutermostFirst(t *testing.T) {
	m := jsonMessage(`{"t":"eyJhbGciOiJub25lIn0.eyJhIjoxfQ.s"}`)
	var asked []string
	message.Parse(m).Replace(func(l message.Leaf) (string, bool) {
		if strings.HasPrefix(l.Ref.String(), "json") {
			asked = append(asked, l.Ref.String())
		}
		return "gone", l.Ref.String() == "json.t"
	})
	if len(asked) != 1 {
		t.Errorf("asked for %q", asked)
	}
}

func TestGapsAndEdits(t *testing.T) {
	m := jsonMessage(`{"secretkey":"v","n":[1,22]}`)
	type edit struct{ start, end, size int }
	var edits []edit
	got := message.Parse(m).RewriteWith(message.Rewriter{
		Leaf: func(p message.Part) (string, bool) { return "333", p.Text() == "22" },
		Gap: func(s string) (string, bool) {
			return strings.ReplaceAll(s, "secretkey", "k"), strings.Contains(s, "secret")
		},
		Edited: func(start, end, size int) { edits = append(edits, edit{start, end, size}) },
	})
	if string(got.Body) != `{"k":"v","n":[1,333]}` {
		t.Errorf("body %s", got.Body)
	}
	if diff := cmp.Diff([]edit{{0, 14, 6}, {24, 26, 3}}, edits, cmp.AllowUnexported(edit{})); diff != "" {
		t.Error(diff)
	}
}

func TestCompileErrors(t *testing.T) {
	tree := message.Parse(jsonMessage(`{"t":"eyJhbGciOiJub25lIn0.eyJhIjoxfQ.s","l":[1]}`))
	refs := func(s ...string) (all []message.Ref) {
		for _, r := range s {
			all = append(all, message.MustRef(r))
		}
		return all
	}
	var missing *message.MissingError
	for _, r := range []string{"json.x", "json.l", "json.l[*]", "query.a", "json.t|jwt.claims.b"} {
		if _, err := tree.Compile(refs("json.l[0]", r)); !errors.As(err, &missing) || missing.Ref != message.MustRef(r) {
			t.Errorf("%s: %v", r, err)
		}
	}
	var overlap *message.OverlapError
	for _, r := range [][]message.Ref{refs("json.t|jwt.claims.a", "json.t"), refs("json.t", "json.t|jwt.claims.a"), refs("json.t", "json.t")} {
		if _, err := tree.Compile(r); !errors.As(err, &overlap) || overlap.Outer != message.MustRef("json.t") {
			t.Errorf("%s: %v", r, err)
		}
	}
}

func TestTemplateFields(t *testing.T) {
	m := message.Message{Method: "POST", Target: "/a/1?b=2", Body: []byte("x"), Header: []exchange.Field{
		{Name: "Content-Length", Value: "1"}, {Name: "Cookie", Value: "a=1; b=2"}, {Name: "X-Token", Value: "t"}, {Name: "Accept", Value: "*/*"}}}
	tmpl, err := message.Parse(m).Compile([]message.Ref{message.MustRef("header.X-Token"), message.MustRef("path[1]")})
	if err != nil {
		t.Fatal(err)
	}
	want := message.Message{Method: "POST", Target: "/a/9?b=2", Body: []byte("x"), Header: []exchange.Field{{Name: "X-Token", Value: "new"}, {Name: "Accept", Value: "*/*"}}}
	if diff := cmp.Diff(want, tmpl.Render([]string{"new", "9"})); diff != "" {
		t.Error(diff)
	}
	tmpl, err = message.Parse(m).Compile([]message.Ref{message.MustRef("cookie.b")})
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := exchange.Get(tmpl.Render([]string{"3"}).Header, "Cookie"); v != "a=1; b=3" {
		t.Errorf("cookie %q", v)
	}
	if v, _ := exchange.Get(tmpl.Render(nil).Header, "Cookie"); v != "a=1; b=" {
		t.Errorf("cookie without a value %q", v)
	}
	one, two := tmpl.Render([]string{"1"}), tmpl.Render([]string{"2"})
	one.Header[0].Value = "changed"
	if two.Header[0].Value == "changed" || tmpl.Render([]string{"2"}).Header[0].Value == "changed" {
		t.Error("two renderings share their fields")
	}
}

// Whatever stands in a part of the corpus, and whatever replaces it, is read back.
func TestReplacedLeavesReadBack(t *testing.T) {
	for _, file := range messageFiles(t) {
		m := readMessage(t, file)
		var refs []message.Ref
		for l := range message.Parse(m).Leaves() {
			if !skipReadBack(m, l.Ref) {
				refs = append(refs, l.Ref)
			}
		}
		if len(refs) == 0 {
			continue
		}
		rapid.Check(t, func(t *rapid.T) {
			ref := rapid.SampledFrom(refs).Draw(t, "ref")
			value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{1,20}`), rapid.StringMatching(`[<>&"'\\;=%+ \n]{1,8}`)).Draw(t, "value")
			value = fitting(ref, value)
			got := replaceOne(m, ref, value)
			leaf, ok := message.Parse(got).Get(ref)
			if value == "" && ( // text and pairs that are empty are no leaves
			strings.HasSuffix(ref.String(), "/text") || strings.HasSuffix(ref.String(), `.""`) || strings.Contains(ref.String(), "/text#")) {
				return
			}
			if !ok || leaf.Text != value {
				t.Fatalf("%s: %s set to %q reads %q %v\n%s", file, ref, value, leaf.Text, ok, got.Body)
			}
			tmpl, err := message.Parse(m).Compile([]message.Ref{ref})
			if err != nil {
				t.Fatal(err)
			}
			if r := tmpl.Render([]string{value}); r.Target != got.Target || !bytes.Equal(r.Body, got.Body) {
				t.Fatalf("%s: template %q, replace %q", ref, r.Body, got.Body)
			}
		})
	}
}

// skipReadBack: parts whose value is also their name or says how the rest is read.
func skipReadBack(m message.Message, ref message.Ref) bool {
	s := ref.String()
	if s == "header.Content-Type" || s == "body" || strings.Contains(s, "jwt.header") {
		return true // says how the rest is read
	}
	if strings.HasPrefix(s, "html") && (strings.Contains(s, "@href") || strings.Contains(s, "@action") || strings.HasSuffix(s, "@name")) {
		return true // is its own name
	}
	// Inside a value whose form is told by its look a value can be lost that makes it look otherwise.
	return strings.Contains(s, "|")
}

// fitting is v as the place can hold it.
func fitting(ref message.Ref, v string) string {
	v = strings.ToValidUTF8(v, "")
	s := ref.String()
	switch {
	case strings.HasPrefix(s, "header."), strings.Contains(s, "events[") && strings.Contains(s, "@"), strings.HasPrefix(s, "lines["):
		v = strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(v)
	case strings.HasPrefix(s, "cookie."), strings.HasPrefix(s, "set-cookie."):
		v = strings.Map(func(r rune) rune {
			if r <= ' ' || r > '~' || strings.ContainsRune(`",;\`, r) {
				return -1
			}
			return r
		}, v)
	case strings.HasPrefix(s, "events["):
		v = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(v)
	case strings.HasPrefix(s, "html."):
		v = strings.Map(func(r rune) rune {
			if r == 0 {
				return -1 // html has no way to write it
			}
			return r
		}, v)
	case strings.HasSuffix(s, "@filename"):
		v = strings.NewReplacer("%22", "", "%0D", "", "%0A", "", "\\", "").Replace(v)
	}
	if strings.HasPrefix(s, "lines[") && strings.Trim(v, " \t") == "" {
		v = "x"
	}
	return v
}

// Leaves of JSON are what encoding/json reads.
func jsonLeaves(t interface {
	Helper()
	Fatalf(string, ...any)
}, body []byte) (want []string, ok bool) {
	t.Helper()
	if !json.Valid(body) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	type frame struct{ object, key bool }
	stack := []frame{}
	for {
		tok, err := d.Token()
		if err != nil {
			return want, true
		}
		top := len(stack) - 1
		switch v := tok.(type) {
		case json.Delim:
			switch v {
			case '{', '[':
				stack = append(stack, frame{v == '{', v == '{'})
				continue
			default:
				stack = stack[:top]
				top--
			}
		case string:
			if top >= 0 && stack[top].object && stack[top].key {
				stack[top].key = false
				continue
			}
			want = append(want, "string "+v)
		case json.Number:
			want = append(want, "number "+v.String())
		case bool:
			want = append(want, map[bool]string{true: "bool true", false: "bool false"}[v])
		case nil:
			want = append(want, "null null")
		}
		if top >= 0 && stack[top].object {
			stack[top].key = true
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,true,null,"x\u00e9\ud83d\ude00\ud800"],"a":{}}`, `[]`, `"x"`, ` -0 `, `{"a":{"b":"{\"c\":1}"}}`, `{"a":`, `[1,]`, "\ufeff{}", `{"t":"eyJhbGciOiJub25lIn0.eyJhIjoxfQ."}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m := jsonMessage(string(body))
		checkTree(t, m)
		want, ok := jsonLeaves(t, body)
		if !ok || strings.Count(string(body), "[")+strings.Count(string(body), "{") > 200 {
			return
		}
		var got []string
		tree := message.Parse(m)
		for l := range tree.Leaves() {
			if s := l.Ref.String(); strings.HasPrefix(s, "json") && !strings.Contains(quotesOut(s), "|") {
				got = append(got, l.Kind.String()+" "+strings.ToValidUTF8(l.Text, "\ufffd"))
			}
		}
		for i := range want {
			want[i] = collapse(want[i])
		}
		for i := range got {
			got[i] = collapse(got[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q\n%s", body, diff)
		}
		if tree.Broken() >= 0 {
			t.Fatalf("valid JSON %q broke at %d", body, tree.Broken())
		}
		all := tree.Replace(func(l message.Leaf) (string, bool) { return "new\"", l.Kind == message.String })
		if len(all.Body) > 0 && !json.Valid(all.Body) {
			t.Fatalf("%q became %q", body, all.Body)
		}
	})
}

// quotesOut is a ref's text without its quoted names.
func quotesOut(s string) string {
	var b strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch {
		case in && s[i] == '\\':
			i++
		case s[i] == '"':
			in = !in
		case !in:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// collapse makes runs of U+FFFD one: how many stand for a run of bytes that are no UTF-8 is a matter of taste.
func collapse(s string) string {
	for strings.Contains(s, "\ufffd\ufffd") {
		s = strings.ReplaceAll(s, "\ufffd\ufffd", "\ufffd")
	}
	return s
}

func fuzzBody(f *testing.F, contentType string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m := message.Message{Method: "POST", Target: "/", Header: []exchange.Field{{Name: "Content-Type", Value: contentType}}, Body: body}
		checkTree(t, m)
		tree := message.Parse(m)
		tree.Shape()
		out := tree.Replace(func(l message.Leaf) (string, bool) { return "N'\"<&>\n", l.Ref.String() != "header.Content-Type" })
		checkTree(t, out)
	})
}

func FuzzHTML(f *testing.F) {
	fuzzBody(f, "text/html", `<p a=b c='d' e="f">x<br/>y</p>`, `<script>a={b:"c",'d':1}</script>`, `<a href=/x/1 href=2>`, `<table><tr><td>1<tr><td>2`, `<form action=/x><select name=s><option value=1>A</form>`, `<!-- x --><![CDATA[y]]>`, `<p data-a="{&quot;b&quot;:1}">`, "<a/href=x\x00>", `<textarea name=x> y`, `<script type=application/json>{"a":1}</script>`, `<p "=x =y>`)
}

func FuzzMultipart(f *testing.F) {
	fuzzBody(f, "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--", "--B\nContent-Disposition: form-data; name=a; filename=b\n\nx\n--B\n\n", "x\r\n--B\r\n\r\n\r\n--B")
}

func FuzzEvents(f *testing.F) {
	fuzzBody(f, "text/event-stream", "id: 1\ndata: {\"a\":1}\n\n", "data:a\rdata\r\ndata: b\n\n: c", "data\n\nevent:x\ndata:y")
}

func FuzzForm(f *testing.F) {
	fuzzBody(f, "application/x-www-form-urlencoded", "a=1&b=%20+&&=x&c", "a=%7B%22b%22%3A1%7D", "u=http%3A%2F%2Fx%2Fy%3Fz%3D1%23k%3Dv")
}

func FuzzHead(f *testing.F) {
	f.Add("/a;b=c/%20?d=e&f", "a=b; c=\"d\"", "Bearer abcdefgh", "s=t; Path=/")
	f.Add("//", ";;=", "Basic dTpw", "=")
	f.Fuzz(func(t *testing.T, target, cookie, auth, setCookie string) {
		m := message.Message{Method: "GET", Target: target, Header: []exchange.Field{{Name: "Cookie", Value: cookie}, {Name: "Authorization", Value: auth}, {Name: "Set-Cookie", Value: setCookie}, {Name: "Location", Value: target}, {Name: auth, Value: cookie}}}
		checkTree(t, m)
	})
}
