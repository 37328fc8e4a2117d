package verdict

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// How a report's values are written for people, the same in every sentence and table.

// Number writes n with thousands separated: 12,345.
func Number(n int) string {
	s := strconv.Itoa(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Count is "1 user", "20 users".
func Count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y"):
		return Number(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	}
	return Number(n) + " " + noun + "s"
}

// Were is "1 request was", "20 requests were".
func Were(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return Count(n, noun) + " were"
}

// Times is "once", "twice", "20 times".
func Times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return Number(n) + " times"
}

// Milli writes milliseconds as people do: 0.25 ms, 3.4 ms, 240 ms, 1,240 ms.
func Milli(v float64) string {
	if v < 1 {
		return strconv.FormatFloat(v, 'f', 2, 64) + " ms"
	}
	if v < 10 {
		return strconv.FormatFloat(v, 'f', 1, 64) + " ms"
	}
	return Number(int(math.Round(v))) + " ms"
}

// Duration writes a length of time: 340 ms, 2.3 s, 4m30s.
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return Milli(float64(d) / float64(time.Millisecond))
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return Clock(d)
}

// Clock writes a moment of the run: 0:42, 12:05, 1:02:03.
func Clock(d time.Duration) string {
	s := int(max(0, d).Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Percent writes a share: 0.4 %, 12 %.
func Percent(part, of int) string {
	if of == 0 {
		return "0 %"
	}
	p := 100 * float64(part) / float64(of)
	if p > 0 && p < 10 {
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + " %"
}
