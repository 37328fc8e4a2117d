package message

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// minNested is the length below which a value is not looked into.
const minNested = 6

// nested looks for parts in an unescaped value; nil when it has none. It is
// conservative, for whatever it finds a replay may replace: what is not plainly
// of a known form stays whole.
func nested(v string, depth int) *text {
	if len(v) < minNested || depth > MaxDepth {
		return nil
	}
	switch c := v[0]; {
	case c == '{' || c == '[':
		if t := parseJSON(v, false, depth); t != nil && t.broken < 0 {
			return t
		}
		return nil
	case c == 'h' || c == 'H' || c == 'w':
		if isURL(v) {
			return parseURL(v, depth)
		}
	}
	if t := parseAuth(v, depth, false); t != nil {
		return t
	}
	set := runOf(v)
	switch {
	case set&notBase64 == 0 && set&dotSeen != 0:
		return parseJWT(v, depth)
	case set&(notBase64|dotSeen|percentSeen) == 0:
		return parseBase64(v, depth)
	case set&percentSeen != 0:
		return parsePct(v, depth)
	}
	return nil
}

const (
	dotSeen     = 1 << iota // "."
	percentSeen             // "%"
	notBase64               // anything else that base64 of either alphabet has not
)

var base64Class = func() (c [256]uint8) {
	ok := setOf(alnum, "+/-_=")
	for i := range c {
		if !ok[i] {
			c[i] = notBase64
		}
	}
	c['.'], c['%'] = dotSeen, percentSeen
	return c
}()

func runOf(v string) (set uint8) {
	for i := range len(v) {
		set |= base64Class[v[i]]
		if set&notBase64 != 0 && i > 16 && set&percentSeen == 0 {
			// Free text is only searched for escapes.
			if strings.IndexByte(v[i:], '%') >= 0 {
				set |= percentSeen
			}
			return set
		}
	}
	return set
}

// isURL says whether v is an absolute http, https or websocket URL and nothing else.
func isURL(v string) bool {
	scheme, rest, ok := strings.Cut(v, "://")
	if !ok || rest == "" {
		return false
	}
	switch {
	case strings.EqualFold(scheme, "http"), strings.EqualFold(scheme, "https"), scheme == "ws", scheme == "wss":
		return !strings.ContainsAny(rest, " \t\r\n\"<>")
	}
	return false
}

// nestedField looks into a header's value, whose name, in canonical case, may say what it is.
func nestedField(name, v string) *text {
	switch name {
	case "Location", "Referer", "Content-Location":
		if v != "" {
			return parseURL(v, 2)
		}
	case "Authorization", "Proxy-Authorization":
		return parseAuth(v, 2, true)
	}
	return nested(v, 2)
}

// nestedURL looks into a value of which the place says that it is a URL, relative ones too.
func nestedURL(v string, depth int) *text {
	if v == "" || depth > MaxDepth || v[0] == '#' && len(v) == 1 {
		return nil
	}
	if i := strings.IndexAny(v, ":/?#"); i > 0 && v[i] == ':' && !isURL(v) {
		return nil // mailto:, javascript:, data:
	}
	return parseURL(v, depth)
}

// nestedFragment looks into a URL's fragment: "access_token=…&state=…".
func nestedFragment(v string, depth int) *text {
	if i := strings.IndexByte(v, '='); i > 0 && depth <= MaxDepth && !strings.ContainsAny(v[:i], "/ ?&") {
		return parseForm(v, depth)
	}
	return nested(v, depth)
}

// parseAuth reads "Bearer xyz" and its like: a scheme, a space, credentials. Where
// the place does not say that it is one, the scheme must be a known one. nil when it is none.
func parseAuth(v string, depth int, sure bool) *text {
	i := strings.IndexByte(v, ' ')
	if i < 1 || i+1 == len(v) || !sure && (i < 3 || i > 9 || !authScheme(v[:i], v[i+1:])) {
		return nil
	}
	t := newText(v, "auth", 1)
	n := t.addLeaf(0, node{}, i+1, len(v), asIs)
	if in := parseBasic(v[:i], t.nodes[n].val, depth+1); in != nil {
		t.attach(n, in)
	} else if strings.EqualFold(v[:i], "basic") && !sure {
		return nil // "basic rules"
	} else {
		t.attach(n, nested(t.nodes[n].val, depth+1))
	}
	return t
}

// authScheme says whether a value that begins with this word goes on as credentials do.
func authScheme(scheme, rest string) bool {
	switch scheme[0] | 0x20 {
	case 'b', 't', 'j', 'd', 'a', 'n': // the schemes below, cheaply
	default:
		return false
	}
	switch strings.ToLower(scheme) {
	case "bearer", "token", "jwt", "dpop", "apikey", "api-key", "negotiate", "ntlm":
		return len(rest) >= 8 && strings.IndexByte(rest, ' ') < 0 // not prose: "token of appreciation"
	case "digest":
		return strings.IndexByte(rest, '=') >= 0
	case "basic":
		return strings.IndexByte(rest, ' ') < 0
	}
	return false
}

// parseBasic reads the credentials of HTTP Basic (RFC 7617); nil when they are none.
func parseBasic(scheme, v string, depth int) *text {
	if !strings.EqualFold(scheme, "basic") || depth+1 > MaxDepth {
		return nil
	}
	raw := strings.TrimRight(v, "=")
	pair, err := base64.RawStdEncoding.DecodeString(raw)
	colon := strings.IndexByte(string(pair), ':')
	if err != nil || colon < 0 {
		return nil
	}
	c := asBase64
	if len(raw)%4 != 0 && len(raw) == len(v) {
		c = asBase64Raw
	}
	in := newText(v, "b64", 1)
	k := in.addLeaf(0, node{}, 0, len(v), c)
	basic := newText(in.nodes[k].val, "basic", 2)
	basic.addLeaf(0, node{by: byKey, name: "user"}, 0, colon, asIs)
	basic.addLeaf(0, node{by: byKey, name: "password"}, colon+1, len(basic.s), asIs)
	in.attach(k, basic)
	return in
}

// parseJWT reads a JSON Web Token (RFC 7519): three parts, a JSON header that names its algorithm.
func parseJWT(v string, depth int) *text {
	a := strings.IndexByte(v, '.')
	if a < 4 || v[0] != 'e' && v[0] != 'W' && v[0] != 'I' { // base64 of "{" and of white space before it
		return nil
	}
	b := strings.IndexByte(v[a+1:], '.')
	if b < 2 || strings.IndexByte(v[a+b+2:], '.') >= 0 || depth+1 > MaxDepth {
		return nil
	}
	b += a + 1
	t := newText(v, "jwt", 2)
	for _, p := range []struct {
		name     string
		from, to int
	}{{"header", 0, a}, {"claims", a + 1, b}} {
		dec, err := base64.RawURLEncoding.DecodeString(v[p.from:p.to])
		if err != nil {
			return nil
		}
		in := parseJSON(string(dec), false, depth+1)
		if in == nil || in.broken >= 0 || dec[in.nodes[0].start] != '{' {
			return nil
		}
		if p.name == "header" && in.child(0, byName, "alg", 0) == 0 && in.child(0, byName, "typ", 0) == 0 {
			return nil
		}
		// The two halves are containers: the values are the token as a whole and the claims in it.
		n := t.add(0, node{by: byName, name: p.name, start: int32(p.from), end: int32(p.to), codec: asBase64URL, val: in.s})
		t.attach(n, in)
	}
	return t
}

// parseBase64 reads base64 whose content is JSON or plain text with some structure.
func parseBase64(v string, depth int) *text {
	raw := strings.TrimRight(v, "=")
	pad := len(v) - len(raw)
	if len(raw) < 11 || len(raw)%4 == 1 || pad > 2 || pad > 0 && len(v)%4 != 0 || strings.IndexByte(raw, '=') >= 0 {
		return nil
	}
	// The head tells whether it is worth decoding the rest.
	var head [9]byte
	enc, layer := base64.RawStdEncoding, "b64"
	if strings.ContainsAny(raw, "-_") {
		enc, layer = base64.RawURLEncoding, "b64url"
	}
	n := min(len(raw), 12) / 4 * 4
	if k, err := enc.Decode(head[:], []byte(raw[:n])); err != nil || !printable(head[:k]) {
		return nil
	}
	dec, err := enc.DecodeString(raw)
	if err != nil || len(dec) < 8 || !utf8.Valid(dec) {
		return nil
	}
	val := string(dec)
	var inner *text
	if val[0] == '{' || val[0] == '[' {
		inner = nested(val, depth+1)
	}
	if inner == nil && !(printable(dec) && strings.IndexAny(val, ":/=&|;, ") > 0 && wordy(val)) {
		return nil
	}
	if inner == nil {
		inner = nested(val, depth+1)
	}
	c := asBase64
	switch {
	case layer == "b64" && pad == 0 && len(raw)%4 != 0:
		c = asBase64Raw
	case layer == "b64url" && pad == 0:
		c = asBase64URL
	case layer == "b64url":
		c = asBase64URLP
	}
	t := newText(v, layer, 1)
	i := t.addLeaf(0, node{}, 0, len(v), c)
	t.attach(i, inner)
	return t
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\t' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return true
}

// wordy says whether v is mostly letters, digits and the signs of structure: what
// random bytes that happen to be printable are not.
func wordy(v string) bool {
	odd := 0
	for i := range len(v) {
		if !wordyKeeps[v[i]] {
			odd++
		}
	}
	return odd*8 <= len(v)
}

var wordyKeeps = setOf(alnum, ":/=&|;, -_.@")

// parsePct reads a value that is percent-encoded once more than its place demands.
func parsePct(v string, depth int) *text {
	dec, ok := pctDecodeStrict(v)
	if !ok || dec == v || !utf8.ValidString(dec) || strings.ContainsAny(v, " \t\r\n\"<>{}") {
		return nil
	}
	t := newText(v, "pct", 1)
	i := t.addLeaf(0, node{}, 0, len(v), asPct)
	t.attach(i, nested(dec, depth+1))
	return t
}
