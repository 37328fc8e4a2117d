package redact

import "strings"

// What a byte can be part of.
const (
	isLower = 1 << iota
	isUpper
	isNumber
	isJoin    // "-", "_", "~": inside tokens, between words
	isBase    // "+", "/", "=", ".": inside base64 and signed values
	isMailbox // what may stand before the "@" of an address
	inToken   // what a token of ours has after its prefix
)

// class is a table: what each byte can be part of.
var class = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c] = isLower | inToken | isMailbox
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c] = isUpper | inToken | isMailbox
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = isNumber | inToken | isMailbox
	}
	t['-'], t['_'], t['~'] = isJoin|inToken|isMailbox, isJoin|inToken|isMailbox, isJoin
	t['+'], t['/'], t['='], t['.'] = isBase|isMailbox, isBase, isBase, isBase|isMailbox
	t['%'] = isMailbox
	for c := 0x80; c < 256; c++ {
		t[c] = isMailbox
	}
	return t
}()

const (
	inWord = isLower | isUpper | isNumber
	inRun  = inWord | isJoin
)

// minOpaque is the length from which the look of a value alone can make it secret.
const minOpaque = 20

// glance is what one pass over a value tells.
type glance struct {
	classes uint8 // union of its bytes' classes
	other   bool  // it has bytes of no class but isMailbox: it is no single word
	at      bool  // it has an "@" or "%40"
	assigns bool  // it may have name=value or name: "value" in it
	longest int   // its longest run of inRun bytes
}

func look(v string) (g glance) {
	run, colon := 0, false
	for i := range len(v) {
		c := class[v[i]]
		g.classes |= c
		if c&inRun != 0 {
			run++
			continue
		}
		if run > g.longest {
			g.longest = run
		}
		run = 0
		switch v[i] {
		case '@':
			g.at = true
		case '%':
			g.at = g.at || strings.HasPrefix(v[i:], "%40")
		case '=':
			g.assigns = true
		case ':':
			colon = true
		case '"', '\'':
			g.assigns = g.assigns || colon
		}
		g.other = g.other || c&isBase == 0
	}
	g.longest = max(g.longest, run)
	return g
}

// suspect says whether a longer text is worth a search.
func (g glance) suspect() bool {
	return g.at || g.assigns || g.longest >= 8 && g.classes&isNumber != 0 || g.longest >= minOpaque
}

// opaque says whether v, a single word, looks like what a machine drew at random:
// long, and changing between letters, digits and cases as words, slugs and
// identifiers of programs do not.
func opaque(v string) bool {
	if len(v) < minOpaque || v[0] == '/' || v[0] == '.' {
		return false
	}
	pairs, changes, digits := changesIn(v)
	if pairs*4 < len(v)*3 { // words joined by dashes
		return false
	}
	if digits < 2 && changes*20 < pairs*7 || changes*5 < pairs {
		return false
	}
	return !commonID(v) && !staticFile(v) && !timestamp(v)
}

// changesIn counts neighbours that are both letters or digits, how many of them
// change between letter and digit or from lower to upper case, and the digits. A
// capital that begins a word is one change, not two.
func changesIn(v string) (pairs, changes, digits int) {
	var last, before uint8
	for i := range len(v) {
		c := class[v[i]] & inWord
		if c == isNumber {
			digits++
		}
		if c != 0 && last != 0 {
			pairs++
			if c != last && !(last == isUpper && c == isLower && before != isUpper) {
				changes++
			}
		}
		before, last = last, c
	}
	return pairs, changes, digits
}

// made says whether v is no word or plain number: letters and digits mixed, or
// upper and lower case as in no name.
func made(v string) bool {
	if len(v) < 8 {
		return false
	}
	letters := false
	for i := range len(v) {
		if v[i] == ' ' {
			return false
		}
		letters = letters || class[v[i]]&(isLower|isUpper) != 0
	}
	_, changes, digits := changesIn(v)
	return letters && digits > 0 && !timestamp(v) || changes >= 4
}

// commonID says whether v has the form of an id that applications give to things:
// UUID (RFC 9562), ULID, 24 hexadecimal digits (MongoDB), 32 (a UUID without dashes).
func commonID(v string) bool {
	switch len(v) {
	case 36:
		for i := range len(v) {
			if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (v[i] == '-') || !dash && !isHex(v[i]) {
				return false
			}
		}
		return true
	case 38:
		return v[0] == '{' && v[37] == '}' && commonID(v[1:37])
	case 26:
		if v[0] > '7' {
			return false
		}
		for i := range len(v) {
			if c := v[i]; class[c]&(isUpper|isNumber) == 0 || c == 'I' || c == 'L' || c == 'O' || c == 'U' {
				return false
			}
		}
		return true
	case 24, 32:
		upper, lower := false, false
		for i := range len(v) {
			if !isHex(v[i]) {
				return false
			}
			upper = upper || class[v[i]]&isUpper != 0
			lower = lower || class[v[i]]&isLower != 0
		}
		return !(upper && lower)
	}
	return false
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// staticFile says whether v ends like a file that pages are made of; the hash in
// such a name is that of a build.
func staticFile(v string) bool {
	i := strings.LastIndexByte(v, '.')
	return i > 0 && staticType(v[i+1:])
}

func staticType(ext string) bool {
	switch ext {
	case "js", "mjs", "css", "map", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "woff", "woff2", "ttf", "wasm", "html", "webmanifest":
		return true
	}
	return false
}

// timestamp says whether v begins as a date, "2026-11-23" or "20261123T", and has no more letters than one.
func timestamp(v string) bool {
	if len(v) < 9 || len(v) > 40 {
		return false
	}
	long := v[4] == '-' && v[7] == '-'
	if !long && v[8] != 'T' {
		return false
	}
	for i := range 8 {
		if class[v[i]]&isNumber == 0 && !(long && (i == 4 || i == 7)) {
			return false
		}
	}
	letters := 0
	for i := range len(v) {
		if class[v[i]]&(isLower|isUpper) != 0 {
			letters++
		}
	}
	return letters <= 2
}

// mailAt finds the address around the "@" at v[at], n bytes long as written (1, or
// 3 for "%40"): its ends, false when it is none.
func mailAt(v string, at, n int) (from, to int, ok bool) {
	from = at
	for from > 0 && at-from < 64 && class[v[from-1]]&isMailbox != 0 {
		from--
	}
	// An escape in front ("%20ann@") is not part of the address.
	if i := strings.LastIndexByte(v[from:at], '%'); i >= 0 {
		from = min(at, from+i+3)
	}
	to = at + n
	dot, label := -1, 0
	for to < len(v) && to-at < 255 {
		c := v[to]
		if class[c]&inWord != 0 || c >= 0x80 || c == '-' && label > 0 {
			label++
		} else if c == '.' && label > 0 && to+1 < len(v) && class[v[to+1]]&inWord != 0 {
			dot, label = to, 0
		} else {
			break
		}
		to++
	}
	if from == at || dot < 0 || to-dot < 3 || staticType(v[dot+1:to]) {
		return 0, 0, false
	}
	for i := dot + 1; i < to; i++ {
		if class[v[i]]&(isLower|isUpper) == 0 {
			return 0, 0, false
		}
	}
	return from, to, true
}
