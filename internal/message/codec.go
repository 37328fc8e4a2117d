package message

import (
	"encoding/base64"
	"html"
	"strings"
	"unicode/utf8"
)

// codec is how a span stands in the text around it: decode gives the value,
// encode writes a value there. decode(encode(v)) == v for every v that the place
// can hold; what a header or cookie cannot hold at all is percent-encoded.
type codec uint8

const (
	asIs              codec = iota // no escaping: what follows "Bearer", a whole body
	asHeader                       // a field value: line breaks are not possible
	asCookie                       // a cookie's value
	asPath                         // a path segment
	asPathParams                   // a path segment with parameters after ";"
	asParam                        // one of them, in the unescaped segment
	asQuery                        // a query parameter
	asForm                         // a form field
	asFragment                     // a URL's fragment
	asPct                          // percent-encoding inside a value
	asBase64                       // RFC 4648 section 4, padded
	asBase64Raw                    // the same without padding
	asBase64URL                    // RFC 4648 section 5, without padding
	asBase64URLP                   // the same, padded
	asJSON                         // inside a JSON string
	asJSONValue                    // a JSON number, true, false or null
	asJSONScript                   // inside a JSON string in an html script
	asJSONScriptValue              //
	asText                         // text of an html element
	asAttrDouble                   // an attribute's value in double quotes
	asAttrSingle                   // in single quotes
	asAttrBare                     // without quotes
	asScript                       // inside a JavaScript string: which quote closes it stands before the span
	asScriptNumber                 // a JavaScript number
	asEvent                        // the data lines of one event
	asEventField                   // one other line of an event
	asFilename                     // a file's name in Content-Disposition
)

// decode reads raw. It returns raw itself where nothing is escaped.
func (c codec) decode(raw string) string {
	switch c {
	case asPath, asPathParams, asFragment, asPct, asQuery:
		return pctDecode(raw, c == asQuery)
	case asForm:
		return pctDecode(raw, true)
	case asBase64, asBase64Raw:
		v, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(raw, "="))
		return string(v)
	case asBase64URL, asBase64URLP:
		v, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(raw, "="))
		return string(v)
	case asJSON, asJSONScript:
		return unescapeJSON(raw)
	case asText, asAttrDouble, asAttrSingle, asAttrBare:
		return unescapeHTML(raw)
	case asScript:
		return unescapeScript(raw)
	case asEvent:
		return joinEventData(raw)
	case asEventField:
		return strings.TrimPrefix(raw, " ")
	case asFilename:
		return unescapeFilename(raw)
	}
	return raw
}

// encode appends v as it is written in the place of a span that stood as raw.
// kind is the span's JSON kind.
func (c codec) encode(b []byte, v, raw string, kind Kind) []byte {
	switch c {
	case asHeader:
		return appendReplacing(b, v, &headerBreaks)
	case asCookie:
		return appendPct(b, v, &cookieKeeps)
	case asPath:
		return appendPct(b, v, &pathKeeps)
	case asPathParams:
		return appendPct(b, v, &paramsKeep)
	case asParam:
		return append(b, strings.ReplaceAll(v, ";", "%3B")...)
	case asQuery:
		return appendPct(b, v, &queryKeeps)
	case asForm:
		return appendForm(b, v)
	case asFragment:
		return appendPct(b, v, &fragKeeps)
	case asPct:
		return appendPct(b, v, &unreserved)
	case asBase64:
		return base64.StdEncoding.AppendEncode(b, []byte(v))
	case asBase64Raw:
		return base64.RawStdEncoding.AppendEncode(b, []byte(v))
	case asBase64URL:
		return base64.RawURLEncoding.AppendEncode(b, []byte(v))
	case asBase64URLP:
		return base64.URLEncoding.AppendEncode(b, []byte(v))
	case asJSON, asJSONScript:
		return appendJSONInner(b, v, c == asJSONScript)
	case asJSONValue, asJSONScriptValue:
		if fitsKind(v, kind) {
			return append(b, v...)
		}
		return appendJSONString(b, v, c == asJSONScriptValue)
	case asText:
		return appendHTMLText(b, v)
	case asAttrDouble, asAttrSingle:
		return appendHTML(b, v)
	case asAttrBare:
		return appendBareAttr(b, v)
	case asScript:
		return appendScript(b, v)
	case asScriptNumber:
		if fitsKind(v, Number) {
			return append(b, v...)
		}
		return appendJSONString(b, v, true)
	case asEvent:
		return appendEventData(b, v, raw)
	case asEventField:
		return appendReplacing(appendEventSpace(b, v, raw), v, &headerBreaks)
	case asFilename:
		return appendFilename(b, v)
	}
	return append(b, v...)
}

// fitsKind says whether v can stand as a literal where a literal of that kind stood.
func fitsKind(v string, kind Kind) bool {
	switch kind {
	case Number:
		return v != "" && numberEnd(v, 0) == len(v)
	case Bool:
		return v == "true" || v == "false"
	case Null:
		return v == "null"
	}
	return false
}

// appendReplacing appends v with a space for each byte that the place cannot hold.
func appendReplacing(b []byte, v string, bad *byteSet) []byte {
	for i := range len(v) {
		if bad[v[i]] {
			b = append(b, ' ')
		} else {
			b = append(b, v[i])
		}
	}
	return b
}

func appendForm(b []byte, v string) []byte {
	for i := range len(v) {
		switch c := v[i]; {
		case formKeeps[c]:
			b = append(b, c)
		case c == ' ':
			b = append(b, '+')
		default:
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}

// unescapeHTML reads character references that end in ";". Those without one
// are left: in attributes, where they matter, they are mostly query parameters.
func unescapeHTML(raw string) string {
	i := strings.IndexByte(raw, '&')
	if i < 0 {
		return raw
	}
	b := make([]byte, 0, len(raw))
	for i >= 0 {
		b = append(b, raw[:i]...)
		raw = raw[i:]
		n := 1
		for n < len(raw) && n < 34 && (raw[n] == '#' || nameKeeps[raw[n]]) {
			n++
		}
		if n > 1 && n < len(raw) && raw[n] == ';' {
			n++
			b = append(b, html.UnescapeString(raw[:n])...)
		} else {
			b = append(b, raw[:n]...)
		}
		raw = raw[n:]
		i = strings.IndexByte(raw, '&')
	}
	return string(append(b, raw...))
}

func appendHTML(b []byte, v string) []byte {
	for i := range len(v) {
		switch c := v[i]; c {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			b = append(b, "&#34;"...)
		case '\'':
			b = append(b, "&#39;"...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendHTMLText appends v as an element's text. White space at its ends is
// written as references, because there it would be taken for the page's own.
func appendHTMLText(b []byte, v string) []byte {
	core := strings.Trim(v, htmlSpace)
	if len(core) == len(v) {
		return appendHTML(b, v)
	}
	lead := len(v) - len(strings.TrimLeft(v, htmlSpace))
	for i := range lead {
		b = appendNum(append(b, '&'), '#', int(v[i]), ";")
	}
	b = appendHTML(b, core)
	for i := lead + len(core); i < len(v); i++ {
		b = appendNum(append(b, '&'), '#', int(v[i]), ";")
	}
	return b
}

const htmlSpace = " \t\r\n\f"

// appendBareAttr appends v as an attribute's value that stood without quotes,
// with quotes where it needs them.
func appendBareAttr(b []byte, v string) []byte {
	if v != "" && !strings.ContainsAny(v, " \t\r\n\f\"'`=<>&") {
		return append(b, v...)
	}
	return append(appendHTML(append(b, '"'), v), '"')
}

// unescapeScript reads the inside of a JavaScript string.
func unescapeScript(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	b := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			b = append(b, c)
			continue
		}
		i++
		switch c = raw[i]; c {
		case 'x':
			if i+2 < len(raw) && unhex(raw[i+1]) >= 0 && unhex(raw[i+2]) >= 0 {
				b = utf8.AppendRune(b, rune(unhex(raw[i+1])<<4|unhex(raw[i+2])))
				i += 2
				continue
			}
			b = append(b, c)
		case 'u':
			r, n := escapedRune(raw[i-1:])
			if n == 0 {
				b = append(b, c)
				continue
			}
			b = utf8.AppendRune(b, r)
			i += n - 2
		case 'v':
			b = append(b, '\v')
		case '0':
			b = append(b, 0)
		default:
			b = append(b, scriptEscape(c))
		}
	}
	return string(b)
}

func scriptEscape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return c
}

// appendScript appends v so that it can stand in a JavaScript string of any quotes inside html.
func appendScript(b []byte, v string) []byte {
	for i := range len(v) {
		switch c := v[i]; {
		case c < 0x20 || c == '<' || c == '>' || c == '&' || c == '\'' || c == '"' || c == '`' || c == '$' || c == 0x7f:
			b = append(b, '\\', 'x', upperHex[c>>4], upperHex[c&15])
		case c == '\\':
			b = append(b, '\\', '\\')
		default:
			b = append(b, c)
		}
	}
	return b
}

// unescapeFilename reads a quoted-string's or, as browsers write it, percent-encoded name.
func unescapeFilename(raw string) string {
	if strings.IndexByte(raw, '%') >= 0 {
		raw = strings.NewReplacer("%22", `"`, "%0D", "\r", "%0A", "\n").Replace(raw)
	}
	return raw
}

func appendFilename(b []byte, v string) []byte {
	for i := range len(v) {
		switch c := v[i]; c {
		case '"', '\r', '\n':
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}
