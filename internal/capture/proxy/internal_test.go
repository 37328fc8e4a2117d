package proxy

import (
	"net/url"
	"strings"
	"testing"

	"firedrill/internal/exchange"

	"github.com/google/go-cmp/cmp"
)

// FuzzSetCookie: a rewritten cookie holds its value, none of the attributes that
// plain http cannot keep, and is not changed again.
func FuzzSetCookie(f *testing.F) {
	f.Add("__Host-sid=a=b; Path=/; Secure; HttpOnly; SameSite=None")
	f.Add("a=1;domain = .example.org ;; PARTITIONED; Max-Age=3")
	f.Add("=;secure")
	f.Fuzz(func(t *testing.T, line string) {
		once := rewriteSetCookie(line)
		if twice := rewriteSetCookie(once); twice != once {
			t.Fatalf("%q became %q and then %q", line, once, twice)
		}
		before, after := strings.Split(line, ";"), strings.Split(once, ";")
		_, value, _ := strings.Cut(before[0], "=")
		if _, kept, _ := strings.Cut(after[0], "="); kept != value {
			t.Fatalf("the value %q became %q", value, kept)
		}
		for _, part := range after[1:] {
			name, _, _ := strings.Cut(part, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "domain", "secure", "partitioned":
				t.Fatalf("%q kept %q", line, part)
			}
		}
	})
}

func TestCookieNamesComeBack(t *testing.T) {
	for theirs, ours := range map[string]string{"__Host-a=1": "firedrill__Host-a=1", "__Secure-b=2": "firedrill__Secure-b=2", "__host-c=3": "firedrill__host-c=3", "d=4": "d=4"} {
		if got := rewriteSetCookie(theirs); got != ours {
			t.Errorf("%q became %q, want %q", theirs, got, ours)
		}
		if got := renameCookies(ours); got != theirs {
			t.Errorf("%q came back as %q, want %q", ours, got, theirs)
		}
	}
	if got, want := renameCookies("x=firedrill__Host-; firedrill__Host-a=1;firedrill__Secure-b=2; firedrill=3"), "x=firedrill__Host-; __Host-a=1;__Secure-b=2; firedrill=3"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestReplaceOriginKeepsTheRest(t *testing.T) {
	for address, want := range map[string]string{
		"http://a:1/x?y#z": "o/x?y#z", "http://a": "o", "//a/b//c": "o/b//c", "http://a?q=http://a/": "o?q=http://a/", "http://a#f": "o#f",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := replaceOrigin(address, u, "o"); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestChunksFitWhatWasKept(t *testing.T) {
	chunks := []exchange.Chunk{{At: 1, Size: 4}, {At: 2, Size: 4}, {At: 3, Size: 4}}
	if diff := cmp.Diff([]exchange.Chunk{{At: 1, Size: 4}, {At: 2, Size: 2}}, fitting(chunks, 6)); diff != "" {
		t.Error(diff)
	}
}
