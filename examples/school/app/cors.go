package app

import (
	"net"
	"net/http"
)

// cors tells browsers that the pages' origin may read the answers of the API.
func (c *call) cors() {
	if c.origins == nil || c.route.side == pageSide {
		return
	}
	c.header.Add("Vary", "Origin")
	if !c.origins[c.access.Origin] {
		return
	}
	c.header.Set("Access-Control-Allow-Origin", c.access.Origin)
	c.header.Set("Access-Control-Allow-Credentials", "true")
	c.header.Set("Access-Control-Expose-Headers", "X-Request-Id, X-DB-Query-Count, Server-Timing, Retry-After, ETag, Content-Disposition")
}

// preflight answers a browser's question whether a page may send a request; cors has said for whom.
func preflight(c *call) (reply, error) {
	if !c.origins[c.access.Origin] {
		return reply{}, errOrigin
	}
	c.header.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
	c.header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Traceparent, X-CSRF-Token, X-Request-Id")
	c.header.Set("Access-Control-Max-Age", "600")
	return reply{status: http.StatusNoContent}, nil
}

// local says whether a request comes from a program on this machine; a browser's page is not one, wherever it is.
func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback() && r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == ""
}
