package message

import (
	"strings"

	"firedrill/internal/exchange"
)

// parseBody reads a body by its media type, and where that says nothing by its
// look. s is the body's text. nil for an empty body.
func parseBody(m *Message, s string) *text {
	if s == "" {
		return nil
	}
	contentType, _ := exchange.Get(m.Header, "Content-Type")
	t := readBody(s, contentType, m.Method != "")
	if t == nil || len(t.nodes) == 1 && t.layer != "json" && t.layer != "html" {
		t = newText(s, "body", 1)
		t.addLeaf(0, node{}, 0, len(s), asIs)
	}
	t.prefix = t.layer
	return t
}

// readBody is s as the layer that its type names; nil when it is none of them.
func readBody(s, contentType string, request bool) *text {
	media := MediaType(contentType)
	switch {
	case IsJSON(media):
		return parseJSON(s, false, 1)
	case media == "application/x-www-form-urlencoded":
		return parseForm(s, 1)
	case strings.HasPrefix(media, "multipart/"):
		return parseMultipart(s, boundaryOf(contentType), 1)
	case media == "text/html", media == "application/xhtml+xml":
		return parseHTML(s, 1)
	case media == "text/event-stream":
		return parseEvents(s, 1)
	case media == "application/x-ndjson", media == "application/jsonl", media == "application/stream+json", media == "application/ndjson":
		return parseLines(s, 1)
	case media != "" && media != "text/plain" && media != "application/octet-stream":
		return nil
	}
	switch head := strings.TrimLeft(s[:min(len(s), 64)], htmlSpace); {
	case strings.HasPrefix(head, "{"), strings.HasPrefix(head, "["), strings.HasPrefix(head, ")]}'"):
		if t := parseJSON(s, false, 1); t != nil && t.broken < 0 {
			return t
		}
	case media == "" && len(head) > 5 && (strings.EqualFold(head[:5], "<html") || len(head) > 9 && strings.EqualFold(head[:9], "<!doctype")):
		return parseHTML(s, 1)
	case request && media == "" && looksLikeForm(s):
		return parseForm(s, 1)
	}
	return nil
}

// looksLikeForm says whether s has nothing but key=value pairs in form encoding.
func looksLikeForm(s string) bool {
	if strings.IndexByte(s, '=') < 1 {
		return false
	}
	for i := range len(s) {
		if !formSigns[s[i]] {
			return false
		}
	}
	return true
}

var formSigns = setOf(alnum, "-._*~+%&=[]!'(),:@/")
