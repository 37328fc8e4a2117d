package drill

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"firedrill/internal/capture/proxy"
	"firedrill/internal/cli"
)

// places gives every target, and the forward proxy, an address to listen on.
func (o *RecordOptions) places(opt *proxy.Options) error {
	listen := o.Listen
	if len(listen) == 0 {
		listen = []string{defaultListen}
	}
	if len(opt.Targets) == 0 && opt.Forward == "" {
		if len(o.Listen) == 0 {
			return cli.Usagef("there is nothing to record").
				With("say recorder --target http://localhost:4000, or for a forward proxy recorder --listen 127.0.0.1:8080 --allow-host staging.example.org")
		}
		opt.Forward, listen = listen[0], listen[1:]
	}
	if len(o.Listen) > 0 && len(listen) > len(opt.Targets) {
		return cli.Usagef("there are %d addresses to listen on for %d targets", len(o.Listen), len(opt.Targets)).
			With("give one --listen for each --target; --forward ADDR is the forward proxy's")
	}
	for i := range opt.Targets {
		address := listen[min(i, len(listen)-1)]
		host, port, err := splitListen(address)
		if err != nil {
			return err
		}
		if extra := i - len(listen) + 1; extra > 0 && port > 0 {
			port += extra
		}
		opt.Targets[i].Listen = net.JoinHostPort(host, strconv.Itoa(port))
	}
	all := make([]string, 0, len(opt.Targets)+1)
	for _, t := range opt.Targets {
		all = append(all, t.Listen)
	}
	if opt.Forward != "" {
		host, port, err := splitListen(opt.Forward)
		if err != nil {
			return err
		}
		opt.Forward = net.JoinHostPort(host, strconv.Itoa(port))
		all = append(all, opt.Forward)
	}
	for _, address := range all {
		if !o.ListenAny && !isLoopback(address) {
			return cli.Usagef("%s can be reached from other machines, and whoever reaches it uses the application through the recorder", address).
				With("listen on 127.0.0.1, or say --listen-any when that is meant")
		}
	}
	return nil
}

func splitListen(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || port < 0 || port > 65535 {
		return "", 0, cli.Usagef("%q is no address to listen on", address).With("write HOST:PORT, e.g. 127.0.0.1:8080")
	}
	return host, port, nil
}

// isLoopback is loopback for host:port.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	return loopback(host)
}

// addresses are the URLs that clients open: of each target, then of the forward proxy.
func addresses(front *proxy.Proxy) []string {
	var urls []string
	for _, r := range front.Routes() {
		urls = append(urls, r.URL)
	}
	if f := front.Forward(); f != "" {
		urls = append(urls, "http://"+f)
	}
	return urls
}

// announce says where to go, and what is not as it should be.
func (o *RecordOptions) announce(ctx context.Context, front *proxy.Proxy, file *recordFile) {
	for _, r := range front.Routes() {
		fmt.Fprintf(o.Talk, "recording %s: open %s\n", r.Target, r.URL)
		if !isLoopback(r.Addr) {
			fmt.Fprintf(o.Talk, "warning: %s can be reached from other machines; whoever reaches it uses %s through this recorder\n", r.Addr, r.Target)
		}
	}
	if f := front.Forward(); f != "" {
		fmt.Fprintf(o.Talk, "recording through the forward proxy %s (for https the browser must trust its certificate: recorder ca)\n", f)
		if o.AllowAnyHost {
			fmt.Fprintln(o.Talk, "warning: it connects to every host; what is recorded may be nobody's staging")
		}
		if !isLoopback(f) {
			fmt.Fprintf(o.Talk, "warning: %s can be reached from other machines\n", f)
		}
	}
	fmt.Fprintf(o.Talk, "into %s; its key is %s: keep it apart, and destroy it to make pseudonyms final\n", file.path, file.keyPath)
	for _, r := range front.Routes() {
		if err := reach(ctx, r.Target); err != nil {
			fmt.Fprintf(o.Talk, "warning: %s does not answer (%v); recording all the same\n", r.Target, err)
		}
	}
	fmt.Fprintln(o.Talk, "Ctrl-C ends the recording")
}

// reach tries whether somebody listens at a target.
func reach(ctx context.Context, target string) error {
	u, err := url.Parse(target)
	if err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	d := net.Dialer{Timeout: 2 * time.Second}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	return c.Close()
}
