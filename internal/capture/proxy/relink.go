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
	links := p.links(f)
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

// link is one way of writing an application's origin, and what takes its place.
type link struct{ from, to []byte }

// links are the ways of writing the applications' origins, and the host names
// without which there is none in a text.
type links struct {
	all   []link
	hosts [][]byte
}

// maxLinks bounds under how many names of ours links are remembered.
const maxLinks = 64

// links are those of all routes, as the client of a flight knows their listeners.
func (p *Proxy) links(f *flight) *links {
	host, _, err := net.SplitHostPort(f.visited)
	if err != nil {
		host = f.visited
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.linksOf[host]; l != nil {
		return l
	}
	l := p.newLinks(host)
	if p.linksOf == nil || len(p.linksOf) >= maxLinks {
		p.linksOf = map[string]*links{}
	}
	p.linksOf[host] = l
	return l
}

func (p *Proxy) newLinks(host string) *links {
	var all []link
	var hosts [][]byte
	for _, r := range p.routes {
		hosts = append(hosts, []byte(r.target.Hostname()))
		seen := net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(r.addr.Port))
		authorities := []string{r.target.Host}
		if r.target.Port() == "" {
			authorities = append([]string{r.target.Host + ":" + portOf(r.target)}, authorities...)
		}
		for _, authority := range authorities {
			socket := map[string]string{"http": "ws", "https": "wss"}[r.target.Scheme]
			for _, scheme := range [][2]string{{r.target.Scheme, "http"}, {socket, "ws"}} {
				for _, between := range []string{"://", `:\/\/`, "%3A%2F%2F", "%3a%2f%2f"} {
					to := scheme[1] + between + seen
					if between[0] == '%' {
						to = scheme[1] + between + strings.ReplaceAll(seen, ":", between[:3])
						all = append(all, link{[]byte(scheme[0] + between + strings.ReplaceAll(authority, ":", between[:3])), []byte(to)})
						continue
					}
					all = append(all, link{[]byte(scheme[0] + between + authority), []byte(to)})
				}
			}
			for _, before := range []string{`"`, `'`, "(", "="} { // what inherits the page's scheme
				all = append(all, link{[]byte(before + "//" + authority), []byte(before + "//" + seen)})
			}
		}
	}
	return &links{all, hosts}
}

// absent reports whether no host of ours is named in text.
func (l *links) absent(text []byte) bool {
	for _, h := range l.hosts {
		if bytes.Contains(text, h) {
			return false
		}
	}
	return true
}

// replace appends text to dst with every origin replaced. Unless text is the last
// of its body, an end that may be the beginning of an origin is left out: its
// length is held, and the caller brings it again with what follows.
func (l *links) replace(dst, text []byte, last bool) (out []byte, held int, any bool) {
	for !l.absent(text) {
		at, which := l.first(text)
		if at < 0 {
			break
		}
		end := at + len(l.all[which].from)
		other, known := continues(text[end:])
		if !last && (!known || l.mayGrow(text[at:])) {
			return append(dst, text[:at]...), len(text) - at, any
		}
		if other {
			dst = append(dst, text[:end]...)
		} else {
			dst = append(append(dst, text[:at]...), l.all[which].to...)
			any = true
		}
		text = text[end:]
	}
	if !last {
		held = l.begun(text)
	}
	return append(dst, text[:len(text)-held]...), held, any
}

// first is the first origin in text, of several at one place the longest; -1: none.
func (l *links) first(text []byte) (at, which int) {
	at, which = -1, -1
	for i := range l.all {
		found := bytes.Index(text, l.all[i].from)
		if found >= 0 && (at < 0 || found < at || found == at && len(l.all[i].from) > len(l.all[which].from)) {
			at, which = found, i
			text = text[:min(len(text), found+longest)]
		}
	}
	return at, which
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

// longest bounds an origin: a host name has at most 253 bytes.
const longest = 512

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
