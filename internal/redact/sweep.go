package redact

import "strings"

// sweep replaces what is secret inside a longer text: e-mail addresses, secrets
// that are known, JSON Web Tokens and words that look drawn at random. With named
// it also reads assignments such as password="…" by their names, for text whose
// structure is not known.
func (p *pass) sweep(v string, named bool) (string, bool) {
	s := sweeper{pass: p, v: v}
	for i := 0; i < len(v); {
		c := v[i]
		switch {
		case class[c]&inRun != 0:
			if end, ok := s.run(i); ok {
				i = end
				continue
			}
			for i < len(v) && class[v[i]]&inRun != 0 {
				i++
			}
			if named {
				i = s.assignment(i)
			}
		case c == '@':
			i = s.mail(i, 1)
		case c == '%' && strings.HasPrefix(v[i:], "%40"):
			i = s.mail(i, 3)
		default:
			i++
		}
	}
	if !s.any {
		return "", false
	}
	s.b.WriteString(v[s.from:])
	return s.b.String(), true
}

type sweeper struct {
	*pass
	v    string
	b    strings.Builder
	from int // first byte not written yet
	name int // where the last word began, for assignments
	any  bool
}

func (s *sweeper) replace(from, to int, with string) {
	s.any = true
	s.b.WriteString(s.v[s.from:from])
	s.b.WriteString(with)
	s.from = to
}

// run looks at the word that begins at i. ok: it was dealt with, go on at end.
func (s *sweeper) run(i int) (end int, ok bool) {
	v := s.v
	s.name = i
	short := i
	for short < len(v) && class[v[short]]&inRun != 0 {
		short++
	}
	long := short
	for long < len(v) && class[v[long]]&(inRun|isBase) != 0 {
		long++
	}
	for long > short && v[long-1] == '.' {
		long--
	}
	if i+tokenLen <= len(v) && IsToken(v[i:i+tokenLen]) {
		return i + tokenLen, true
	}
	if rest := v[i:]; len(rest) > len(filePrefix) && strings.HasPrefix(rest, filePrefix) {
		return i + len(filePrefix), true
	}
	if short-i < 8 && long-i < minOpaque {
		return 0, false
	}
	if s.boundary != "" && strings.Trim(v[i:short], "-") == s.boundary {
		return short, true
	}
	for _, to := range [2]int{long, short} {
		word := v[i:to]
		if tok, known := s.lookUp(word); known {
			s.count("known")
			s.replace(i, to, tok)
			return to, true
		}
		if rule := s.r.looks[IsJWT]; rule >= 0 && jwtLike(word) {
			s.replace(i, to, s.secret(word, rule))
			return to, true
		}
		if to == short && staticAfter(v, to) {
			return 0, false
		}
		if rule := s.r.looks[IsOpaque]; rule >= 0 && s.mayReplace(i, to) && opaque(word) {
			s.replace(i, to, s.secret(word, rule))
			return to, true
		}
		if to == short {
			break
		}
	}
	return 0, false
}

func (s *sweeper) lookUp(word string) (string, bool) {
	if !made(word) {
		return "", false
	}
	return s.r.known.get(word)
}

// mayReplace says whether the word v[i:to] is one value, not a path or a chain of
// assignments.
func (s *sweeper) mayReplace(i, to int) bool {
	word := s.v[i:to]
	if eq := strings.IndexByte(word, '='); eq >= 0 && strings.Trim(word[eq:], "=") != "" {
		return false
	}
	return strings.Count(word, "/")*10 <= len(word) && (i == 0 || s.v[i-1] != '/' || strings.IndexByte(word, '/') < 0)
}

// staticAfter says whether what follows the word at to makes it the name of a file of a page.
func staticAfter(v string, to int) bool {
	for to < len(v) && v[to] == '.' {
		end := to + 1
		for end < len(v) && class[v[end]]&inRun != 0 {
			end++
		}
		if staticType(v[to+1 : end]) {
			return true
		}
		to = end
	}
	return false
}

func jwtLike(word string) bool {
	return len(word) > 40 && strings.HasPrefix(word, "eyJ") && strings.Count(word, ".") == 2
}

// mail replaces the address around the "@" at i.
func (s *sweeper) mail(i, n int) int {
	rule := s.r.looks[IsEmail]
	from, to, ok := mailAt(s.v, i, n)
	if !ok || rule < 0 || from < s.from {
		return i + n
	}
	address := s.v[from:i] + "@" + s.v[i+n:to]
	if IsEmailToken(address) {
		return to
	}
	pseudonym := s.secret(address, rule)
	if n == 3 {
		pseudonym = strings.Replace(pseudonym, "@", "%40", 1)
	}
	s.replace(from, to, pseudonym)
	return to
}

// assignment replaces the value in name="value", name: "value", name=value and
// <name>value<, where the word that ended at i is the name of a secret.
func (s *sweeper) assignment(i int) int {
	v := s.v
	rule := s.r.fields.of(v[s.name:i])
	if rule < 0 || i >= len(v) {
		return i
	}
	at, quote := i, byte(0)
	if v[at] == '>' && s.name > 0 && v[s.name-1] == '<' {
		at++
		quote = '<'
	} else {
		if v[at] == '"' || v[at] == '\'' {
			at++
		}
		tight := at == i
		for at < len(v) && v[at] == ' ' {
			at++
			tight = false
		}
		if at >= len(v) || v[at] != '=' && v[at] != ':' {
			return i
		}
		tight = tight && v[at] == '='
		for at++; at < len(v) && v[at] == ' '; at++ {
			tight = false
		}
		switch {
		case at < len(v) && (v[at] == '"' || v[at] == '\''):
			quote = v[at]
			at++
		case !tight:
			return i
		}
	}
	end := at
	for end < len(v) && v[end] != quote && v[end] != '\n' {
		if quote == 0 && strings.IndexByte(" \t\r&;,<>\"'(){}", v[end]) >= 0 {
			break
		}
		end++
	}
	value := v[at:end]
	r := &s.r.rules[rule]
	if value == "" || IsToken(value) || IsEmailToken(value) || r.Only == IsMade && !made(value) || r.Only == IsMadeNoID && (!made(value) || commonID(value)) {
		return i
	}
	s.replace(at, end, s.secret(value, int(rule)))
	return end
}
