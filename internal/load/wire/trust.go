package wire

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Trust is whom a client believes and what it shows of itself, as PEM text. The
// zero value believes the system's authorities and shows nothing.
type Trust struct {
	CA       []byte // further authorities
	Cert     []byte // the client's certificate, and the chain above it
	Key      []byte // its key; nil = in Cert
	Insecure bool   // believe anybody
}

// TrustError is a part of a Trust that is of no use.
type TrustError struct {
	Part string // "ca", "cert" or "key"
	Why  string
	Fix  string // what to do about it
}

func (e *TrustError) Error() string { return e.Why }

// Hint says what to do.
func (e *TrustError) Hint() string { return e.Fix }

// Config is the configuration of TLS that comes of it. Certificates must be
// valid at now. The error is a *TrustError.
func (t Trust) Config(now time.Time) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: t.Insecure} // #nosec: a person asked for it
	if len(t.CA) > 0 {
		roots, err := authorities(t.CA, now)
		if err != nil {
			return nil, err
		}
		config.RootCAs = roots
	}
	if len(t.Cert) > 0 {
		own, err := t.own(now)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, nil
}

// authorities are the system's with those of text.
func authorities(text []byte, now time.Time) (*x509.CertPool, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	found, usable := 0, 0
	var late error
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		found++
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, &TrustError{"ca", fmt.Sprintf("certificate %d of the file cannot be read: %v", found, err), "export the authority's certificate again"}
		}
		if err := valid("ca", cert, now); err != nil {
			late = errors.Join(late, err)
			continue
		}
		usable++
		roots.AddCert(cert)
	}
	switch {
	case found == 0:
		return nil, &TrustError{"ca", "the file holds no certificate", notPEM(text, "CERTIFICATE")}
	case usable == 0:
		return nil, firstOf(late)
	}
	return roots, nil
}

// firstOf is the first of several joined errors.
func firstOf(err error) error {
	var first *TrustError
	if errors.As(err, &first) {
		return first
	}
	return err
}

// own is the client's certificate with its key.
func (t Trust) own(now time.Time) (tls.Certificate, error) {
	key, part := t.Key, "key"
	if len(key) == 0 {
		key, part = t.Cert, "cert"
	}
	if !holds(t.Cert, "CERTIFICATE") {
		return tls.Certificate{}, &TrustError{"cert", "the file holds no certificate", notPEM(t.Cert, "CERTIFICATE")}
	}
	if !holds(key, "PRIVATE KEY") {
		fix := notPEM(key, "PRIVATE KEY")
		if part == "cert" {
			fix = "put the key into the same file, or name its file with key:"
		}
		return tls.Certificate{}, &TrustError{part, "the file holds no private key", fix}
	}
	if holds(key, "ENCRYPTED") || bytes.Contains(key, []byte("Proc-Type: 4,ENCRYPTED")) {
		return tls.Certificate{}, &TrustError{part, "the private key is encrypted", "nobody is asked for its password: write it out with openssl pkey -in OLD.pem -out NEW.pem, readable by you alone"}
	}
	pair, err := tls.X509KeyPair(t.Cert, key)
	if err != nil {
		why := strings.TrimPrefix(err.Error(), "tls: ")
		if strings.Contains(why, "does not match") {
			return pair, &TrustError{part, "the private key does not fit the certificate", "is it the key that the certificate was asked for with? The certificate proper must stand first in its file, the chain above it after it"}
		}
		return pair, &TrustError{part, "certificate and key cannot be read: " + why, "export them again, as PEM"}
	}
	return pair, valid("cert", pair.Leaf, now)
}

// valid reports a certificate that is not valid at now.
func valid(part string, cert *x509.Certificate, now time.Time) error {
	name := cert.Subject.String()
	switch {
	case now.After(cert.NotAfter):
		return &TrustError{part, fmt.Sprintf("the certificate %q expired on %s", name, cert.NotAfter.UTC().Format(time.DateOnly)), "get a new one from who issued it: " + cert.Issuer.String()}
	case now.Before(cert.NotBefore):
		return &TrustError{part, fmt.Sprintf("the certificate %q is valid from %s on", name, cert.NotBefore.UTC().Format(time.DateTime)), "is this machine's clock right?"}
	}
	return nil
}

// holds reports whether text has a PEM block whose type ends or begins so.
func holds(text []byte, kind string) bool {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return false
		}
		if strings.HasSuffix(block.Type, kind) || strings.HasPrefix(block.Type, kind) {
			return true
		}
	}
}

// notPEM says what to do about a file without the block that is wanted.
func notPEM(text []byte, kind string) string {
	other, _ := pem.Decode(text)
	switch {
	case other != nil:
		return fmt.Sprintf("it holds a %s; is it the right file?", strings.ToLower(other.Type))
	case len(text) > 0 && text[0] == 0x30 && kind == "CERTIFICATE": // an ASN.1 sequence
		return "it seems to be DER: write it as PEM with openssl x509 -inform der -in OLD -out NEW.pem"
	case len(text) > 0 && text[0] == 0x30:
		return "it seems to be DER: write it as PEM with openssl pkey -inform der -in OLD -out NEW.pem"
	}
	return fmt.Sprintf("a PEM file has lines like -----BEGIN %s-----", kind)
}
