package wire

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"firedrill/internal/sample"
)

// ProxyError is a proxy that did not make the way to the target, and said so.
type ProxyError struct {
	Proxy  string // host:port
	Target string // host:port
	Status int    // of its answer: 407 where it wants other credentials
}

func (e *ProxyError) Error() string {
	why := ""
	switch e.Status {
	case 407:
		why = ": it wants a user name and password, or other ones"
	case 403:
		why = ": it forbids that target"
	case 502, 503, 504:
		why = ": it does not reach it"
	}
	return fmt.Sprintf("the proxy %s answered %d for %s%s", e.Proxy, e.Status, e.Target, why)
}

// refusal is the error for a proxy's own answer.
func (c *Client) refusal(status int, target string) error {
	kind := sample.OtherError
	switch status {
	case 502, 503:
		kind = sample.Refused
	case 504:
		kind = sample.TimedOut
	}
	return &stageError{kind, &ProxyError{Proxy: c.opt.Proxy.Host, Target: target, Status: status}}
}

// credentials is the value of Proxy-Authorization (RFC 7617); "" = none.
func credentials(proxy *url.URL) string {
	if proxy == nil || proxy.User == nil {
		return ""
	}
	password, _ := proxy.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password))
}

func appendCredentials(b []byte, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, "Proxy-Authorization: "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

// forward is how a request is written to a proxy that forwards it (RFC 9112,
// section 3.2.2). The zero value: to the target itself.
type forward struct {
	host        string // of the target's URL
	credentials string
}

// forward says how req is written.
func (c *Client) forward(req *Request) forward {
	if r := c.opt.route(req.Scheme, req.Dial); !r.proxied || r.tunnel {
		return forward{}
	}
	return forward{host: strings.TrimSuffix(req.Dial, ":80"), credentials: c.credentials}
}

// tunnel asks the proxy at the other end of over for a way to target (RFC 9110,
// section 9.3.6).
func (c *Client) tunnel(ctx context.Context, over net.Conn, target string) error {
	until, _ := ctx.Deadline()
	if err := over.SetDeadline(until); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = over.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	b := pool.Get().(*buffers)
	defer b.put()
	b.out = append(b.out[:0], "CONNECT "+target+" HTTP/1.1\r\nHost: "+target+"\r\n"...)
	b.out = append(appendCredentials(b.out, c.credentials), "\r\n"...)
	if _, err := over.Write(b.out); err != nil {
		return err
	}
	b.br.Reset(over)
	var res Response
	x := exchange{buffers: b, res: &res}
	if err := x.final(); err != nil {
		return err
	}
	if res.Status/100 != 2 {
		return c.refusal(res.Status, target)
	}
	if b.br.Buffered() > 0 {
		return protocol("the proxy sent more than its answer to CONNECT")
	}
	return nil
}
