package report

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"firedrill/internal/verdict"
)

// What a chart shows besides its series: phases, stalls, the users behind a
// series, and the limits of thresholds.

const plotHeight = chartHeight - plotTop - plotBottom

// bands shades what is no hold phase, and the stalls.
func (c chart) bands(b *strings.Builder, r *verdict.Report, x func(float64) float64) {
	length := float64(max(1, len(r.Timeline)))
	for _, p := range r.Phases {
		if !p.Hold && p.To > p.From {
			from, to := x(min(p.From.Seconds(), length)), x(min(p.To.Seconds(), length))
			fmt.Fprintf(b, `<rect class="ramp" x="%.1f" y="%g" width="%.1f" height="%g"/>`, from, plotTop, to-from, plotHeight)
		}
	}
	for _, s := range r.Stalls {
		from, to := x(min(s.From.Seconds(), length)), x(min(s.To.Seconds(), length))
		fmt.Fprintf(b, `<rect class="stall" x="%.1f" y="%g" width="%.1f" height="%g"><title>nothing was answered from %s to %s; %s waited</title></rect>`,
			from, plotTop, max(2, to-from), plotHeight, verdict.Clock(s.From), verdict.Clock(s.To), verdict.Count(s.Users, "user"))
	}
}

// phaseStrip names the phases in a row above the charts, on their x axis. Empty
// where there are none.
func phaseStrip(r *verdict.Report) template.HTML {
	if len(r.Phases) == 0 || len(r.Timeline) == 0 {
		return ""
	}
	const height = 24.0
	length := float64(len(r.Timeline))
	x := func(second float64) float64 {
		return plotLeft + min(second, length)/length*(chartWidth-plotLeft-plotRight)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="phases of the run"><text class="tick" x="%g" y="16" text-anchor="end">phase</text>`, chartWidth, height, plotLeft-8)
	for _, p := range r.Phases {
		from, to := x(p.From.Seconds()), x(p.To.Seconds())
		if to <= from {
			continue
		}
		class := "phase ramp"
		if p.Hold {
			class = "phase hold"
		}
		name := clean(p.Name)
		fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="2" width="%.1f" height="%g"><title>%s</title></rect>`, class, from+.5, max(1, to-from-1), height-4,
			template.HTMLEscapeString(name+", "+verdict.Clock(p.From)+" to "+verdict.Clock(p.To)))
		if label := fitting(name, to-from-10); label != "" {
			fmt.Fprintf(&b, `<text class="phasename" x="%.1f" y="16" text-anchor="middle">%s</text>`, (from+to)/2, template.HTMLEscapeString(label))
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // #nosec: numbers, and escaped text
}

// fitting is as much of a name as can be written on a width: all of it, the part
// before its colon, or nothing. A letter takes about 6.6 pixels.
func fitting(name string, width float64) string {
	short, _, _ := strings.Cut(name, ":")
	for _, label := range []string{name, short} {
		if float64(len([]rune(label)))*6.6 <= width {
			return label
		}
	}
	return ""
}

// userAxis draws the users as an area behind the series, with numbers at the right.
func userAxis(b *strings.Builder, points []point, x func(float64) float64) {
	most := 0
	for _, p := range points {
		most = max(most, p.Users)
	}
	if most == 0 {
		return
	}
	step, ceiling := ticks(float64(most), true)
	y := func(v float64) float64 { return chartHeight - plotBottom - v/ceiling*plotHeight }
	users := line{class: "users", area: true, of: func(p point) (float64, bool) { return float64(p.Users), true }}
	fmt.Fprintf(b, `<g class="behind">%s</g>`, users.path(points, x, y))
	for v := 0.0; v <= ceiling*1.0001; v += step {
		fmt.Fprintf(b, `<text class="tick usertick" x="%g" y="%.1f">%s</text>`, chartWidth-plotRight+8, y(v)+4, axisNumber(v, ""))
	}
}

// limits draws the limits of thresholds on response times over the whole run, as
// far as they are within the axis: a far one would press the series flat.
func limits(b *strings.Builder, r *verdict.Report, ceiling float64, y func(float64) float64) {
	var drawn []float64
	for _, t := range r.Thresholds {
		at, ok := upperLimit(t)
		if !ok || at > ceiling || slices.Contains(drawn, at) {
			continue
		}
		drawn = append(drawn, at)
		fmt.Fprintf(b, `<line class="limit" x1="%g" x2="%g" y1="%.1f" y2="%.1f"><title>%s</title></line><text class="limitname" x="%g" y="%.1f" text-anchor="end">%s</text>`,
			plotLeft, chartWidth-plotRight, y(at), y(at), template.HTMLEscapeString(clean(t.Metric+" "+condition(t))), chartWidth-plotRight-4, y(at)-4, template.HTMLEscapeString(clean(condition(t))))
	}
}

// upperLimit is the limit of p(95) of the response times of all requests, in ms.
func upperLimit(t verdict.Threshold) (float64, bool) {
	if t.Metric != "http_req_duration" && t.Metric != "response_time" {
		return 0, false
	}
	rest, ok := strings.CutPrefix(strings.ReplaceAll(t.Expr, " ", ""), "p(95)<")
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.TrimPrefix(rest, "="), 64)
	return v, err == nil && v > 0
}
