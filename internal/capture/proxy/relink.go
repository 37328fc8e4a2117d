package proxy

import (
	"bytes"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"

	bodycoding "firedrill/internal/capture/coding"
)

// relinkMost bounds the answers that are held until they are whole, to see whether
// the application names itself in them.
const relinkMost = 2 << 20

// relink makes absolute URLs of the applications in an answer's body those of
// their listeners: a page that names its API by its real address would lead the
// browser past the recorder. An answer that names none keeps every byte. One whose
// length is known, or that is compressed, is read whole for that, and loses its
// compression when something in it changes; any other is changed as it passes.
func (p *Proxy) relink(f *flight, res *http.Response, body *answerBody) {
	if f.method == http.MethodHead || res.StatusCode == http.StatusPartialContent || !isMarkup(res.Header.Get("Content-Type")) {
		return
	}
	links := p.links(f, false, strings.Contains(res.Header.Get("Content-Type"), "html"))
	coding := f.answer.Body.Encoding
	coded := coding != "" && !strings.EqualFold(coding, "identity")
	if res.ContentLength > relinkMost || coded && strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return // a compressed stream passes at once, whatever it says
	}
	if res.ContentLength < 0 && !coded {
		res.Body = &relinkedBody{answerBody: body, links: links}
		return
	}
	head := make([]byte, 0, max(512, res.ContentLength+1))
	whole := false
	for len(head) <= relinkMost && !whole && body.broken == nil {
		if len(head) == cap(head) {
			head = append(head, 0)[:len(head)]
		}
		n, err := body.read(head[len(head):cap(head)])
		head = head[:len(head)+n]
		whole = err == io.EOF
	}
	text := head
	if coded && whole {
		decoded, _, cut := bodycoding.Decode(coding, head, false, nil, 16*relinkMost)
		if whole = cut == ""; whole {
			text = decoded
		}
	}
	if whole {
		if changed, _, any := links.replace(nil, text, true); any {
			head = changed
			res.Header.Del("Content-Encoding")
			res.Header.Del("Digest")
			res.Header.Del("Content-Md5")
			res.Header.Del("Content-Digest")
			if res.Header.Get("Content-Length") != "" {
				res.Header.Set("Content-Length", strconv.Itoa(len(head)))
			}
			res.ContentLength = int64(len(head))
		}
	}
	res.Body = &heldBody{answerBody: body, head: head}
}

// relinkRequest is the same the other way round, before a request is recorded or
// sent: what a page has learned of our addresses, and says, is the application's.
// Bodies of a known length that are no upload are read whole for that.
func (p *Proxy) relinkRequest(f *flight, r *http.Request) {
	links := p.links(f, true, false)
	if query, _, any := links.replace(nil, []byte(r.URL.RawQuery), true); any {
		r.URL.RawQuery = string(query)
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.ContentLength <= 0 || r.ContentLength > relinkMost || r.Header.Get("Content-Encoding") != "" ||
		media != "application/x-www-form-urlencoded" && media != "text/plain" && !isMarkup(media) {
		return
	}
	body := r.Body
	text, err := io.ReadAll(body)
	if err != nil { // the client broke off: what came is passed on, and the end as it was
		r.Body = &asked{io.MultiReader(bytes.NewReader(text), &failing{err}), body}
		return
	}
	if changed, _, any := links.replace(nil, text, true); any {
		text = changed
		r.ContentLength = int64(len(text))
		r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	}
	r.Body = &asked{&held{text}, body}
}

// relinkPolicy makes a Content-Security-Policy allow what a page is led to: the
// applications' origins, and hosts that stand there without a scheme, become our
// addresses; nothing is upgraded to https, which we do not speak.
func (p *Proxy) relinkPolicy(l *links, policy string) string {
	changed, _, _ := l.replace(nil, []byte(policy), true)
	directives := strings.Split(string(changed), ";")
	kept := directives[:0]
	for _, d := range directives {
		words := strings.Split(d, " ")
		for i, w := range words {
			for _, r := range p.routes {
				if w == r.target.Host || w == r.target.Hostname() {
					words[i] = string(l.to(r.target.Scheme + "://" + r.target.Host))
				}
			}
		}
		if name := strings.ToLower(strings.TrimSpace(words[0] + strings.Join(words[1:], ""))); name != "upgrade-insecure-requests" && name != "block-all-mixed-content" {
			kept = append(kept, strings.Join(words, " "))
		}
	}
	return strings.Join(kept, ";")
}

// to is what takes the place of an origin.
func (l *links) to(origin string) []byte {
	to, _, _ := l.replace(nil, []byte(origin), true)
	return to
}

// asked is a request's body that was read already.
type asked struct {
	io.Reader
	io.Closer
}

// held gives a text, and its end with the last of it, so that nobody waits for the end.
type held struct{ text []byte }

func (h *held) Read(p []byte) (int, error) {
	n := copy(p, h.text)
	if h.text = h.text[n:]; len(h.text) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// failing is the end of a body that broke off.
type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// isMarkup reports whether a body of this type can name addresses that a browser
// follows.
func isMarkup(contentType string) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	switch media {
	case "text/html", "text/css", "text/javascript", "application/javascript", "application/x-javascript", "application/json",
		"application/xhtml+xml", "application/manifest+json", "text/xml", "application/xml", "image/svg+xml", "text/event-stream":
		return true
	}
	return strings.HasSuffix(media, "+json")
}

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

// heldBody is an answer of which a beginning, or everything, was read already.
type heldBody struct {
	*answerBody
	head []byte
}

func (b *heldBody) Read(p []byte) (int, error) {
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	return b.rest().Read(p)
}

// rest is what follows the beginning: the body, unless it was read to its end.
func (b *heldBody) rest() io.Reader {
	if b.ended {
		return http.NoBody
	}
	return b.answerBody
}

// WriteTo is as that of answerBody, with the beginning before it.
func (b *heldBody) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b.head)
	b.head = b.head[n:]
	if err != nil || b.ended {
		return int64(n), err
	}
	if b.broken != nil {
		panic(http.ErrAbortHandler)
	}
	more, err := b.answerBody.WriteTo(w)
	return int64(n) + more, err
}

// relinkedBody changes an answer as it passes.
type relinkedBody struct {
	*answerBody
	links *links
	raw   []byte // read and not yet looked at: the beginning of an origin, perhaps
	out   []byte // to be given
	err   error
}

func (b *relinkedBody) Read(p []byte) (int, error) {
	for len(b.out) == 0 && b.err == nil {
		b.more()
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	if n == 0 && b.broken != nil && b.f.inServer {
		panic(http.ErrAbortHandler)
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}

// more reads a piece and changes what can be changed.
func (b *relinkedBody) more() {
	pooled := buffers.Get().(*[]byte)
	defer buffers.Put(pooled)
	n, err := b.answerBody.read(*pooled)
	b.raw = append(b.raw, (*pooled)[:n]...)
	b.err = err
	held := 0
	b.out, held, _ = b.links.replace(b.out[:0], b.raw, err != nil)
	b.raw = append(b.raw[:0], b.raw[len(b.raw)-held:]...)
}

// WriteTo passes every piece on as it arrives.
func (b *relinkedBody) WriteTo(w io.Writer) (total int64, err error) {
	flusher, _ := w.(http.Flusher)
	for b.err == nil {
		b.more()
		n, err := w.Write(b.out)
		total += int64(n)
		if err != nil {
			return total, err
		}
		if flusher != nil && n > 0 {
			flusher.Flush()
		}
	}
	if b.broken != nil {
		panic(http.ErrAbortHandler)
	}
	return total, nil
}
