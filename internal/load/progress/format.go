package progress

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func statusText(status uint16) string { return "status " + strconv.Itoa(int(status)) }

// Line is a View as one plain line, for logs.
//
//	0:35 of 2:00 · 20 users · 31.2 req/s · p50 12 ms · p95 48 ms · 0 failed of 1,093 · 11 iterations
func Line(v View) string {
	parts := []string{clock(v), plural(v.Users, "user")}
	if v.Requests > 0 {
		parts = append(parts, fmt.Sprintf("%s req/s", rate(v.Rate)), "p50 "+ms(v.P50), "p95 "+ms(v.P95))
	}
	parts = append(parts, fmt.Sprintf("%s failed of %s", count(v.Failed), count(v.Requests)))
	parts = append(parts, iterations(v)...)
	if v.Trouble != "" {
		parts = append(parts, "mostly "+v.Trouble)
	}
	return strings.Join(append(parts, shortened(v.Thresholds)...), " · ")
}

// Lines is a View for a terminal of the given width, a few lines. No line is
// wider; the number of lines depends on what there is to say.
func Lines(v View, width int) []string {
	lines := []string{
		fmt.Sprintf("%s  %s  %s", clock(v), bar(v, 24), plural(v.Users, "user")),
		fmt.Sprintf("  last seconds  %s req/s   p50 %s   p95 %s   %.1f %% failed", rate(v.Rate), ms(v.P50), ms(v.P95), 100*v.FailRate),
		fmt.Sprintf("  so far        %s requests   %s failed   %s", count(v.Requests), count(v.Failed), strings.Join(iterations(v), "   ")),
	}
	if v.Trouble != "" {
		lines = append(lines, "  mostly        "+v.Trouble)
	}
	for _, t := range shortened(v.Thresholds) {
		lines = append(lines, "  "+t)
	}
	for i := range lines {
		lines[i] = fit(lines[i], width)
	}
	return lines
}

func iterations(v View) []string {
	parts := []string{plural(v.Iterations, "iteration")}
	if v.Broken > 0 {
		text := count(v.Broken) + " broken off"
		if v.Starved > 0 {
			text += fmt.Sprintf(" (%s starved)", count(v.Starved))
		}
		parts = append(parts, text)
	}
	if v.Dropped > 0 {
		parts = append(parts, count(v.Dropped)+" starts dropped")
	}
	if v.Missed > 0 {
		parts = append(parts, plural(v.Missed, "paced start")+" missed")
	}
	return parts
}

// clock is how far the run is: "0:35 of 2:00", and after the schedule "2:10, winding down".
func clock(v View) string {
	switch {
	case v.Total <= 0:
		return minutes(v.At)
	case v.At >= v.Total:
		return minutes(v.At) + ", winding down"
	}
	return minutes(v.At) + " of " + minutes(v.Total)
}

func minutes(d time.Duration) string {
	s := int(d / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

func bar(v View, n int) string {
	if v.Total <= 0 {
		return ""
	}
	full := min(n, int(float64(n)*float64(v.At)/float64(v.Total)))
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", n-full) + "]"
}

// ms is a time as people say it: "850 µs", "12 ms", "1.25 s".
func ms(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d/time.Microsecond)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d/time.Millisecond)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func rate(v float64) string {
	if v < 100 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return count(uint64(v + 0.5))
}

// count is a number with separators: "12,345".
func count[N ~int | ~uint64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural[N ~int | ~uint64](n N, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return count(n) + " " + word + "s"
}

// fit cuts a line to a terminal's width.
func fit(s string, width int) string {
	if width <= 0 || utf8.RuneCountInString(s) <= width {
		return s
	}
	r := []rune(s)
	return string(r[:max(0, width-1)]) + "…"
}

// mostThresholds is how many thresholds are shown one by one.
const mostThresholds = 4

// shortened are the lines of thresholds that a person needs to see: those that are
// broken (marked ✗) where there are many, and how many the others are.
func shortened(all []string) []string {
	if len(all) <= mostThresholds {
		return all
	}
	var broken []string
	for _, line := range all {
		if strings.HasPrefix(line, "✗") {
			broken = append(broken, line)
		}
	}
	shown := broken[:min(len(broken), mostThresholds)]
	others := fmt.Sprintf("%d thresholds, none broken so far", len(all))
	if len(broken) > 0 {
		others = fmt.Sprintf("%d of %d thresholds broken so far", len(broken), len(all))
	}
	return append(shown[:len(shown):len(shown)], others)
}
