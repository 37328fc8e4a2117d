package compose

import (
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/journey/endpoint"
	"firedrill/internal/journey/session"
	"firedrill/internal/journey/think"
)

// walk is a session in canonical order.
type walk struct {
	session  *session.Session
	events   []*session.Event
	awaited  []int  // by event: index of the event whose end was waited for; -1: none
	parallel []bool // by event: sent while the event before it in the list was under way
	symbols  []int
}

// newWalk orders a session's events by start, and those that raced (a page's
// requests, which waited for the same answer) by their endpoint's name.
func newWalk(s *session.Session, names []string, symbols *interner) *walk {
	events := slices.Clone(s.Events)
	spans := spansOf(events)
	awaited := think.Awaited(spans)
	lengths := bursts(events, awaited)
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	for from := 0; from < len(order); {
		to := from + lengths[from]
		for to < len(order) && awaited[to] == awaited[from] {
			to++
		}
		slices.SortStableFunc(order[from:to], func(a, b int) int {
			return strings.Compare(names[events[a].Endpoint]+"?"+queryKeys(events[a]), names[events[b].Endpoint]+"?"+queryKeys(events[b]))
		})
		from = to
	}
	w := &walk{session: s, events: make([]*session.Event, len(events)), awaited: make([]int, len(events)), parallel: make([]bool, len(events)), symbols: make([]int, len(events))}
	place := make([]int, len(events))
	for at, i := range order {
		w.events[at] = events[i]
		place[i] = at
	}
	for at, i := range order {
		w.awaited[at] = -1
		if awaited[i] >= 0 {
			w.awaited[at] = place[awaited[i]]
		}
		if at > 0 {
			before := order[at-1]
			w.parallel[at] = awaited[i] == awaited[before] && awaited[i] >= 0 || spans[i].Start.Before(spans[before].End) && spans[before].Start.Before(spans[i].End)
		}
	}
	for at, page := range turned(w.events) {
		name := symbol(w.events[at])
		if page > 0 {
			name += "+" + strconv.Itoa(page)
		}
		w.symbols[at] = symbols.of(name)
	}
	return w
}

func spansOf(events []*session.Event) []think.Span {
	spans := make([]think.Span, len(events))
	for i, e := range events {
		spans[i] = think.Span{Start: e.Start(), End: e.End()}
	}
	return spans
}

// symbol is what two requests must share to count as the same step: the
// endpoint, which query parameters there are, and how it went.
func symbol(e *session.Event) string {
	class := e.Status() / 100
	if e.Status() == 304 {
		class = 2
	}
	return strconv.Itoa(e.Endpoint) + "?" + queryKeys(e) + "=" + strconv.Itoa(class)
}

// queryKeys are the names of a request's query parameters, sorted, each once.
func queryKeys(e *session.Event) string {
	path := endpoint.Path(e.X.Request.Target)
	query := strings.TrimPrefix(e.X.Request.Target[min(len(path), len(e.X.Request.Target)):], "?")
	if query == "" {
		return ""
	}
	var keys []string
	for _, pair := range strings.Split(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), "&")
}

// interner numbers strings.
type interner struct{ numbers map[string]int }

func (n *interner) of(s string) int {
	if i, ok := n.numbers[s]; ok {
		return i
	}
	i := len(n.numbers)
	n.numbers[s] = i
	return i
}
