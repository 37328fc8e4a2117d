package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedrill/internal/verdict"
)

// A chart is inline SVG with classes instead of colours, so that the page's style
// (light, dark, print) decides. Coordinates are pixels of a box that scales.
const (
	chartWidth  = 960.0
	chartHeight = 200.0
	plotLeft    = 64.0
	plotRight   = 52.0 // room for the second axis
	plotTop     = 14.0
	plotBottom  = 26.0
	maxPoints   = 480 // more seconds than this are drawn in steps of several
)

// point is one step of the timeline.
type point struct {
	from, to int // seconds
	verdict.Second
}

// steps puts the timeline into at most maxPoints steps: requests per second are
// means, users and percentiles the greatest of the step, so that no peak is lost.
func steps(timeline []verdict.Second) (points []point, every int) {
	every = max(1, (len(timeline)+maxPoints-1)/maxPoints)
	for from := 0; from < len(timeline); from += every {
		to := min(from+every, len(timeline))
		p := point{from: from, to: to}
		for _, s := range timeline[from:to] {
			p.Users = max(p.Users, s.Users)
			p.Requests += s.Requests
			p.Failed += s.Failed
			p.P50MS, p.P95MS = max(p.P50MS, s.P50MS), max(p.P95MS, s.P95MS)
		}
		points = append(points, p)
	}
	return points, every
}

// line is one series of a chart.
type line struct {
	class string // of the stroke
	name  string
	of    func(point) (v float64, ok bool)
	area  bool
}

// chart draws series over the run. unit is written behind the y axis' numbers.
type chart struct {
	Title string
	lines []line
	unit  string
	whole bool // values are whole numbers
	users bool // the number of users stands behind, with an axis of its own
	limit bool // limits of thresholds on response times are drawn where they fit
}

// Legend names the series with their classes.
func (c chart) Legend() template.HTML {
	var b strings.Builder
	for _, l := range c.lines {
		fmt.Fprintf(&b, `<span class="key %s">%s</span>`, l.class, template.HTMLEscapeString(l.name))
	}
	if c.users {
		b.WriteString(`<span class="key users">users (right axis)</span>`)
	}
	return template.HTML(b.String()) // #nosec: names are this package's, and escaped
}

// timelineCharts are the charts of a run. Failures are drawn where there were any.
func timelineCharts(r *verdict.Report) []chart {
	perSecond := []line{{class: "requests", name: "all", area: true, of: func(p point) (float64, bool) { return float64(p.Requests) / float64(p.to-p.from), true }}}
	if slices.ContainsFunc(r.Timeline, func(s verdict.Second) bool { return s.Failed > 0 }) {
		perSecond = append(perSecond, line{class: "failed", name: "failed", area: true, of: func(p point) (float64, bool) { return float64(p.Failed) / float64(p.to-p.from), true }})
	}
	return []chart{
		{Title: "Response time", unit: "ms", users: true, limit: true, lines: []line{
			{class: "p95", name: "p95", of: func(p point) (float64, bool) { return p.P95MS, p.Requests > 0 && p.P95MS > 0 }},
			{class: "p50", name: "p50", of: func(p point) (float64, bool) { return p.P50MS, p.Requests > 0 && p.P50MS > 0 }},
		}},
		{Title: "Requests per second", lines: perSecond},
		{Title: "Virtual users", whole: true, lines: []line{
			{class: "users", name: "users", area: true, of: func(p point) (float64, bool) { return float64(p.Users), true }},
		}},
	}
}

// svg draws the chart.
func (c chart) svg(r *verdict.Report) template.HTML {
	points, _ := steps(r.Timeline)
	length := max(1, len(r.Timeline))
	x := func(second float64) float64 {
		return plotLeft + second/float64(length)*(chartWidth-plotLeft-plotRight)
	}
	top := 0.0
	for _, p := range points {
		for _, l := range c.lines {
			if v, ok := l.of(p); ok {
				top = max(top, v)
			}
		}
	}
	step, ceiling := ticks(top, c.whole)
	y := func(v float64) float64 {
		return chartHeight - plotBottom - v/ceiling*(chartHeight-plotTop-plotBottom)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s over the run">`, chartWidth, chartHeight, template.HTMLEscapeString(c.Title))
	c.bands(&b, r, x)
	for v := 0.0; v <= ceiling*1.0001; v += step {
		fmt.Fprintf(&b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="tick" x="%g" y="%.1f" text-anchor="end">%s</text>`,
			plotLeft, chartWidth-plotRight, y(v), y(v), plotLeft-8, y(v)+4, axisNumber(v, c.unit))
	}
	for _, s := range timeTicks(length) {
		fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%g" text-anchor="middle">%s</text>`, x(float64(s)), chartHeight-8, verdict.Clock(time.Duration(s)*time.Second))
	}
	if c.users {
		userAxis(&b, points, x)
	}
	for _, l := range c.lines {
		b.WriteString(l.path(points, x, y))
	}
	if c.limit {
		limits(&b, r, ceiling, y)
	}
	c.marks(&b, r, x)
	for _, p := range points {
		fmt.Fprintf(&b, `<rect class="hit" x="%.1f" y="%g" width="%.1f" height="%g"><title>%s</title></rect>`, x(float64(p.from)), plotTop, x(float64(p.to))-x(float64(p.from)), chartHeight-plotTop-plotBottom, tip(p))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // #nosec: numbers, and escaped text
}

// marked are the indexes of the findings that the charts mark: what broke at a
// known moment, thresholds above what must hold as well, those that are too near to
// an earlier one left out.
func marked(r *verdict.Report) []int {
	var all []int
	least := float64(len(r.Timeline)) / 60
	for i, f := range r.Findings {
		broke := f.Status != verdict.Info || slices.ContainsFunc(r.Steps, func(s verdict.Step) bool { return s.Status == verdict.Fail && s.Name == f.Where }) ||
			len(r.Steps) > 0 && slices.ContainsFunc(r.Thresholds, func(t verdict.Threshold) bool { return t.Metric == f.Where })
		near := func(i int) bool { return math.Abs(f.When.Seconds()-r.Findings[i].When.Seconds()) < least }
		if f.When < 0 || !broke || len(all) == 9 || slices.ContainsFunc(all, near) {
			continue
		}
		all = append(all, i)
	}
	return all
}

// marks draws a line where something broke: numbered where the findings tell of
// it, without a number for other thresholds.
func (c chart) marks(b *strings.Builder, r *verdict.Report, x func(float64) float64) {
	end := float64(len(r.Timeline))
	var at []float64
	for _, i := range marked(r) {
		f := r.Findings[i]
		second := min(f.When.Seconds(), end)
		at = append(at, second)
		fmt.Fprintf(b, `<line class="broke" x1="%.1f" x2="%.1f" y1="%g" y2="%g"><title>%s</title></line><text class="brokenumber" x="%.1f" y="%g" text-anchor="middle">%d</text>`,
			x(second), x(second), plotTop, chartHeight-plotBottom, template.HTMLEscapeString(clean(f.What)), x(second), plotTop-3, i+1)
	}
	for _, t := range thresholds(r) {
		second := min(t.BrokeAt.Seconds(), end)
		near := func(other float64) bool { return math.Abs(other-second) < end/60 }
		if t.Status != verdict.Fail || t.BrokeAt < 0 || slices.ContainsFunc(at, near) {
			continue
		}
		at = append(at, second)
		fmt.Fprintf(b, `<line class="broke" x1="%.1f" x2="%.1f" y1="%g" y2="%g"><title>%s</title></line>`, x(second), x(second), plotTop, chartHeight-plotBottom,
			template.HTMLEscapeString(clean(t.Metric+" "+condition(t)+" broke at "+verdict.Clock(t.BrokeAt))))
	}
}

// path is a series as a line, and as an area where it is one. A step without a
// value is a gap.
func (l line) path(points []point, x, y func(float64) float64) string {
	var b, area, dots strings.Builder
	run := 0 // points since the last gap
	lastX, lastY := 0.0, 0.0
	lift := func() {
		if run > 0 {
			fmt.Fprintf(&area, "L%.1f,%.1fZ", lastX, y(0))
		}
		if run == 1 { // a line of one point would not be seen
			fmt.Fprintf(&dots, `<circle class="dot %s" cx="%.1f" cy="%.1f" r="2.2"/>`, l.class, lastX, lastY)
		}
		run = 0
	}
	for _, p := range points {
		v, ok := l.of(p)
		if !ok {
			lift()
			continue
		}
		px, py := x(float64(p.from+p.to)/2), y(v)
		if run > 0 {
			fmt.Fprintf(&b, "L%.1f,%.1f", px, py)
			fmt.Fprintf(&area, "L%.1f,%.1f", px, py)
		} else {
			fmt.Fprintf(&b, "M%.1f,%.1f", px, py)
			fmt.Fprintf(&area, "M%.1f,%.1fL%.1f,%.1f", px, y(0), px, py)
		}
		run, lastX, lastY = run+1, px, py
	}
	lift()
	out := fmt.Sprintf(`<path class="line %s" d="%s"/>`, l.class, b.String())
	if l.area {
		out = fmt.Sprintf(`<path class="area %s" d="%s"/>`, l.class, area.String()) + out
	}
	return out + dots.String()
}

// tip says what a step measured.
func tip(p point) string {
	at := verdict.Clock(time.Duration(p.from) * time.Second)
	if p.to-p.from > 1 {
		at += " to " + verdict.Clock(time.Duration(p.to)*time.Second)
	}
	text := fmt.Sprintf("%s: %s, %s", at, verdict.Count(p.Users, "user"), verdict.Count(p.Requests, "request"))
	if p.Failed > 0 {
		text += fmt.Sprintf(", %s failed", verdict.Number(p.Failed))
	}
	if p.P95MS > 0 {
		text += fmt.Sprintf(", p50 %s, p95 %s", verdict.Milli(p.P50MS), verdict.Milli(p.P95MS))
	}
	return text
}

// ticks are the distance of the y axis' lines and its end: 3 to 5 lines at 1, 2
// or 5 times a power of ten.
func ticks(top float64, whole bool) (step, ceiling float64) {
	if top <= 0 {
		return 1, 1
	}
	step = math.Pow(10, math.Floor(math.Log10(top/4)))
	for _, m := range []float64{1, 2, 5, 10} {
		if top/(step*m) <= 5 {
			step *= m
			break
		}
	}
	if whole {
		step = max(1, math.Ceil(step))
	}
	return step, math.Ceil(top/step) * step
}

func axisNumber(v float64, unit string) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if v >= 1000 {
		text = verdict.Number(int(math.Round(v)))
	} else if len(text) > 6 {
		text = strconv.FormatFloat(v, 'g', 3, 64)
	}
	if unit != "" {
		text += " " + unit
	}
	return text
}

// timeTicks are the seconds that are named on the x axis: at most nine.
func timeTicks(length int) []int {
	for _, step := range []int{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400} {
		if length/step <= 8 {
			var all []int
			for s := 0; s <= length; s += step {
				all = append(all, s)
			}
			return all
		}
	}
	return []int{0, length}
}
