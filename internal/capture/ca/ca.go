package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// The files of an authority in its folder.
const (
	CertFile = "ca.pem" // the certificate that browsers trust; may be given to anybody
	KeyFile  = "ca.key" // the private key; 0600
)

const (
	authorityLife = 5 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour // browsers refuse leaves of more than 398 days
	backdate      = 24 * time.Hour      // for clocks that are behind
	maxLeaves     = 4096
)

// DefaultDir is the folder of this user's authority.
func DefaultDir() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for the certificate authority: %w", err)
	}
	return filepath.Join(dir, "firedrill", "ca"), nil
}

// FileError says that the authority in a folder cannot be used.
type FileError struct {
	Path string
	Err  error
	Fix  string
}

func (e *FileError) Error() string {
	return fmt.Sprintf("certificate authority %s: %v", e.Path, e.Err)
}
func (e *FileError) Unwrap() error { return e.Err }
func (e *FileError) Hint() string  { return e.Fix } // Hint says what to do.
func (e *FileError) ExitCode() int { return 2 }     // ExitCode is that of a bad file.

// Authority signs leaves.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	now  func() time.Time

	mu     sync.Mutex
	leaves map[string]*leaf
}

// leaf is a certificate being made or made; ready is closed then.
type leaf struct {
	ready chan struct{}
	cert  *tls.Certificate
	err   error
}

// Load opens the authority in dir, making it on first use. created says whether
// it was made now. Errors are *FileError.
func Load(dir string) (a *Authority, created bool, err error) {
	a, err = open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = create(dir); err == nil {
			created = true
			a, err = open(dir)
		}
	}
	if err != nil {
		return nil, false, err
	}
	return a, created, nil
}

func open(dir string) (*Authority, error) {
	certPath, keyPath := filepath.Join(dir, CertFile), filepath.Join(dir, KeyFile)
	const again = "remove both files to make a new authority; browsers must then trust the new certificate"
	info, err := os.Stat(keyPath)
	if err != nil {
		return nil, &FileError{Path: keyPath, Err: err, Fix: "name another folder with --ca-dir"}
	}
	if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return nil, &FileError{Path: keyPath, Err: fmt.Errorf("others may read the key (mode %04o)", info.Mode().Perm()), Fix: "chmod 600 " + keyPath}
	}
	pair, err := tls.LoadX509KeyPair(certPath, keyPath)
	if err != nil {
		return nil, &FileError{Path: certPath, Err: err, Fix: again}
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || pair.Leaf == nil || !pair.Leaf.IsCA {
		return nil, &FileError{Path: certPath, Err: errors.New("not an ECDSA certificate authority"), Fix: again}
	}
	if time.Now().After(pair.Leaf.NotAfter) {
		return nil, &FileError{Path: certPath, Err: fmt.Errorf("expired on %s", pair.Leaf.NotAfter.Format(time.DateOnly)), Fix: again}
	}
	return &Authority{dir: dir, cert: pair.Leaf, key: key, now: time.Now, leaves: map[string]*leaf{}}, nil
}

// create makes an authority in dir. When another process makes one at the same
// moment, the first key wins and both use it.
func create(dir string) error {
	certPath, keyPath := filepath.Join(dir, CertFile), filepath.Join(dir, KeyFile)
	fail := func(err error) error {
		return &FileError{Path: dir, Err: err, Fix: "name a folder that can be written with --ca-dir"}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fail(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	serial, err := newSerial()
	if err != nil {
		return fail(err)
	}
	host, _ := os.Hostname()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"firedrill recorder"}, CommonName: strings.TrimSpace("firedrill recorder on " + host)},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fail(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fail(err)
	}
	err = writeNew(keyPath, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fail(err)
	}
	if err := os.WriteFile(certPath, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return fail(err)
	}
	return nil
}

func writeNew(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

func newSerial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
}

// CertPath is the file that browsers are given to trust.
func (a *Authority) CertPath() string { return filepath.Join(a.dir, CertFile) }

// PEM is the authority's certificate in PEM.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Certificate is the authority's certificate; do not change it.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// Fingerprint is the SHA-256 of the certificate, as browsers show it.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.cert.Raw)
	text := strings.ToUpper(hex.EncodeToString(sum[:]))
	var b strings.Builder
	for i := 0; i < len(text); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(text[i : i+2])
	}
	return b.String()
}

// Config is the TLS configuration with which the proxy answers for host (no
// port). The client's server name is preferred where it gives one.
func (a *Authority) Config(host string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "" {
				return a.Leaf(hello.ServerName)
			}
			return a.Leaf(host)
		},
	}
}

// Leaf is the certificate for host, a DNS name or an IP address without a port.
// It is made once and kept; many callers at once wait for the one that makes it.
func (a *Authority) Leaf(host string) (*tls.Certificate, error) {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	a.mu.Lock()
	l, ok := a.leaves[host]
	if ok {
		a.mu.Unlock()
		<-l.ready
		if l.err != nil || a.now().Before(l.cert.Leaf.NotAfter.Add(-backdate)) {
			return l.cert, l.err
		}
		a.mu.Lock() // it expires soon: make another, unless somebody did
		if a.leaves[host] != l {
			a.mu.Unlock()
			return a.Leaf(host)
		}
	}
	if len(a.leaves) >= maxLeaves { // hosts come from clients: the cache must not grow without end
		clear(a.leaves)
	}
	l = &leaf{ready: make(chan struct{})}
	a.leaves[host] = l
	a.mu.Unlock()
	l.cert, l.err = a.sign(host)
	close(l.ready)
	if l.err != nil {
		a.mu.Lock()
		if a.leaves[host] == l {
			delete(a.leaves, host)
		}
		a.mu.Unlock()
	}
	return l.cert, l.err
}

func (a *Authority) sign(host string) (*tls.Certificate, error) {
	if host == "" || len(host) > 253 || strings.ContainsAny(host, " /\\@") {
		return nil, fmt.Errorf("%q is not a host to make a certificate for", host)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	now := a.now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"firedrill recorder"}},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", host, err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", host, err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: parsed}, nil
}
