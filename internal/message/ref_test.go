package message_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"firedrill/internal/message"
)

func TestParseRef(t *testing.T) {
	for _, c := range []struct{ in, out, name string }{
		{"path[2]", "path[2]", ""},
		{"query.q", "query.q", "q"},
		{"query.q[0]", "query.q", "q"},
		{"query.q[1]", "query.q[1]", "q"},
		{`query."user[name]"`, `query."user[name]"`, "user[name]"},
		{`query.""`, `query.""`, ""},
		{"header.x-csrf-TOKEN", "header.X-Csrf-Token", "X-Csrf-Token"},
		{"cookie.XSRF-token", "cookie.XSRF-token", "XSRF-token"},
		{"set-cookie.sid[1]", "set-cookie.sid[1]", "sid"},
		{"body", "body", ""},
		{"json", "json", ""},
		{"body|json.items[2].id", "json.items[2].id", "id"},
		{"json[0][*].a", "json[0][*].a", "a"},
		{"json.a#0", "json.a", "a"},
		{"json.a#2", "json.a#2", "a"},
		{`json."a"`, "json.a", "a"},
		{`json."a.b\u0041"`, `json."a.bA"`, "a.bA"},
		{"json.ids[4]", "json.ids[4]", "ids"},
		{"form.q[1]|json.a", "form.q[1]|json.a", "a"},
		{"multipart.f@filename", "multipart.f@filename", "filename"},
		{"events[3]|json.x", "events[3]|json.x", "x"},
		{"events[*]@id", "events[*]@id", "id"},
		{"header.Location|url.path[0]", "header.Location|url.path[0]", ""},
		{"header.Location|url.query.code", "header.Location|url.query.code", "code"},
		{"header.Location|url.fragment|form.state", "header.Location|url.fragment|form.state", "state"},
		{"header.Authorization|auth|jwt.claims.sub", "header.Authorization|auth|jwt.claims.sub", "sub"},
		{"html.meta[name=csrf-token]@content", "html.meta[name=csrf-token]@content", "csrf-token"},
		{`html.meta[name="csrf-token"]@content`, "html.meta[name=csrf-token]@content", "csrf-token"},
		{"html.form[action=/login].input[name=_csrf]@value", "html.form[action=/login].input[name=_csrf]@value", "_csrf"},
		{`html.input[name="a[*]"][2]@value`, `html.input[name="a[*]"][2]@value`, "a[*]"},
		{"html.tr[data-id][2].td#1/text", "html.tr[data-id][2].td#1/text", ""},
		{"html.li[data-id][2]@data-id", "html.li[data-id][2]@data-id", "data-id"},
		{"html.a[href=/c/*][*]@href", "html.a[href=/c/*][*]@href", "href"},
		{"html.select[name=course].option[1]@value", "html.select[name=course].option[1]@value", "course"},
		{"html.script[id=x]/script.a[0].b", "html.script[id=x]/script.a[0].b", "b"},
		{".id", ".id", "id"},
		{"[2].x", "[2].x", "x"},
		{"@href", "@href", "href"},
		{"/text", "/text", ""},
		{"|jwt.claims.sub", "|jwt.claims.sub", "sub"},
	} {
		r, err := message.ParseRef(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if r.String() != c.out || r.Name() != c.name {
			t.Errorf("%s: %q named %q, want %q named %q", c.in, r, r.Name(), c.out, c.name)
		}
		if again, err := message.ParseRef(r.String()); again != r || err != nil {
			t.Errorf("%s: read again %q %v", c.in, again, err)
		}
	}
}

func TestParseRefErrors(t *testing.T) {
	for _, c := range []struct {
		in  string
		at  int
		why string
	}{
		{"", 0, "empty"},
		{"bogus.a", 0, "no part of a message"},
		{"jwt.claims", 0, "cannot stand first"},
		{"path", 4, "which"},
		{"query", 5, "which"},
		{"query.a.b", 7, "cannot follow"},
		{"query.user[name]", 10, "double quotes"},
		{"json.", 5, "a name is expected"},
		{"json.a[", 7, "number"},
		{"json.a[x]", 6, "double quotes"},
		{"json.a[01]", 7, "number"},
		{"json.a[99999999999]", 7, "number"},
		{"json.a[1", 6, "brackets"},
		{"json.a@b", 6, "cannot follow"},
		{"json#1", 4, "must follow a name"},
		{"json.a|nope", 6, "no layer"},
		{"json.a|header.X", 6, "not a layer"},
		{`json."a`, 5, "not closed"},
		{"html.a/href", 6, "/text"},
		{"html.a[href=", 12, "a value must follow"},
		{"html.a[href=x", 13, "]"},
		{"html.a@href.b", 11, "cannot follow"},
		{"json.a b", 6, "unexpected"},
		{"b64", 0, "cannot stand first"},
	} {
		_, err := message.ParseRef(c.in)
		var re *message.RefError
		if !errors.As(err, &re) {
			t.Errorf("%q: error %v", c.in, err)
			continue
		}
		if re.Offset != c.at || !strings.Contains(re.Why, c.why) || re.Input != c.in {
			t.Errorf("%q: %v, want %q at %d", c.in, err, c.why, c.at)
		}
	}
}

func TestParseRel(t *testing.T) {
	for in, out := range map[string]string{"": "", "status": ".status", ".status": ".status", "a.b[1]": ".a.b[1]", "@href": "@href", "json": ".json", `"x y"`: `."x y"`} {
		r, err := message.ParseRel(in)
		if err != nil || r.String() != out || !r.IsRelative() {
			t.Errorf("%q: %q %v, want %q", in, r, err, out)
		}
	}
	var re *message.RefError
	if _, err := message.ParseRel("a b"); !errors.As(err, &re) || re.Offset != 1 || re.Input != "a b" {
		t.Errorf("error: %v", err)
	}
	if message.MustRef("json.a").IsRelative() {
		t.Error("json.a is not relative")
	}
}

func TestRefIndexes(t *testing.T) {
	r := message.MustRef("html.tr[data-id][2].td#1|json.a[3].b[4]")
	if ix := r.Indexes(); !slices.Equal(ix, []int{2, 3, 4}) {
		t.Errorf("indexes %v", ix)
	}
	if g := r.Generalise(1); g.String() != "html.tr[data-id][2].td#1|json.a[*].b[4]" || g.Wildcards() != 1 {
		t.Errorf("generalised %s", g)
	}
	if r.Generalise(3) != r {
		t.Error("there is no fourth index")
	}
	if w := r.Generalise(0).Generalise(0).WithIndexes([]int{7, 8, 9}); w.String() != "html.tr[data-id][7].td#1|json.a[8].b[9]" {
		t.Errorf("with indexes %s", w)
	}
	if w := r.WithIndexes([]int{0}); w.String() != "html.tr[data-id][0].td#1|json.a[3].b[4]" {
		t.Errorf("with one index %s", w)
	}
	for _, s := range []string{"path[2]", "query.a[1]", "form.a[1]", "multipart.a[1]", "header.Link[1]", "header.Location|url.path[3]", "header.Location|url.query.a[1]", "json.a#1"} {
		if ix := message.MustRef(s).Indexes(); ix != nil {
			t.Errorf("%s has list indexes %v", s, ix)
		}
	}
}

func TestSplitJoin(t *testing.T) {
	for _, c := range []struct {
		ref, list string
		index     int
		rest      string
	}{
		{"json.items[2].id", "json.items", 2, ".id"},
		{"json[0]", "json", 0, ""},
		{"json.a[1].b[2].c.d", "json.a[1].b", 2, ".c.d"},
		{"html.tr[data-id][2].td#1/text", "html.tr[data-id]", 2, ".td#1/text"},
		{"html.a[href=/c/*][0]@href|url.path[1]", "html.a[href=/c/*]", 0, "@href|url.path[1]"},
		{"events[4]|json.x", "events", 4, "|json.x"},
	} {
		r := message.MustRef(c.ref)
		list, index, rest, ok := r.SplitList()
		if !ok || list.String() != c.list || index != c.index || rest.String() != c.rest {
			t.Errorf("%s: %s %d %s %v", c.ref, list, index, rest, ok)
		}
		rel, err := message.ParseRel(rest.String())
		if err != nil || rel != rest {
			t.Errorf("rest %q: %v %v", rest, rel, err)
		}
		element := message.Join(message.MustRef(fmt.Sprintf("%s[%d]", c.list, c.index)), rel)
		if element != r {
			t.Errorf("joined %s, want %s", element, r)
		}
	}
	if _, _, _, ok := message.MustRef("json.a#1").SplitList(); ok {
		t.Error("json.a#1 is in no list")
	}
}

func TestParentChildPrefix(t *testing.T) {
	for _, c := range []struct{ ref, parent string }{
		{"json.items[2].id", "json.items[2]"},
		{"json.items[2]", "json.items"},
		{"json.items", "json"},
		{"json", "-"},
		{"json.a#1", "json"},
		{"query.a[1]", "-"},
		{"path[1]", "-"},
		{"header.Location|url.path[1]", "header.Location|url"},
		{"header.Location|url", "header.Location"},
		{"html.a[href=x][2]@href", "html.a[href=x][2]"},
		{"html.a[href=x]", "html"},
		{"multipart.f@filename", "multipart.f"},
	} {
		r := message.MustRef(c.ref)
		p, ok := r.Parent()
		if !ok {
			p = message.Ref{}
			if c.parent != "-" {
				t.Errorf("%s has no parent", c.ref)
			}
			continue
		}
		if p.String() != c.parent {
			t.Errorf("%s: parent %s, want %s", c.ref, p, c.parent)
		}
		if !r.HasPrefix(p) || p.HasPrefix(r) || !r.HasPrefix(r) {
			t.Errorf("%s and its parent %s: HasPrefix", c.ref, p)
		}
	}
	for _, c := range []struct{ ref, step, want string }{
		{"json.items", "[2]", "json.items[2]"},
		{"json.items", "[*]", "json.items[*]"},
		{"json.items[2]", "id", "json.items[2].id"},
		{"json", "@id", `json."@id"`},
		{"json", "a b", `json."a b"`},
		{"html.a[href=x][0]", "@href", "html.a[href=x][0]@href"},
		{"html.td", "/text", "html.td/text"},
		{"json.t", "|jwt.claims", "json.t|jwt.claims"},
	} {
		if got := message.MustRef(c.ref).Child(c.step); got.String() != c.want {
			t.Errorf("%s child %s: %s, want %s", c.ref, c.step, got, c.want)
		}
	}
	for _, c := range []struct {
		ref, prefix string
		want        bool
	}{
		{"json.ab", "json.a", false},
		{"json.a#1", "json.a", false},
		{"query.a[1]", "query.a", false},
		{"json.a[1]", "json.a", true},
		{"json.a[12]", "json.a[1]", false},
		{"path[1]", "path[1]", true},
		{"html.a[href=x][2]", "html.a", false},
	} {
		if got := message.MustRef(c.ref).HasPrefix(message.MustRef(c.prefix)); got != c.want {
			t.Errorf("HasPrefix(%s, %s) = %v", c.ref, c.prefix, got)
		}
	}
}

// Any text is a name, and any chain of them a ref that is read again as it was written.
func TestAnyNameIsARef(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := message.MustRef("json")
		var last string
		for range rapid.IntRange(1, 5).Draw(t, "n") {
			last = rapid.String().Draw(t, "name")
			r = r.Child("." + quote(last))
		}
		again, err := message.ParseRef(r.String())
		if err != nil || again != r || r.Name() != last {
			t.Fatalf("%q: again %q %v, name %q want %q", r, again, err, r.Name(), last)
		}
	})
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		if c == '"' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	b.WriteByte('"')
	return b.String()
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"json.items[2].id", `query."a b"[1]`, "html.a[href=/c/*][0]@href|url.path[1]", "events[0]@id", "|b64|json.a#2", "[*].x", "html.script/script.a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := message.ParseRef(s)
		if err != nil {
			var re *message.RefError
			if !errors.As(err, &re) || re.Offset < 0 || re.Offset > len(s) || re.Why == "" {
				t.Fatalf("error %#v", err)
			}
			return
		}
		again, err := message.ParseRef(r.String())
		if err != nil || again != r {
			t.Fatalf("%q became %q, then %q %v", s, r, again, err)
		}
		if ix := r.Indexes(); r.WithIndexes(ix) != r && r.Wildcards() == 0 {
			t.Fatalf("%q with its own indexes %v is %q", r, ix, r.WithIndexes(ix))
		}
		for p, ok := r.Parent(); ok; p, ok = p.Parent() {
			if _, err := message.ParseRef(p.String()); err != nil || !r.HasPrefix(p) {
				t.Fatalf("%q has the parent %q: %v", r, p, err)
			}
		}
		if list, index, rest, ok := r.SplitList(); ok {
			back := message.Join(message.Join(list, message.MustRef("[*]")).WithIndexes(append(list.Indexes(), index)), rest)
			if list.Wildcards() == 0 && back != r {
				t.Fatalf("%q split and joined is %q", r, back)
			}
		}
		r.Name()
		message.Parse(message.Message{Target: "/a?b=c", Body: []byte(`{"a":[1]}`)}).All(r)
	})
}
