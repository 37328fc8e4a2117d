package message

import (
	"iter"
	"strings"
)

// literal is a string or number that a script assigns to a key.
type literal struct {
	key        string
	start, end int
	codec      codec
	kind       Kind
}

// scriptKind says how the text of an element is read: 'j' as JSON, 's' as a
// script whose literals count, 'x' not at all, 0 as text.
func scriptKind(tag, typ string) byte {
	switch tag {
	case "style", "xmp", "iframe", "noembed", "noframes", "plaintext", "noscript":
		return 'x'
	case "script":
		typ = MediaType(typ)
		switch {
		case IsJSON(typ) || typ == "importmap" || typ == "speculationrules":
			return 'j'
		case typ == "" || typ == "module" || strings.Contains(typ, "javascript") || strings.Contains(typ, "ecmascript"):
			return 's'
		}
		return 'x'
	}
	return 0
}

// scriptLiterals finds, in the script s[from:to], what stands as
//
//	key: "v"   "key": "v"   key = "v"   key: 17   x.key = 'v'
//
// It is no JavaScript parser: it knows strings and comments from the rest, so
// that quotes inside them do not lead it astray.
func scriptLiterals(s string, from, to int) iter.Seq[literal] {
	return func(yield func(literal) bool) {
		key, armed := "", false // armed: key and then ":" or "=" were seen
		for i := from; i < to; {
			c := s[i]
			switch {
			case isSpace(c):
				i++
			case c == '/' && i+1 < to && (s[i+1] == '/' || s[i+1] == '*'):
				i = commentEnd(s, i, to)
			case c == '"' || c == '\'' || c == '`':
				end := scriptStringEnd(s, i, to)
				if end < 0 {
					i++ // an apostrophe in a regular expression, or the end is cut off
					key, armed = "", false
					continue
				}
				if armed {
					if !yield(literal{key, i + 1, end - 1, asScript, String}) {
						return
					}
					key, armed = "", false
				} else {
					key = validName(unescapeScript(s[i+1 : end-1]))
				}
				i = end
			case isWordByte(c) && !isDigit(c) || c == '_' || c == '$':
				start := i
				for i < to && (isWordByte(s[i]) || s[i] == '_' || s[i] == '$') {
					i++
				}
				key, armed = validName(s[start:i]), false
			case isDigit(c) || c == '-':
				end := numberEnd(s[:to], i)
				if end < 0 {
					i++
					key, armed = "", false
					continue
				}
				if armed && (end == to || !isWordByte(s[end]) && s[end] != '.') {
					if !yield(literal{key, i, end, asScriptNumber, Number}) {
						return
					}
				}
				key, armed = "", false
				i = end
			case (c == ':' || c == '=') && key != "" && !armed && (i+1 >= to || s[i+1] != '=' && s[i+1] != '>'):
				armed = true
				i++
			default:
				key, armed = "", false
				i++
			}
		}
	}
}

func commentEnd(s string, i, to int) int {
	mark := "\n"
	if s[i+1] == '*' {
		mark = "*/"
	}
	if n := strings.Index(s[i+2:to], mark); n >= 0 {
		return i + 2 + n + len(mark)
	}
	return to
}

// scriptStringEnd is the index after the closing quote; -1 when there is none on the line.
func scriptStringEnd(s string, i, to int) int {
	quote := s[i]
	for i++; i < to; i++ {
		switch s[i] {
		case quote:
			return i + 1
		case '\\':
			i++
		case '\n':
			if quote != '`' {
				return -1
			}
		}
	}
	return -1
}
