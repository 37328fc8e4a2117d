package program

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Pattern invents values such as a client makes: "uuid", "ulid", or an alphabet
// and a length: "hex:32", "HEX:32", "digits:10", "alnum:21", "lower:8",
// "base64url:43", "base64:44" (padded).
type Pattern struct {
	kind     string
	alphabet string
	n        int
}

const (
	digitChars = "0123456789"
	hexChars   = "0123456789abcdef"
	lowerChars = "abcdefghijklmnopqrstuvwxyz"
	upperChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	crockford  = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// ParsePattern reads a pattern.
func ParsePattern(text string) (*Pattern, error) {
	kind, length, has := strings.Cut(text, ":")
	p := &Pattern{kind: kind}
	switch kind {
	case "uuid", "ulid":
		if has {
			return nil, fmt.Errorf("client value %q: %s has no length", text, kind)
		}
		return p, nil
	case "hex":
		p.alphabet = hexChars
	case "HEX":
		p.alphabet = strings.ToUpper(hexChars)
	case "digits":
		p.alphabet = digitChars
	case "alnum":
		p.alphabet = digitChars + upperChars + lowerChars
	case "lower":
		p.alphabet = digitChars + lowerChars
	case "upper":
		p.alphabet = digitChars + upperChars
	case "alpha":
		p.alphabet = upperChars + lowerChars
	case "base64url", "nanoid":
		p.alphabet = upperChars + lowerChars + digitChars + "-_"
	case "base64":
		p.alphabet = upperChars + lowerChars + digitChars + "+/"
	default:
		return nil, fmt.Errorf("client value %q: %q is not known", text, kind)
	}
	n, err := strconv.Atoi(length)
	if err != nil || n < 1 || n > 4096 {
		return nil, fmt.Errorf("client value %q: the length is no number from 1 to 4096", text)
	}
	p.n = n
	return p, nil
}

// Draw invents one. now is for kinds that hold a time (ulid).
func (p *Pattern) Draw(r *rand.Rand, now time.Time) string {
	switch p.kind {
	case "uuid":
		a, b := r.Uint64(), r.Uint64()
		a = a&^0xf000 | 0x4000
		b = b&^(3<<62) | 2<<62
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&(1<<48-1))
	case "ulid":
		return ulid(r, now)
	}
	b := make([]byte, p.n)
	for i := range b {
		b[i] = p.alphabet[r.IntN(len(p.alphabet))]
	}
	if p.kind == "digits" && p.n > 1 && b[0] == '0' { // a number does not begin with 0
		b[0] = '1' + byte(r.IntN(9))
	}
	if p.kind == "base64" {
		for i := len(b) &^ 3; i < len(b); i++ { // an incomplete last group is padding
			b[i] = '='
		}
	}
	return string(b)
}

// ulid is 48 bits of milliseconds and 80 random bits in Crockford's base 32.
func ulid(r *rand.Rand, now time.Time) string {
	var b [26]byte
	ms := uint64(now.UnixMilli())
	for i := 9; i >= 0; i-- {
		b[i] = crockford[ms&31]
		ms >>= 5
	}
	for i := 10; i < len(b); i++ {
		b[i] = crockford[r.IntN(32)]
	}
	return string(b[:])
}
