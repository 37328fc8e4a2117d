package correlate

import (
	"net/url"
	"slices"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/message"
)

// variant is a value that an answer may hold instead of the one that was sent,
// with the transforms that make the one from the other.
type variant struct {
	value string
	apply []string
	cost  float64 // bits
}

// variants are the values from which v can be made, v itself first.
func variants(v string, relations map[string][]exchange.Relation) []variant {
	list := []variant{{value: v}}
	add := func(value string, cost float64, apply ...string) {
		if value == "" || value == v || slices.ContainsFunc(list, func(o variant) bool { return o.value == value }) {
			return
		}
		if got, err := message.Apply(value, apply); err != nil || got != v {
			return
		}
		list = append(list, variant{value, apply, cost})
	}
	for _, r := range relations[v] {
		// the values cannot be put through it here: they are pseudonyms
		if message.ValidTransform(r.How) == nil && !strings.Contains(r.How, ":") {
			list = append(list, variant{r.From, []string{r.How}, 1})
		}
	}
	if len(v) > 400 {
		return list
	}
	if bitsOf(v) >= 20 {
		add(url.QueryEscape(v), 1, "pct-decode")
		add(strings.ReplaceAll(url.QueryEscape(v), "+", "%20"), 1, "pct-decode")
		if d, err := url.PathUnescape(v); err == nil {
			add(d, 1, "pct-encode")
		}
		add(strings.ToLower(v), 2, "upper")
		add(strings.ToUpper(v), 2, "lower")
	}
	for _, cut := range splits(v) {
		if strings.Contains(v, " ") && len(cut.core) < 4 {
			continue // a sentence that somebody typed: a small number in it is nobody's id
		}
		apply := make([]string, 0, 2)
		if cut.prefix != "" {
			apply = append(apply, "prefix:"+cut.prefix)
		}
		if cut.suffix != "" {
			apply = append(apply, "suffix:"+cut.suffix)
		}
		// a number around it is rather another value than a constant
		add(cut.core, 3+0.5*float64(len(apply))+4*float64(digitsIn(cut.prefix+cut.suffix)), apply...)
	}
	return list
}

func digitsIn(s string) (n int) {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

type cut struct{ prefix, core, suffix string }

const separators = "-_:.,|/ ~;="

// splits are the ways to see v as one value between constant texts: "quiz-17-q3"
// as quiz-|17|-q3. Only pieces at separators count, and numbers next to letters.
func splits(v string) []cut {
	if len(v) > 120 || strings.HasPrefix(v, "fd~") || strings.Count(v, " ") > 2 {
		return nil
	}
	var list []cut
	for _, p := range pieces(v) {
		if p.from == 0 && p.to == len(v) {
			continue
		}
		list = append(list, cut{v[:p.from], v[p.from:p.to], v[p.to:]})
	}
	if i := strings.LastIndexByte(v, '.'); i > 0 && i > len(v)-6 { // 2026.11.json: everything before the extension
		list = append(list, cut{"", v[:i], v[i:]})
	}
	return list
}

type piece struct{ from, to int }

// pieces are the runs of v between separators that hold a digit, and the digits
// after letters ("q3"); a token or UUID is one piece.
func pieces(v string) []piece {
	var list []piece
	for i := 0; i < len(v); {
		if n := wholeAt(v[i:]); n > 0 {
			list = append(list, piece{i, i + n})
			i += n
			continue
		}
		if strings.IndexByte(separators, v[i]) >= 0 {
			i++
			continue
		}
		j, digit := i, false
		for j < len(v) && strings.IndexByte(separators, v[j]) < 0 {
			digit = digit || v[j] >= '0' && v[j] <= '9'
			j++
		}
		if digit {
			list = append(list, piece{i, j})
			k := i
			for k < j && (v[k] < '0' || v[k] > '9') {
				k++
			}
			if k > i && digits(v[k:j]) {
				list = append(list, piece{k, j})
			}
		}
		i = j
	}
	return list
}

// wholeAt is the length of the token or UUID at the head of v, 0 without one.
func wholeAt(v string) int {
	if strings.HasPrefix(v, "fd~") && len(v) >= 25 {
		return 25
	}
	if len(v) >= 36 && v[8] == '-' && v[13] == '-' && v[18] == '-' && v[23] == '-' && !strings.ContainsAny(v[:36], " /:|") {
		return 36
	}
	return 0
}
