package compose

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/endpoint"
	"firedrill/internal/journey/session"
	"firedrill/internal/message"
)

// burstGap is how soon after one another a page's script sends its requests; a
// person is slower.
const burstGap = 500 * time.Millisecond

// bursts finds the requests that a page's script sends by itself at once. They
// race: whichever answer comes first, the next request was not caused by it. All
// of a burst wait for what the first of them waited for. It returns the length
// of the burst that begins at each event (1 for most) and changes awaited.
func bursts(events []*session.Event, awaited []int) []int {
	lengths := make([]int, len(events))
	for from := 0; from < len(events); {
		to := from + 1
		if head := awaited[from]; head >= 0 && byScript(events[from], events[head]) {
			for to < len(events) && events[to].Start().Sub(events[to-1].Start()) < burstGap &&
				byScript(events[to], events[head]) && knownBefore(events, to, from) {
				to++
			}
			for i := from; i < to; i++ {
				awaited[i] = head
			}
		}
		lengths[from] = to - from
		from = to
	}
	return lengths
}

// byScript reports whether a request was read by a page's script: the browser says
// so, or where it says nothing, a page came just before.
func byScript(e, head *session.Event) bool {
	if m := e.X.Request.Method; m != "GET" && m != "HEAD" {
		return false
	}
	if mode, ok := exchange.Get(e.X.Request.Header, "Sec-Fetch-Mode"); ok {
		return mode != "navigate"
	}
	return isPage(head) && !isPage(e)
}

func isPage(e *session.Event) bool {
	if e.X.Response == nil {
		return false
	}
	contentType, _ := exchange.Get(e.X.Response.Header, "Content-Type")
	return message.MediaType(contentType) == "text/html"
}

// knownBefore reports whether all that is particular in a request was known when
// event from began, so that it did not need an answer of the burst.
func knownBefore(events []*session.Event, at, from int) bool {
	for _, v := range particulars(events[at].X.Request.Target) {
		if !slices.ContainsFunc(events[:from], func(e *session.Event) bool {
			return strings.Contains(e.X.Request.Target, v) ||
				e.X.Response != nil && !e.End().After(events[from].Start()) && bytes.Contains(e.X.Response.Body.Data, []byte(v))
		}) {
			return false
		}
	}
	return true
}

// particulars are the parameters of a target's path, and what looks like a value in its query.
func particulars(target string) []string {
	path := endpoint.Path(target)
	var list []string
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, i := range endpoint.Params(path) {
		list = append(list, segments[i])
	}
	for _, pair := range strings.Split(strings.TrimPrefix(target[min(len(path), len(target)):], "?"), "&") {
		if _, v, ok := strings.Cut(pair, "="); ok && (endpoint.Unguessable(v) || endpoint.Classify(v) != endpoint.Word && len(v) > 3) {
			list = append(list, v)
		}
	}
	return list
}
