package proxy

import (
	"bytes"
	"net"
	"strconv"
	"strings"
)

// link is one way of writing an origin, and what takes its place.
type link struct {
	from, to []byte
	host     int  // index of the host that stands in from
	at       int  // where
	free     bool // whatever follows belongs to it
}

// links are the ways of writing some origins, and the hosts that stand in them:
// a text that names none of the hosts is looked through once for each, and no more.
type links struct {
	all   []link
	hosts [][]byte
}

// maxLinks bounds under how many names of ours links are remembered.
const maxLinks = 64

// way is a direction in which links are changed.
type way struct {
	host  string // under which the client knows us
	asked bool   // in requests: our addresses become the applications'
	page  bool   // in pages, which must not hold scripts to a hash that a change breaks
}

// links are those of all routes, as the client of a flight knows their listeners.
func (p *Proxy) links(f *flight, asked, page bool) *links {
	host, _, err := net.SplitHostPort(f.visited)
	if err != nil {
		host = f.visited
	}
	w := way{strings.Trim(host, "[]"), asked, page}
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.linksOf[w]; l != nil {
		return l
	}
	if p.linksOf == nil || len(p.linksOf) >= maxLinks {
		p.linksOf = map[way]*links{}
	}
	l := &links{}
	for _, r := range p.routes {
		seen := net.JoinHostPort(w.host, strconv.Itoa(r.addr.Port))
		if asked {
			l.add(w.host, "http", seen, r.target.Scheme, r.target.Host)
			continue
		}
		if r.target.Port() == "" {
			l.add(r.target.Hostname(), r.target.Scheme, r.target.Host+":"+portOf(r.target), "http", seen)
		}
		l.add(r.target.Hostname(), r.target.Scheme, r.target.Host, "http", seen)
	}
	if page {
		l.hosts = append(l.hosts, []byte("integrity"))
		for _, quote := range []string{`"`, `'`} {
			l.all = append(l.all, link{[]byte(" integrity=" + quote + "sha"), []byte(" data-integrity=" + quote + "sha"), len(l.hosts) - 1, 1, true})
		}
	}
	p.linksOf[w] = l
	return l
}

// add adds the ways of writing an origin of a host.
func (l *links) add(host, fromScheme, from, toScheme, to string) {
	index := len(l.hosts)
	l.hosts = append(l.hosts, []byte(host))
	one := func(from, to string) {
		if at := strings.Index(from, host); at >= 0 {
			l.all = append(l.all, link{[]byte(from), []byte(to), index, at, false})
		}
	}
	sockets := map[string]string{"http": "ws", "https": "wss"}
	for _, scheme := range [][2]string{{fromScheme, toScheme}, {sockets[fromScheme], sockets[toScheme]}} {
		for _, between := range []string{"://", `:\/\/`} {
			one(scheme[0]+between+from, scheme[1]+between+to)
		}
		for _, escape := range []string{"%3A", "%3a"} {
			between := strings.NewReplacer(":", escape, "/", "%2"+escape[2:3]).Replace("://")
			between = strings.ReplaceAll(strings.ReplaceAll(between, "%2A", "%2F"), "%2a", "%2f")
			one(scheme[0]+between+strings.ReplaceAll(from, ":", escape), scheme[1]+between+strings.ReplaceAll(to, ":", escape))
		}
	}
	for _, before := range []string{`"`, `'`, "(", "="} { // what inherits the page's scheme
		one(before+"//"+from, before+"//"+to)
	}
}

// replace appends text to dst with every origin replaced. Unless text is the last
// of its body, an end that may be the beginning of an origin is left out: its
// length is held, and the caller brings it again with what follows.
func (l *links) replace(dst, text []byte, last bool) (out []byte, held int, any bool) {
	next := make([]int, len(l.hosts)) // where each host comes next; len(text): nowhere
	pos := 0
	for h := range next {
		next[h] = l.find(text, h, 0)
	}
	for {
		h := 0
		for i := range next {
			if next[i] < next[h] {
				h = i
			}
		}
		if len(next) == 0 || next[h] == len(text) {
			break
		}
		start, which := l.around(text, pos, next[h], h)
		if which < 0 {
			next[h] = l.find(text, h, next[h]+1)
			continue
		}
		end := start + len(l.all[which].from)
		other, known := false, true
		if !l.all[which].free {
			other, known = continues(text[end:])
		}
		if !last && (!known || l.mayGrow(text[start:])) {
			return append(dst, text[pos:start]...), len(text) - start, any
		}
		if other {
			dst = append(dst, text[pos:end]...)
		} else {
			dst = append(append(dst, text[pos:start]...), l.all[which].to...)
			any = true
		}
		pos = end
		for i := range next {
			if next[i] < pos {
				next[i] = l.find(text, i, pos)
			}
		}
	}
	text = text[pos:]
	if !last {
		held = l.begun(text)
	}
	return append(dst, text[:len(text)-held]...), held, any
}

// find is where a host comes next from an offset on, or the length of text.
func (l *links) find(text []byte, host, from int) int {
	if at := bytes.Index(text[min(from, len(text)):], l.hosts[host]); at >= 0 {
		return from + at
	}
	return len(text)
}

// around is the origin that the host at an offset belongs to and that begins at or
// after pos: the one that begins first, of several the longest; which -1: none.
func (l *links) around(text []byte, pos, at, host int) (start, which int) {
	start, which = 0, -1
	for i := range l.all {
		k := &l.all[i]
		begin := at - k.at
		if k.host != host || begin < pos || !bytes.HasPrefix(text[begin:], k.from) {
			continue
		}
		if which < 0 || begin < start || begin == start && len(k.from) > len(l.all[which].from) {
			start, which = begin, i
		}
	}
	return start, which
}

// mayGrow reports whether text, which is an origin or begins with one, is the
// beginning of a longer one.
func (l *links) mayGrow(text []byte) bool {
	for i := range l.all {
		if from := l.all[i].from; len(from) > len(text) && bytes.HasPrefix(from, text) {
			return true
		}
	}
	return false
}

// begun is the length of the longest end of text that an origin may begin with.
func (l *links) begun(text []byte) int {
	most := 0
	for i := range l.all {
		from := l.all[i].from
		for n := min(len(from)-1, len(text)); n > most; n-- {
			if bytes.Equal(text[len(text)-n:], from[:n]) {
				most = n
			}
		}
	}
	return most
}

// continues reports whether a host name or a port goes on in what follows an
// origin: then it is another one. known is false where more would have to be seen.
func continues(rest []byte) (other, known bool) {
	if len(rest) == 0 {
		return false, false
	}
	switch c := rest[0]; {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '@':
		return true, true
	case c == '.': // a longer name, or the end of a sentence
		return continues(rest[1:])
	case c == ':':
		return digitAt(rest, 1)
	case c == '%': // an escaped colon, perhaps
		if len(rest) < 3 {
			return false, false
		}
		if rest[1] == '3' && rest[2]|0x20 == 'a' {
			return digitAt(rest, 3)
		}
	}
	return false, true
}

func digitAt(b []byte, i int) (is, known bool) {
	if len(b) <= i {
		return false, false
	}
	return '0' <= b[i] && b[i] <= '9', true
}
