package wire_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"testing"
	"time"

	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
)

// TestTrust: whom a client believes and whom a target lets in, with real handshakes.
func TestTrust(t *testing.T) {
	ours, other := authority(t), authority(t)
	cert, key, err := ours.Issue(time.Time{}, time.Time{}, "tester")
	if err != nil {
		t.Fatal(err)
	}
	strange, strangeKey, err := other.Issue(time.Time{}, time.Time{}, "stranger")
	if err != nil {
		t.Fatal(err)
	}
	open := behindTLS(t, ours, nil, "school.test")
	strict := behindTLS(t, ours, ours, "school.test")
	elsewhere := behindTLS(t, ours, nil, "elsewhere.test")
	both := slices.Concat(cert, key)
	for _, tt := range []struct {
		name  string
		trust wire.Trust
		at    string
		good  bool
	}{
		{"the system alone does not know the authority", wire.Trust{}, open.Addr(), false},
		{"an authority of one's own", wire.Trust{CA: ours.PEM()}, open.Addr(), true},
		{"several authorities", wire.Trust{CA: slices.Concat(other.PEM(), []byte("# a note\n"), ours.PEM())}, open.Addr(), true},
		{"another authority", wire.Trust{CA: other.PEM()}, open.Addr(), false},
		{"a name that the certificate does not have", wire.Trust{CA: ours.PEM()}, elsewhere.Addr(), false},
		{"anybody", wire.Trust{Insecure: true}, elsewhere.Addr(), true},
		{"a client certificate is asked for and none is shown", wire.Trust{CA: ours.PEM()}, strict.Addr(), false},
		{"one is shown", wire.Trust{CA: ours.PEM(), Cert: cert, Key: key}, strict.Addr(), true},
		{"one is shown whose key is in the same file", wire.Trust{CA: ours.PEM(), Cert: both}, strict.Addr(), true},
		{"a stranger's is shown", wire.Trust{CA: ours.PEM(), Cert: strange, Key: strangeKey}, strict.Addr(), false},
		{"one is shown to a target that does not ask", wire.Trust{CA: ours.PEM(), Cert: cert, Key: key}, open.Addr(), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := trust(t, tt.trust)
			o.Resolve = map[string]string{"school.test": tt.at}
			var res wire.Response
			err := client(t, o).Do(context.Background(), to("https", "school.test:443"), &res)
			var we *wire.Error
			switch {
			case tt.good && (err != nil || res.Status != 200):
				t.Errorf("%d, %v", res.Status, err)
			case !tt.good && (!errors.As(err, &we) || we.Kind != sample.TLS):
				t.Errorf("error %v, want a failure of TLS", err)
			}
		})
	}
}

func TestUselessTrust(t *testing.T) {
	now := time.Now()
	a := authority(t)
	issue := func(from, to time.Time) (cert, key []byte) {
		cert, key, err := a.Issue(from, to, "tester")
		if err != nil {
			t.Fatal(err)
		}
		return cert, key
	}
	cert, key := issue(time.Time{}, time.Time{})
	_, otherKey := issue(time.Time{}, time.Time{})
	oldCert, oldKey := issue(now.Add(-48*time.Hour), now.Add(-24*time.Hour))
	newCert, newKey := issue(now.Add(time.Hour), now.Add(2*time.Hour))
	der, _ := pem.Decode(cert)
	derKey, _ := pem.Decode(key)
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	legacy := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte("x")})
	garbage := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})
	for _, tt := range []struct {
		name       string
		trust      wire.Trust
		part, says string
		hint       string
	}{
		{"no PEM", wire.Trust{CA: []byte("hello")}, "ca", "holds no certificate", "BEGIN CERTIFICATE"},
		{"DER", wire.Trust{CA: der.Bytes}, "ca", "holds no certificate", "openssl x509 -inform der"},
		{"a key for a certificate", wire.Trust{CA: key}, "ca", "holds no certificate", "it holds a private key"},
		{"a broken certificate", wire.Trust{CA: slices.Concat(a.PEM(), garbage)}, "ca", "certificate 2 of the file cannot be read", "again"},
		{"an old authority", wire.Trust{CA: oldCert}, "ca", `"CN=tester" expired on`, "Rehearsal Authority"},
		{"old and new: the new one counts", wire.Trust{CA: slices.Concat(oldCert, cert)}, "", "", ""},
		{"no key", wire.Trust{Cert: cert}, "cert", "holds no private key", "key:"},
		{"no certificate", wire.Trust{Cert: key, Key: key}, "cert", "holds no certificate", "it holds a private key"},
		{"a certificate for a key", wire.Trust{Cert: cert, Key: cert}, "key", "holds no private key", "it holds a certificate"},
		{"a key in DER", wire.Trust{Cert: cert, Key: derKey.Bytes}, "key", "holds no private key", "openssl pkey -inform der"},
		{"another's key", wire.Trust{Cert: cert, Key: otherKey}, "key", "does not fit", "first"},
		{"an encrypted key", wire.Trust{Cert: cert, Key: encrypted}, "key", "is encrypted", "openssl pkey"},
		{"a key encrypted in the old way", wire.Trust{Cert: cert, Key: legacy}, "key", "is encrypted", "openssl pkey"},
		{"a broken client certificate", wire.Trust{Cert: garbage, Key: key}, "key", "cannot be read", "again"},
		{"expired", wire.Trust{Cert: oldCert, Key: oldKey}, "cert", `"CN=tester" expired on`, "get a new one"},
		{"not yet valid", wire.Trust{Cert: newCert, Key: newKey}, "cert", "is valid from", "clock"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.trust.Config(now)
			if tt.part == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var te *wire.TrustError
			if !errors.As(err, &te) {
				t.Fatalf("error %v, want a *TrustError", err)
			}
			if te.Part != tt.part || !has(te.Error(), tt.says) || !has(te.Hint(), tt.hint) {
				t.Errorf("%s: %s (%s); want %s: %s (%s)", te.Part, te, te.Hint(), tt.part, tt.says, tt.hint)
			}
		})
	}
}

// TestSystemAuthoritiesStay: an authority of one's own is added to the system's.
func TestSystemAuthoritiesStay(t *testing.T) {
	system, err := x509.SystemCertPool()
	if err != nil {
		t.Skip(err)
	}
	a := authority(t)
	want := system.Clone()
	want.AppendCertsFromPEM(a.PEM())
	if got := trust(t, wire.Trust{CA: a.PEM()}).TLS.RootCAs; !got.Equal(want) {
		t.Error("the pool is not the system's and one more")
	}
}
