package message

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// stringEnd is the index after the closing quote of the JSON string that begins
// at s[i]; -1 when it is not closed.
func stringEnd(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// numberEnd is the index after the JSON number at s[i]; -1 when there is none.
func numberEnd(s string, i int) int {
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch {
	case i < len(s) && s[i] == '0':
		i++
	case i < len(s) && isDigit(s[i]):
		i = digitsEnd(s, i)
	default:
		return -1
	}
	if i < len(s) && s[i] == '.' {
		j := digitsEnd(s, i+1)
		if j == i+1 {
			return -1
		}
		i = j
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		k := digitsEnd(s, j)
		if k == j {
			return -1
		}
		i = k
	}
	return i
}

func digitsEnd(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

func spaceEnd(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// scalarEnd is the end and kind of the JSON scalar at s[i]; -1 when there is none.
func scalarEnd(s string, i int) (int, Kind) {
	if i >= len(s) {
		return -1, 0
	}
	switch s[i] {
	case '"':
		return stringEnd(s, i), String
	case 't':
		if strings.HasPrefix(s[i:], "true") {
			return i + 4, Bool
		}
	case 'f':
		if strings.HasPrefix(s[i:], "false") {
			return i + 5, Bool
		}
	case 'n':
		if strings.HasPrefix(s[i:], "null") {
			return i + 4, Null
		}
	default:
		return numberEnd(s, i), Number
	}
	return -1, 0
}

// unescapeJSON reads the inside of a JSON string. Escapes that are none stay as
// they are; half a surrogate pair becomes U+FFFD, as in encoding/json.
func unescapeJSON(raw string) string {
	i := strings.IndexByte(raw, '\\')
	if i < 0 {
		return raw
	}
	b := make([]byte, i, len(raw))
	copy(b, raw)
	for i < len(raw) {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			b = append(b, c)
			i++
			continue
		}
		switch e := raw[i+1]; e {
		case '"', '\\', '/':
			b = append(b, e)
		case 'n', 't', 'r', 'b', 'f':
			b = append(b, scriptEscape(e))
		case 'u':
			r, n := escapedRune(raw[i:])
			if n == 0 {
				b = append(b, '\\', 'u')
				break
			}
			b = utf8.AppendRune(b, r)
			i += n
			continue
		default:
			b = append(b, '\\', e)
		}
		i += 2
	}
	return string(b)
}

// escapedRune reads the \uXXXX, or the pair of them, at the head of s; n is the
// length of what was read, 0 when it is not well formed.
func escapedRune(s string) (r rune, n int) {
	r = hex4(s)
	if r < 0 {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low := hex4(s[6:]); low >= 0 {
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return both, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var r rune
	for i := 2; i < 6; i++ {
		d := unhex(s[i])
		if d < 0 {
			return -1
		}
		r = r<<4 | rune(d)
	}
	return r
}

// appendJSONString appends v as a JSON string.
func appendJSONString(b []byte, v string, script bool) []byte {
	return append(appendJSONInner(append(b, '"'), v, script), '"')
}

// appendJSONInner appends what stands between the quotes. In an html script "<"
// is escaped too, so that no value can end the script.
func appendJSONInner(b []byte, v string, script bool) []byte {
	from := 0
	for i := range len(v) {
		c := v[i]
		if c >= 0x20 && c != '"' && c != '\\' && !(script && (c == '<' || c == '>' || c == '&')) {
			continue
		}
		b = append(b, v[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', upperHex[c>>4], upperHex[c&15])
		}
	}
	return append(b, v[from:]...)
}
