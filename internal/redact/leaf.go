package redact

import (
	"strings"
	"unicode/utf8"

	"firedrill/internal/message"
)

// leaf is what becomes of one part.
func (p *pass) leaf(part message.Part) (string, bool) {
	v := part.Text()
	if v == "" || part.Kind() == message.Bool || part.Kind() == message.Null || len(v) == tokenLen && IsToken(v) {
		return "", false
	}
	if part.File() {
		return p.file(part, v)
	}
	named := p.named(part, v)
	if named == kept {
		return "", false
	}
	if named >= 0 {
		if part.Inside() == "auth" {
			return "", false // the scheme stays; what follows it is asked for next
		}
		return p.secret(v, int(named)), true
	}
	if part.Kind() == message.Number {
		return "", false
	}
	return p.looked(part, v)
}

// named is the rule that the part's name calls for, where its value fits the rule.
func (p *pass) named(part message.Part, v string) verdict {
	var rule verdict
	switch layer := part.Layer(); layer {
	case "header":
		rule = p.r.headers.of(part.Name())
	case "auth":
		rule = p.r.headers.of("Authorization")
	case "cookie", "set-cookie":
		if rule = p.r.fields.of(part.Name()); rule == kept || p.r.cookies < 0 {
			return rule
		}
		if v == "deleted" { // how a cookie is taken back
			return unnamed
		}
		return verdict(p.r.cookies)
	case "html":
		rule = p.r.fields.of(part.Name())
		attr := part.Attr()
		input := attr == "value" || attr == "content" || strings.HasPrefix(attr, "data-")
		if rule < 0 && attr == "value" && part.Element("type", "password") {
			rule = p.r.fields.of("password")
		}
		if rule >= 0 && !input && !made(v) {
			return unnamed // a label, not what is typed
		}
	default:
		rule = p.r.fields.of(part.Name())
	}
	if rule < 0 {
		return rule
	}
	r := &p.r.rules[rule]
	switch {
	case part.Kind() == message.Number && !r.Numbers,
		r.Only == IsMade && !made(v),
		r.Only == IsMadeNoID && (!made(v) || commonID(v)),
		r.Only == IsOpaque && !opaque(v):
		return unnamed
	}
	return rule
}

// looked is what becomes of a value whose name says nothing.
func (p *pass) looked(part message.Part, v string) (string, bool) {
	inside := part.Inside()
	if inside == "jwt" {
		if rule := p.r.looks[IsJWT]; rule >= 0 {
			return p.secret(v, rule), true
		}
		return "", false
	}
	if len(v) < 8 && strings.IndexByte(v, '@') < 0 || timestamp(v) {
		return "", false // nothing so short is remembered or looks drawn
	}
	g := look(v)
	if !g.other && made(v) {
		if tok, ok := p.r.known.get(v); ok {
			p.count("known")
			return tok, true
		}
	}
	if inside != "" {
		return "", false // its parts are asked for one by one
	}
	if part.Layer() == "body" {
		return p.sweep(v, true)
	}
	if rule := p.r.looks[IsOpaque]; rule >= 0 && !g.other && opaque(v) {
		return p.secret(v, rule), true
	}
	if g.other && made(v) {
		if tok, ok := p.r.known.get(v); ok {
			p.count("known")
			return tok, true
		}
	}
	if g.suspect() {
		return p.sweep(v, g.assigns)
	}
	return "", false
}

// gap is what becomes of text between parts: keys and mark-up.
func (p *pass) gap(v string) (string, bool) {
	if len(v) < 8 {
		return "", false
	}
	g := look(v)
	if g.suspect() {
		return p.sweep(v, false)
	}
	return "", false
}

// file is what stands for an uploaded file's content.
func (p *pass) file(part message.Part, v string) (string, bool) {
	if _, done := ParseFile(v); done {
		return "", false
	}
	p.count("file")
	media := part.Media()
	if len(media) > 100 || strings.ContainsAny(media, ":\r\n") {
		media = ""
	}
	return File{Size: int64(len(v)), Type: media, Digest: p.r.Digest([]byte(v))}.String(), true
}

// secret is what the value v becomes under a rule. It is remembered where it can
// be told from ordinary words.
func (p *pass) secret(v string, rule int) string {
	p.count(p.r.rules[rule].Name)
	if p.r.rules[rule].As == AsEmail || wholeMail(v) {
		if IsEmailToken(v) {
			return v
		}
		return p.r.email(v)
	}
	if tok, ok := p.r.known.get(v); ok {
		return tok
	}
	tok := p.r.token(v)
	if made(v) && p.r.known.put(v, tok) {
		p.fresh++
		p.relate(v, tok)
	}
	return tok
}

func wholeMail(v string) bool {
	at := strings.IndexByte(v, '@')
	if at < 1 {
		return false
	}
	from, to, ok := mailAt(v, at, 1)
	return ok && from == 0 && to == len(v)
}

func (p *pass) count(rule string) {
	if p.report.Counts == nil {
		p.report.Counts = map[string]int{}
	}
	p.report.Counts[rule]++
}

// textual says whether a body of that media type can be read as text, or is made
// of parts that are looked at one by one.
func textual(b []byte, media string) bool {
	switch {
	case len(b) == 0, strings.HasPrefix(media, "text/"), strings.HasPrefix(media, "multipart/"), message.IsJSON(media),
		media == "application/x-www-form-urlencoded", media == "application/xhtml+xml":
		return true
	case strings.HasPrefix(media, "image/") && media != "image/svg+xml", strings.HasPrefix(media, "audio/"), strings.HasPrefix(media, "video/"),
		strings.HasPrefix(media, "font/"), media == "application/pdf", media == "application/zip":
		return false
	}
	for i, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b {
			return false
		}
		if c >= utf8.RuneSelf {
			tail := b[i:]
			for len(tail) > 0 {
				r, n := utf8.DecodeRune(tail)
				if r == utf8.RuneError && n == 1 && (len(tail) > 3 || utf8.FullRune(tail)) || r < 0x20 && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != 0x1b {
					return false
				}
				tail = tail[n:]
			}
			return true
		}
	}
	return true
}
