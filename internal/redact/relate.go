package redact

import (
	"strconv"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

// relate notes how the new secret v, whose token is tok, and those in memory are
// made from one another.
func (p *pass) relate(v, tok string) {
	if from, ok := p.r.derived.get(v); ok && from.token != tok {
		p.relations = append(p.relations, exchange.Relation{From: from.token, To: tok, How: from.how})
	}
	if strings.IndexByte(v, '%') >= 0 {
		if dec, err := message.Apply(v, []string{"pct-decode"}); err == nil && dec != v && len(dec) >= 8 {
			if older, ok := p.r.known.get(dec); ok { // the client encoded what it had been given
				p.relations = append(p.relations, exchange.Relation{From: older, To: tok, How: "pct-encode"})
			} else {
				p.r.derived.put(dec, origin{tok, "pct-decode"})
			}
		}
	}
	for _, how := range []string{"sha256-base64url", "sha256-hex", "md5-hex"} {
		if made, err := message.Apply(v, []string{how}); err == nil {
			p.makes(made, tok, how)
		}
	}
	for n, part := range message.Parts(v) {
		if n < 6 && len(part) >= 8 && len(part) < len(v) {
			p.makes(part, tok, "part:"+strconv.Itoa(n))
		}
	}
	for _, n := range []int{16, 20, 22, 24, 32, 36, 40, 43, 64} {
		if n < len(v) {
			p.makes(v[:n], tok, "prefix:"+strconv.Itoa(n))
		}
	}
}

// makes notes that made is how of the secret with that token.
func (p *pass) makes(made, tok, how string) {
	if to, ok := p.r.known.get(made); ok {
		if to != tok {
			p.relations = append(p.relations, exchange.Relation{From: tok, To: to, How: how})
		}
		return
	}
	p.r.derived.put(made, origin{tok, how})
}
