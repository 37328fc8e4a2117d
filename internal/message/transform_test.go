package message_test

import (
	"errors"
	"testing"

	"firedrill/internal/message"
)

func TestApply(t *testing.T) {
	for _, c := range []struct {
		value string
		list  []string
		want  string
	}{
		{"a", nil, "a"},
		{"a%20b%2Bc+d", []string{"pct-decode"}, "a b+c+d"},
		{"a b+/é~", []string{"pct-encode"}, "a%20b%2B%2F%C3%A9~"},
		{"aÄ", []string{"upper"}, "AÄ"},
		{"AÄ", []string{"lower"}, "aä"},
		{"x", []string{"prefix:Bearer ", "suffix:a:b"}, "Bearer xa:b"},
		{"Bearer x", []string{"trim-prefix:Bearer "}, "x"},
		{"x.json", []string{"trim-suffix:.json"}, "x"},
		{"hi?>", []string{"b64-encode"}, "aGk/Pg=="},
		{"aGk/Pg==", []string{"b64-decode"}, "hi?>"},
		{"aGk/Pg", []string{"b64-decode"}, "hi?>"},
		{"hi?>", []string{"b64url-encode"}, "aGk_Pg"},
		{"aGk_Pg==", []string{"b64url-decode"}, "hi?>"},
		{"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", []string{"sha256-base64url"}, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, // RFC 7636 appendix B
		{"abc", []string{"sha256-hex"}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},                          // FIPS 180-2 B.1
		{"abc", []string{"md5-hex"}, "900150983cd24fb0d6963f7d28e17f72"},                                                             // RFC 1321 A.5
		{"abcdef", []string{"first:3"}, "abc"},
		{"s:abc.def", []string{"part:1"}, "abc"},
		{"a", []string{"upper", "prefix:x", "b64-encode"}, "eEE="},
	} {
		got, err := message.Apply(c.value, c.list)
		if err != nil || got != c.want {
			t.Errorf("%q %q: %q %v, want %q", c.value, c.list, got, err, c.want)
		}
		for _, f := range c.list {
			if err := message.ValidTransform(f); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestApplyErrors(t *testing.T) {
	for _, c := range []struct {
		value, transform string
		valid            bool
	}{
		{"x", "", false}, {"x", "rot13", false}, {"x", "rot:13", false}, {"x", "first:x", false}, {"x", "part:-1", false},
		{"a%2", "pct-decode", true}, {"!", "b64-decode", true}, {"+", "b64url-decode", true}, {"x", "trim-prefix:y", true}, {"x", "trim-suffix:y", true}, {"x", "first:2", true}, {"a.b", "part:2", true},
	} {
		var te *message.TransformError
		if got, err := message.Apply(c.value, []string{"upper", "lower", c.transform}); !errors.As(err, &te) || te.Transform != c.transform || got != "" {
			t.Errorf("%s of %q: %q %v", c.transform, c.value, got, err)
		}
		if err := message.ValidTransform(c.transform); (err == nil) != c.valid {
			t.Errorf("ValidTransform(%q) = %v", c.transform, err)
		}
	}
	for how, want := range map[string]string{"pct-decode": "pct-decode", "prefix:16": "first:16", "part:1": "part:1", "unheard of": ""} {
		if got, ok := message.TransformOf(how); ok != (want != "") || ok && got != want {
			t.Errorf("TransformOf(%q) = %q %v", how, got, ok)
		}
	}
}
