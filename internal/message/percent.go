package message

// byteSet is a set of bytes.
type byteSet [256]bool

func setOf(sets ...string) (b byteSet) {
	for _, s := range sets {
		for i := range len(s) {
			b[s[i]] = true
		}
	}
	return b
}

const alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// What each place keeps as it is when text is percent-encoded into it (RFC 3986 section 2 and 3).
var (
	unreserved   = setOf(alnum, "-._~")
	pathKeeps    = setOf(alnum, "-._~", "!$&'()*+,=:@")             // a segment; ";" would start parameters
	paramsKeep   = setOf(alnum, "-._~", "!$&'()*+,=:@;")            // one that has parameters
	queryKeeps   = setOf(alnum, "-._~", "!$'()*,:@/?")              // a value in a query
	formKeeps    = setOf(alnum, "-._*~")                            // application/x-www-form-urlencoded (WHATWG URL section 5.2), and "~", which needs none
	fragKeeps    = setOf(alnum, "-._~", "!$&'()*+,;=:@/?")          // a fragment
	cookieKeeps  = setOf(alnum, "-._~", "!#$%&'()*+/:<=>?@[]^`{|}") // cookie-octet (RFC 6265 section 4.1.1), with "%"
	headerBreaks = setOf("\r\n\x00")
)

const upperHex = "0123456789ABCDEF"

// appendPct appends s to b with every byte that is not in keep as %XX.
func appendPct(b []byte, s string, keep *byteSet) []byte {
	for i := range len(s) {
		c := s[i]
		if keep[c] {
			b = append(b, c)
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}

// pctDecode undoes percent-encoding; escapes that are none stay as they are. plus also reads "+" as a space.
func pctDecode(s string, plus bool) string {
	i := 0
	for i < len(s) && s[i] != '%' && !(plus && s[i] == '+') {
		i++
	}
	if i == len(s) {
		return s
	}
	b := make([]byte, i, len(s))
	copy(b, s)
	for ; i < len(s); i++ {
		switch {
		case s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		case s[i] == '+' && plus:
			b = append(b, ' ')
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

// unhex is the value of a hex digit, or -1.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
