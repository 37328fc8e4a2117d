package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
	"firedrill/internal/redact"
)

func newRedactor() *redact.Redactor { return redact.New([]byte("key of the test"), redact.Default()) }

// dump is every byte of x that reaches a disk.
func dump(t testing.TB, x *exchange.Exchange) string {
	t.Helper()
	b, err := json.Marshal(struct {
		X     *exchange.Exchange
		Q, S  string
		Frame []string
	}{x, string(x.Request.Body.Data), string(responseBody(x)), frames(x)})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func responseBody(x *exchange.Exchange) []byte {
	if x.Response == nil {
		return nil
	}
	return x.Response.Body.Data
}

func frames(x *exchange.Exchange) (all []string) {
	for _, f := range x.Frames {
		all = append(all, string(f.Data))
	}
	return all
}

// forms are the ways in which a secret could still be read.
func forms(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	twice, _ := json.Marshal(string(quoted))
	all := map[string]string{
		"raw":        secret,
		"query":      url.QueryEscape(secret),
		"path":       url.PathEscape(secret),
		"JSON":       strings.Trim(string(quoted), `"`),
		"JSON twice": strings.Trim(string(twice), `"\`),
		"html":       html.EscapeString(secret),
	}
	for shift := range 3 { // base64 of a text that holds the secret at any offset
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			e := enc.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
			if len(e) > 10 {
				all[fmt.Sprint(name, shift)] = e[4 : len(e)-2]
			}
		}
	}
	return all
}

func mustNotHold(t testing.TB, x *exchange.Exchange, secrets ...string) {
	t.Helper()
	text := dump(t, x)
	for _, s := range secrets {
		for form, f := range forms(s) {
			if len(f) >= 4 && strings.Contains(text, f) {
				t.Errorf("the secret %q survives as %s", s, form)
			}
		}
	}
}

// secret is a value that no other place of the exchange has.
func secret(r *rand.Rand, n int) string {
	const set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = set[r.IntN(len(set))]
	}
	b[0], b[1] = 'q', '7' // made, whatever was drawn
	return string(b)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func jwtOf(claim string) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + e.EncodeToString([]byte(fmt.Sprintf(`{"sub":"5","jti":%q}`, claim))) + "." + e.EncodeToString([]byte("signature of "+claim))
}

// place is one place where a secret can stand. %s is the secret, written as the place demands.
type place struct {
	name  string
	plant func(x *exchange.Exchange, s string)
}

func addField(x *exchange.Exchange, name, value string) {
	x.Request.Header = append(x.Request.Header, exchange.Field{Name: name, Value: value})
}

func addAnswerField(x *exchange.Exchange, name, value string) {
	x.Response.Header = append(x.Response.Header, exchange.Field{Name: name, Value: value})
}

func header(name, format string) place {
	return place{"header " + name + ": " + format, func(x *exchange.Exchange, s string) { addField(x, name, fmt.Sprintf(format, s)) }}
}

func answerHeader(name, format string) place {
	return place{"answer header " + name + ": " + format, func(x *exchange.Exchange, s string) { addAnswerField(x, name, fmt.Sprintf(format, s)) }}
}

func query(format string) place {
	return place{"query " + format, func(x *exchange.Exchange, s string) {
		sep := "?"
		if strings.Contains(x.Request.Target, "?") {
			sep = "&"
		}
		x.Request.Target += sep + fmt.Sprintf(format, url.QueryEscape(s))
	}}
}

func body(kind, contentType, format string, escape func(string) string) place {
	return place{kind + " " + format, func(x *exchange.Exchange, s string) {
		addField(x, "Content-Type", contentType)
		x.Request.Body.Data = []byte(fmt.Sprintf(format, escape(s)))
	}}
}

func answer(kind, contentType, format string, escape func(string) string) place {
	return place{"answer " + kind + " " + format, func(x *exchange.Exchange, s string) {
		addAnswerField(x, "Content-Type", contentType)
		x.Response.Body.Data = []byte(fmt.Sprintf(format, escape(s)))
	}}
}

func inJSON(s string) string {
	b, _ := json.Marshal(s)
	return strings.Trim(string(b), `"`)
}

func same(s string) string { return s }

func places() []place {
	const js, form, page = "application/json", "application/x-www-form-urlencoded", "text/html; charset=utf-8"
	multi := "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"
	part := func(head, content string) string {
		return "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + content + "\r\n------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n"
	}
	jsonTwice := func(s string) string { return inJSON(inJSON(s)) }
	return []place{
		header("Authorization", "Bearer %s"), header("authorization", "Token token=%s"), header("Proxy-Authorization", "Digest %s"), header("Authorization", "%s"),
		{"Basic", func(x *exchange.Exchange, s string) { addField(x, "Authorization", "Basic "+b64("ann:"+s)) }},
		header("Cookie", "a=b; sid=%s"), header("Cookie", "theme=%s; x=1"), header("X-CSRF-Token", "%s"), header("x-xsrf-token", "%s"), header("X-Api-Key", "%s"), header("X-Auth-Token", "%s"),
		header("X-Session-Id", "%s"), header("X-Hub-Signature", "%s"), header("X-Amz-Security-Token", "%s"), header("X-Forwarded-For", "%s"),
		{"cookie that is URL-encoded", func(x *exchange.Exchange, s string) { addField(x, "Cookie", "X="+url.QueryEscape(s+"==")) }},
		{"cookie with base64 JSON", func(x *exchange.Exchange, s string) { addField(x, "Cookie", "X="+b64(`{"csrf":"`+s+`"}`)) }},
		{"trailer", func(x *exchange.Exchange, s string) {
			x.Request.Trailer = []exchange.Field{{Name: "X-Signature", Value: s}}
			x.Response.Trailer = []exchange.Field{{Name: "X-Auth-Token", Value: s}}
		}},
		answerHeader("Set-Cookie", "sid=%s; Path=/; HttpOnly"), answerHeader("Set-Cookie", "sid=\"%s\""), answerHeader("X-CSRF-Token", "%s"), answerHeader("Authorization", "Bearer %s"),
		answerHeader("Location", "https://app.example/cb?code=%s&state=1"), answerHeader("Location", "/cb#access_token=%s&x=1"), answerHeader("Refresh", "0; url=/cb?access_token=%s"),
		header("Referer", "https://app.example/x?token=%s"), answerHeader("Link", "</next?access_token=%s>; rel=next"),
		query("token=%s"), query("access_token=%s"), query("user%%5Bpassword%%5D=%s"), query("next=%%2Fx%%3Fapi_key%%3D%s"), query("X-Amz-Signature=%s"), query("x9K2mB7qLs4T%s"),
		{"path", func(x *exchange.Exchange, s string) { x.Request.Target = "/reset/" + s + "x9K2mB7qLs4T" }},
		{"path parameter", func(x *exchange.Exchange, s string) { x.Request.Target = "/a/b;jsessionid=" + s + "?c=d" }},
		body("JSON", js, `{"password":"%s"}`, inJSON), body("JSON", js, `{"user":{"newPassword":"%s"}}`, inJSON), body("JSON", js, `{"a":[{"refresh_token":"%s"}]}`, inJSON),
		body("JSON", js, `{"tokens":{"csrfToken":["%s"]}}`, inJSON), body("JSON", js, `{"payload":"{\"client_secret\":\"%s\"}"}`, jsonTwice), body("JSON", js, `{"header":"Bearer %s"}`, inJSON),
		body("JSON", js, `{"sessionId":"%s"}`, inJSON), body("JSON without a type", "", `{"api_key":"%s"}`, inJSON), body("JSON as text", "text/plain", `{"apiKey":"%s"}`, inJSON),
		body("JSON in base64", js, `{"data":"%s"}`, func(s string) string { return b64(`{"password":"` + s + `"}`) }),
		body("JSON, the first of equal keys", js, `{"password":"%s","password":"x"}`, inJSON),
		body("JSON cut off", js, `{"password":"%s`, inJSON), body("JSON with a mistake", js, `{"a":1,} {"password":"%s"}`, inJSON),
		body("JSON lines", "application/x-ndjson", "{\"a\":1}\n{\"secret\":\"%s\"}\n", inJSON),
		body("form", form, "a=b&password=%s&c=d", url.QueryEscape), body("form", form, "user%%5Bpassword%%5D=%s", url.QueryEscape), body("form", form, "authenticity_token=%s", url.QueryEscape),
		body("form", form, "payload=%s", func(s string) string { return url.QueryEscape(`{"token":"` + s + `"}`) }), body("form without a type", "", "password=%s", url.QueryEscape),
		body("multipart", multi, part(`name="password"`, "%s"), same), body("multipart", multi, part(`name="data"`, `{"token":"%s"}`), same), body("file", multi, part(`name="f"; filename="x.txt"`, "secret: %s"), same),
		body("multipart cut off", multi, "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n%s", same),
		body("GraphQL", js, `{"query":"mutation { login(password: \"%s\") { token } }"}`, same),
		body("XML", "application/xml", "<login><password>%s</password></login>", html.EscapeString), body("XML", "text/xml", `<login password="%s"/>`, html.EscapeString),
		body("text", "text/plain", "password=%s\n", same), body("text", "text/plain", "the api_key: \"%s\"", same),
		{"binary", func(x *exchange.Exchange, s string) {
			addField(x, "Content-Type", "application/octet-stream")
			x.Request.Body.Data = []byte("\x00\x01" + s + "\xff")
		}},
		answer("page", page, `<meta name="csrf-token" content="%s">`, html.EscapeString), answer("page", page, `<form><input type=hidden name=_csrf value='%s'>`, html.EscapeString),
		answer("page", page, `<input type="password" name="field1" value="%s">`, html.EscapeString), answer("page", page, `<div data-csrf-token="%s">`, html.EscapeString),
		answer("page", page, `<script>window.M={"sesskey":"%s"}</script>`, same), answer("page", page, `<script>var csrfToken = '%s';</script>`, same),
		answer("page", page, `<script type="application/json">{"apiKey":"%s"}</script>`, same), answer("page", page, `<a href="/x?token=%s">`, html.EscapeString),
		answer("page", page, `<p data-props="{&quot;csrf&quot;:&quot;%s&quot;}">`, html.EscapeString), answer("page cut off", page, `<p>x</p><input name=password value="%s`, html.EscapeString),
		answer("events", "text/event-stream", "data: {\"token\":\"%s\"}\n\n", inJSON), answer("JSON", js, `)]}',{"id_token":"%s"}`, inJSON),
		{"frame", func(x *exchange.Exchange, s string) {
			x.Frames = []exchange.Frame{{Opcode: 1, Data: []byte(`{"command":"join","token":"` + s + `"}`)}, {Opcode: 2, Data: []byte("\x00" + s)}}
		}},
		{"JWT", func(x *exchange.Exchange, s string) {
			x.Response.Body.Data = []byte(`{"innocent":"` + jwtOf(s) + `","text":"see ` + jwtOf(s) + `."}`)
		}},
		{"JWT in text", func(x *exchange.Exchange, s string) {
			addAnswerField(x, "Content-Type", "text/plain")
			x.Response.Body.Data = []byte("take " + jwtOf(s) + " and go")
		}},
	}
}

func blank() *exchange.Exchange {
	return &exchange.Exchange{Request: exchange.Request{Method: "POST", Target: "/api/v1/login"}, Response: &exchange.Response{Status: 200}}
}

func TestPlantedSecretsDoNotSurvive(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	all := places()
	if len(all) < 60 {
		t.Fatalf("only %d places", len(all))
	}
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			r, s, x := newRedactor(), secret(rnd, 18), blank()
			p.plant(x, s)
			if !strings.Contains(dump(t, x)+b64(dump(t, x)), s) {
				// It stands encoded: then what is searched for must at least find one form of it.
				found := false
				for _, f := range forms(s) {
					found = found || strings.Contains(dump(t, x), f)
				}
				if !found {
					t.Fatalf("the test does not plant %q: %s", s, dump(t, x))
				}
			}
			report := r.Exchange(x)
			mustNotHold(t, x, s)
			if len(report.Counts) == 0 && report.Dropped == 0 {
				t.Error("the report says that nothing was replaced")
			}
			once := x.Clone()
			if again := r.Exchange(x); len(again.Counts) > 0 {
				t.Errorf("redacting again replaced %v", again.Counts)
			}
			if diff := cmp.Diff(once, x); diff != "" {
				t.Errorf("redacting again changed it:\n%s", diff)
			}
		})
	}
}

// All places in one session, the same secret in many of them under telling names
// and then under innocent ones.
func TestWhatWasSecretStaysSecret(t *testing.T) {
	r := newRedactor()
	rnd := rand.New(rand.NewPCG(3, 4))
	s := secret(rnd, 12)
	page := blank()
	addAnswerField(page, "Content-Type", "text/html")
	page.Response.Body.Data = []byte(`<p>` + s + `</p><meta name="csrf-token" content="` + s + `">`) // first without a name
	r.Exchange(page)
	mustNotHold(t, page, s)
	for _, p := range []place{
		query("innocent=%s"), header("X-Thing", "%s"), body("JSON", "application/json", `{"x":"%s"}`, same), body("JSON", "application/json", `{"x":"before %s after"}`, same),
		body("JSON", "application/json", `{"%s":1}`, same), answer("page", "text/html", `<p class="%s"><!-- %[1]s --><b>%[1]s</b>`, same), body("text", "text/plain", "x %s y", same),
		{"path", func(x *exchange.Exchange, s string) { x.Request.Target = "/x/" + s + "/y" }},
	} {
		x := blank()
		p.plant(x, s)
		r.Exchange(x)
		mustNotHold(t, x, s)
		want := tokens(page)[0]
		if got := tokens(x); len(got) == 0 || got[0] != want {
			t.Errorf("%s: tokens %q, want %q", p.name, got, want)
		}
	}
}

func tokens(x *exchange.Exchange) (all []string) {
	text := x.Request.Target + fmt.Sprint(x.Request.Header) + string(x.Request.Body.Data)
	if x.Response != nil {
		text += fmt.Sprint(x.Response.Header) + string(x.Response.Body.Data)
	}
	for _, tok := range redact.Tokens(text) {
		all = append(all, tok)
	}
	return all
}

// What the target validates and what correlation needs stays.
func TestWhatIsNoSecretStays(t *testing.T) {
	js := exchange.Field{Name: "Content-Type", Value: "application/json"}
	x := &exchange.Exchange{
		Request: exchange.Request{Method: "PUT", Target: "/api/v1/courses/17/quizzes/550e8400-e29b-41d4-a716-446655440000;v=2?page=2&sort=-created_at&q=introduction-to-algebra-and-geometry-2&ids[]=01ARZ3NDEKTSV4RRFFQ69G5FAV&at=2026-11-23T10:11:12.123Z",
			Header: []exchange.Field{js, {Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"},
				{Name: "Accept", Value: "text/html,application/xhtml+xml,application/xml;q=0.9"}, {Name: "If-None-Match", Value: `W/"33a64df551425fcc55e4d42a148795d9f25f89d4"`},
				{Name: "Idempotency-Key", Value: "6f1ed002-ab5f-4d6c-9a7b-1d2e3f405162"}, {Name: "traceparent", Value: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
				{Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="}, {Name: "X-Requested-With", Value: "XMLHttpRequest"}},
			Body: exchange.Body{Data: []byte(`{"grade":95.5,"token":42,"reset_token":null,"password":true,"status":"ungraded","role":"teacher","late":false,"none":null,"object_id":"507f1f77bcf86cd799439011","md5ish":"d41d8cd98f00b204e9800998ecf8427e",` +
				`"feedback":"Well done, see page 12 of the book","max_tokens":256,"token_type":"Bearer","grant_type":"password","code":"not_found","state":"CA","key":"gradebook",` +
				`"version":"2026.11.23","phone":"5551234567","slug":"the-year-9-science-fair-2026-part-2","fn":"getUserByIdAndNameOrEmail","file":"app.3f9a1c7d8e2b4a6f1234.js","path":"/courses/17/submissions/9",` +
				`"session":"morning","csrf_param":"authenticity_token","at":"20261123T101112Z","empty_password":"","uuid":"{6F9619FF-8B86-D011-B42D-00CF4FC964FF}","image":"logo@2x.png"}`)}},
		Response: &exchange.Response{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: "text/html"}, {Name: "Set-Cookie", Value: "old=deleted; Max-Age=0"}, {Name: "Etag", Value: `"5d8c72a5edda8d6a9b1c2d3e4f50617283940516"`}},
			Body: exchange.Body{Data: []byte(`<title>Log in</title><label id=password>Password</label><input name=password type=password placeholder="Your password"><meta name="csrf-param" content="authenticity_token">` +
				`<a href="/courses/17">Algebra</a><link href="/assets/application-5c2f0e9f7b1d6a3e8c4b1f2e.css"><script>var page = 3, name = "gradebook";</script>`)}},
	}
	want := x.Clone()
	report := newRedactor().Exchange(x)
	if diff := cmp.Diff(want, x); diff != "" {
		t.Errorf("changed:\n%s", diff)
	}
	if report.Counts != nil || report.Dropped != 0 {
		t.Errorf("report %v", report)
	}
}

func TestEmailAddresses(t *testing.T) {
	r := newRedactor()
	x := blank()
	x.Request.Target = "/users/Ann.Lee%2Bx@school.org/mail?to=ann.lee%2Bx%40school.org"
	addField(x, "Content-Type", "application/json")
	x.Request.Body.Data = []byte(`{"email":"ann.lee+x@school.org","note":"ask ANN.LEE+X@SCHOOL.ORG, or bob@a.co.uk.","bob@a.co.uk":1,"jörg":"jörg@schule.de"}`)
	addAnswerField(x, "Content-Type", "text/plain")
	x.Response.Body.Data = []byte("mailto:bob@a.co.uk?cc=ann.lee%2Bx%40school.org")
	addAnswerField(x, "X-User", "bob@a.co.uk")
	r.Exchange(x)
	text := dump(t, x)
	for _, s := range []string{"school.org", "SCHOOL", "a.co.uk", "ann", "Ann.Lee", "schule", "@school", "rg@"} {
		if strings.Contains(text, s) && s != "ann" {
			t.Errorf("%q survives in %s", s, text)
		}
	}
	if !strings.Contains(string(x.Response.Body.Data), "%40example.test") {
		t.Errorf("an address written with %%40 became %s", x.Response.Body.Data)
	}
	tree := message.Parse(message.OfRequest(&x.Request))
	email, _ := tree.Get(message.MustRef("json.email"))
	seg, _ := tree.Get(message.MustRef("path[1]"))
	to, _ := tree.Get(message.MustRef("query.to"))
	if !redact.IsEmailToken(email.Text) || seg.Text != email.Text || to.Text != email.Text {
		t.Errorf("one address became %q, %q and %q", email.Text, seg.Text, to.Text)
	}
	before := x.Clone()
	if again := r.Exchange(x); again.Counts != nil || cmp.Diff(before, x) != "" {
		t.Errorf("redacting again: %v\n%s", again, cmp.Diff(before, x))
	}
}

func TestSchemeAndAttributesStay(t *testing.T) {
	x := blank()
	addField(x, "Authorization", "Bearer q8ZfK2mT4vX9")
	addAnswerField(x, "Set-Cookie", `sid=q8ZfK2mT4vX9; Path=/api; Expires=Wed, 21 Oct 2026 07:28:00 GMT; SameSite=Lax`)
	newRedactor().Exchange(x)
	auth, _ := exchange.Get(x.Request.Header, "Authorization")
	tok, ok := strings.CutPrefix(auth, "Bearer ")
	if !ok || !redact.IsToken(tok) {
		t.Errorf("Authorization: %s", auth)
	}
	if c, _ := exchange.Get(x.Response.Header, "Set-Cookie"); c != "sid="+tok+"; Path=/api; Expires=Wed, 21 Oct 2026 07:28:00 GMT; SameSite=Lax" {
		t.Errorf("Set-Cookie: %s", c)
	}
}
