package message

import (
	"mime"
	"strings"
)

// parseMultipart reads s as multipart/form-data (RFC 7578) with that boundary.
// A body that is cut off gives its last part as far as it goes. nil when the
// boundary does not occur.
func parseMultipart(s, boundary string, depth int) *text {
	if boundary == "" {
		return nil
	}
	delim := "--" + boundary
	t := newText(s, "multipart", 8)
	i := 0
	if !strings.HasPrefix(s, delim) {
		if i = strings.Index(s, "\n"+delim); i < 0 {
			return nil
		}
		i++
	}
	counts := map[string]int32{}
	for {
		i += len(delim)
		if strings.HasPrefix(s[i:], "--") {
			return t
		}
		nl := strings.IndexByte(s[i:], '\n')
		if nl < 0 {
			t.broken = i
			return t
		}
		i += nl + 1
		end, next := len(s), -1
		if j := strings.Index(s[i-1:], "\n"+delim); j >= 0 {
			end, next = i-1+j, i+j
			if end > i && s[end-1] == '\r' {
				end--
			}
		} else {
			t.broken = len(s)
		}
		whole := t.addPart(i, max(i, end), depth, counts)
		if !whole && next < 0 {
			t.broken = i
		}
		if next < 0 {
			return t
		}
		i = next
	}
}

// addPart adds the part whose fields and content are t.s[from:to]; false when its fields do not end.
func (t *text) addPart(from, to, depth int, counts map[string]int32) bool {
	s := t.s
	name, media, hasFile := "", "", false
	fileFrom, fileTo := 0, 0
	i := from
	for i < to {
		nl := strings.IndexByte(s[i:to], '\n')
		if nl < 0 {
			return false
		}
		line := strings.TrimSuffix(s[i:i+nl], "\r")
		lineAt := i
		i += nl + 1
		if line == "" {
			break
		}
		field, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(strings.Trim(field, " \t")) {
		case "content-disposition":
			off := lineAt + len(field) + 1
			if a, b, ok := dispositionParam(value, "name"); ok {
				name = validName(unescapeFilename(value[a:b]))
			}
			if a, b, ok := dispositionParam(value, "filename"); ok {
				hasFile, fileFrom, fileTo = true, off+a, off+b
			}
		case "content-type":
			media = MediaType(value)
		}
	}
	num := counts[name]
	counts[name]++
	part := t.add(0, node{by: byKey, name: name, num: num, start: int32(from), end: int32(to)})
	if hasFile {
		t.addLeaf(part, node{by: byAttr, name: "filename"}, fileFrom, fileTo, asFilename)
	}
	k := t.addLeaf(part, node{name: media, file: hasFile}, min(i, to), to, asIs)
	switch {
	case IsJSON(media):
		if in := parseJSON(t.nodes[k].val, false, depth+1); in != nil && in.broken < 0 {
			t.attach(k, in)
		}
	case !hasFile:
		t.attach(k, nested(t.nodes[k].val, depth+1))
	}
	return true
}

// dispositionParam finds a parameter's value in a Content-Disposition field.
func dispositionParam(v, name string) (from, to int, ok bool) {
	i := strings.IndexByte(v, ';')
	for i >= 0 && i < len(v) {
		i++
		for i < len(v) && (v[i] == ' ' || v[i] == '\t') {
			i++
		}
		eq := strings.IndexByte(v[i:], '=')
		if eq < 0 {
			return 0, 0, false
		}
		key := strings.Trim(v[i:i+eq], " \t")
		i += eq + 1
		end := i
		if i < len(v) && v[i] == '"' {
			i++
			for end = i; end < len(v) && v[end] != '"'; end++ {
				if v[end] == '\\' && end+1 < len(v) && v[end+1] == '"' {
					end++
				}
			}
		} else if end = strings.IndexByte(v[i:], ';'); end < 0 {
			end = len(v)
		} else {
			end += i
		}
		if strings.EqualFold(key, name) {
			return i, min(end, len(v)), true
		}
		if end >= len(v) {
			return 0, 0, false
		}
		if i = strings.IndexByte(v[end:], ';'); i >= 0 {
			i += end
		}
	}
	return 0, 0, false
}

// MediaType is the media type of a Content-Type value, in lower case and without parameters.
func MediaType(contentType string) string {
	if i := strings.IndexByte(contentType, ';'); i >= 0 {
		contentType = contentType[:i]
	}
	return strings.ToLower(strings.Trim(contentType, " \t"))
}

// IsJSON says whether a media type, as MediaType gives it, holds one JSON value.
func IsJSON(mediaType string) bool {
	switch mediaType {
	case "application/json", "text/json", "application/csp-report", "application/manifest+json":
		return true
	}
	return strings.HasSuffix(mediaType, "+json") && mediaType != "application/stream+json"
}

// boundaryOf is the boundary parameter of a Content-Type value.
func boundaryOf(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err == nil {
		return params["boundary"]
	}
	_, b, ok := strings.Cut(contentType, "boundary=")
	if !ok {
		return ""
	}
	b, _, _ = strings.Cut(b, ";")
	return strings.Trim(b, "\" \t")
}
