package proxy

import (
	"bytes"
	"io"
	"mime"
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
