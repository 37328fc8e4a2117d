package endpoint

import (
	"path"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

// Cause says why a request is no part of a journey.
type Cause struct{ What, Why string }

// The causes.
var (
	StaticFile  = Cause{"static files", "scripts, styles, images and fonts come from a cache or a CDN and say nothing about the application"}
	Preflight   = Cause{"CORS preflights", "the browser asks by itself; a virtual user is no browser"}
	Beacon      = Cause{"beacons", "page statistics that nobody waits for"}
	HealthCheck = Cause{"health checks", "asked by machines, not by people"}
	NoAnswer    = Cause{"requests without an answer", "the application did not answer, so nothing is known to expect"}
	Upgrade     = Cause{"upgraded connections", "messages of WebSockets are not replayed"}
	Polled      = Cause{"repeated after a refusal", "refused with 401 and sent again after the token was renewed"}
)

var staticExt = wordSet("css js mjs cjs map png jpg jpeg gif svg webp avif ico bmp woff woff2 ttf otf eot wasm webmanifest")
var staticName = wordSet("robots.txt manifest.json sitemap.xml favicon.ico browserconfig.xml service-worker.js sw.js")
var healthWords = wordSet("health healthz healthcheck health-check livez readyz ready live alive ping heartbeat")
var beaconWords = wordSet("beacon beacons collect telemetry rum track tracking csp-report envelope ping-to vitals pageview")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// LeaveOut reports whether x is no part of a journey, and why.
func LeaveOut(x *exchange.Exchange) (Cause, bool) {
	p := strings.ToLower(Path(x.Request.Target))
	last := path.Base(p)
	method := strings.ToUpper(x.Request.Method)
	switch {
	case x.Response == nil:
		return NoAnswer, true
	case x.Response.Status == 101 || len(x.Frames) > 0 || method == "CONNECT":
		return Upgrade, true
	case method == "OPTIONS":
		_, asked := exchange.Get(x.Request.Header, "Access-Control-Request-Method")
		return Preflight, asked
	case method == "GET" || method == "HEAD":
		if isStatic(x, last) {
			return StaticFile, true
		}
		_, cookie := exchange.Get(x.Request.Header, "Cookie")
		_, bearer := exchange.Get(x.Request.Header, "Authorization")
		return HealthCheck, healthWords[last] && !cookie && !bearer
	case method == "POST":
		return Beacon, isBeacon(x, last)
	}
	return Cause{}, false
}

func isStatic(x *exchange.Exchange, last string) bool {
	if ext := strings.TrimPrefix(path.Ext(last), "."); staticExt[ext] || staticName[last] {
		return true
	}
	contentType, _ := exchange.Get(x.Response.Header, "Content-Type")
	media := message.MediaType(contentType)
	switch {
	case media == "text/css", strings.HasSuffix(media, "javascript"), strings.HasPrefix(media, "font/"), strings.HasPrefix(media, "image/"):
		return true
	}
	if dest, ok := exchange.Get(x.Request.Header, "Sec-Fetch-Dest"); ok {
		switch dest {
		case "script", "style", "image", "font", "manifest", "serviceworker", "worker":
			return true
		}
	}
	return false
}

func isBeacon(x *exchange.Exchange, last string) bool {
	if _, ok := exchange.Get(x.Request.Header, "Ping-To"); ok {
		return true
	}
	return beaconWords[last] && x.Response.Body.Decoded <= 64
}
