package redact

import (
	"hash/maphash"
	"mime"
	"strings"
	"sync"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

// Redactor replaces secrets by tokens. Make one per recording set with New; it is
// safe for concurrent use.
type Redactor struct {
	key     []byte
	rules   []Rule
	headers *names
	fields  *names
	cookies int // the rule for cookies; -1 = none
	looks   [IsEmail + 1]int
	hashes  sync.Pool
	known   *memory[string] // secret → its token
	derived *memory[origin] // what could be made from a secret → from which, and how
}

// origin says from what a value would be made.
type origin struct{ token, how string }

// New returns a Redactor that hashes with key, which is the secret of one recording
// set and is copied.
func New(key []byte, p Policy) *Redactor {
	seed := maphash.MakeSeed()
	r := &Redactor{
		key: append([]byte(nil), key...), headers: newNames(), fields: newNames(), cookies: -1,
		known: newMemory[string](seed, remembered), derived: newMemory[origin](seed, derivedKept),
	}
	for i := range r.looks {
		r.looks[i] = -1
	}
	for _, name := range p.Keep {
		r.headers.add(name, kept)
		r.fields.add(name, kept)
	}
	r.rules = append([]Rule{{Name: "named", Headers: p.Headers, Fields: p.Fields}}, p.Rules...)
	for i, rule := range r.rules {
		for _, name := range rule.Headers {
			r.headers.add(name, verdict(i))
		}
		for _, name := range rule.Fields {
			r.fields.add(name, verdict(i))
		}
		if rule.Cookies && r.cookies < 0 {
			r.cookies = i
		}
		if d := rule.Detect; d != NoLook && d <= IsEmail && r.looks[d] < 0 {
			r.looks[d] = i
		}
	}
	return r
}

// Report says what was replaced.
type Report struct {
	Counts  map[string]int // replaced values by rule; nil when there were none
	Dropped int            // bodies and ends of bodies left out because they could not be read
}

// Add adds o to r.
func (r *Report) Add(o Report) {
	if r.Counts == nil && len(o.Counts) > 0 {
		r.Counts = make(map[string]int, len(o.Counts))
	}
	for name, n := range o.Counts {
		r.Counts[name] += n
	}
	r.Dropped += o.Dropped
}

// Exchange redacts x in place: target, fields, trailers, bodies and frames. Bodies
// must have their content-coding undone. Slices of x may be replaced; the bytes
// they held are not written to. Redacting again changes nothing.
func (r *Redactor) Exchange(x *exchange.Exchange) Report {
	p := pass{r: r}
	p.exchange(x)
	if p.fresh > 0 {
		// Something was found to be secret that may have stood, unrecognised, before.
		p.exchange(x)
	}
	x.Relations = append(x.Relations, p.relations...)
	return p.report
}

// Message is m without secrets: for live answers. Its body is dropped when it is not text.
func (r *Redactor) Message(m message.Message) message.Message {
	p := pass{r: r}
	media := ""
	if ct, ok := exchange.Get(m.Header, "Content-Type"); ok {
		media, p.boundary = message.MediaType(ct), boundaryOf(ct)
	}
	if !textual(m.Body, media) {
		m.Body = nil
	}
	for {
		p.fresh = 0
		t := message.Parse(m)
		if n := t.Broken(); n >= 0 {
			m.Body = m.Body[:n]
			t = message.Parse(m)
		}
		if m = p.rewrite(t, nil); p.fresh == 0 {
			return m
		}
	}
}

// pass is the redaction of one exchange.
type pass struct {
	r         *Redactor
	report    Report
	relations []exchange.Relation
	fresh     int    // secrets that were not known before
	boundary  string // between the parts of the multipart body at hand, without dashes around it; no secret, though drawn
}

// boundaryOf is the boundary that a Content-Type names, without dashes around it.
func boundaryOf(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return strings.Trim(params["boundary"], "-")
}

func (p *pass) exchange(x *exchange.Exchange) {
	q := &x.Request
	m := p.whole(message.Message{Method: q.Method, Target: q.Target, Header: q.Header}, &q.Body)
	q.Target, q.Header = m.Target, m.Header
	q.Trailer = p.fields(q.Trailer)
	if s := x.Response; s != nil {
		s.Header = p.whole(message.Message{Status: s.Status, Header: s.Header}, &s.Body).Header
		s.Trailer = p.fields(s.Trailer)
	}
	for i := range x.Frames {
		f := &x.Frames[i]
		if len(f.Data) == 0 {
			continue
		}
		if !textual(f.Data, "") {
			f.Data = nil
			p.report.Dropped++
			continue
		}
		f.Data = p.rewrite(message.Parse(message.Message{Body: f.Data}), nil).Body
	}
}

func (p *pass) fields(fields []exchange.Field) []exchange.Field {
	if len(fields) == 0 {
		return fields
	}
	return p.rewrite(message.Parse(message.Message{Header: fields}), nil).Header
}

// whole redacts a message with the body b.
func (p *pass) whole(m message.Message, b *exchange.Body) message.Message {
	ct, _ := exchange.Get(m.Header, "Content-Type")
	if !textual(b.Data, message.MediaType(ct)) {
		p.drop(b, 0)
	}
	m.Body = b.Data
	var edits []edit
	var note func(start, end, size int)
	if len(b.Chunks) > 0 {
		note = func(start, end, size int) { edits = append(edits, edit{start, end, size}) }
	}
	t := message.Parse(m)
	if broken := t.Broken(); broken >= 0 && broken < len(b.Data) {
		p.drop(b, broken)
		m.Body = b.Data
		t = message.Parse(m)
	}
	p.boundary = boundaryOf(ct)
	out := p.rewrite(t, note)
	p.boundary = ""
	b.Data = out.Body
	if len(edits) > 0 {
		b.Chunks = rechunk(b.Chunks, edits)
	}
	return out
}

// drop leaves out the body from byte n on.
func (p *pass) drop(b *exchange.Body, n int) {
	p.report.Dropped++
	if b.Cut == "" {
		b.Cut, b.Digest = "opaque", p.r.Digest(b.Data)
	}
	b.Data = b.Data[:n:n]
	if n == 0 {
		b.Data = nil
	}
	if len(b.Chunks) > 0 {
		b.Chunks = rechunk(b.Chunks, []edit{{n, 1 << 62, 0}})
	}
}

func (p *pass) rewrite(t *message.Tree, note func(start, end, size int)) message.Message {
	return t.RewriteWith(message.Rewriter{Leaf: p.leaf, Gap: p.gap, Edited: note})
}

// edit is a change of a body: bytes start to end became size bytes.
type edit struct{ start, end, size int }

// rechunk gives each chunk the size that its part of the changed body has. What
// replaced something that reached over several chunks belongs to the last of them.
func rechunk(chunks []exchange.Chunk, edits []edit) []exchange.Chunk {
	out := make([]exchange.Chunk, len(chunks))
	end, shift, done, k := 0, 0, 0, 0
	for i, c := range chunks {
		end += c.Size
		for k < len(edits) && edits[k].end <= end {
			shift += edits[k].size - (edits[k].end - edits[k].start)
			k++
		}
		now := end + shift
		if k < len(edits) && edits[k].start < end {
			now = edits[k].start + shift
		}
		out[i] = exchange.Chunk{At: c.At, Size: max(0, now-done)}
		done = max(done, now)
	}
	return out
}
