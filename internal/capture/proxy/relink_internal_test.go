package proxy

import (
	"strings"
	"testing"
)

func testLinks() *links {
	l := &links{}
	l.add("school.test", "https", "school.test:443", "http", "localhost:8080")
	l.add("school.test", "https", "school.test", "http", "localhost:8080")
	l.add("api.school.test", "https", "api.school.test", "http", "localhost:8081")
	return l
}

// pieceByPiece is what a body becomes that comes in pieces of n bytes.
func pieceByPiece(l *links, text string, n int) string {
	var out, raw []byte
	for {
		k := min(n, len(text))
		raw, text = append(raw, text[:k]...), text[k:]
		held := 0
		out, held, _ = l.replace(out, raw, text == "")
		raw = raw[len(raw)-held:]
		if text == "" {
			return string(out)
		}
	}
}

func TestReplace(t *testing.T) {
	for from, want := range map[string]string{
		"":                          "",
		"nothing of ours":           "nothing of ours",
		"https://school.test":       "http://localhost:8080",
		"a https://school.test/x b": "a http://localhost:8080/x b",
		"https://school.test:443/x": "http://localhost:8080/x",
		"https://school.test:8443/": "https://school.test:8443/",
		"https://school.test.evil":  "https://school.test.evil",
		"https://school.tester/":    "https://school.tester/",
		"see https://school.test.":  "see http://localhost:8080.",
		"https://school.test: here": "http://localhost:8080: here",
		"https://school.test@evil/": "https://school.test@evil/",
		"http://school.test/":       "http://school.test/",
		`{"u":"https:\/\/school.test\/x","v":"https://api.school.test/v1"}`: `{"u":"http:\/\/localhost:8080\/x","v":"http://localhost:8081/v1"}`,
		"?next=https%3A%2F%2Fschool.test%2Fx":                               "?next=http%3A%2F%2Flocalhost%3A8080%2Fx",
		"?next=https%3A%2F%2Fschool.test%3A8443%2Fx":                        "?next=https%3A%2F%2Fschool.test%3A8443%2Fx",
		`<a href="//school.test/y"> // school.test`:                         `<a href="//localhost:8080/y"> // school.test`,
		"wss://school.test/live https://school.test":                        "ws://localhost:8080/live http://localhost:8080",
		"https://https://school.test":                                       "https://http://localhost:8080",
	} {
		for n := 1; n <= len(from)+1; n++ {
			if got := pieceByPiece(testLinks(), from, n); got != want {
				t.Errorf("%q in pieces of %d: %q, want %q", from, n, got, want)
			}
		}
	}
}

// FuzzReplace: the pieces do not matter, and what names none of ours stays.
func FuzzReplace(f *testing.F) {
	f.Add("a https://school.test/x https://school.test.x", uint8(3))
	f.Add("https%3A%2F%2Fschool.test%3", uint8(1))
	f.Fuzz(func(t *testing.T, text string, piece uint8) {
		l := testLinks()
		whole, held, any := l.replace(nil, []byte(text), true)
		if held != 0 || !any && string(whole) != text {
			t.Fatalf("%q became %q, %d held", text, whole, held)
		}
		if !strings.Contains(text, "school.test") && string(whole) != text {
			t.Fatalf("%q became %q", text, whole)
		}
		if got := pieceByPiece(l, text, int(piece)+1); got != string(whole) {
			t.Fatalf("%q: %q in one piece, %q in pieces of %d", text, whole, got, int(piece)+1)
		}
	})
}

// BenchmarkReplace looks through a list of 5,000 links of the second target.
func BenchmarkReplace(b *testing.B) {
	l := testLinks()
	text := []byte(strings.Repeat(`{"id":42,"url":"https://api.school.test/api/v1/courses/42","title":"Biology"},`, 5000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, _, any := l.replace(nil, text, true); !any {
			b.Fatal("nothing was replaced")
		}
	}
}
