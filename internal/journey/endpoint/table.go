package endpoint

import (
	"slices"
	"strings"

	"firedrill/internal/exchange"
	"firedrill/internal/plan"
)

// maxSamples is how many exchanges of an endpoint are looked at for its category.
const maxSamples = 6

// Table collects the endpoints of a recording.
type Table struct {
	index   map[key]int
	rows    []*row
	origins map[string]*origin // by URL
	order   []string           // URLs in order of first sight
}

type key struct{ method, origin, template string }

type row struct {
	key
	count   int
	samples []*exchange.Exchange
}

type origin struct{ target, host string }

// NewTable returns an empty Table.
func NewTable() *Table {
	return &Table{index: map[key]int{}, origins: map[string]*origin{}}
}

// Add counts x and returns the number of its endpoint: 0, 1, … in order of first sight.
func (t *Table) Add(x *exchange.Exchange) int {
	url := x.Request.Origin()
	o, ok := t.origins[url]
	if !ok {
		o = &origin{host: x.Request.Host}
		t.origins[url] = o
		t.order = append(t.order, url)
	}
	if o.target == "" {
		o.target = x.Target
	}
	k := key{strings.ToUpper(x.Request.Method), url, Template(Path(x.Request.Target))}
	i, ok := t.index[k]
	if !ok {
		i = len(t.rows)
		t.index[k] = i
		t.rows = append(t.rows, &row{key: k})
	}
	r := t.rows[i]
	r.count++
	if len(r.samples) < maxSamples && x.Response != nil && (x.Status() < 400 || len(r.samples) == 0) {
		r.samples = append(r.samples, x)
	}
	return i
}

// Origins are the origins seen, each with a name of its own: the recorder's
// target name, else the host.
func (t *Table) Origins() []plan.Origin {
	taken := map[string]bool{}
	var list []plan.Origin
	for _, url := range t.order {
		o := t.origins[url]
		name := o.target
		if name == "" || taken[name] {
			name = strings.ReplaceAll(o.host, ":", "-") // as environments can name it
		}
		if taken[name] {
			name = url
		}
		taken[name] = true
		list = append(list, plan.Origin{Name: name, URL: url})
	}
	return list
}

// Endpoints are the endpoints by the numbers that Add gave; names are unique.
// The first of patterns that matches an endpoint decides its category (and class,
// where the pattern names one).
func (t *Table) Endpoints(patterns []plan.CategoryOverlay) []plan.Endpoint {
	names := map[string]string{}
	for _, o := range t.Origins() {
		names[o.URL] = o.Name
	}
	shared := map[string]int{}
	for _, r := range t.rows {
		shared[r.method+" "+r.template]++
	}
	list := make([]plan.Endpoint, len(t.rows))
	for i, r := range t.rows {
		e := plan.Endpoint{
			Name:     r.method + " " + r.template,
			Origin:   names[r.origin],
			Method:   r.method,
			Template: r.template,
			Count:    r.count,
		}
		category, why := categorise(r.method, r.template, r.samples)
		class, classWhy := classify(r.method, r.template, streams(r.samples))
		e.Category, e.Class, e.Why = category, class, why
		if classWhy != why && class != plan.Read {
			e.Why += "; " + classWhy
		}
		for _, p := range patterns {
			if plan.MatchEndpoint(p.Match, e.Name) {
				e.Category, e.Why = p.Category, "set by pattern "+p.Match
				if p.Class != "" {
					e.Class = p.Class
				}
				break
			}
		}
		if shared[e.Name] > 1 {
			e.Name = e.Origin + ":" + e.Name
		}
		list[i] = e
	}
	return list
}

// Sorted are the endpoints in order of their names.
func Sorted(list []plan.Endpoint) []plan.Endpoint {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b plan.Endpoint) int { return strings.Compare(a.Name, b.Name) })
	return list
}
