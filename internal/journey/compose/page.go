package compose

import (
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/journey/endpoint"
	"firedrill/internal/journey/session"
)

// counters are the last words of the names that query parameters which count go by.
var counters = []string{"page", "pages", "p", "pg", "pageno", "pagenum", "number", "no", "nr", "offset", "start", "startindex", "skip", "index", "from", "first",
	"week", "month", "day", "year", "round", "level", "part", "chapter"}

// maxPages is how many values of a counting parameter are steps of their own.
// Who reads on and on scrolls: that is a loop, which counts.
const maxPages = 3

// turned numbers the requests of a session that turn pages: the same question
// with a counting parameter that is raised each time by as much. It is the place
// of the value among those asked for, by event: 0 for the first, and for all that
// turn none. Different pages are different steps: each has an answer of its own,
// of which later requests may use something.
func turned(events []*session.Event) []int {
	place := make([]int, len(events))
	type question struct {
		values []int // those asked for, ascending
		events []int
	}
	asked := map[string]*question{}
	values := make([]int, len(events))
	for i, e := range events {
		rest, value, ok := counting(e)
		if !ok {
			continue
		}
		q := asked[rest]
		if q == nil {
			q = &question{}
			asked[rest] = q
		}
		values[i] = value
		q.events = append(q.events, i)
		if at, there := slices.BinarySearch(q.values, value); !there {
			q.values = slices.Insert(q.values, at, value)
		}
	}
	for _, q := range asked {
		if len(q.values) > maxPages || !evenly(q.values) {
			continue
		}
		for _, i := range q.events {
			place[i], _ = slices.BinarySearch(q.values, values[i])
		}
	}
	return place
}

// counting takes a reading request apart: what it asks without the values of its
// counting parameters, and the value of the first of them.
func counting(e *session.Event) (rest string, value int, ok bool) {
	if m := e.X.Request.Method; m != "GET" && m != "HEAD" {
		return "", 0, false
	}
	path := endpoint.Path(e.X.Request.Target)
	query := strings.TrimPrefix(e.X.Request.Target[min(len(path), len(e.X.Request.Target)):], "?")
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		key, text, _ := strings.Cut(pair, "=")
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || len(text) > 6 || strconv.Itoa(n) != text || !Counts(key) {
			continue
		}
		if !ok {
			value, ok = n, true
		}
		pairs[i] = key
	}
	return strconv.Itoa(e.Endpoint) + " " + path + "?" + strings.Join(pairs, "&"), value, ok
}

// Counts reports whether a query parameter has a name that counts: page, page_number, page[offset].
func Counts(key string) bool {
	words := strings.FieldsFunc(strings.ToLower(strings.NewReplacer("%5B", "[", "%5b", "[", "%5D", "]", "%5d", "]").Replace(key)), func(r rune) bool {
		return r == '_' || r == '-' || r == '.' || r == '[' || r == ']'
	})
	return len(words) > 0 && slices.Contains(counters, words[len(words)-1])
}

// evenly reports whether ascending values are all as far apart.
func evenly(values []int) bool {
	for i := 2; i < len(values); i++ {
		if values[i]-values[i-1] != values[1]-values[0] {
			return false
		}
	}
	return true
}
