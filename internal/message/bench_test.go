package message_test

import (
	"fmt"
	"strings"
	"testing"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

// gradebook is a JSON answer of about 8 KiB, some 300 values.
func gradebook() message.Message {
	var b strings.Builder
	b.WriteString(`{"course":{"id":17,"title":"Algebra I"},"submissions":[`)
	for i := range 60 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"student":{"id":%d,"name":"Student Number %d"},"status":"ungraded","score":null,"late":false,"submitted_at":"2026-11-%02dT10:11:12Z"}`, 1000+i, 200+i, i, i%28+1)
	}
	b.WriteString(`],"next":"/api/v1/courses/17/submissions?page=2","total":60}`)
	return jsonMessage(b.String())
}

func BenchmarkParseLeaves8KiB(b *testing.B) {
	m := gradebook()
	b.SetBytes(int64(len(m.Body)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range message.Parse(m).Leaves() {
			n++
		}
		if n != 425 {
			b.Fatal(n)
		}
	}
}

func BenchmarkRewriteNothing8KiB(b *testing.B) {
	m := gradebook()
	b.SetBytes(int64(len(m.Body)))
	b.ReportAllocs()
	for b.Loop() {
		message.Parse(m).Rewrite(func(message.Part) (string, bool) { return "", false })
	}
}

func BenchmarkGet8KiB(b *testing.B) {
	m := gradebook()
	for _, ref := range []string{"json.course.id", "json.submissions[30].student.id", "json.total"} {
		r := message.MustRef(ref)
		b.Run(ref, func(b *testing.B) {
			b.SetBytes(int64(len(m.Body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := message.Parse(m).Get(r); !ok {
					b.Fatal("not there")
				}
			}
		})
	}
}

func BenchmarkPick8KiB(b *testing.B) {
	m := gradebook()
	list, id, status := message.MustRef("json.submissions"), message.MustRef(".id"), message.MustRef(".status")
	b.ReportAllocs()
	for b.Loop() {
		tree := message.Parse(m)
		for _, e := range tree.Elements(list) {
			if s, _ := tree.Get(message.Join(e, status)); s.Text != "ungraded" {
				b.Fatal(s)
			}
		}
		tree.Get(message.Join(list.Child("[7]"), id))
	}
}

func BenchmarkRender(b *testing.B) {
	m := message.Message{Method: "POST", Target: "/api/v1/submissions/4711/grade?term=2", Header: []exchange.Field{
		{Name: "Content-Type", Value: "application/json"}, {Name: "X-Csrf-Token", Value: "abcdefghij"}, {Name: "Accept", Value: "application/json"}, {Name: "User-Agent", Value: "Mozilla/5.0"}},
		Body: []byte(`{"grade":88,"feedback":"` + strings.Repeat("well done ", 18) + `","submission":{"id":4711,"course_id":"17","rubric":[{"k":"effort","v":4},{"k":"style","v":5}]},"notify":true}`)}
	var refs []message.Ref
	for _, s := range []string{"path[3]", "header.X-Csrf-Token", "json.grade", "json.feedback", "json.submission.id"} {
		refs = append(refs, message.MustRef(s))
	}
	tmpl, err := message.Parse(m).Compile(refs)
	if err != nil {
		b.Fatal(err)
	}
	values := []string{"815", "zyxwvutsrq", "93", strings.Repeat("very good ", 18), "815"}
	b.ReportAllocs()
	for b.Loop() {
		tmpl.Render(values)
	}
}

func BenchmarkParseHTML(b *testing.B) {
	m := readMessage(b, "testdata/messages/page.http")
	b.SetBytes(int64(len(m.Body)))
	b.ReportAllocs()
	for b.Loop() {
		for range message.Parse(m).Leaves() {
		}
	}
}

func BenchmarkParseHead(b *testing.B) {
	m := message.Message{Method: "GET", Target: "/api/v1/courses/17?page=2", Header: []exchange.Field{
		{Name: "Accept", Value: "application/json"}, {Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}, {Name: "Cookie", Value: "session=abcdefghijklmnopqrstuvwxyz; theme=dark"},
		{Name: "Accept-Language", Value: "en"}, {Name: "Referer", Value: "https://school.example/courses"}, {Name: "X-Csrf-Token", Value: "abcdefghij"}}}
	b.ReportAllocs()
	for b.Loop() {
		for range message.Parse(m).Leaves() {
		}
	}
}
