package endpoint

import (
	"strconv"
	"strings"
)

// Path is the path of a request-target, without its query.
func Path(target string) string {
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		target = target[:i]
	}
	if target == "" {
		return "/"
	}
	return target
}

// Template is the path template of an escaped path: segments that look like
// values become parameters. One parameter is named {id} (a date {date}); of
// several, all but the last are named after the word before them:
// /courses/{course_id}/students/{id}. Template(Template(p)) == Template(p).
func Template(path string) string {
	segments := strings.Split(path, "/")
	var params []int
	for i, s := range segments {
		if param(s) {
			params = append(params, i)
		}
	}
	if len(params) == 0 {
		return path
	}
	taken := map[string]bool{}
	for _, s := range segments {
		if strings.HasPrefix(s, "{") {
			taken[s] = true
		}
	}
	for n, i := range params {
		base, ext := splitExt(segments[i])
		name := "id"
		switch {
		case Classify(base) == Date:
			name = "date"
		case n < len(params)-1 && i > 0 && isWordish(segments[i-1]):
			name = identifier(Singular(segments[i-1])) + "_id"
		}
		segments[i] = unique(taken, name) + ext
	}
	return strings.Join(segments, "/")
}

// Params are the indexes of the parameters among the segments of path ("/a/17": 1).
func Params(path string) []int {
	var list []int
	for i, s := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if param(s) {
			list = append(list, i)
		}
	}
	return list
}

func param(segment string) bool {
	base, _ := splitExt(segment)
	return Classify(base) != Word
}

// splitExt cuts a short file extension off: "17.json" → "17", ".json".
func splitExt(segment string) (base, ext string) {
	i := strings.LastIndexByte(segment, '.')
	if i <= 0 || len(segment)-i < 3 || len(segment)-i > 6 {
		return segment, ""
	}
	for _, c := range []byte(segment[i+1:]) {
		if !isLower(c) && !isUpper(c) && !isDigit(c) {
			return segment, ""
		}
	}
	if allDigits(segment[i+1:]) {
		return segment, ""
	}
	return segment[:i], segment[i:]
}

func unique(taken map[string]bool, name string) string {
	full := "{" + name + "}"
	for n := 2; taken[full]; n++ {
		full = "{" + name + strconv.Itoa(n) + "}"
	}
	taken[full] = true
	return full
}

func isWordish(segment string) bool {
	return segment != "" && !strings.HasPrefix(segment, "{") && Classify(segment) == Word
}

// identifier makes a word fit for a parameter's name.
func identifier(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 {
			b.WriteByte('_')
		}
	}
	return strings.TrimRight(b.String(), "_")
}

// Singular is an English plural's singular, good enough to see that "quizzes"
// and "quiz_id" belong together. What is no plural stays as it is.
func Singular(word string) string {
	w := word
	low := strings.ToLower(w)
	cut := func(n int, tail string) string { return w[:len(w)-n] + tail }
	switch {
	case low == "people":
		return "person"
	case low == "children":
		return "child"
	case len(w) < 5:
		if len(w) == 4 && strings.HasSuffix(low, "s") && !strings.HasSuffix(low, "ss") && !strings.HasSuffix(low, "us") && !strings.HasSuffix(low, "is") {
			return cut(1, "")
		}
		return w
	case strings.HasSuffix(low, "ies"):
		return cut(3, "y")
	case strings.HasSuffix(low, "zzes"):
		return cut(3, "")
	case strings.HasSuffix(low, "sses"), strings.HasSuffix(low, "xes"), strings.HasSuffix(low, "ches"),
		strings.HasSuffix(low, "shes"), strings.HasSuffix(low, "uses") && !strings.ContainsAny(low[len(low)-5:len(low)-4], "aeou"):
		return cut(2, "")
	case strings.HasSuffix(low, "yses"):
		return cut(2, "is")
	case strings.HasSuffix(low, "ss"), strings.HasSuffix(low, "us"), strings.HasSuffix(low, "is"):
		return w
	case strings.HasSuffix(low, "s"):
		return cut(1, "")
	}
	return w
}
