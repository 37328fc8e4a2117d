package endpoint

import (
	"net/url"
	"strings"

	"firedrill/internal/redact"
)

// Kind says what one path segment looks like.
type Kind uint8

// The kinds of segment. Everything but Word is a parameter.
const (
	Word      Kind = iota // stays as it is
	Number                // 17, -3, 4.5
	UUID                  // 8-4-4-4-12 hex digits, also in braces
	Hex                   // at least 8 hex digits, with digits among them
	ULID                  // 26 characters of Crockford's base 32
	Opaque                // unguessable: nanoids, base64url
	Date                  // 2026-11-23, 20261123
	Token                 // holds a redacted value
	Composite             // words and numbers: quiz-17-q3
	Text                  // percent-encoded text, an e-mail address, …
)

// Classify says what an escaped path segment looks like.
func Classify(segment string) Kind {
	s := segment
	if i := strings.IndexByte(s, ';'); i > 0 { // path parameters (;jsessionid=…) say nothing about the kind
		s = s[:i]
	}
	if strings.HasPrefix(s, "{") && strings.Contains(s, "}") && !isUUID(s) {
		return Word // already a template
	}
	if strings.Contains(s, "%") {
		u, err := url.PathUnescape(s)
		if err != nil || strings.ContainsAny(u, " %") || !ascii(u) {
			return Text
		}
		s = u
	}
	switch {
	case s == "":
		return Word
	case holdsToken(s):
		return Token
	case isDate(s):
		return Date
	case isNumber(s):
		return Number
	case isUUID(s):
		return UUID
	case isULID(s):
		return ULID
	case isHex(s):
		return Hex
	case strings.IndexByte(s, '@') > 0 || strings.ContainsAny(s, " \"<>|^`"):
		return Text
	case isVersion(s):
		return Word
	case isOpaque(s):
		return Opaque
	case isComposite(s):
		return Composite
	}
	return Word
}

// Unguessable reports whether text looks like something that nobody types and
// nobody guesses: a UUID, long hex, a nanoid, a redacted secret.
func Unguessable(text string) bool {
	switch {
	case redact.IsToken(text), isUUID(text), isULID(text):
		return true
	case isHex(text):
		return len(text) >= 12
	}
	return len(text) >= 10 && isOpaque(text)
}

func holdsToken(s string) bool {
	i := strings.Index(s, "fd~")
	return i >= 0 && (redact.IsToken(s) || len(s)-i >= 20)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isHexDigit(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, frac, dot := strings.Cut(s, ".")
	return allDigits(whole) && (!dot || allDigits(frac))
}

func isUUID(s string) bool {
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !isHexDigit(s[i]) {
			return false
		}
	}
	return true
}

func isULID(s string) bool {
	if len(s) != 26 || s[0] > '7' {
		return false
	}
	digits := 0
	for i := range len(s) {
		c := s[i]
		if isLower(c) {
			c -= 'a' - 'A'
		}
		if isDigit(c) {
			digits++
		} else if !isUpper(c) || strings.IndexByte("ILOU", c) >= 0 {
			return false
		}
	}
	return digits >= 4
}

func isHex(s string) bool {
	if len(s) < 8 {
		return false
	}
	digits := 0
	for i := range len(s) {
		if !isHexDigit(s[i]) {
			return false
		}
		if isDigit(s[i]) {
			digits++
		}
	}
	return digits > 0 || len(s) >= 16
}

// isVersion: v1, v2.3.
func isVersion(s string) bool {
	return len(s) >= 2 && (s[0] == 'v' || s[0] == 'V') && isNumber(s[1:]) && s[1] != '-' && len(s) <= 6
}

// isDate: 2026-11-23, 2026-11, 20261123.
func isDate(s string) bool {
	compact := s
	if len(s) == 10 && s[4] == '-' && s[7] == '-' {
		compact = s[:4] + s[5:7] + s[8:]
	} else if len(s) == 7 && s[4] == '-' {
		compact = s[:4] + s[5:] + "01"
	}
	if len(compact) != 8 || !allDigits(compact) {
		return false
	}
	century, month, day := compact[:2], compact[4:6], compact[6:]
	return (century == "19" || century == "20") && "01" <= month && month <= "12" && "01" <= day && day <= "31"
}

// isOpaque: a run of letters and digits without the look of words. What counts is
// how often the text changes between lower case, upper case and digits.
func isOpaque(s string) bool {
	if len(s) < 8 {
		return false
	}
	var digits, uppers, lowers, changes int
	last := byte(0)
	for i := range len(s) {
		c, class := s[i], byte(0)
		switch {
		case isDigit(c):
			digits, class = digits+1, 'd'
		case isUpper(c):
			uppers, class = uppers+1, 'u'
		case isLower(c):
			lowers, class = lowers+1, 'l'
		case c == '-' || c == '_' || c == '~' || c == '=' || c == '.' || c == '+' || c == '/':
			class = last
		default:
			return false
		}
		if last != 0 && class != last {
			changes++
		}
		last = class
	}
	if digits < 2 { // about one in ten random texts of 22 letters and digits has no more
		return len(s) >= 20 && uppers > 0 && lowers > 0 && changes*3 >= len(s)
	}
	return digits >= 2 && uppers+lowers >= 2 && changes >= 3 && changes*5 >= len(s)
}

// isComposite: words and numbers joined by punctuation. One single digit is not
// enough: "step-2" and "oauth-2" are words.
func isComposite(s string) bool {
	pieces := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-_.:,~+", r) })
	if len(pieces) < 2 {
		return false
	}
	numbers, long := 0, false
	for _, p := range pieces {
		switch {
		case allDigits(p):
			numbers++
			long = long || len(p) >= 2
		case isUUID(p) || isHex(p) || isULID(p):
			return true
		}
	}
	return numbers >= 2 || long
}
