package redact_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"firedrill/internal/exchange"
	"firedrill/internal/redact"
)

// A canary is found in each form in which a secret can be read, wherever it stands.
func TestAuditorFindsEveryForm(t *testing.T) {
	canaries := []string{"Jana Müller-Weiß", "jana@school.example.edu", `pass "word" <1>&/+`, "0176 5551234"}
	a := redact.NewAuditor(canaries)
	for i, c := range canaries {
		for name, text := range forms(c) {
			for _, before := range []string{"", "x", "some words before "} {
				hits := a.Scan([]byte(before + text + " and after"))
				found := false
				for _, h := range hits {
					found = found || h.Canary == i
				}
				if !found {
					t.Errorf("%q as %s: %q: hits %v", c, name, text, hits)
				}
			}
		}
		for shift := range 3 { // inside a longer text that was encoded as a whole
			for coding, e := range map[string]*base64.Encoding{"standard": base64.StdEncoding, "URL": base64.URLEncoding} {
				text := e.EncodeToString([]byte(strings.Repeat("?", shift) + c + " tail"))
				if hits := a.Scan([]byte("{\"a\":\"" + text + "\"}")); len(hits) == 0 || hits[0].Canary != i || hits[0].Form != "base64" {
					t.Errorf("%q in base64 (%s) behind %d bytes: %v", c, coding, shift, hits)
				}
			}
		}
	}
	if hits := a.Scan([]byte("nothing of anybody stands here, JANA MULLER neither; u0123456789@example.test and fd~abcdefghijklmnopqrstuv")); len(hits) != 0 {
		t.Errorf("found %v in nothing", hits)
	}
	if hits := a.Scan([]byte("JANA MÜLLER-WEISS, jana MÜLLER-WEIß")); len(hits) != 1 || hits[0].Canary != 0 {
		t.Errorf("case should not matter: %v", hits)
	}
}

func TestAuditorSuspects(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"
	for text, want := range map[string]string{
		"to lena.maier@gmail.com now":         "e-mail address lena.maier@gmail.com",
		`{"e":"a+b@mail.school.edu"}`:         "e-mail address a+b@mail.school.edu",
		"Bearer " + jwt + " ":                 "JSON web token " + jwt,
		"teacher1@test.local":                 "e-mail address teacher1@test.local",
		"u0123456789@example.test":            "",
		"someone@example.org":                 "",
		"pkg@v1.2.3 is a version":             "e-mail address pkg@v1.2.3",
		"no address: a@b, @c.de, x@":          "",
		"eyJ is short; eyJhbGciOiJI.UzI1NiJ9": "",
	} {
		got := ""
		for _, h := range redact.NewAuditor(nil).Scan([]byte(text)) {
			got = fmt.Sprintf("%s %s", h.Form, text[h.Offset:h.Offset+h.Length])
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if !redact.ShortCanary(" ab ") || redact.ShortCanary("abcd") {
		t.Error("short canaries")
	}
	if hits := redact.NewAuditor([]string{"ab", ""}).Scan([]byte("ab abba")); len(hits) != 0 {
		t.Errorf("a short canary was looked for: %v", hits)
	}
}

// What the redactor makes of an exchange holds none of the secrets, by the auditor's own eyes.
func TestRedactedExchangePassesTheAudit(t *testing.T) {
	secrets := []string{"lena.maier@gmail.com", "hunter2-geheim-42", "sess-4711-aaaa-bbbb-cccc-dddd"}
	x := &exchange.Exchange{
		Request: exchange.Request{Method: "POST", Scheme: "https", Host: "s.test", Target: "/login?email=lena.maier%40gmail.com", Proto: "HTTP/1.1",
			Header: []exchange.Field{{Name: "Content-Type", Value: "application/json"}, {Name: "Cookie", Value: "session=" + secrets[2]}},
			Body:   exchange.Body{Data: []byte(`{"email":"lena.maier@gmail.com","password":"hunter2-geheim-42"}`)}},
		Response: &exchange.Response{Status: 200, Header: []exchange.Field{{Name: "Content-Type", Value: "application/json"}}, Body: exchange.Body{Data: []byte(`{"me":"lena.maier@gmail.com"}`)}},
	}
	a := redact.NewAuditor(secrets)
	if hits := a.Scan(exchange.EncodeTo(nil, x)); len(hits) < 4 {
		t.Fatalf("before: %v", hits)
	}
	newRedactor().Exchange(x)
	if hits := a.Scan(exchange.EncodeTo(nil, x)); len(hits) != 0 {
		t.Errorf("after: %v", hits)
	}
}

func FuzzAuditor(f *testing.F) {
	f.Add("jana@school.example.edu", []byte("x@y.zz eyJ.a.b"))
	f.Add("İstanbul", []byte("İSTANBUL@x.de"))
	f.Fuzz(func(t *testing.T, canary string, data []byte) {
		a := redact.NewAuditor([]string{canary})
		for _, h := range a.Scan(data) {
			if h.Offset < 0 || h.Length <= 0 || h.Offset+h.Length > len(data) {
				t.Fatalf("%+v in %d bytes", h, len(data))
			}
		}
		if planted := append(append([]byte("<"), strings.TrimSpace(canary)...), '>'); !redact.ShortCanary(canary) && len(a.Scan(planted)) == 0 {
			t.Fatalf("%q is not found as it is", canary)
		}
	})
}
