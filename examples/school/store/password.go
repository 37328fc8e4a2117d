package store

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// iterations of PBKDF2-HMAC-SHA-256. 4096 is what RFC 7677 asks of SCRAM-SHA-256 at least: 0.8 ms on a small machine,
// so that a log-in costs what a real one costs, and 222 people can still log in within a minute on two cores.
const iterations = 4096

// HashPassword is the stored form of a password: "pbkdf2-sha256$4096$SALT$KEY".
func HashPassword(password string, salt []byte) string {
	key, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		panic(fmt.Sprintf("pbkdf2 with constant parameters: %v", err)) // only a key length that no hash can make
	}
	enc := base64.RawStdEncoding
	return fmt.Sprintf("pbkdf2-sha256$%d$%s$%s", iterations, enc.EncodeToString(salt), enc.EncodeToString(key))
}

// nobody is hashed for log-ins with an unknown e-mail, so that they take as long as the others.
var nobody = HashPassword("", make([]byte, 16))

// VerifyPassword compares in constant time. stored "" stands for nobody: the same work, never true.
func VerifyPassword(stored, password string) bool {
	known := stored != ""
	if !known {
		stored = nobody
	}
	parts := strings.Split(stored, "$")
	if len(parts) != 4 || parts[0] != "pbkdf2-sha256" {
		return false
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n < 1 {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[2])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[3])
	if err1 != nil || err2 != nil || len(want) == 0 {
		return false
	}
	got, err := pbkdf2.Key(sha256.New, password, salt, n, len(want))
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1 && known
}
