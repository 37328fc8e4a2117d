package message

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// TransformError says which transform could not be done.
type TransformError struct {
	Transform string // as written in the plan, e.g. "b64-decode"
	Why       string
}

func (e *TransformError) Error() string {
	return fmt.Sprintf("transform %q: %s", e.Transform, e.Why)
}

// transforms are those without an argument.
var transforms = map[string]func(string) (string, bool){
	"pct-decode":       pctDecodeStrict,
	"pct-encode":       func(s string) (string, bool) { return string(appendPct(nil, s, &unreserved)), true },
	"upper":            func(s string) (string, bool) { return strings.ToUpper(s), true },
	"lower":            func(s string) (string, bool) { return strings.ToLower(s), true },
	"b64-encode":       func(s string) (string, bool) { return base64.StdEncoding.EncodeToString([]byte(s)), true },
	"b64-decode":       func(s string) (string, bool) { return decode64(s, base64.RawStdEncoding) },
	"b64url-encode":    func(s string) (string, bool) { return base64.RawURLEncoding.EncodeToString([]byte(s)), true },
	"b64url-decode":    func(s string) (string, bool) { return decode64(s, base64.RawURLEncoding) },
	"sha256-base64url": sha256Base64URL,
	"sha256-hex": func(s string) (string, bool) {
		h := sha256.Sum256([]byte(s))
		return hex.EncodeToString(h[:]), true
	},
	"md5-hex": func(s string) (string, bool) {
		h := md5.Sum([]byte(s))
		return hex.EncodeToString(h[:]), true
	},
}

func sha256Base64URL(s string) (string, bool) {
	h := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(h[:]), true
}

func decode64(s string, enc *base64.Encoding) (string, bool) {
	b, err := enc.DecodeString(strings.TrimRight(s, "="))
	return string(b), err == nil
}

// pctDecodeStrict undoes percent-encoding; false when a "%" is not followed by two hex digits.
func pctDecodeStrict(s string) (string, bool) {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
			return "", false
		}
		i += 2
	}
	return pctDecode(s, false), true
}

// ValidTransform returns a *TransformError unless Apply knows the transform.
func ValidTransform(transform string) error {
	if _, ok := transforms[transform]; ok {
		return nil
	}
	name, arg, ok := strings.Cut(transform, ":")
	switch {
	case !ok:
	case name == "prefix", name == "suffix", name == "trim-prefix", name == "trim-suffix":
		return nil
	case name == "first", name == "part":
		if n, err := strconv.Atoi(arg); err == nil && n >= 0 {
			return nil
		}
		return &TransformError{transform, "needs a number"}
	}
	return &TransformError{transform, "is not known"}
}

// Apply puts value through the transforms in order: "pct-decode", "pct-encode", "upper", "lower",
// "prefix:X", "suffix:X", "trim-prefix:X", "trim-suffix:X", "b64-encode", "b64-decode", "b64url-encode",
// "b64url-decode", "sha256-base64url", "sha256-hex", "md5-hex", "first:N" (the first N bytes),
// "part:N" (counted from 0, of those between ".", ":", "|" and "~"). Errors are *TransformError: an
// unknown name, a value that cannot be decoded, is too short, or is without the prefix or suffix to trim.
func Apply(value string, list []string) (string, error) {
	for _, t := range list {
		if f, ok := transforms[t]; ok {
			v, ok := f(value)
			if !ok {
				return "", &TransformError{t, "the value is not encoded so"}
			}
			value = v
			continue
		}
		name, arg, ok := strings.Cut(t, ":")
		if !ok {
			return "", &TransformError{t, "is not known"}
		}
		switch name {
		case "prefix":
			value = arg + value
		case "suffix":
			value += arg
		case "trim-prefix":
			if value, ok = strings.CutPrefix(value, arg); !ok {
				return "", &TransformError{t, "the value does not begin so"}
			}
		case "trim-suffix":
			if value, ok = strings.CutSuffix(value, arg); !ok {
				return "", &TransformError{t, "the value does not end so"}
			}
		case "first", "part":
			if value, ok = piece(value, name, arg); !ok {
				return "", &TransformError{t, "the value is too short"}
			}
		default:
			return "", &TransformError{t, "is not known"}
		}
	}
	return value, nil
}

// piece is the first N bytes of v, or the N-th of its parts.
func piece(v, name, arg string) (string, bool) {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 0 {
		return "", false
	}
	if name == "first" {
		return v[:min(n, len(v))], n <= len(v)
	}
	parts := Parts(v)
	if n >= len(parts) {
		return "", false
	}
	return parts[n], true
}

// Parts are what "part:N" counts: the non-empty texts between ".", ":", "|" and "~" in v.
func Parts(v string) []string {
	return strings.FieldsFunc(v, func(c rune) bool { return c == '.' || c == ':' || c == '|' || c == '~' })
}

// TransformOf is the transform that makes the To of an exchange.Relation of that
// How from its From; false when there is none.
func TransformOf(how string) (transform string, ok bool) {
	if n, cut := strings.CutPrefix(how, "prefix:"); cut {
		how = "first:" + n
	}
	return how, ValidTransform(how) == nil
}
