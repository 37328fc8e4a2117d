package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
)

// Auditor looks for values in what was kept: canaries, which should never be
// there, in every form in which a program could still read them; and e-mail
// addresses and JSON web tokens that are nobody's pseudonyms. It is read-only and
// may be used by many goroutines.
type Auditor struct {
	forms []form
}

// form is one way in which a canary can stand in a text.
type form struct {
	canary int
	name   string
	text   []byte
	lower  []byte // nil where case tells values apart
}

// Hit is something that was found.
type Hit struct {
	Canary int    // index; -1: a value that looks like a person's or a log-in's
	Form   string // "as it is", "base64", "URL-encoded", …; or "e-mail address", "JSON web token"
	Offset int    // in bytes
	Length int
}

// minCanary is the least length of a canary: shorter ones are found everywhere.
const minCanary = 4

// ShortCanary reports whether a canary is too short to be looked for.
func ShortCanary(c string) bool { return len(strings.TrimSpace(c)) < minCanary }

// NewAuditor looks for the canaries, those that are not too short.
func NewAuditor(canaries []string) *Auditor {
	a := new(Auditor)
	for i, c := range canaries {
		if c = strings.TrimSpace(c); ShortCanary(c) {
			continue
		}
		seen := map[string]bool{}
		add := func(name, text string, fold bool) {
			if len(text) < minCanary || seen[text] {
				return
			}
			seen[text] = true
			f := form{canary: i, name: name, text: []byte(text)}
			if fold {
				f.lower = bytes.ToLower(f.text)
			}
			a.forms = append(a.forms, f)
		}
		add("as it is", c, true)
		quoted, _ := json.Marshal(c)
		twice, _ := json.Marshal(string(quoted))
		add("JSON-escaped", strings.Trim(string(quoted), `"`), true)
		add("JSON-escaped twice", strings.Trim(string(twice), `"\`), true)
		add("URL-encoded", url.QueryEscape(c), true)
		add("URL-encoded", url.PathEscape(c), true)
		add("URL-encoded twice", url.QueryEscape(url.QueryEscape(c)), true)
		add("HTML-escaped", html.EscapeString(c), true)
		add("hexadecimal", hex.EncodeToString([]byte(c)), true)
		for _, text := range inBase64(c) {
			add("base64", text, false)
		}
	}
	return a
}

// inBase64 are the parts of base64 that every text has which holds c: it may begin
// at any of three places in a group, and the groups at its ends hold other bytes.
func inBase64(c string) (all []string) {
	for shift := range 3 {
		padded := append(bytes.Repeat([]byte{0}, shift), c...)
		whole := len(padded) / 3 * 3
		for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := coding.EncodeToString(padded[:whole])
			switch { // less than 8 characters are found by chance
			case len(text) >= 16:
				all = append(all, text[4:len(text)-4]) // so that parts are found too
			case shift > 0 && len(text) >= 12:
				all = append(all, text[4:])
			case shift == 0 && len(text) >= 8:
				all = append(all, text)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Scan finds what should not be in data: each form of each canary once, at its
// first place, and values that look like a person's, each once.
func (a *Auditor) Scan(data []byte) []Hit {
	var hits []Hit
	lower := bytes.ToLower(data)
	if len(lower) != len(data) { // letters whose other case is longer: offsets would lie
		lower = data
	}
	for _, f := range a.forms {
		at, n := bytes.Index(data, f.text), len(f.text)
		if at < 0 && f.lower != nil {
			at, n = bytes.Index(lower, f.lower), len(f.lower)
		}
		if at >= 0 {
			hits = append(hits, Hit{f.canary, f.name, at, n})
		}
	}
	return append(hits, suspects(data)...)
}

// maxSuspects bounds what is said of one piece of data.
const maxSuspects = 20

// suspects are e-mail addresses and JSON web tokens that are no pseudonyms.
func suspects(data []byte) (hits []Hit) {
	for at := 0; len(hits) < maxSuspects; {
		i := bytes.IndexByte(data[at:], '@')
		if i < 0 {
			break
		}
		i += at
		from, to := mailbox(data, i)
		if to > i+1 && from < i && !harmless(string(data[from:to])) {
			hits = append(hits, Hit{-1, "e-mail address", from, to - from})
		}
		at = max(i+1, to)
	}
	for at := 0; len(hits) < maxSuspects; {
		i := bytes.Index(data[at:], []byte("eyJ"))
		if i < 0 {
			break
		}
		from, to := at+i, at+i
		dots := 0
		for to < len(data) && (class[data[to]]&(inWord|isJoin) != 0 && data[to] != '~' || data[to] == '.') {
			if data[to] == '.' {
				dots++
			}
			to++
		}
		if dots == 2 && to-from >= 40 && data[to-1] != '.' {
			hits = append(hits, Hit{-1, "JSON web token", from, to - from})
		}
		at = to
	}
	return hits
}

// mailbox is where the address around the "@" at i begins and ends; to is i+1
// where none does.
func mailbox(data []byte, i int) (from, to int) {
	from = i
	for from > 0 && i-from < 64 && class[data[from-1]]&isMailbox != 0 && data[from-1] < 0x80 && data[from-1] != '%' {
		from--
	}
	to = i + 1
	dot := false
	for to < len(data) && to-i < 255 {
		c := data[to]
		if c == '.' && to+1 < len(data) && class[data[to+1]]&inWord != 0 && to > i+1 {
			dot = true
		} else if class[c]&inWord == 0 && c != '-' {
			break
		}
		to++
	}
	if !dot {
		return from, i + 1
	}
	return from, to
}

// harmless reports whether an address is a pseudonym, or belongs to a domain that
// no person can have (RFC 2606).
func harmless(address string) bool {
	_, host, _ := strings.Cut(address, "@")
	host = strings.ToLower(host)
	for _, reserved := range []string{"example.test", "test", "example", "invalid", "localhost", "example.com", "example.org", "example.net"} {
		if host == reserved || strings.HasSuffix(host, "."+reserved) {
			return true
		}
	}
	return false
}
