package vuser

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// jar is a virtual user's cookies, as RFC 6265 has them. It is smaller than
// net/http/cookiejar and knows that a target stands for a recorded host: an
// application that is rehearsed on localhost may still set cookies for the
// domain it was recorded on. A domain of one label is taken as no domain, which
// keeps out the worst public suffixes; there is no list of the others.
type jar struct{ all []cookie }

type cookie struct {
	name, value  string
	domain, path string
	hostOnly     bool
	secure       bool
	expires      time.Time // zero: with the session
}

// place is where a request goes, for cookies.
type place struct {
	host     string // contacted, lower case, no port
	recorded string // the recorded host that it stands for
	path     string
	secure   bool // https, or loopback, which browsers trust alike
}

// set takes one Set-Cookie field.
func (j *jar) set(line string, at place, now time.Time) {
	first, rest, _ := strings.Cut(line, ";")
	name, value, ok := strings.Cut(first, "=")
	c := cookie{name: strings.TrimSpace(name), value: strings.TrimSpace(value), domain: at.host, hostOnly: true, path: defaultPath(at.path)}
	if !ok || c.name == "" {
		return
	}
	maxAge := false
	for attr := range strings.SplitSeq(rest, ";") {
		key, v, _ := strings.Cut(attr, "=")
		v = strings.TrimSpace(v)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "domain":
			d := strings.ToLower(strings.TrimPrefix(v, "."))
			if d == "" || !strings.Contains(d, ".") && d != at.host {
				continue
			}
			if !within(at.host, d) && !within(at.recorded, d) {
				return
			}
			c.domain, c.hostOnly = d, d == at.host && isAddress(d)
		case "path":
			if strings.HasPrefix(v, "/") {
				c.path = v
			}
		case "secure":
			c.secure = true
		case "max-age":
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				maxAge = true
				c.expires = now.Add(time.Duration(min(max(n, -1), 1<<31)) * time.Second)
			}
		case "expires":
			if t, ok := cookieTime(v); ok && !maxAge {
				c.expires = t
			}
		}
	}
	if c.secure && !at.secure {
		return
	}
	j.put(c, now)
}

func (j *jar) put(c cookie, now time.Time) {
	gone := !c.expires.IsZero() && !c.expires.After(now)
	for i := range j.all {
		if o := &j.all[i]; o.name == c.name && o.domain == c.domain && o.path == c.path {
			if gone {
				j.all = append(j.all[:i], j.all[i+1:]...)
			} else {
				*o = c
			}
			return
		}
	}
	if gone {
		return
	}
	// longer paths first, older before newer (RFC 6265, section 5.4)
	i := len(j.all)
	for i > 0 && len(j.all[i-1].path) < len(c.path) {
		i--
	}
	j.all = append(j.all, cookie{})
	copy(j.all[i+1:], j.all[i:])
	j.all[i] = c
}

// header appends the Cookie field's value for a request to at.
func (j *jar) header(b []byte, at place, now time.Time) []byte {
	for i := range j.all {
		c := &j.all[i]
		if !c.fits(at, now) {
			continue
		}
		if len(b) > 0 {
			b = append(b, "; "...)
		}
		b = append(b, c.name...)
		b = append(b, '=')
		b = append(b, c.value...)
	}
	return b
}

func (c *cookie) fits(at place, now time.Time) bool {
	if c.secure && !at.secure || !c.expires.IsZero() && !c.expires.After(now) || !pathMatch(at.path, c.path) {
		return false
	}
	if c.hostOnly {
		return c.domain == at.host
	}
	return within(at.host, c.domain) || within(at.recorded, c.domain)
}

// get is the value of a cookie that the user holds, wherever it is for.
func (j *jar) get(name string) (string, bool) {
	for i := range j.all {
		if j.all[i].name == name {
			return j.all[i].value, true
		}
	}
	return "", false
}

// within reports whether host is domain or below it.
func within(host, domain string) bool {
	if host == domain {
		return true
	}
	return len(host) > len(domain) && strings.HasSuffix(host, domain) && host[len(host)-len(domain)-1] == '.' && !isAddress(host)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func pathMatch(path, cookie string) bool {
	if !strings.HasPrefix(path, cookie) {
		return false
	}
	return len(path) == len(cookie) || strings.HasSuffix(cookie, "/") || path[len(cookie)] == '/'
}

func defaultPath(path string) string {
	if !strings.HasPrefix(path, "/") {
		return "/"
	}
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

func cookieTime(s string) (time.Time, bool) {
	if t, err := http.ParseTime(s); err == nil {
		return t, true
	}
	for _, layout := range []string{"Mon, 02-Jan-2006 15:04:05 MST", "Mon, 02-Jan-06 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05 MST"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
