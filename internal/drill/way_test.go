package drill

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedrill/internal/cli"
	"firedrill/internal/environment"
	"firedrill/internal/load/wire"
	"firedrill/internal/sample"
	"firedrill/tests/front"
)

// TestWay: certificates and proxies are taken from files and from variables alike,
// relative to the file that names them.
func TestWay(t *testing.T) {
	dir := t.TempDir()
	a, err := front.NewAuthority("Rehearsal Authority")
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := a.Issue(time.Time{}, time.Time{}, "tester")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"ca.pem": a.PEM(), "client.pem": cert, "proxy.txt": []byte("http://ann:s3cret@proxy.test:3128\n"), "empty.pem": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CLIENT_KEY", string(key))
	t.Setenv("OUTBOUND", "http://ann:s3cret@proxy.test:3128")
	t.Setenv("BAD_OUTBOUND", "proxy.test:s3cret")
	t.Setenv("EMPTY", "")
	for _, tt := range []struct {
		name string
		env  environment.Environment
		says string // "" = it is good
	}{
		{"all", environment.Environment{TLS: environment.TLS{CA: "ca.pem", Cert: "file:client.pem", Key: "env:CLIENT_KEY"}, Proxy: "env:OUTBOUND"}, ""},
		{"a proxy from a file", environment.Environment{Proxy: "file:proxy.txt"}, ""},
		{"nothing", environment.Environment{}, ""},
		{"an empty file", environment.Environment{TLS: environment.TLS{CA: "empty.pem"}}, "empty.pem is empty"},
		{"a folder", environment.Environment{TLS: environment.TLS{CA: "."}}, `tls.ca of environment "e": `},
		{"an empty variable", environment.Environment{TLS: environment.TLS{CA: "env:EMPTY"}}, "the environment variable EMPTY is not set"},
		{"a variable that holds no PEM", environment.Environment{TLS: environment.TLS{CA: "env:OUTBOUND"}}, `the variable OUTBOUND (tls.ca of environment "e"): the file holds no certificate`},
		{"a proxy that is none", environment.Environment{Proxy: "env:BAD_OUTBOUND"}, `proxy of environment "e": `},
		{"a proxy's variable that is not set", environment.Environment{Proxy: "env:NO_SUCH_PROXY"}, "proxy: the environment variable NO_SUCH_PROXY is not set"},
		{"a proxy's file that is not there", environment.Environment{Proxy: "file:nowhere.txt"}, "nowhere.txt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.env.Name = "e"
			way, err := place{Environment: tt.env, dir: dir, config: filepath.Join(dir, "firedrill.yaml")}.way(time.Now())
			if tt.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				if tt.env.Proxy != "" && (way.Proxy == nil || way.Proxy.Host != "proxy.test:3128" || way.Proxy.User.String() != "ann:s3cret") {
					t.Errorf("proxy %v", way.Proxy)
				}
				if (len(way.TLS.Certificates) == 1) != (tt.env.TLS.Cert != "") || (way.TLS.RootCAs != nil) != (tt.env.TLS.CA != "") {
					t.Errorf("%+v", way.TLS)
				}
				return
			}
			if cli.Code(err) != 2 || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%d: %v, want %q", cli.Code(err), err, tt.says)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("a password is in the message: %v", err)
			}
			var hint interface{ Hint() string }
			if !errors.As(err, &hint) || hint.Hint() == "" || strings.Contains(hint.Hint(), "s3cret") {
				t.Errorf("%v has no hint, or one with a password", err)
			}
		})
	}
}

// TestWayHint: each way in which a target cannot be reached has something to do about it.
func TestWayHint(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "staging.test"}
	p := place{Environment: environment.Environment{Name: "staging"}, config: "firedrill.yaml"}
	for _, tt := range []struct {
		err  error
		says string
	}{
		{&wire.Error{Kind: sample.TLS, Err: x509.UnknownAuthorityError{}}, "tls: {ca: PATH}"},
		{&wire.Error{Kind: sample.TLS, Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "staging.test"}}, "resolve:"},
		{&wire.Error{Kind: sample.TLS, Err: x509.CertificateInvalidError{Reason: x509.Expired}}, "renewed"},
		{&wire.Error{Kind: sample.TLS, Err: errors.New("remote error: tls: certificate required")}, "tls: {cert: PATH, key: PATH}"},
		{&wire.Error{Kind: sample.OtherError, Err: &wire.ProxyError{Status: 407}}, "user and password in proxy:"},
		{&wire.Error{Kind: sample.Refused, Err: &wire.ProxyError{Status: 502}}, "the proxy is up"},
		{&wire.Error{Kind: sample.NoHost, Err: errors.New("no such host")}, "resolve: in firedrill.yaml"},
		{fmt.Errorf("wrapped: %w", &wire.Error{Kind: sample.Refused, Err: errors.New("refused")}), "is https://staging.test running"},
	} {
		if got := p.wayHint(u, tt.err); !strings.Contains(got, tt.says) {
			t.Errorf("%v: %q, want %q", tt.err, got, tt.says)
		}
	}
}
