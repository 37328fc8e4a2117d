package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"iter"
	"strconv"
	"strings"
)

const (
	tokenPrefix = "fd~"
	tokenLen    = len(tokenPrefix) + 22
	emailHost   = "@example.test"
	filePrefix  = "fd~file:"
)

// IsToken says whether s is, as a whole, a token: what a secret became.
func IsToken(s string) bool {
	if len(s) != tokenLen || s[:3] != tokenPrefix {
		return false
	}
	for i := 3; i < len(s); i++ {
		if class[s[i]]&inToken == 0 {
			return false
		}
	}
	return true
}

// Tokens are all tokens in s, in order, with their byte offsets.
func Tokens(s string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for at := 0; ; {
			i := strings.Index(s[at:], tokenPrefix)
			if i < 0 {
				return
			}
			at += i
			if at+tokenLen <= len(s) && IsToken(s[at:at+tokenLen]) {
				if !yield(at, s[at:at+tokenLen]) {
					return
				}
				at += tokenLen
			} else {
				at += len(tokenPrefix)
			}
		}
	}
}

// IsEmailToken says whether s is, as a whole, what an e-mail address became.
func IsEmailToken(s string) bool {
	if len(s) != 1+10+len(emailHost) || s[0] != 'u' || s[11:] != emailHost {
		return false
	}
	for i := 1; i < 11; i++ {
		if c := s[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

// File stands for the content of an uploaded file in a recording.
type File struct {
	Size   int64  // bytes
	Type   string // media type; "" when it was not said
	Digest string // Redactor.Digest of the content: equal files have equal ones
}

// String is what stands in place of the content.
func (f File) String() string {
	return filePrefix + strconv.FormatInt(f.Size, 10) + ":" + f.Type + ":" + f.Digest
}

// ParseFile reads what File.String wrote; false for anything else.
func ParseFile(s string) (f File, ok bool) {
	rest, ok := strings.CutPrefix(s, filePrefix)
	if !ok || len(s) > 300 {
		return File{}, false
	}
	size, rest, _ := strings.Cut(rest, ":")
	f.Type, f.Digest, ok = strings.Cut(rest, ":")
	n, err := strconv.ParseInt(size, 10, 64)
	f.Size = n
	return f, ok && err == nil && n >= 0 && len(f.Digest) == 22
}

// mac is HMAC-SHA256 of the parts, with one byte of purpose before them unless it is 0.
func (r *Redactor) mac(purpose byte, parts ...string) [sha256.Size]byte {
	h, _ := r.hashes.Get().(hash.Hash)
	if h == nil {
		h = hmac.New(sha256.New, r.key)
	}
	defer r.hashes.Put(h)
	h.Reset()
	if purpose != 0 {
		h.Write([]byte{0, purpose, 0})
	}
	for _, p := range parts {
		h.Write([]byte(p))
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

// token is what the secret value becomes.
func (r *Redactor) token(value string) string {
	sum := r.mac(0, value)
	b := make([]byte, 0, tokenLen)
	return string(base64.RawURLEncoding.AppendEncode(append(b, tokenPrefix...), sum[:16]))
}

// email is what the address becomes. Case does not tell addresses apart.
func (r *Redactor) email(address string) string {
	sum := r.mac('e', strings.ToLower(address))
	return "u" + hex.EncodeToString(sum[:5]) + emailHost
}

// Client is the pseudonym of a client's address, "c" and 10 hexadecimal digits; a
// port does not count. The same address has the same pseudonym under the same key.
func (r *Redactor) Client(addr string) string {
	host := addr
	if i := strings.LastIndexByte(addr, ':'); i >= 0 && (strings.IndexByte(addr, ':') == i || addr[i-1] == ']') {
		host = addr[:i]
	}
	sum := r.mac('c', strings.Trim(host, "[]"))
	return "c" + hex.EncodeToString(sum[:5])
}

// Pseudonyms are what a value of a person can have become in recordings made with
// this key: as a secret, and as an e-mail address.
func (r *Redactor) Pseudonyms(value string) []string {
	return []string{r.token(value), r.email(value)}
}

// Digest is a keyed hash of data, 22 characters: equal data has equal digests, and
// what data was cannot be found by trying.
func (r *Redactor) Digest(data []byte) string {
	sum := r.mac('d', string(data))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
