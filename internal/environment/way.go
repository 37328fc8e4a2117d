package environment

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"firedrill/internal/yamldoc"
)

// This file is the part of the language that says how targets are reached: tls,
// proxy and resolve.

func tlsShape() *yamldoc.Shape {
	pem := func(doc string) *yamldoc.Shape {
		return &yamldoc.Shape{Kind: yamldoc.Text, What: "the path of a PEM file, or env:NAME", Pattern: `\S`, Check: checkPEM, Doc: doc}
	}
	return &yamldoc.Shape{Kind: yamldoc.Map, Name: "tls", Least: 1, What: "{ca: PATH}", Doc: "How https targets are trusted, and this client by them.", Fields: []yamldoc.Field{
		{Key: "ca", Shape: pem("Authorities that are trusted besides the machine's: a PEM file relative to this file, or env:NAME.")},
		{Key: "cert", Shape: pem("The certificate that this client shows, and the chain above it.")},
		{Key: "key", Shape: pem("Its private key; left out where it stands in the same file.")},
		{Key: "insecure", Shape: &yamldoc.Shape{Kind: yamldoc.Bool, Doc: "Trust any target. Said with each run."}},
	}}
}

func checkPEM(text string) *yamldoc.Trouble {
	elsewhere, trouble := checkElsewhere(text)
	switch {
	case elsewhere:
		return trouble
	case strings.TrimSpace(text) == "":
		return &yamldoc.Trouble{Why: "the path is empty", Fix: "write the path of a PEM file, or remove the key"}
	case strings.Contains(text, "-----BEGIN"):
		return &yamldoc.Trouble{Why: "the PEM text itself stands here", Fix: "put it into a file and write its path, or into a variable and write env:NAME"}
	}
	return nil
}

func proxyShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Text, What: "a URL such as http://proxy.example.org:3128, env:NAME or file:PATH", Pattern: `^(env:|file:|[Hh][Tt][Tt][Pp][Ss]?://[^/?#])`, Check: checkProxy,
		Doc: "Outbound proxy for hosts that are not this machine: http://user:password@proxy.example.org:3128, env:NAME or file:PATH."}
}

// CheckProxy says what is wrong with a proxy's URL, in a sentence without it (it
// may hold a password), and what to do; "" when nothing is.
func CheckProxy(text string) (why, fix string) {
	fix = "write scheme, host and port, such as http://proxy.example.org:3128"
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "the proxy is empty", fix
	case err != nil:
		return "the proxy is not a URL", "characters such as @ : / % in a password are written as %40 %3A %2F %25"
	case u.Scheme != "http" && u.Scheme != "https":
		return "the proxy's URL does not begin with http:// or https://", fix
	case u.Hostname() == "":
		return "the proxy's URL names no host", fix
	case !goodPort(u.Port()):
		return "the proxy's port is none: ports are 1 to 65535", fix
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(text, "?#"):
		return "the proxy's URL holds more than scheme, user, host and port", "leave the rest out; characters such as / ? # in a password are written as %2F %3F %23"
	}
	return "", ""
}

// goodPort is whether a port can be connected to; none at all is the scheme's.
func goodPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

func checkProxy(text string) *yamldoc.Trouble {
	if elsewhere, trouble := checkElsewhere(text); elsewhere {
		return trouble
	}
	if why, fix := CheckProxy(text); why != "" {
		return &yamldoc.Trouble{Why: why, Fix: fix}
	}
	return nil
}

func resolveShape() *yamldoc.Shape {
	return &yamldoc.Shape{Kind: yamldoc.Map, Least: 1, Key: checkResolved, What: "{HOST: IP}", Doc: "Addresses that are connected to instead of looking up a host or host:port; the Host header and TLS names stay.",
		Elem: &yamldoc.Shape{Kind: yamldoc.Text, What: "an IP address, with or without a port", Pattern: `^[0-9A-Fa-f:.\[\]]+(%[\s\S]+)?$`, Check: checkAddress, Doc: "An IP address, or IP:port."}}
}

// checkResolved accepts a host or host:port.
func checkResolved(text string) *yamldoc.Trouble {
	const fix = "write a host such as staging.example.org, or host:port"
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, "1"
		if addr, err := netip.ParseAddr(text); err == nil && addr.Is6() {
			return nil
		}
	}
	n, err := strconv.Atoi(port)
	switch {
	case host == "":
		return &yamldoc.Trouble{Why: fmt.Sprintf("%q names no host", text), Fix: fix}
	case strings.Contains(host, "*"):
		return &yamldoc.Trouble{Offset: strings.Index(text, "*"), Why: "hosts are named one by one, without *", Fix: fix}
	case strings.ContainsAny(text, "/@ ?#"):
		return &yamldoc.Trouble{Offset: strings.IndexAny(text, "/@ ?#"), Why: fmt.Sprintf("%q is not a host", text), Fix: fix}
	case strings.Contains(host, ":") && !strings.Contains(text, "["):
		return &yamldoc.Trouble{Why: fmt.Sprintf("%q is not a host", text), Fix: fix}
	case err != nil || n < 1 || n > 65535:
		return &yamldoc.Trouble{Offset: len(text) - len(port), Why: fmt.Sprintf("%q is not a port", port), Fix: fix}
	}
	return nil
}

// checkAddress accepts an IP address or IP:port that can be connected to.
func checkAddress(text string) *yamldoc.Trouble {
	const fix = "write an address such as 10.0.0.5, 10.0.0.5:8443 or [2001:db8::5]:8443, in quotes"
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		whole, err := netip.ParseAddrPort(text)
		if err != nil {
			return &yamldoc.Trouble{Why: fmt.Sprintf("%q is not an IP address", text), Fix: fix}
		}
		if whole.Port() == 0 {
			return &yamldoc.Trouble{Why: fmt.Sprintf("%q has port 0", text), Fix: fix}
		}
		addr = whole.Addr()
	}
	if addr.IsUnspecified() || addr.IsMulticast() {
		return &yamldoc.Trouble{Why: fmt.Sprintf("%q is not the address of one machine", text), Fix: fix}
	}
	return nil
}

func readTLS(n *yamldoc.Node, where string) (TLS, *yamldoc.Error) {
	t := TLS{CA: n.Get("ca").String(), Cert: n.Get("cert").String(), Key: n.Get("key").String(), Insecure: strings.EqualFold(n.Get("insecure").String(), "true")}
	switch {
	case t.Key != "" && t.Cert == "":
		return t, n.Key("key").Errorf(where+" has a key and no certificate", "add cert: with the certificate that the key belongs to")
	case t.Insecure && t.CA != "":
		return t, n.Key("insecure").Errorf(where+" trusts any target, so that its ca means nothing", "remove insecure: then the targets must show certificates of that authority")
	}
	return t, nil
}

// readResolve puts hosts into lower case: names of hosts do not differ by case.
func readResolve(n *yamldoc.Node, where string) (map[string]string, *yamldoc.Error) {
	if n == nil {
		return nil, nil
	}
	all, lines := map[string]string{}, map[string]int{}
	for _, p := range n.Pairs {
		host := strings.ToLower(p.Key.Text)
		if line, twice := lines[host]; twice {
			return nil, p.Key.Errorf(fmt.Sprintf("%q stands in %s twice", host, where), fmt.Sprintf("it is already on line %d: remove one of the two", line))
		}
		all[host], lines[host] = p.Value.Text, p.Key.Line
	}
	return all, nil
}
