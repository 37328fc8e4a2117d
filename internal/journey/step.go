package journey

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"firedrill/internal/exchange"
	"firedrill/internal/journey/compose"
	"firedrill/internal/journey/endpoint"
	"firedrill/internal/journey/think"
	"firedrill/internal/message"
	"firedrill/internal/plan"
)

// maxShapes is how many answers of a step are looked at for their shape.
const maxShapes = 24

// expect is what the recorded answers of a step have in common.
func expect(list []compose.Occurrence) plan.Expect {
	var e plan.Expect
	status, media := map[int]int{}, map[string]int{}
	redirects := map[string]int{}
	var sizes []int64
	for _, o := range list {
		s := o.Event.Status()
		if s == 304 {
			s = 200 // asked without its cache, the application sends it whole
		}
		status[s]++
		r := o.Event.X.Response
		if r == nil {
			continue
		}
		contentType, _ := exchange.Get(r.Header, "Content-Type")
		if contentType != "" {
			media[message.MediaType(contentType)]++
		}
		if location, ok := exchange.Get(r.Header, "Location"); ok {
			redirects[redirectTemplate(location)]++
		}
		if o.Event.Status() != 304 {
			sizes = append(sizes, r.Body.Decoded)
		}
	}
	for s := range status {
		e.Status = append(e.Status, s)
	}
	slices.SortFunc(e.Status, func(a, b int) int {
		if c := cmp.Compare(status[b], status[a]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	e.ContentType = mostFrequent(media)
	e.Redirect = mostFrequent(redirects)
	e.Stream = e.ContentType == "text/event-stream"
	if len(sizes) > 0 {
		slices.Sort(sizes)
		e.Bytes = sizes[len(sizes)/2]
	}
	e.Shape = sharedShape(list, e.Status[0])
	return e
}

// sharedShape is what the shapes of all answers of one status have in common.
func sharedShape(list []compose.Occurrence, status int) []string {
	var shape []string
	n := 0
	for _, o := range list {
		if o.Event.Status() != status || n == maxShapes {
			continue
		}
		lines := o.Event.Res().Shape()
		if n++; n == 1 {
			shape = slices.Clone(lines)
			continue
		}
		shape = slices.DeleteFunc(shape, func(l string) bool {
			_, ok := slices.BinarySearch(lines, l)
			return !ok
		})
	}
	return shape
}

func mostFrequent(count map[string]int) string {
	best := ""
	for v, n := range count {
		if n > count[best] || n == count[best] && v < best {
			best = v
		}
	}
	return best
}

// redirectTemplate is the path template of a Location.
func redirectTemplate(location string) string {
	if i := strings.Index(location, "://"); i >= 0 {
		location = location[i+3:]
		if j := strings.IndexByte(location, '/'); j >= 0 {
			location = location[j:]
		} else {
			location = "/"
		}
	}
	return endpoint.Template(endpoint.Path(location))
}

// pace fills in whom the step waits for and how long after.
func (b *builder) pace(st *plan.Step, i int, list []compose.Occurrence) {
	var times []time.Duration
	awaited := map[int]int{}
	parallel := 0
	for _, o := range list {
		if o.AwaitedX != nil {
			times = append(times, o.Event.Start().Sub(o.AwaitedX.End()))
		}
		if o.Parallel {
			parallel++
		}
		if o.Awaited < i && !slices.ContainsFunc(o.Turns, func(t int) bool { return t > 0 }) {
			awaited[o.Awaited]++
		}
	}
	st.Think = think.Of(times, b.thinkCap)
	st.Parallel = i > 0 && 2*parallel > len(list)
	st.After = i - 1
	most := 0
	for a := -1; a < i; a++ { // of equals the later
		if n := awaited[a]; n > 0 && n >= most {
			most, st.After = n, a
		}
	}
}
