package store

import (
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
)

// alphabet of short ids: no sign that a URL would change.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// shortID is 22 letters and digits, 130 bits, read from r.
func shortID(r io.Reader) string {
	out := make([]byte, 0, 22)
	var buf [32]byte
	for len(out) < 22 {
		must(r, buf[:])
		for _, b := range buf {
			if b &= 63; int(b) < len(alphabet) && len(out) < 22 { // refusing two of 64 keeps it uniform
				out = append(out, alphabet[b])
			}
		}
	}
	return string(out)
}

// laterID is the number of something made after seeding: apart from all seeded ones, and nearly never given twice.
func laterID() int64 {
	var b [8]byte
	must(crand.Reader, b[:])
	return laterBase + int64(binary.LittleEndian.Uint64(b[:])%laterBase)
}

// uuid is a random UUID (RFC 9562 version 4) read from r.
func uuid(r io.Reader) string {
	var b [16]byte
	must(r, b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

// NewToken is a secret of 256 bits from crypto/rand, 43 characters of base64url.
func NewToken() string {
	var b [32]byte
	must(crand.Reader, b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// digest is how a secret is kept: who reads the database cannot use it.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func must(r io.Reader, b []byte) {
	if _, err := io.ReadFull(r, b); err != nil {
		panic(fmt.Sprintf("source of randomness: %v", err)) // crypto/rand and ChaCha8 cannot fail
	}
}
