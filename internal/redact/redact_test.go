package redact_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
	"firedrill/internal/redact"
)

func cookieExchange(cookie string, fields ...exchange.Field) *exchange.Exchange {
	x := blank()
	addField(x, "Cookie", cookie)
	x.Request.Header = append(x.Request.Header, fields...)
	return x
}

// cookieToken is what the cookie of that name became.
func cookieToken(t *testing.T, x *exchange.Exchange, name string) string {
	t.Helper()
	l, ok := message.Parse(message.OfRequest(&x.Request)).Get(message.MustRef("cookie." + name))
	if !ok || !redact.IsToken(l.Text) {
		t.Fatalf("cookie %s is %q", name, l.Text)
	}
	return l.Text
}

func TestRelations(t *testing.T) {
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
	const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	for _, c := range []struct {
		name     string
		from, to string
		how      string
		backward bool // the relation is the other way round when "to" is seen first
	}{
		{"URL-encoded cookie", "Ab1%2BCd2%2FEf3%3D%3D", "Ab1+Cd2/Ef3==", "pct-decode", true},
		{"PKCE", verifier, challenge, "sha256-base64url", false},
		{"MD5", "S3cretPassw0rd", "2d54d31bcc999e17804d47a39ec2357e", "md5-hex", false},
		{"no relation", "q8ZfK2mT4vX9", "8fKq2LmX9aZt", "", false},
		{"part", "s:8fKq2LmX9aZt.c2lnbmF0dXJl", "8fKq2LmX9aZt", "part:1", false},
		{"prefix", "q7ZfK2mT4vX9aLw1Bc3De5Fg", "q7ZfK2mT4vX9aLw1", "prefix:16", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, order := range []string{"from first", "to first", "together"} {
				r := newRedactor()
				var from, to *exchange.Exchange
				var got []exchange.Relation
				redactAll := func(all ...*exchange.Exchange) {
					for _, x := range all {
						r.Exchange(x)
						got = append(got, x.Relations...)
					}
				}
				switch order {
				case "from first":
					from, to = cookieExchange("from="+c.from), cookieExchange("to="+c.to)
					redactAll(from, to)
				case "to first":
					from, to = cookieExchange("from="+c.from), cookieExchange("to="+c.to)
					redactAll(to, from)
				default:
					from = cookieExchange("from="+c.from, exchange.Field{Name: "X-Csrf-Token", Value: c.to}, exchange.Field{Name: "Cookie", Value: "to=" + c.to})
					to = from
					redactAll(from)
				}
				want := []exchange.Relation{{From: cookieToken(t, from, "from"), To: cookieToken(t, to, "to"), How: c.how}}
				if order == "to first" && c.backward {
					want = []exchange.Relation{{From: want[0].To, To: want[0].From, How: "pct-encode"}}
				}
				if c.how == "" {
					want = nil
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s:\n%s", order, diff)
				}
				for _, rel := range got {
					how, ok := message.TransformOf(rel.How)
					back, err := message.Apply(map[bool]string{true: c.from, false: c.to}[rel.From == cookieToken(t, from, "from")], []string{how})
					other := map[bool]string{true: c.to, false: c.from}[rel.From == cookieToken(t, from, "from")]
					if !ok || err != nil || back != other {
						t.Errorf("%s: %v of it is %q %v, want %q", order, rel, back, err, other)
					}
				}
			}
		})
	}
}

func TestEqualityWithinAKey(t *testing.T) {
	one, two := redact.New([]byte("one"), redact.Default()), redact.New([]byte("two"), redact.Default())
	again := redact.New([]byte("one"), redact.Default())
	tok := func(r *redact.Redactor, v string) string {
		x := cookieExchange("a=" + v)
		r.Exchange(x)
		return cookieToken(t, x, "a")
	}
	if tok(one, "x1") != tok(again, "x1") || tok(one, "x1") == tok(one, "x2") || tok(one, "x1") == tok(two, "x1") {
		t.Error("tokens must be equal for equal values under one key, and only then")
	}
	if tok(one, "x1") != "fd~XFzubQwdPD3ZeGvKpqXCKg" {
		t.Errorf("the form of tokens changed: %s", tok(one, "x1"))
	}
	if one.Client("10.0.0.1:5000") != one.Client("10.0.0.1:6000") || one.Client("10.0.0.1") != one.Client("10.0.0.1:6000") || one.Client("10.0.0.1") == one.Client("10.0.0.2") || one.Client("[::1]:80") != one.Client("::1") ||
		one.Client("10.0.0.1") == two.Client("10.0.0.1") || len(one.Client("")) != 11 {
		t.Error("pseudonyms of addresses")
	}
	if one.Digest([]byte("a")) != again.Digest([]byte("a")) || one.Digest([]byte("a")) == one.Digest([]byte("b")) || one.Digest([]byte("a")) == two.Digest([]byte("a")) || len(one.Digest(nil)) != 22 {
		t.Error("digests")
	}
}

func TestTokensInText(t *testing.T) {
	tok := "fd~" + strings.Repeat("A_-9z8x7B6C", 2)
	if !redact.IsToken(tok) || redact.IsToken(tok+"x") || redact.IsToken(tok[:24]) || redact.IsToken("fd~"+strings.Repeat("!", 22)) || redact.IsToken("") {
		t.Error("IsToken")
	}
	var got []string
	for at, s := range redact.Tokens("a" + tok + tok + "fd~fd~" + tok[:10] + " " + tok) {
		got = append(got, fmt.Sprint(at))
		if s != tok {
			t.Errorf("%q at %d", s, at)
		}
	}
	if diff := cmp.Diff([]string{"1", "26", "68"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFiles(t *testing.T) {
	x := blank()
	addField(x, "Content-Type", "multipart/form-data; boundary=B")
	x.Request.Body.Data = []byte("--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"essay.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\x00\x01 an essay\r\n--B--\r\n")
	r := newRedactor()
	r.Exchange(x)
	l, _ := message.Parse(message.OfRequest(&x.Request)).Get(message.MustRef("multipart.f"))
	f, ok := redact.ParseFile(l.Text)
	if want := (redact.File{Size: 15, Type: "application/pdf", Digest: r.Digest([]byte("%PDF\x00\x01 an essay"))}); !ok || f != want {
		t.Errorf("%q: %v %v, want %v", l.Text, f, ok, want)
	}
	for _, s := range []string{"", "fd~file:", "fd~file:x:y:z", "fd~file:-1::" + strings.Repeat("a", 22), "fd~file:1:a/b:short", "x" + f.String()} {
		if f, ok := redact.ParseFile(s); ok {
			t.Errorf("ParseFile(%q) = %v", s, f)
		}
	}
}

// Browsers draw the boundary between the parts of a form, and it looks like a secret: replaced in the body but not in
// the header, it would leave a body that nobody can read.
func TestBoundariesStay(t *testing.T) {
	for _, boundary := range []string{"----WebKitFormBoundaryK9Bk05N0leTHxn7t", "----geckoformboundary8f3d4e7a1b2c9d0e5f6a7b8c9d0e1f2a", "3f7Qm2Zx9LpW4sVb8NcT6rYd"} {
		x := &exchange.Exchange{Request: exchange.Request{Method: "POST", Target: "/uploads"}}
		addField(x, "Content-Type", "multipart/form-data; boundary="+boundary)
		x.Request.Body.Data = []byte("--" + boundary + "\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2hunter2\r\n--" + boundary +
			"\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nlines\r\n--" + boundary + "--\r\n")
		r := newRedactor()
		r.Exchange(x)
		tree := message.Parse(message.OfRequest(&x.Request))
		secret, _ := tree.Get(message.MustRef("multipart.password"))
		file, _ := tree.Get(message.MustRef("multipart.file"))
		f, ok := redact.ParseFile(file.Text)
		if !redact.IsToken(secret.Text) || !ok || f.Digest != r.Digest([]byte("lines")) {
			t.Errorf("with %s the body became\n%s", boundary, x.Request.Body.Data)
		}
		once := string(x.Request.Body.Data)
		if r.Exchange(x); string(x.Request.Body.Data) != once {
			t.Errorf("with %s a second time changes the body to\n%s", boundary, x.Request.Body.Data)
		}
	}
}

func TestBodiesThatAreLeftOut(t *testing.T) {
	r := newRedactor()
	image := []byte("\x89PNG\r\n\x1a\nxxxx")
	x := blank()
	addAnswerField(x, "Content-Type", "image/png")
	x.Response.Body = exchange.Body{Size: 12, Decoded: 12, Data: image, Chunks: []exchange.Chunk{{At: 1, Size: 5}, {At: 2, Size: 7}}}
	report := r.Exchange(x)
	want := exchange.Body{Size: 12, Decoded: 12, Cut: "opaque", Digest: r.Digest(image), Chunks: []exchange.Chunk{{At: 1}, {At: 2}}}
	if diff := cmp.Diff(want, x.Response.Body); diff != "" || report.Dropped != 1 {
		t.Errorf("dropped %d\n%s", report.Dropped, diff)
	}
	x = blank()
	addAnswerField(x, "Content-Type", "application/json")
	x.Response.Body = exchange.Body{Data: []byte(`{"a":1,"password":"cu`), Cut: "cap", Digest: "of the whole"}
	r.Exchange(x)
	want = exchange.Body{Data: []byte(`{"a":1,"password":`), Cut: "cap", Digest: "of the whole"}
	if diff := cmp.Diff(want, x.Response.Body); diff != "" {
		t.Error(diff)
	}
	x = blank()
	addField(x, "Content-Type", "multipart/form-data; boundary=B")
	x.Request.Body.Data = []byte("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"Ann Lee")
	r.Exchange(x)
	if got := string(x.Request.Body.Data); got != "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--B\r\n" || x.Request.Body.Cut != "opaque" {
		t.Errorf("a part's fields that break off stay: %q %q", got, x.Request.Body.Cut)
	}
	// Latin-1 text is text; the same bytes without a type are not.
	latin := []byte("h\xf6flich")
	x = blank()
	addAnswerField(x, "Content-Type", "text/plain; charset=latin1")
	x.Response.Body.Data = latin
	x.Request.Body.Data = latin
	r.Exchange(x)
	if string(x.Response.Body.Data) != string(latin) || x.Request.Body.Data != nil || x.Request.Body.Cut != "opaque" {
		t.Errorf("%q, %q %q", x.Response.Body.Data, x.Request.Body.Data, x.Request.Body.Cut)
	}
}

// The pieces of a stream keep the parts that were in them.
func TestChunksFollowTheirText(t *testing.T) {
	pieces := []string{"data: {\"a\":1}\n\n", "data: {\"tok", "en\":\"q8ZfK2mT", "4vX9\"}\n\n", "data: ann@school.org\n\ndata: bob@school.org\n\n", ": end\n"}
	x := blank()
	addAnswerField(x, "Content-Type", "text/event-stream")
	for i, p := range pieces {
		x.Response.Body.Data = append(x.Response.Body.Data, p...)
		x.Response.Body.Chunks = append(x.Response.Body.Chunks, exchange.Chunk{At: time.Duration(i), Size: len(p)})
	}
	newRedactor().Exchange(x)
	rest := string(x.Response.Body.Data)
	var got []string
	for i, c := range x.Response.Body.Chunks {
		if c.At != time.Duration(i) {
			t.Errorf("chunk %d came at %d", i, c.At)
		}
		got = append(got, rest[:c.Size])
		rest = rest[c.Size:]
	}
	if rest != "" || got[0] != pieces[0] || got[5] != pieces[5] || !strings.HasSuffix(got[3], "\"}\n\n") || strings.Count(got[4], "@example.test\n\n") != 2 || !strings.HasPrefix(got[4], "data: u") {
		t.Errorf("%q and %q", got, rest)
	}
}

func TestPolicyNames(t *testing.T) {
	p := redact.Default()
	p.Fields = []string{"lunch_pin", "*_mark"}
	p.Headers = []string{"X-School*"}
	p.Keep = append(p.Keep, "theme", "page_token")
	x := cookieExchange("theme=dark; other=dark", exchange.Field{Name: "X-School-Id", Value: "s5"}, exchange.Field{Name: "Content-Type", Value: "application/json"})
	x.Request.Body.Data = []byte(`{"lunchPin":"1","exam_mark":"A","remark":"x","user[lunch_pin]":"2","pageToken":"q8ZfK2mT4vX9q8ZfK2mT4vX9","grade":"A"}`)
	report := redact.New([]byte("k"), p).Exchange(x)
	got := map[string]bool{}
	for l := range message.Parse(message.OfRequest(&x.Request)).Leaves() {
		got[l.Ref.String()] = redact.IsToken(l.Text)
	}
	want := map[string]bool{"cookie.theme": false, "cookie.other": true, "header.X-School-Id": true, "json.lunchPin": true, "json.exam_mark": true, "json.remark": true, `json."user[lunch_pin]"`: true, "json.pageToken": false, "json.grade": false}
	for ref, is := range want {
		if got[ref] != is {
			t.Errorf("%s replaced: %v, want %v", ref, got[ref], is)
		}
	}
	if diff := cmp.Diff(map[string]int{"named": 5, "cookie": 1}, report.Counts); diff != "" {
		t.Error(diff)
	}
	y := cookieExchange("sid=q8ZfK2mT4vX9")
	before := y.Clone()
	redact.New([]byte("k"), redact.Policy{}).Exchange(y)
	if diff := cmp.Diff(before, y); diff != "" {
		t.Errorf("the empty policy replaced:\n%s", diff)
	}
}

func TestLiveMessages(t *testing.T) {
	r := newRedactor()
	x := cookieExchange("sid=q8ZfK2mT4vX9")
	r.Exchange(x)
	m := message.Message{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: "application/json"}}, Body: []byte(`{"seen":"q8ZfK2mT4vX9","password":"hunter2","n":1`)}
	got := r.Message(m)
	if want := `{"seen":"` + cookieToken(t, x, "sid") + `","password":"`; !strings.HasPrefix(string(got.Body), want) || strings.Contains(string(got.Body), "hunter2") {
		t.Errorf("%s", got.Body)
	}
	if string(m.Body) != `{"seen":"q8ZfK2mT4vX9","password":"hunter2","n":1` {
		t.Error("the message itself was changed")
	}
	if got := r.Message(message.Message{Header: []exchange.Field{{Name: "Content-Type", Value: "image/png"}}, Body: []byte("x")}); got.Body != nil {
		t.Errorf("an image stays: %q", got.Body)
	}
}

func TestConcurrentUse(t *testing.T) {
	r := newRedactor()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 200 {
				s := fmt.Sprintf("q8ZfK2mT%dvX%d", g%2, i)
				x := cookieExchange("sid="+s, exchange.Field{Name: "X-Any", Value: s}, exchange.Field{Name: fmt.Sprintf("X-N%d", i), Value: "see " + s})
				r.Exchange(x)
				if strings.Contains(fmt.Sprint(x.Request.Header), s) {
					t.Errorf("%s survives", s)
				}
			}
		}()
	}
	wg.Wait()
}

// An address is an address wherever it stands, so that it stays equal to itself.
func TestAddressInACookie(t *testing.T) {
	x := cookieExchange("user=ann@school.org", exchange.Field{Name: "Content-Type", Value: "application/json"})
	x.Request.Body.Data = []byte(`{"email":"ann@school.org"}`)
	newRedactor().Exchange(x)
	tree := message.Parse(message.OfRequest(&x.Request))
	a, _ := tree.Get(message.MustRef("cookie.user"))
	b, _ := tree.Get(message.MustRef("json.email"))
	if !redact.IsEmailToken(a.Text) || a.Text != b.Text {
		t.Errorf("%q and %q", a.Text, b.Text)
	}
}

func TestPINsAreSecretAsNumbersToo(t *testing.T) {
	x := blank()
	addField(x, "Content-Type", "application/json")
	x.Request.Body.Data = []byte(`{"pin":1234,"otp":"000111"}`)
	newRedactor().Exchange(x)
	if got := string(x.Request.Body.Data); strings.Count(got, `"fd~`) != 2 || strings.Contains(got, ":1234") {
		t.Errorf("%s", got)
	}
}

// Each rule works without the others.
func TestOneRuleAlone(t *testing.T) {
	token := jwtOf("5")
	x := blank()
	addField(x, "Content-Type", "text/plain")
	x.Request.Body.Data = []byte("see " + token + ", mail ann@school.org, q8ZfK2mT4vX9aLw1Bc3De5Fg7")
	report := redact.New([]byte("k"), redact.Policy{Rules: []redact.Rule{{Name: "only", Detect: redact.IsJWT}}}).Exchange(x)
	got := string(x.Request.Body.Data)
	if !strings.HasPrefix(got, "see fd~") || !strings.HasSuffix(got, ", mail ann@school.org, q8ZfK2mT4vX9aLw1Bc3De5Fg7") || report.Counts["only"] != 1 {
		t.Errorf("%s %v", got, report)
	}
}

func TestReportsAdd(t *testing.T) {
	var r redact.Report
	r.Add(redact.Report{Dropped: 1})
	r.Add(redact.Report{Counts: map[string]int{"a": 1}})
	r.Add(redact.Report{Counts: map[string]int{"a": 2, "b": 1}, Dropped: 1})
	if diff := cmp.Diff(redact.Report{Counts: map[string]int{"a": 3, "b": 1}, Dropped: 2}, r); diff != "" {
		t.Error(diff)
	}
}

// Whatever an exchange is, redacting it ends, the secret in it is gone, and a second time changes nothing.
func FuzzExchange(f *testing.F) {
	f.Add("/a?b=c", "X-A", "v", "application/json", []byte(`{"a":"b@c.de","x":[1]}`), uint8(0))
	f.Add("/a/b;c=d", "Cookie", "a=b", "text/html", []byte(`<p title="x@y.zz">t<script>a="b"</script><a href=/q?x=1>`), uint8(1))
	f.Add("/", "Set-Cookie", "a=b; Path=/", "application/x-www-form-urlencoded", []byte("a=b&c=%40"), uint8(2))
	f.Add("/", "Location", "/x#y=z", "multipart/form-data; boundary=B", []byte("--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B--"), uint8(3))
	f.Add("/", "Authorization", "Basic YTpi", "text/event-stream", []byte("data: {\"token\":1}\n\n: x\n"), uint8(4))
	f.Add("/", "Referer", "http://a/b?c", "text/plain", []byte("password=1 api_key: \"x\" eyJh.b.c"), uint8(5))
	f.Fuzz(func(t *testing.T, target, name, value, media string, body []byte, where uint8) {
		const planted = "q8ZfK2mT4vX9aLw1Bc3De5Fg7"
		x := &exchange.Exchange{Request: exchange.Request{Method: "POST", Target: target, Header: []exchange.Field{{Name: "Content-Type", Value: media}, {Name: name, Value: value}}, Body: exchange.Body{Data: body}},
			Response: &exchange.Response{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: media}, {Name: name, Value: value}}, Body: exchange.Body{Data: append([]byte(nil), body...), Chunks: []exchange.Chunk{{Size: len(body) / 2}, {Size: len(body) - len(body)/2}}}}}
		switch where % 6 {
		case 0:
			addField(x, "Cookie", "s="+planted)
		case 1:
			addAnswerField(x, "Set-Cookie", "s="+planted+"; Path=/")
		case 2:
			x.Request.Target = "/p?token=" + planted
		case 3:
			addField(x, "X-Csrf-Token", planted)
		case 4:
			x.Frames = []exchange.Frame{{Data: []byte(`{"secret":"` + planted + `"}`)}}
		case 5:
			x.Request.Trailer = []exchange.Field{{Name: "X-Auth-Token", Value: planted}}
		}
		r := newRedactor()
		r.Exchange(x)
		if strings.Contains(dump(t, x), planted) && !strings.Contains(target+name+value+media+string(body), "q8Zf") {
			t.Fatalf("survives: %s", dump(t, x))
		}
		sum := 0
		for _, c := range x.Response.Body.Chunks {
			if sum += c.Size; c.Size < 0 {
				t.Fatalf("chunks %v", x.Response.Body.Chunks)
			}
		}
		if sum > len(x.Response.Body.Data) {
			t.Fatalf("chunks of %d bytes in a body of %d", sum, len(x.Response.Body.Data))
		}
		once := x.Clone()
		r.Exchange(x)
		if diff := cmp.Diff(once.Response, x.Response); diff != "" {
			t.Fatalf("a second time changes:\n%s", diff)
		}
	})
}
