package ca

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func load(t *testing.T) (*Authority, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ca")
	a, created, err := Load(dir)
	if err != nil || !created {
		t.Fatalf("Load: created %t, %v", created, err)
	}
	return a, dir
}

func TestTheKeyIsTheOwnersAlone(t *testing.T) {
	a, dir := load(t)
	info, err := os.Stat(filepath.Join(dir, KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o, want 0600", info.Mode().Perm())
	}
	again, created, err := Load(dir)
	if err != nil || created {
		t.Fatalf("second Load: created %t, %v", created, err)
	}
	if a.Fingerprint() != again.Fingerprint() || len(a.Fingerprint()) != 95 {
		t.Errorf("fingerprints %s and %s", a.Fingerprint(), again.Fingerprint())
	}
	if strings.Contains(string(a.PEM()), "PRIVATE") {
		t.Error("PEM holds the key")
	}
}

func TestAKeyThatOthersReadIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	_, dir := load(t)
	if err := os.Chmod(filepath.Join(dir, KeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	var bad *FileError
	if _, _, err := Load(dir); !errors.As(err, &bad) || !strings.Contains(bad.Hint(), "chmod 600") || bad.ExitCode() != 2 {
		t.Errorf("err = %v", err)
	}
}

func TestWhatIsNoAuthorityIsRefused(t *testing.T) {
	_, dir := load(t)
	if err := os.WriteFile(filepath.Join(dir, CertFile), []byte("nonsense"), 0o644); err != nil {
		t.Fatal(err)
	}
	var bad *FileError
	if _, _, err := Load(dir); !errors.As(err, &bad) {
		t.Errorf("nonsense: %v", err)
	}
	os.Remove(filepath.Join(dir, CertFile))
	if _, _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key without its certificate: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, KeyFile)); err != nil || info.Size() == 0 {
		t.Errorf("the key was touched: %v", err)
	}
	if _, _, err := Load(filepath.Join(dir, KeyFile, "below-a-file")); !errors.As(err, &bad) {
		t.Errorf("no folder possible: %v", err)
	}
}

func TestLeavesAreTrustedForTheirHost(t *testing.T) {
	a, _ := load(t)
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	for host, name := range map[string]string{
		"staging.example.org": "staging.example.org", "STAGING.example.org.": "staging.example.org", "127.0.0.1": "127.0.0.1", "[::1]": "::1", "localhost": "localhost",
	} {
		leaf, err := a.Leaf(host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := leaf.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		if err := leaf.Leaf.VerifyHostname("other.example.org"); err == nil {
			t.Errorf("%s: the leaf is good for another host", host)
		}
		if d := leaf.Leaf.NotAfter.Sub(leaf.Leaf.NotBefore); d > 398*24*time.Hour {
			t.Errorf("%s: a life of %v is refused by browsers", host, d)
		}
	}
	for _, host := range []string{"", "a b", strings.Repeat("x", 300), "user@host"} {
		if _, err := a.Leaf(host); err == nil {
			t.Errorf("a leaf for %q", host)
		}
	}
}

func TestOneLeafForManyAtOnce(t *testing.T) {
	a, _ := load(t)
	var wg sync.WaitGroup
	got := make([]*tls.Certificate, 64)
	for i := range got {
		wg.Go(func() { got[i], _ = a.Leaf("school.test") })
	}
	wg.Wait()
	for _, c := range got {
		if c == nil || c != got[0] {
			t.Fatal("several leaves were made for one host")
		}
	}
}

func TestALeafIsMadeAnewBeforeItExpires(t *testing.T) {
	a, _ := load(t)
	first, err := a.Leaf("school.test")
	if err != nil {
		t.Fatal(err)
	}
	a.now = func() time.Time { return time.Now().Add(leafLife - backdate/2) }
	second, err := a.Leaf("school.test")
	if err != nil {
		t.Fatal(err)
	}
	if first == second || !second.Leaf.NotAfter.After(a.now().Add(backdate)) {
		t.Error("an expiring leaf is still used")
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	a, _ := load(t)
	a.leaves = make(map[string]*leaf, maxLeaves)
	for i := range maxLeaves {
		a.leaves[strings.Repeat("x", i%200)+string(rune('a'+i))] = &leaf{}
	}
	if _, err := a.Leaf("school.test"); err != nil {
		t.Fatal(err)
	}
	if n := len(a.leaves); n > maxLeaves {
		t.Errorf("%d leaves are kept", n)
	}
}

func TestConfigAnswersByServerNameThenByHost(t *testing.T) {
	a, _ := load(t)
	for serverName, want := range map[string]string{"api.school.test": "api.school.test", "": "school.test"} {
		client, server := net.Pipe()
		go tls.Server(server, a.Config("school.test")).Handshake()
		c := tls.Client(client, &tls.Config{InsecureSkipVerify: true, ServerName: serverName})
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		if err := c.ConnectionState().PeerCertificates[0].VerifyHostname(want); err != nil {
			t.Errorf("server name %q: %v", serverName, err)
		}
		client.Close()
		server.Close()
	}
}

func BenchmarkLeaf(b *testing.B) {
	a, _, err := Load(filepath.Join(b.TempDir(), "ca"))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("made", func(b *testing.B) {
		for b.Loop() {
			if _, err := a.sign("school.test"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("kept", func(b *testing.B) {
		for b.Loop() {
			if _, err := a.Leaf("school.test"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
