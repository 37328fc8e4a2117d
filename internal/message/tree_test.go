package message_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

func TestTrees(t *testing.T) {
	for _, file := range messageFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			m := readMessage(t, file)
			tree := message.Parse(m)
			var b strings.Builder
			for leaf := range tree.Leaves() {
				fmt.Fprintf(&b, "%s\n\t%s %q\n", leaf.Ref, leaf.Kind, leaf.Text)
			}
			fmt.Fprintf(&b, "\nlayer %q, broken at %d\nshape\n\t%s\n", tree.Layer(), tree.Broken(), strings.Join(tree.Shape(), "\n\t"))
			golden(t, strings.TrimSuffix(file, ".http")+".tree", []byte(b.String()))
			checkTree(t, m)
		})
	}
}

func TestListsAndContainers(t *testing.T) {
	page := htmlMessage(`<ul><li data-id=7>A<li data-id=8><a href="/c/8">B</a></ul><ul></ul><a href="/c/1">1</a><a href="/c/2">2</a><a href="/about">x</a>`)
	data := jsonMessage(`{"items":[{"id":1,"tags":["a","b"]},{"id":2,"tags":[]}],"none":[],"text":"[{\"k\":5},{\"k\":6}]"}`)
	events := message.Message{Header: []exchange.Field{{Name: "content-type", Value: "text/event-stream"}}, Body: []byte("data: {\"n\":1}\n\ndata: {\"n\":2}\n\n")}
	for _, c := range []struct {
		m        message.Message
		list     string
		elements string // space-separated; "-" = not there
	}{
		{data, "json.items", "json.items[0] json.items[1]"},
		{data, "json.items[0].tags", "json.items[0].tags[0] json.items[0].tags[1]"},
		{data, "json.none", ""},
		{data, "json.items[0]", "-"},
		{data, "json.absent", "-"},
		{data, "json", "-"},
		{data, "json.text|json", "json.text|json[0] json.text|json[1]"},
		{jsonMessage(`[3,4]`), "json", "json[0] json[1]"},
		{jsonMessage(`[]`), "json", ""},
		{page, "html.ul.li[data-id]", "html.ul.li[data-id][0] html.ul.li[data-id][1]"},
		{page, "html.a[href=/c/*]", "html.a[href=/c/*][0] html.a[href=/c/*][1]"},
		{page, "html.a[href=/about]", "-"},
		{htmlMessage(`<input type=hidden name=x value=0><input type=checkbox name=x value=1><input type=checkbox name=x value=2>`), "html.input[name=x]", "html.input[name=x][0] html.input[name=x][1]"},
		{events, "events", "events[0] events[1]"},
	} {
		tree := message.Parse(c.m)
		list := message.MustRef(c.list)
		var got []string
		for _, e := range tree.Elements(list) {
			got = append(got, e.String())
		}
		want := strings.Fields(c.elements)
		n := len(want)
		if c.elements == "-" {
			want, n = nil, -1
		}
		if diff := cmp.Diff(strings.Join(want, " "), strings.Join(got, " ")); diff != "" || tree.Len(list) != n {
			t.Errorf("%s: %d elements, want %d\n%s", c.list, tree.Len(list), n, diff)
		}
	}
}

func TestAll(t *testing.T) {
	m := jsonMessage(`{"items":[{"id":1,"tags":["a","b"]},{"x":0},{"id":3,"tags":["c"]}]}`)
	for _, c := range []struct{ ref, want string }{
		{"json.items[*].id", "json.items[0].id=1 json.items[2].id=3"},
		{"json.items[*].tags[*]", "json.items[0].tags[0]=a json.items[0].tags[1]=b json.items[2].tags[0]=c"},
		{"json.items[2].tags[*]", "json.items[2].tags[0]=c"},
		{"json.items[*]", ""}, // objects are no values
		{"json.none[*].id", ""},
	} {
		var got []string
		for _, l := range message.Parse(m).All(message.MustRef(c.ref)) {
			got = append(got, l.Ref.String()+"="+l.Text)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", c.ref, s, c.want)
		}
	}
	page := htmlMessage(`<table id=t><tr data-id=1><td>x<td>y</tr><tr data-id=2><td>z</table>`)
	var got []string
	for _, l := range message.Parse(page).All(message.MustRef("html.table[id=t].tr[data-id][*].td#1/text")) {
		got = append(got, l.Text)
	}
	if !slices.Equal(got, []string{"y"}) {
		t.Errorf("second cells: %q", got)
	}
}

func TestGetNeedsAConcreteValue(t *testing.T) {
	tree := message.Parse(jsonMessage(`{"a":{"b":[1]},"s":"x"}`))
	for _, ref := range []string{"json", "json.a", "json.a.b", "json.a.b[1]", "json.a.b[0].c", "json.s[0]", "json.S", "form.a", "html.a/text", "events[0]", "body", "query.a", "path[0]", "header.X", "cookie.a", "json.s|jwt.claims.sub"} {
		if leaf, ok := tree.Get(message.MustRef(ref)); ok {
			t.Errorf("Get(%s) = %v, want nothing", ref, leaf)
		}
	}
	if raw, ok := tree.Raw(message.MustRef("json.a")); !ok || raw != `{"b":[1]}` {
		t.Errorf("Raw(json.a) = %q %v", raw, ok)
	}
	if raw, ok := tree.Raw(message.MustRef("body")); !ok || raw != `{"a":{"b":[1]},"s":"x"}` {
		t.Errorf("Raw(body) = %q %v", raw, ok)
	}
}

// What is not plainly of a known form stays whole.
func TestNestedIsConservative(t *testing.T) {
	for _, v := range []string{
		"dashboardsss", "application/json", "abcdefghijkl", "550e8400-e29b-41d4-a716-446655440000", "507f1f77bcf86cd799439011",
		"token of appreciation", "Basic rules of geometry", "basic", "Digest this", "100% sure", "50%off", "[object Object]", "{name} is here", "a.b.c", "1.2.3", "www.example.org.uk",
		"https://two words.example/", "http://", "1234567890123456", "AAAAAAAAAAAAAAAA", "deadbeefdeadbeef", "SGVsbG8gV29ybGQ", "V1StGXR8_Z5jdHi6B-my", "eyJhbGciOiJub25lIn0.x.y",
		"token abc", "eyJhIjoiYiJ9.eyJhIjoxfQ.c2ln", "fiF9e15gPD46JCMqPw==",
	} {
		m := jsonMessage(fmt.Sprintf("{%q:%q}", "v", v))
		n := 0
		for l := range message.Parse(m).Leaves() {
			if strings.HasPrefix(l.Ref.String(), "json.v") {
				n++
			}
			if n > 1 && v != "SGVsbG8gV29ybGQ" { // that one is "Hello World"
				t.Errorf("%q was taken for %s %q", v, l.Ref, l.Text)
			}
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	v := `"end"`
	for range 12 {
		v = fmt.Sprintf("{\"v\":%q}", v)
	}
	deepest := 0
	for l := range message.Parse(jsonMessage(v)).Leaves() {
		deepest = max(deepest, strings.Count(l.Ref.String(), "|"))
	}
	if deepest != message.MaxDepth-1 {
		t.Errorf("looked into %d values inside one another, want %d", deepest, message.MaxDepth-1)
	}
	checkTree(t, jsonMessage(strings.Repeat("[", 5000)))
	if n := message.Parse(jsonMessage(strings.Repeat("[", 5000))).Broken(); n != 256 {
		t.Errorf("arrays nested 5000 deep broke at %d", n)
	}
}

// Keys that are ids do not make two shapes of one; the other ways in which answers of one endpoint differ do not either.
func TestShape(t *testing.T) {
	one := message.Parse(jsonMessage(`{"by_id":{"17":{"n":1},"550e8400-e29b-41d4-a716-446655440000":{"n":2}},"l":[{"a":"x"}],"o":{}}`)).Shape()
	two := message.Parse(jsonMessage(`{"o":{},"l":[{"a":"y"},{"a":"z"}],"by_id":{"4711":{"n":3}}}`)).Shape()
	want := []string{"json.by_id[*].n:number", "json.l:list", "json.l[*].a:string", "json.o:object"}
	if diff := cmp.Diff(want, one); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(one, two); diff != "" {
		t.Error(diff)
	}
	if s := message.Parse(jsonMessage("")).Shape(); s != nil {
		t.Errorf("no body has the shape %q", s)
	}
}

func TestRailsCheckBox(t *testing.T) {
	m := htmlMessage(`<input type=hidden name=x value=0><input type=checkbox name=x value=1><input type=hidden name=x value=2>`)
	checkTree(t, m)
	for ref, want := range map[string]string{"html.input[name=x]@value": "0", "html.input[name=x][0]@value": "1", "html.input[name=x]#1@value": "2"} {
		if l, ok := message.Parse(m).Get(message.MustRef(ref)); !ok || l.Text != want {
			t.Errorf("%s = %q %v, want %q", ref, l.Text, ok, want)
		}
	}
	if all := message.Parse(m).All(message.MustRef("html.input[name=x][*]@value")); len(all) != 1 {
		t.Errorf("boxes: %v", all)
	}
}

// What stands in a card that is one link is a property of the card.
func TestCards(t *testing.T) {
	m := htmlMessage(`<main><a href="/c/1"><h2>One</h2><a href="/c/2" data-n=5><h2>Two</h2><p><b>54</b> left</p></a><h2>After</h2></main>`)
	checkTree(t, m)
	var got []string
	for l := range message.Parse(m).Leaves() {
		if s := l.Ref.String(); strings.HasSuffix(s, "/text") {
			got = append(got, s+"="+l.Text)
		}
	}
	want := []string{"html.main.a[href=/c/*][0].h2/text=One", "html.main.a[href=/c/*][1].h2/text=Two", "html.main.a[href=/c/*][1].b/text=54", "html.main.a[href=/c/*][1].p/text=left", "html.main.h2/text=After"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEscapedKeys(t *testing.T) {
	m := jsonMessage(`{"k\u0041":{"x":1},"\"":2,"é":3}`)
	checkTree(t, m)
	if l, ok := message.Parse(m).Get(message.MustRef("json.kA.x")); !ok || l.Text != "1" {
		t.Errorf("%v %v", l, ok)
	}
}
